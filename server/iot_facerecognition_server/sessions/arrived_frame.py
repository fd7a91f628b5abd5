"""A frame as it waits for its slot, with the time at which it came."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArrivedFrame:
    """One JPEG as it arrived.

    `session` is the key of its session, `number` counts the frames of one session from 1, and
    `received` is the monotonic time of arrival in seconds: this process's own, so it goes nowhere.
    """

    session: int
    number: int
    jpeg: bytes
    received: float
