"""Faces tracked from frame to frame, so that most frames need no whole scan and no descriptor.

- `scan_tracker`: the tracker for a detector that scans a frame in little time, YuNet.
- `regions`: the one for a detector whose scan costs more than a few searches, dlib's HOG.
- `track_set`: what both share: which tracks there are, who they are, and whom to describe.
"""
