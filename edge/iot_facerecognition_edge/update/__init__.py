"""Updates of this device that put the old version back unless the server acknowledges the new one.

Only the standard library and `iot_facerecognition_protocol.system` are imported here, so that a
copy of these modules runs from one file while the package itself is being replaced.

- `course`: the phases of an update as a state machine without clock, files or commands; `journal`
  keeps where it stands, across crashes and power cuts.
- `preparation`: everything that is done, and can be refused, before the guard is armed.
- `way_back`, `repack`: the Debian package to return to, kept, fetched or made again.
- `guard`, `guard_copy`, `guard_units`: who switches, waits for the server, and puts back.
- `debian`, `commands`, `device`: dpkg, apt and systemd; what the appliance says.
- `pull`, `settings`: updates that the device fetches by itself.
- `cli`: the command; `guard_main`: what the copy runs.
"""
