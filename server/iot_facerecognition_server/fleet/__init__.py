"""The server's record of its fleet: who there is, which version runs, and how updates end.

- `edge`: what is recorded of one edge.
- `transitions`: an update's states, as one table.
- `rates`, `probation`: whether an edge streams at its rate for long enough.
- `hearsay`: what an edge says of itself, made fit for the record.
- `record`: the record itself. Plain: no clock, no file.
- `documents`, `store`: the record as JSON, and its file.
- `keeper`: runs a record on the event loop, and is what connections and commands talk to.
"""
