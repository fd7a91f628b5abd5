"""Who is in front of the camera, and what follows from that.

- `presence`: who is there, steadied; `watcher` tells the hooks of each change.
- `hooks`: commands and pins.
- `arrivals`: which results are worth a line in the log.
"""
