"""Tracking for a detector whose scan costs more than a few searches: dlib's HOG.

Faces are looked for where they should be, newcomers where the picture changed; the whole frame is
scanned now and then. `tracker` decides what is searched, `search_regions` where and in what size,
`new_objects` and `camera_motion` where somebody may have come in.
"""
