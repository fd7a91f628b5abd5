"""QR codes before the camera, read by ZBar.

- `zbar`: the library, through ctypes.
- `reader`: a preview of the camera as ZBar wants it.
"""
