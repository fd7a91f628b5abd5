"""Faces tracked from frame to frame, so that most frames need no whole scan and no descriptor.

- `regions`: the tracker for a detector whose scan costs more than a few searches, dlib's HOG.
- `track_set`: which tracks there are, who they are, and whom to describe.
"""
