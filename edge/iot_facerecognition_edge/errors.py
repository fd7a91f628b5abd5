"""The root of this package's errors: each says what was wrong, where, and what to do."""


class EdgeError(Exception):
    """Something that a person can put right; the message says how."""


class SettingError(EdgeError):
    """A setting that does not exist, or a value that it does not allow."""


class CameraError(EdgeError):
    """A camera that is missing, busy or refuses what was asked of it."""


class HookError(EdgeError):
    """A hook that cannot be set up."""
