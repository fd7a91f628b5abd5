"""A small device in a folder: its dpkg, apt and systemd, its appliance, and the server's word.

A fake package is a JSON file that says how its version behaves. dpkg goes through the states of the
real one, step by step, and each step may be the last before the power fails.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

from iot_facerecognition_edge.update.commands import Done
from iot_facerecognition_edge.update.debian import Debian
from iot_facerecognition_edge.update.device import Device
from iot_facerecognition_edge.update.errors import UpdateError
from iot_facerecognition_edge.update.guard import Guard
from iot_facerecognition_edge.update.guard_units import SERVICE, TIMER
from iot_facerecognition_edge.update.journal import Journal, JournalFile
from iot_facerecognition_edge.update.places import COMMAND, PACKAGE, Places
from iot_facerecognition_edge.update.preparation import Preparation, Terms
from iot_facerecognition_edge.update.state import read_state

OLD, NEW = "1.0.0", "2.0.0"
MODULES = "usr/lib/python3/dist-packages"
ACKNOWLEDGES_AFTER = 8.0
WALL = 1_800_000_000.0


class PowerCutError(BaseException):
    """The device is off from here on; no handler may go on."""


@dataclass
class Behaviour:
    """How a version of the package behaves."""

    streams: bool = True
    acknowledged: bool = True
    crashes: bool = False
    postinst: int = 0
    prerm: int = 0
    updater: bool = True
    installs: bool = True


@dataclass
class FakeDevice:
    """A device that was installed with `OLD` and streams."""

    root: Path
    now: float = 1000.0
    boots: int = 1
    running: str = ""
    running_since: float = 0.0
    restarts: int = 0
    used_until: float = 0.0
    commands: list[tuple[str, ...]] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    repository: dict[str, Behaviour] = field(default_factory=dict)
    step: Callable[[], None] = lambda: None
    """Called before everything that dpkg or systemd change."""

    def __post_init__(self) -> None:
        self.places = Places(self.root)
        for folder in (
            "etc/systemd/system",
            "etc/iot-facerecognition-edge",
            "proc/sys/kernel/random",
            "run/iot-facerecognition-edge",
            "var/cache/apt/archives",
            "var/lib/dpkg/info",
            "var/log",
            MODULES,
        ):
            (self.root / folder).mkdir(parents=True)
        self.package(OLD, self.root / "var/cache/apt/archives")
        self._note(OLD, "installed", "ok")
        self._unpack(OLD)
        self._boot_id()
        self._start()
        self.let_pass(10)

    # What a test does with it

    def package(self, version: str, folder: Path | None = None, **behaviour: object) -> Path:
        """Make a package of `version` that behaves so."""
        path = (folder or self.root) / f"{PACKAGE}_{version}_all.deb"
        content = {"package": PACKAGE, "version": version} | asdict(Behaviour(**behaviour))  # type: ignore[arg-type]
        path.write_text(json.dumps(content))
        return path

    def install(self, what: str | Path, **terms: object) -> str:
        """Do what `install` does."""
        return self.preparation.install(str(what), Terms(**terms))  # type: ignore[arg-type]

    @property
    def preparation(self) -> Preparation:
        debian = Debian(self.run, self.places)
        return Preparation(
            self.places,
            self.run,
            debian,
            Device(self.places, debian, self.clock, self.wall),
            wall=lambda: f"second {self.now:.0f}",
            clock=self.clock,
            pause=self.let_pass,
        )

    def guard(self) -> bool:
        """Run the guard as systemd does: again when it asks for it, some times."""
        debian = Debian(self.run, self.places)
        for _ in range(10):
            guard = Guard(
                self.places,
                self.run,
                debian,
                Device(self.places, debian, self.clock, self.wall),
                log=self.logged.append,
                wall=lambda: f"second {self.now:.0f}",
                clock=self.clock,
                pause=self.let_pass,
            )
            if guard.follow():
                return True
        return False

    def reboot(self) -> None:
        """Cut the power, if that has not happened, and start again."""
        self.boots += 1
        self.now = 20.0
        self.running = ""
        for path in self.places.runtime.iterdir():
            path.unlink()
        self._boot_id()
        self.step = lambda: None
        self._start()
        self.let_pass(10)
        if self.guarded:
            self.guard()

    @property
    def guarded(self) -> bool:
        """Whether systemd would start the guard."""
        links = (self.places.units / "multi-user.target.wants" / SERVICE,
                 self.places.units / "timers.target.wants" / TIMER)  # fmt: skip
        return any(link.exists() for link in links) and (self.places.units / SERVICE).exists()

    @property
    def installed(self) -> tuple[str, str, str]:
        """What dpkg's database has: version, state, flag."""
        version, state, flag = json.loads((self.root / "var/lib/dpkg/status.json").read_text())
        return version, state, flag

    @property
    def journal(self) -> Journal | None:
        return JournalFile(self.places.journal).load()

    @property
    def state(self) -> dict[str, str]:
        return read_state(self.places) or {}

    def versions_on_disk(self) -> list[str]:
        """The versions whose metadata lies there, as the program itself would find them."""
        return sorted(path.stem.split("-")[1] for path in (self.root / MODULES).glob("*.dist-info"))

    def clock(self) -> float:
        return self.now

    def wall(self) -> float:
        return WALL + self.boots * 100_000 + self.now

    def let_pass(self, seconds: float) -> None:
        """Let time pass, in which the appliance and its server do what they do."""
        self.now += seconds
        behaviour = self._behaviour(self.running)
        if behaviour is None:
            return
        if behaviour.crashes:
            self.restarts += 1
            return
        self._write("streaming", {"connected": True, "rate": 5.0 if behaviour.streams else 0.0})
        if self.now < self.used_until:
            self._write("in-use", {})
        probation = self.state.get("state") == "probation"
        seen = self.now - self.running_since >= ACKNOWLEDGES_AFTER
        good = behaviour.streams and behaviour.acknowledged
        if probation and seen and good and self.state["version"] == self.running:
            attempt = self.state["attempt"]
            self._write("acknowledged", {"version": self.running, "attempt": attempt})

    # Its programs

    def run(self, *words: str, limit: float = 60.0, folder: Path | None = None, given: str = ""):
        """Run a program of the system, as `SystemRunner` does."""
        self.commands.append(words)
        by_name = {
            "dpkg": self._dpkg,
            "dpkg-deb": self._dpkg_deb,
            "dpkg-query": self._dpkg_query,
            "apt-get": self._apt_get,
            "apt-cache": self._apt_cache,
            "systemctl": self._systemctl,
            COMMAND: self._command,
            "/usr/bin/python3": lambda *_: "",
        }
        try:
            said = by_name[words[0]](words[1:], folder)
        except FailedError as failed:
            return Done(words, failed.code, str(failed))
        return Done(words, 0, said or "")

    def _dpkg(self, words: tuple[str, ...], folder: Path | None) -> str:
        if words[0] == "--compare-versions":
            if not [*map(int, words[1].split("."))] > [*map(int, words[3].split("."))]:
                raise FailedError("", 1)
        elif "--unpack" in words:
            self._unpacked(Path(words[-1]))
        elif "--configure" in words:
            self._configured()
        elif words[0] == "--verify":
            return ""
        return ""

    def _dpkg_deb(self, words: tuple[str, ...], folder: Path | None) -> str:
        read = self._read_package(Path(words[-1]))
        if words[0] == "--contents":
            names = [*_folders(read["version"]), *self._files(read["version"])]
            names.insert(0, "")  # the root, as in every package
            return "".join(f"-rw-r--r-- root/root 0 2026-01-01 00:00 ./{name}\n" for name in names)
        return "\t".join([read["package"], read["version"], "all", "100"])

    def _dpkg_query(self, words: tuple[str, ...], folder: Path | None) -> str:
        version, state, flag = self.installed
        if words[0] == "--search":
            if words[1].lstrip("/") in [*self._files(version), *_folders(version)]:
                return ""
            raise FailedError("no path found", 1)
        return f"{state}\t{flag}\t{version}"

    def _apt_get(self, words: tuple[str, ...], folder: Path | None) -> str:
        plain = [word for word in words if not word.startswith("-")]
        match plain:
            case ["update"]:
                pass
            case ["download", wanted]:
                version = wanted.partition("=")[2]
                if version not in self.repository:
                    raise FailedError(f"E: Version {version!r} for {PACKAGE!r} was not found", 100)
                assert folder is not None
                self.package(version, folder, **asdict(self.repository[version]))
            case ["install", package] if "--download-only" in words:
                if not self._read_package(Path(package))["installs"]:
                    raise FailedError(
                        "E: Unable to correct problems, you have held broken packages", 100
                    )
            case ["install", package]:
                self._unpacked(Path(package))
                self._configured()
            case ["install"]:
                self._configured()
            case _:
                raise AssertionError(words)
        return ""

    def _apt_cache(self, words: tuple[str, ...], folder: Path | None) -> str:
        candidate = max(self.repository, default="(none)")
        return f"{PACKAGE}:\n  Installed: {OLD}\n  Candidate: {candidate}\n"

    def _systemctl(self, words: tuple[str, ...], folder: Path | None) -> str:
        match words[0]:
            case "restart" if words[-1] == f"{PACKAGE}.service":
                self._start()
            case "stop" if words[1] == f"{PACKAGE}.service":
                self.running = ""
                for path in self.places.runtime.iterdir():
                    path.unlink()
            case "start" | "restart":
                if not self.guarded:
                    raise FailedError("Unit not found.", 5)
            case "show":
                return f"ActiveState=active\nNRestarts={self.restarts}\nResult=success\n"
        return ""

    def _command(self, words: tuple[str, ...], folder: Path | None) -> str:
        behaviour = self._behaviour(self.installed[0])
        if behaviour is None or not behaviour.updater:
            raise UpdateError(f"there is no {COMMAND} on this system")
        return ""

    # dpkg's states, in the order in which it goes through them

    def _unpacked(self, package: Path) -> None:
        read = self._read_package(package)
        before, _, _ = self.installed
        old = self._behaviour(before)
        script = self.places.scripts / f"{PACKAGE}.prerm"
        if old is not None and old.prerm and script.exists():
            raise FailedError(f"dpkg: error: prerm failed with {old.prerm}", 1)
        self.step()
        self._note(before, "half-installed", "reinstreq")
        self.step()
        for name in self._files(read["version"]):
            place = self.root / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.with_name(f"{place.name}.dpkg-new").write_text(read["version"])
            self.step()
            place.with_name(f"{place.name}.dpkg-new").replace(place)
        (self.root / "var/lib/dpkg/known.json").write_text(json.dumps(self._known(read)))
        self.step()
        self._note(read["version"], "unpacked", "ok")
        script.write_text("")
        self.step()
        for name in set(self._files(before)) - set(self._files(read["version"])):
            (self.root / name).unlink(missing_ok=True)
        for name in _folders(before) if before != read["version"] else ():
            if (self.root / name).is_dir() and not any((self.root / name).iterdir()):
                (self.root / name).rmdir()
        self.step()

    def _configured(self) -> None:
        version, state, _ = self.installed
        if state == "installed":
            return
        if state == "half-installed":
            raise FailedError(f"dpkg: error: {PACKAGE} has to be installed again", 1)
        self.step()
        self._note(version, "half-configured", "ok")
        self.step()
        behaviour = self._behaviour(version)
        assert behaviour is not None
        if behaviour.postinst:
            raise FailedError(f"dpkg: error: postinst failed with {behaviour.postinst}", 1)
        self._start()
        self.step()
        self._note(version, "installed", "ok")

    def _start(self) -> None:
        self.running, self.running_since, self.restarts = self.installed[0], self.now, 0
        for path in self.places.runtime.iterdir():
            path.unlink()

    def _note(self, *words: str) -> None:
        place = self.root / "var/lib/dpkg/status.json"
        place.with_name("status.new").write_text(json.dumps(words))
        place.with_name("status.new").replace(place)

    def _unpack(self, version: str) -> None:
        for name in self._files(version):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(version)
        read = {"package": PACKAGE, "version": version} | asdict(Behaviour())
        (self.root / "var/lib/dpkg/known.json").write_text(json.dumps(self._known(read)))

    def _known(self, more: dict | None = None) -> dict:
        place = self.root / "var/lib/dpkg/known.json"
        known = json.loads(place.read_text()) if place.exists() else {}
        return known | ({more["version"]: more} if more else {})

    def _behaviour(self, version: str) -> Behaviour | None:
        read = self._known().get(version)
        if read is None:
            return None
        return Behaviour(**{name: read[name] for name in asdict(Behaviour())})

    def _files(self, version: str) -> list[str]:
        return [
            f"{MODULES}/iot_facerecognition_edge/cli.py",
            f"{MODULES}/iot_facerecognition-{version}.dist-info/METADATA",
        ]

    def _read_package(self, path: Path) -> dict:
        try:
            read: dict = json.loads(path.read_text())
        except (OSError, ValueError):
            raise FailedError(
                f"dpkg-deb: error: {path.name} is not a Debian format archive", 2
            ) from None
        return read

    def _boot_id(self) -> None:
        (self.root / "proc/sys/kernel/random/boot_id").write_text(f"boot-{self.boots}\n")

    def _write(self, name: str, content: dict) -> None:
        path = self.places.runtime / name
        path.write_text(json.dumps(content))
        os.utime(path, (self.wall(), self.wall()))


class FailedError(Exception):
    """A program ended with a status."""

    def __init__(self, said: str, code: int) -> None:
        super().__init__(said)
        self.code = code


def _folders(version: str) -> list[str]:
    return [f"{MODULES}/iot_facerecognition-{version}.dist-info"]


CALLS = ("write", "fsync", "rename", "replace", "unlink", "symlink", "open", "pwrite", "mkdir")


@contextmanager
def counted(device: FakeDevice, act: Callable[[int], None]) -> Iterator[list[int]]:
    """Call `act` with a number before every call that may change the disk, dpkg's steps, too."""
    count = [0]
    patch = pytest.MonkeyPatch()

    def once() -> None:
        act(count[0])
        count[0] += 1

    def wrap(name: str) -> None:
        original = getattr(os, name)

        def call(*arguments, **named):
            writes = name != "open" or arguments[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes:
                once()
            return original(*arguments, **named)

        patch.setattr(os, name, call)

    for name in CALLS:
        wrap(name)
    device.step = once
    try:
        yield count
    finally:
        patch.undo()
        device.step = lambda: None


@pytest.fixture(autouse=True, scope="session")
def no_waiting_for_the_disk() -> Iterator[None]:
    """Leave the disk its time: what a power cut would lose, no test can see."""
    patch = pytest.MonkeyPatch()
    patch.setattr(os, "fsync", lambda _: None)
    yield
    patch.undo()


@pytest.fixture
def device(tmp_path: Path) -> FakeDevice:
    return FakeDevice(tmp_path / "device")
