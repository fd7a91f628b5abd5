"""The pages on which a PIN is entered: the one that opens the settings, and a new one, twice."""

import math
from collections.abc import Callable

from iot_facerecognition_edge.events import PinChecked
from iot_facerecognition_edge.settings import pin
from iot_facerecognition_edge.ui.entry import TextEntry, TextRequest
from iot_facerecognition_edge.views.view import Navigator

_HINT = "4 to 12 digits"


class PinEntry(TextEntry):
    """Asks for the PIN, and calls `opened` when it was right. `answered` takes the outcome."""

    def __init__(self, navigator: Navigator, opened: Callable[[], None]) -> None:
        request = TextRequest(
            "PIN", "Open", number=True, most=pin.MOST_DIGITS, hint=_HINT, hidden=True
        )
        super().__init__(navigator.look, request, lambda _: None, lambda: navigator.remove(self))
        self._navigator = navigator
        self._opened = opened

    def _finish(self) -> None:
        """Ask whether it is right, and stay until that is known."""
        if not self.text:
            self.say(f"Enter the PIN: {_HINT}.")
            return
        self.say("One moment …")
        self._navigator.appliance.lock.enter(self.text)

    def answered(self, checked: PinChecked) -> None:
        """Go on, or say that the PIN was wrong and how long to wait."""
        if checked.right:
            self._navigator.remove(self)
            self._opened()
            return
        self.clear()
        seconds = math.ceil(checked.wait)
        self.say(f"That is not the PIN. Another try is possible in {seconds} s.")


def ask_new_pin(navigator: Navigator) -> None:
    """Let a person enter a new PIN twice, or remove the present one by entering nothing."""
    present = bool(navigator.appliance.settings.device.pin)
    empty = "; empty: none" if present else ""

    def first(text: str) -> str | None:
        refusal = None if present and not text else _refusal(text)
        if refusal is None:
            close()
            if text:
                _ask_again(navigator, text)
            else:
                navigator.attempt_aloud(lambda: navigator.appliance.lock.change(""))
        return refusal

    request = TextRequest(
        "New PIN", number=True, most=pin.MOST_DIGITS, hint=_HINT + empty, hidden=True
    )

    def close() -> None:
        navigator.remove(layer)

    layer = TextEntry(navigator.look, request, first, close)
    navigator.push(layer)


def _ask_again(navigator: Navigator, chosen: str) -> None:
    def second(text: str) -> str | None:
        if text != chosen:
            return "That is another PIN than before: enter the same once more, or go back."
        return navigator.attempt(lambda: navigator.appliance.lock.change(text))

    request = TextRequest(
        "New PIN, once more", number=True, most=pin.MOST_DIGITS, hint=_HINT, hidden=True
    )
    layer = TextEntry(navigator.look, request, second, lambda: navigator.remove(layer))
    navigator.push(layer)


def _refusal(text: str) -> str | None:
    try:
        pin.check(text)
    except ValueError as error:
        return f"A PIN {error}."
    return None
