"""What all three programs need of the machine that they run on; no part of the protocol itself.

Standard library only, and nothing that is slow to import on a small board.

- `command`: how a command meets its streams and its locale.
- `whole_file`: files that are replaced as a whole, and stay whose they are.
- `regular_file`: files that are read up to a bound, and never waited for.
"""
