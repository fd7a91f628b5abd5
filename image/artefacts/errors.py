"""What can go wrong while the files of a release are made."""


class ArtefactError(Exception):
    """A file that cannot be made; the message says which, why, and what to do."""
