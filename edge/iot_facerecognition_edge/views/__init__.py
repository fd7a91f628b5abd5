"""What a person sees: one module a page, `app` holds them together.

Views take the appliance's state and the finger's events and draw; they do no I/O and know no clock.

- `view`: what all have in common; `main`, `camera`, `logs`, `settings`, `statistics`, `about`.
- `connect`: the pop-up for address, port and token.
- `face_boxes`: where faces lie on the screen; `picture` draws them.
- `setting_row`: one setting in the form.
"""
