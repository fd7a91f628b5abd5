"""The camera while it is wanted.

- `capture`: starts, watches and restarts one camera, on a thread of its own.
- `status`: what it is doing.
"""
