"""The connection to the server.

- `link`: made, ended and made again; `state` tells how far it is.
- `synchronisation`: the settings that the server holds.
- `timekeeping`: whether this machine's clock can be trusted yet.
- `introduction`: a server's certificate and pairing before there is a connection; `pair_command` is
  the same for a device without a screen.
"""
