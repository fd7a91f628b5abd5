"""The lock of the settings: hashes, pauses, and the thread on which hashing is done."""

import asyncio
import threading
from typing import Any

import pytest

from iot_facerecognition_edge.appliance.lock import Lock
from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.events import PinChecked
from iot_facerecognition_edge.log.eventlog import EventLog
from iot_facerecognition_edge.settings import Settings, pin

PIN = "271828"


class Watched:
    """A lock whose tasks are awaited; the clock is the test's."""

    def __init__(self, settings: Settings) -> None:
        self.now = 0.0
        self.heard: list[PinChecked] = []
        self.log = EventLog()
        self._tasks: list[asyncio.Task[None]] = []
        self.lock = Lock(
            settings,
            clock=lambda: self.now,
            publish=self.heard.append,
            log=self.log,
            start=lambda work: self._tasks.append(asyncio.ensure_future(work)),
        )

    async def enter(self, text: str) -> PinChecked:
        self.lock.enter(text)
        await self.done()
        return self.heard[-1]

    async def done(self) -> None:
        await asyncio.gather(*self._tasks)


def test_a_pin_is_kept_as_a_salted_hash_that_only_it_matches() -> None:
    first, second = pin.hashed(PIN), pin.hashed(PIN)
    assert first != second
    assert PIN not in first
    assert pin.matches(PIN, first)
    assert pin.matches(PIN, second)
    assert not pin.matches("271829", first)
    assert not pin.matches(PIN, "")
    assert not pin.matches(PIN, "pbkdf2-sha256:1:00:00")


def test_the_setting_keeps_hashes_only() -> None:
    settings = Settings({"device.pin": PIN})
    kept = settings.device.pin
    assert pin.matches(PIN, kept)
    settings.set("device.pin", kept)
    assert settings.device.pin == kept, "a hash is not hashed again"
    assert settings.setting("device.pin").format(kept) == "set"


@pytest.mark.parametrize("text", ["123", "1234567890123", "12a4", "٣٤٥٦", "-1234"])
def test_what_is_no_pin_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(SettingError, match="4 to 12 digits") as refused:
        Settings({"device.pin": text})
    assert text not in str(refused.value)


def test_a_hash_that_would_take_minutes_is_refused() -> None:
    endless = "pbkdf2-sha256:9999999:" + "0" * 32 + ":" + "0" * 64
    with pytest.raises(SettingError):
        Settings({"device.pin": endless})


def test_pauses_double_up_to_five_minutes_and_end_with_a_right_try() -> None:
    tries, now, pauses = pin.Tries(), 100.0, []
    assert tries.wait(now) == 0.0
    for _ in range(11):
        tries.wrong(now)
        pauses.append(tries.wait(now))
        now += pauses[-1]
        assert tries.wait(now) == 0.0
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    tries.right()
    tries.wrong(now)
    assert tries.wait(now) == 1.0


async def test_hashing_is_done_on_a_thread_and_told_on_the_loop(monkeypatch: Any) -> None:
    threads = []
    matches = pin.matches

    def watched(text: str, stored: str) -> bool:
        threads.append(threading.current_thread())
        return matches(text, stored)

    monkeypatch.setattr(pin, "matches", watched)
    it = Watched(Settings({"device.pin": PIN}))
    assert it.lock.locked
    assert await it.enter(PIN) == PinChecked(right=True, wait=0.0)
    assert not it.lock.locked
    assert threads != [threading.main_thread()]
    it.lock.close()
    assert it.lock.locked


async def test_a_try_within_the_pause_is_not_looked_at_and_logged_ones_hold_no_pin() -> None:
    it = Watched(Settings({"device.pin": PIN}))
    assert await it.enter("9999") == PinChecked(right=False, wait=1.0)
    it.now = 0.5
    assert await it.enter(PIN) == PinChecked(right=False, wait=0.5)
    assert it.lock.locked
    it.now = 1.0
    assert (await it.enter(PIN)).right
    assert [entry.text for entry in it.log.entries()] == ["a wrong PIN was entered on the screen"]


async def test_of_two_tries_at_once_one_is_looked_at() -> None:
    it = Watched(Settings({"device.pin": PIN}))
    it.lock.enter("1111")
    it.lock.enter(PIN)
    await it.done()
    assert it.heard == [PinChecked(right=False, wait=1.0)]
    assert it.lock.locked


async def test_who_sets_a_pin_stays_inside_until_the_lock_is_closed() -> None:
    settings = Settings()
    it = Watched(settings)
    assert not it.lock.locked
    it.lock.change(PIN)
    await it.done()
    assert pin.matches(PIN, settings.device.pin)
    assert not it.lock.locked
    it.lock.close()
    assert it.lock.locked
    with pytest.raises(SettingError, match="4 to 12 digits"):
        it.lock.change("12")
    it.lock.change("")
    await it.done()
    assert settings.device.pin == ""
