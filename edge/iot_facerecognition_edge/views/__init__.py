"""What a person sees: one module a page, `app` holds them together, `loop` runs them.

Views take the appliance's state and the finger's events and draw; they do no I/O and know no clock.

- `view`: what all have in common; `main`, `camera`, `logs`, `settings`, `statistics`, `about`.
- `connect`: the pop-up for a pairing code, or address, port and token; `certificate` asks whether
  a certificate is the right one, `scan` reads a QR code.
- `overlay`: which results are still to be drawn.
- `face_boxes`: where faces lie on the screen; `picture` draws them.
- `setting_row`: one setting in the form; `resolution_row` the size of the pictures.
- `pin_entry`: the PIN, entered and changed; `calibrate`: crosses to touch.
- `camera_controls`: the camera's settings below its picture.
- `dimming`: the screen goes dark; `long_hold`: a finger that rests.
"""
