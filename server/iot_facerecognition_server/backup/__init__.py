"""What cannot be made again, in one file: key, tokens, and who is enrolled with which photos."""
