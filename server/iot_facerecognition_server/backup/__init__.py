"""What cannot be made again, in one file: the key, the tokens, and who is known by which photos."""
