"""The device, or a folder that looks like one: what a plan asks about, and what does its steps."""

import os
import re
import shutil
import stat
import struct
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from iot_facerecognition_edge.errors import EdgeError
from iot_facerecognition_edge.first_boot.card import Card
from iot_facerecognition_edge.first_boot.imager1 import CMDLINE, with_word
from iot_facerecognition_edge.first_boot.plan import Account
from iot_facerecognition_edge.first_boot.steps import (
    KeepSettings,
    PutFile,
    PutLink,
    RemoveFile,
    ReplaceBootWord,
    RunCommand,
    Step,
    UnblockRadio,
)
from iot_facerecognition_edge.settings import Settings, SettingsFile, read_defaults
from iot_facerecognition_edge.settings.connection import ConnectionSettings
from iot_facerecognition_protocol import clean_text
from iot_facerecognition_protocol.system.regular_file import read_regular
from iot_facerecognition_protocol.system.whole_file import write_file

STATE = "var/lib/iot-facerecognition-edge"
"""The edge's state directory."""
DEFAULTS = "etc/iot-facerecognition-edge/defaults.conf"
CA = "ca.pem"
_LARGEST = 4_000_000
_WORDS = 300
_TIMEOUT = 60.0
_FIRST_USER, _LAST_USER = 1000, 59_999
"""Numbers of people's accounts (Debian policy, 9.2.2)."""
_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_RFKILL_ALL, _RFKILL_WLAN = 3, 1
"""RFKILL_OP_CHANGE_ALL and RFKILL_TYPE_WLAN of linux/rfkill.h."""

Runner = Callable[[Sequence[str]], None]
"""Runs a command; raises StepError."""


class StepError(Exception):
    """A step failed; the message says why, and what may help."""


class Machine:
    """The system below `root`; commands are run by `runner`, cmdline.txt is on `card`."""

    def __init__(self, root: Path, card: Card, runner: Runner) -> None:
        self._root = root
        self._card = card
        self._runner = runner

    # What a plan asks

    def text(self, path: str) -> str | None:
        """Return the text of a file, None where there is none that can be read."""
        try:
            return read_regular(self._root / path, _LARGEST).decode(errors="surrogateescape")
        except OSError:
            return None

    def exists(self, path: str) -> bool:
        """Return whether there is a file, folder or link."""
        return os.path.lexists(self._root / path)

    def account(self) -> Account | None:
        """Return the first person's account, None where there is none."""
        people: list[tuple[int, str, str]] = []
        for line in (self.text("etc/passwd") or "").splitlines():
            match line.split(":"):
                case [name, _, number, _, _, _, shell] if number.isdecimal():
                    if _FIRST_USER <= int(number) <= _LAST_USER and _NAME.fullmatch(name):
                        people.append((int(number), name, shell))
        if not people:
            return None
        _, name, shell = min(people)
        return Account(name, shell, self._is_locked(name))

    def _is_locked(self, name: str) -> bool:
        for line in (self.text("etc/shadow") or "").splitlines():
            account, _, rest = line.partition(":")
            if account == name:
                return rest.partition(":")[0][:1] in {"!", "*", ""}
        return True

    def known_zone(self, name: str) -> bool:
        """Return whether there is such a time zone."""
        return (self._root / "usr/share/zoneinfo" / name).is_file()

    def known_country(self, code: str) -> bool:
        """Return whether there is such a country; any where the system has no list of them."""
        table = self.text("usr/share/zoneinfo/iso3166.tab")
        return table is None or any(line.startswith(f"{code}\t") for line in table.splitlines())

    # What it does

    def do(self, step: Step) -> None:
        """Do one step; what is as it should be is left alone. Raises StepError."""
        try:
            match step:
                case PutFile():
                    self._put(step)
                case RemoveFile(path):
                    (self._root / path).unlink(missing_ok=True)
                case PutLink(path, target):
                    self._link(self._root / path, target)
                case RunCommand():
                    self._run(step)
                case UnblockRadio():
                    self._unblock()
                case KeepSettings():
                    self._keep(step)
                case ReplaceBootWord(name, value):
                    self._replace_word(name, value)
        except OSError as error:
            where = error.filename or self._root
            raise StepError(
                f"{where} cannot be written ({error.strerror}): free some space or make it writable"
            ) from error
        except EdgeError as error:
            raise StepError(str(error)) from error

    def _put(self, step: PutFile) -> None:
        path = self._root / step.path
        content = step.content.encode(errors="surrogateescape")
        if self._is(path, content, step.mode):
            return
        if path.is_symlink():  # the system's own link, such as one to /run, is not to be followed
            path.unlink()
        write_file(path, content, step.mode)
        if stat.S_IMODE(path.stat().st_mode) != step.mode:
            path.chmod(step.mode)

    def _is(self, path: Path, content: bytes, mode: int) -> bool:
        try:
            status = path.lstat()
            same = stat.S_ISREG(status.st_mode) and stat.S_IMODE(status.st_mode) == mode
            return same and read_regular(path, _LARGEST) == content
        except OSError:
            return False

    def _link(self, path: Path, target: str) -> None:
        if path.is_symlink() and str(path.readlink()) == target:
            return
        new = path.with_name(f".{path.name}.new")
        new.unlink(missing_ok=True)
        new.symlink_to(target)
        new.replace(path)

    def _run(self, step: RunCommand) -> None:
        try:
            self._runner(step.words)
        except StepError as error:
            if step.needed:
                raise StepError(f"{step.why} failed: {error}") from None

    def _unblock(self) -> None:
        for state in (self._root / "var/lib/systemd/rfkill").glob("*:wlan"):
            write_file(state, b"0\n")
        switch = self._root / "dev/rfkill"
        if switch.exists():
            event = struct.pack("=IBBBB", 0, _RFKILL_WLAN, _RFKILL_ALL, 0, 0)
            with switch.open("wb", buffering=0) as file:
                file.write(event)

    def _keep(self, step: KeepSettings) -> None:
        """Keep settings and CA where the edge looks for them, as its user's own files."""
        folder = self._root / STATE
        file = SettingsFile(folder / "settings.json")
        defaults = read_defaults(self._root / DEFAULTS)
        settings = Settings(file.load().values, defaults=defaults.values)
        before = settings.stored()
        for key, value in step.values.items():
            settings.set(key, value)
        if step.ca is not None:
            write_file(folder / CA, step.ca.encode(), 0o640)
            settings.set(ConnectionSettings.ca_file.key, f"/{STATE}/{CA}")
        if settings.stored() != before:
            file.save(settings.stored())

    def _replace_word(self, name: str, value: str) -> None:
        with suppress(OSError):  # a card that cannot be written is a mistake of its own
            data = self._card.read(CMDLINE) or b""
            changed = with_word(data.decode(errors="surrogateescape"), name, value)
            if changed is not None:
                self._card.replace(CMDLINE, changed.encode(errors="surrogateescape"))


def run_command(words: Sequence[str]) -> None:
    """Run a command of the system, without a shell. Raises StepError."""
    program = shutil.which(words[0], path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        raise StepError(f"there is no {words[0]} on this system")
    try:
        done = subprocess.run(  # noqa: S603 - words of a plan, none of them a person's
            [program, *words[1:]],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        raise StepError(f"{words[0]} took longer than {_TIMEOUT:.0f} s") from None
    if done.returncode:
        said = clean_text((done.stderr or done.stdout).decode(errors="replace"), _WORDS)
        raise StepError(f"{words[0]} ended with status {done.returncode} ({said})")
