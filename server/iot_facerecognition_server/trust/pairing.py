"""The pairing codes that are valid now: one-time, for minutes, and for a few tries.

docs/decisions/pairing.md has the reasons and the sums.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from iot_facerecognition_protocol import clean_text
from iot_facerecognition_protocol.pairing.code import CODE_DIGITS, SLOTS, PairingCode
from iot_facerecognition_server.trust.tokens import NAME_LENGTH

DEFAULT_SECONDS: Final = 300.0
MOST_SECONDS: Final = 3600.0
MOST_TRIES: Final = 10
"""Exchanges that may be begun with one code: of 10^8 codes, ten guesses find one in 10^7 times."""
_SECRET_DIGITS: Final = CODE_DIGITS - 1


class PairingError(Exception):
    """A pairing cannot begin or go on; the message says why, in words that anyone may read."""


class Outcome(StrEnum):
    """How an offer ended."""

    PAIRED = "paired"
    EXPIRED = "expired"
    GUESSED = "guessed"
    """Too many tries were made with other codes."""
    WITHDRAWN = "withdrawn"
    """Whoever opened it took it back, or opened another of the same name."""
    FAILED = "failed"
    """The device proved to know the code and did not get its token."""


@dataclass(slots=True, eq=False)
class Offer:
    """A device called `name` may pair with `code` until `expires`, in seconds of the clock."""

    name: str
    code: PairingCode = field(repr=False)
    expires: float
    tries: int = 0
    claimed: bool = False
    outcome: Outcome | None = None
    detail: str = ""
    """The device's address when it was paired, what went wrong when that failed."""
    when_ended: list[Callable[[], None]] = field(default_factory=list, repr=False)


class Pairings:
    """The offers that are open, at most one a slot. Plain; on the event loop's thread only."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` counts seconds."""
        self._clock = clock
        self._offers: dict[int, Offer] = {}

    @property
    def open_offers(self) -> tuple[Offer, ...]:
        """The offers with which a device can pair now."""
        self._expire()
        return tuple(self._offers.values())

    def open(self, name: str, seconds: float = DEFAULT_SECONDS) -> Offer:
        """Let a device pair for `seconds`; an older offer of the same name ends.

        Raises PairingError.
        """
        if clean_text(name, NAME_LENGTH) != name or not name:
            raise PairingError(f"a name has 1 to {NAME_LENGTH} characters, none of them invisible")
        if not 0 < seconds <= MOST_SECONDS:
            raise PairingError(f"a pairing code is valid for {MOST_SECONDS / 60:g} minutes at most")
        self.withdraw(name)
        self._expire()
        free = [slot for slot in range(SLOTS) if slot not in self._offers]
        if not free:
            raise PairingError(f"{SLOTS} pairing codes are valid already: wait until one expires")
        slot = secrets.choice(free)
        secret = f"{secrets.randbelow(10**_SECRET_DIGITS):0{_SECRET_DIGITS}}"
        offer = Offer(name, PairingCode(f"{slot}{secret}"), self._clock() + seconds)
        self._offers[slot] = offer
        return offer

    def named(self, name: str) -> Offer | None:
        """Return the open offer of that name."""
        return next((offer for offer in self.open_offers if offer.name == name), None)

    def begin(self, slot: int) -> Offer:
        """Return the offer in `slot` for one try, which is counted. Raises PairingError."""
        self._expire()
        offer = self._offers.get(slot)
        if offer is None or offer.claimed:
            raise PairingError(
                "this pairing code is not valid, or no longer: have the server make another with"
                " iot-facerecognition-server pair NAME"
            )
        offer.tries += 1
        return offer

    def fail(self, offer: Offer) -> None:
        """Record that a try was wrong or broken off; the last one ends the offer."""
        if offer.tries >= MOST_TRIES and not offer.claimed:
            self.end(offer, Outcome.GUESSED, f"{offer.tries} tries with another code")

    def claim(self, offer: Offer) -> None:
        """Let nobody else pair with this offer: a device has proved that it knows the code.

        Raises PairingError where another one was faster, or the offer has ended.
        """
        self._expire()
        if offer.claimed or offer.outcome is not None:
            raise PairingError("this pairing code was used or has expired meanwhile")
        offer.claimed = True

    def end(self, offer: Offer, outcome: Outcome, detail: str = "") -> None:
        """End an offer, once."""
        if offer.outcome is not None:
            return
        offer.outcome, offer.detail = outcome, detail
        self._offers = {slot: one for slot, one in self._offers.items() if one is not offer}
        for callback in offer.when_ended:
            callback()

    def withdraw(self, name: str) -> None:
        """End the open offer of that name, if there is one."""
        offer = self.named(name)
        if offer is not None and not offer.claimed:
            self.end(offer, Outcome.WITHDRAWN)

    def _expire(self) -> None:
        """End what is too old, unless a device is just getting its token."""
        now = self._clock()
        for offer in tuple(self._offers.values()):
            if offer.expires <= now and not offer.claimed:
                self.end(offer, Outcome.EXPIRED)
