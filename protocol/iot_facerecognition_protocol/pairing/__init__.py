"""What makes a new device known to a server without typing a token.

- `text`: one line with all that a device needs, as a QR code holds it.
"""
