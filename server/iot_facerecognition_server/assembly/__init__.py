"""The one place where the server's parts meet; read `server` from top to bottom.

- `server`: the list of subsystems, in the order in which they start.
- `networks`, of `detection`, `alignment`, `faces` and `objects`: the models of the configuration,
  loaded once; `batching`: how they are fed on the device that they run on.
- `engine`: the engine that works with them.
- `serving`, with `sessions`, `listeners`, `pairing`, `trust` and `limits`: what serves clients.
- `port`, `reloading`, `first_self_test`, `readings`: what starts, ends and watches all that.
- `photo_check`, `trust`, `fleet`: also for commands, without a server.
"""
