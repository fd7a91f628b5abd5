"""The edge appliance: camera, screen, settings, logs and statistics around the client library.

Everything here runs on one thread, the event loop's, except what a camera brings with it; a
camera's thread hands over through a one-slot buffer and returns.

- `settings`: every setting in one list, its values and its file.
- `log`, `statistics`: what happened, as bounded plain classes without a clock.
- `cameras`: where pictures come from, behind one small interface; `capture` runs one of them.
- `connection`: the server, from the first look at its certificate to the link that is kept.
- `presence`: who is there, and the hooks that follow; `machine`: health, progress, updates.
- `appliance`: all of these behind one door; `events`: what it tells.
- `screens`: what a finger touches; `ui`: a toolkit that knows no view; `views`: what is seen.
- `assembly` builds the graph, `headless` and `daemon` are the shells around it, `cli` the commands.
- `first_boot`: sets the device up from a file on its card, before all of this starts.
- `update`: replaces the package by another version, and puts it back.
- `boot`: how long a start took.
- `qr`: reads codes from the camera's picture.
"""
