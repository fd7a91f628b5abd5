"""How a new device gets its token without anybody typing one.

- `text`: one line with all that a device needs, as a QR code holds it.
- `code`: the nine digits that a person types.
- `messages`: what device and server say to each other while they pair.
- `proof`: how both prove, over TLS, that they know the same code and see the same certificate.
- `spake2`, `p256`: the key exchange (RFC 9382) and the curve beneath it.

docs/decisions/pairing.md has the reasons, docs/protocol.md the steps.
"""

PAIRING_SUBPROTOCOL = "iot-facerecognition.pair.v1"
"""The WebSocket subprotocol of a connection that pairs, and does nothing else."""
