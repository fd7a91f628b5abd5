"""Why an update cannot be made."""


class UpdateError(Exception):
    """It cannot be done; the message is one sentence that names the cure."""


class NotNowError(UpdateError):
    """It is not done now, because of how the device is doing; later it may be."""
