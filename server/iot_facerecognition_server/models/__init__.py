"""The files that trained networks come in: which are known, where they lie, whether they are whole.

- `catalogue`: the known files and their hashes.
- `store`: from a configured value to a verified file on disk.
- `download`: one file from a URL with a pinned hash.
"""
