"""The edge appliance: camera, screen, settings, logs and statistics around the client library.

Everything here runs on one thread, the event loop's, except what a camera brings with it; a
camera's thread hands over through a one-slot buffer and returns.

- `settings`: every setting in one list, its values and its file.
- `statistics`, `eventlog`, `overlay`: what happened, as bounded plain classes without a clock.
- `cameras`: where pictures come from, behind one small interface.
- `introduction`: getting to know a server; `qr` reads codes from the camera's picture.
- `screens`, `views`, `ui`: what a person sees and touches.
- `appliance`: the facade that views, hooks and the daemon talk to; `assembly` builds the graph.
- `first_boot`: sets the device up from a file on its card, before all of this starts.
- `update`: replaces the package by another version, and puts it back; `updates`: what the appliance
  and that program tell each other.
- `headless`, `hooks`, `health`, `daemon`, `cli`: the shells around it.
"""
