"""The private parts of third parties that the server works with, all in one place.

None of them is promised by whoever made it, and any release may change it: `versions` says with
which ones they were tested, and what would be lost without.

- `asyncio_tls`: the buffers of asyncio's TLS.
- `websockets_parser`: what websockets' parser and queue do not tell.
- `dlib_detector`: what dlib's frontal face detector pickles itself as.
"""
