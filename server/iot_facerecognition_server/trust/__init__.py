"""Why both sides may trust each other: the server's certificate, and the clients' tokens.

- `certificates`: keys and certificates as values; read, checked and fingerprinted.
- `issuing`, `host_names`: the server's own certificate, for every name and address it has.
- `tls`: the TLS context, and renewal without dropping anyone.
- `client_identity`: who a client is.
- `tokens`, `authentication`, `revocation`: who may connect, and no longer may.
- `pairing`: the codes by which new devices get a token.
- `setup`: these parts, as the configuration wants them.
"""
