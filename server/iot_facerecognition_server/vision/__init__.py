"""From the bytes of a JPEG to upright face chips: decoding, detection, landmarks.

- `jpeg`: what a JPEG's header promises, and its pixels.
- `faces`: where the faces are.
- `alignment`: upright chips of fixed size.
- `face_scanner`: the three of them for one worker thread.
"""
