"""What is wrong with a model file."""


class ModelError(Exception):
    """A model file cannot be had or is not what it should be; the message names file and cure."""
