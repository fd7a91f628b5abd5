"""From a frame to its recognition: the seam, the order of work, and the engine of this machine."""
