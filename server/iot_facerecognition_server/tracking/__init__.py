"""Faces tracked from frame to frame, so that most frames need no whole scan and no descriptor."""
