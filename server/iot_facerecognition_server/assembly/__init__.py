"""The one place where the server's parts meet.

- `server`: builds the server of the configuration and runs it.
- `detection`, `alignment`, `faces`, `objects`: the models of the configuration, loaded once per
  process and shared by all threads and clients.
- `batching`: how networks are fed on the device that they run on.
"""
