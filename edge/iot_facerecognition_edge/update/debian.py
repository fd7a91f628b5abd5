"""dpkg and apt: which version is there, how to install another one, and how to mend it all."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from iot_facerecognition_edge.update.commands import Done, Runner
from iot_facerecognition_edge.update.errors import UpdateError
from iot_facerecognition_edge.update.places import COMMAND, PACKAGE, UNIT, Places

_KEEP_CONFIGURATION = ("--force-confold", "--force-confdef")
"""What an administrator changed stays, and nobody is asked."""
_APT = (
    "apt-get",
    "--quiet=2",
    # Options by name: not every command of apt-get takes the short forms.
    "--option=APT::Get::Assume-Yes=true",
    "--option=APT::Install-Recommends=false",
    # An update that would take packages off the device is refused.
    "--option=APT::Get::Remove=false",
    "--option=APT::Get::allow-downgrades=true",
    "--option=DPkg::Lock::Timeout=120",
    "--option=Dpkg::Use-Pty=0",
    "--option=APT::Keep-Downloaded-Packages=true",
    "--option=Acquire::Retries=2",
    "--option=Acquire::http::Timeout=30",
    "--option=Acquire::https::Timeout=30",
    "--option=Acquire::AllowInsecureRepositories=false",
    *(f"--option=Dpkg::Options::={option}" for option in _KEEP_CONFIGURATION),
)
_FETCHING = 900.0
"""Seconds for lists and packages to come over a slow link."""
_MENDING = 600.0
"""Seconds for dpkg to install a package on a Zero W; it takes one minute."""
_VERSION = re.compile(r"[0-9][A-Za-z0-9.+~:-]*")
"""Debian's policy, 5.6.12."""
_SCRIPTS = ("preinst", "postinst", "prerm", "postrm")
_UNPACKING = (".dpkg-new", ".dpkg-tmp")
"""How names of files end that dpkg has not yet, or no longer, in their place."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What dpkg has of our package; `whole` when nothing is left to be done about it."""

    version: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Fields:
    """What a package file says about itself; `size` is what it takes when installed, in bytes."""

    package: str
    version: str
    architecture: str
    size: int


def release(version: str) -> str:
    """Return a Debian `version` as the program itself tells its own: 1.2.0~rc1 is 1.2.0rc1."""
    return version.replace("~", "")


class Debian:
    """dpkg and apt of this machine, by way of `run`."""

    def __init__(self, run: Runner, places: Places) -> None:
        self._run = run
        self._places = places

    # What is

    def installed(self) -> Installed | None:
        """Return what dpkg has of our package, None for nothing."""
        form = "--showformat=${db:Status-Status}\t${db:Status-Eflag}\t${Version}"
        done = self._run("dpkg-query", "--show", form, PACKAGE)
        words = done.output.strip().split("\t")
        if done.code or len(words) != 3 or words[0] in {"not-installed", "config-files"}:  # noqa: PLR2004 - the format's
            return None
        status, flag, version = words
        return Installed(version, whole=status == "installed" and flag == "ok")

    def fields(self, package: Path) -> Fields:
        """Return what `package` says about itself. Raises UpdateError for a file that is none."""
        form = "--showformat=${Package}\t${Version}\t${Architecture}\t${Installed-Size}"
        done = self._run("dpkg-deb", "--show", form, str(package))
        words = done.output.strip().split("\t")
        if done.code or len(words) != 4:  # noqa: PLR2004 - the format's
            raise UpdateError(
                f"{package} is no Debian package ({done.problem}): build it by `make deb`"
            )
        package_name, version, architecture, size = words
        return Fields(package_name, version, architecture, int(size or 0) * 1024)

    def contents(self, package: Path) -> tuple[str, ...]:
        """Return the paths in `package`, all of which is read. Raises UpdateError for damage."""
        done = self._run("dpkg-deb", "--contents", str(package), limit=_MENDING)
        if done.code:
            raise UpdateError(f"{package} is damaged ({done.problem}): copy or download it again")
        names = [
            line.split(maxsplit=5)[5] for line in done.output.splitlines() if line[:1] in "-dl"
        ]
        paths = (name.partition(" -> ")[0].lstrip(".").rstrip("/") for name in names)
        return tuple(path for path in paths if path)  # one is the root itself

    def newer(self, version: str, than: str) -> bool:
        """Return whether `version` is newer `than` another one."""
        return self._run("dpkg", "--compare-versions", version, "gt", than).code == 0

    def updatable(self) -> str:
        """Return why the installed version could not be updated in turn, empty when it could."""
        try:
            problem = self._run(COMMAND, "check", limit=120).problem
        except UpdateError as error:
            problem = str(error)
        return f"the new version could not be updated in turn: {problem}" if problem else ""

    # What is fetched

    def read_lists(self) -> None:
        """Read what the repositories offer. Raises UpdateError."""
        done = self._run(*_APT, "update", limit=_FETCHING)
        if done.code:
            raise UpdateError(
                f"the repositories could not be read ({done.problem}): see to the network, and to "
                "the signatures that apt complains of"
            )

    def candidate(self) -> str:
        """Return the version that apt would install. Raises UpdateError without one."""
        done = self._run("apt-cache", "policy", PACKAGE)
        found = re.search(r"^\s*Candidate: (\S+)$", done.output, re.MULTILINE)
        if done.code or found is None or not _VERSION.fullmatch(found[1]):
            raise UpdateError(
                f"no repository of this device has {PACKAGE}: add one (docs/edge.md, Installing)"
            )
        return found[1]

    def download(self, version: str, folder: Path) -> Path:
        """Have apt fetch `version` into `folder`, checked against the repository's signature.

        Raises UpdateError.
        """
        if not _VERSION.fullmatch(version):
            raise UpdateError(f"{version!r} is no version: name one as `apt-cache madison` does")
        done = self._run(*_APT, "download", f"{PACKAGE}={version}", folder=folder, limit=_FETCHING)
        found = sorted(folder.glob(f"{PACKAGE}_*.deb"))
        if done.code or len(found) != 1:
            raise UpdateError(
                f"{PACKAGE} {version} cannot be downloaded ({done.problem}): `apt-cache madison "
                f"{PACKAGE}` lists what this device's repositories offer"
            )
        return found[0]

    def fetch_dependencies(self, package: Path) -> None:
        """Fetch what else `package` needs, so that the switch needs no network.

        Raises UpdateError where apt could not install it.
        """
        done = self._run(*_APT, "--download-only", "install", str(package), limit=_FETCHING)
        if done.code:
            raise UpdateError(f"apt could not install {package.name}: {done.problem}")

    # What is changed

    def switch(self, package: Path, limit: float) -> Done:
        """Have apt install `package` and what was fetched for it."""
        return self._run(*_APT, "install", str(package), limit=limit)

    def put_back(self, package: Path, *, scripts_aside: bool) -> None:
        """Install the old `package`, whatever state an interrupted or failed switch has left.

        With `scripts_aside` the maintainer scripts of what is installed are not run: they may be
        what fails. Raises UpdateError; it may be tried again.
        """
        if scripts_aside:
            for name in _SCRIPTS:
                (self._places.scripts / f"{PACKAGE}.{name}").unlink(missing_ok=True)
        options = (*_KEEP_CONFIGURATION, "--force-downgrade")
        # Unpacked over whatever is there; nothing of the new version is configured any more.
        unpacked = self._run("dpkg", *options, "--unpack", str(package), limit=_MENDING)
        configured = self._run("dpkg", *options, "--configure", "--pending", limit=_MENDING)
        if unpacked.code or configured.code:
            mended = self._run(*_APT, "--fix-broken", "install", limit=_MENDING)
            problem = unpacked.problem or configured.problem or mended.problem
            if unpacked.code or mended.code:
                raise UpdateError(problem)

    def remove_leftovers(self, of: Path, but_not: Path) -> None:
        """Remove what `of` has unpacked, and dpkg has not noted down because it was killed.

        Files that the package `but_not` or any other one owns stay, as does configuration.
        """
        kept = set(self.contents(but_not))
        for name in reversed(self.contents(of)):
            place = self._places.root / name.lstrip("/")
            for end in _UNPACKING:
                place.with_name(place.name + end).unlink(missing_ok=True)
            if name in kept or name.startswith("/etc") or not os.path.lexists(place):
                continue
            if self._run("dpkg-query", "--search", name).code == 0:
                continue
            if place.is_dir() and not place.is_symlink():
                if not any(place.iterdir()):
                    place.rmdir()
            else:
                place.unlink()

    # The service

    def stop_service(self) -> None:
        """Stop the appliance, so that it does not stand in the way."""
        self._run("systemctl", "stop", UNIT, limit=90)

    def start_service(self) -> None:
        """Start the appliance, also where it was started too often."""
        self._run("systemctl", "daemon-reload", limit=120)
        self._run("systemctl", "reset-failed", UNIT)
        self._run("systemctl", "restart", "--no-block", UNIT)

    def service_failure(self, most_restarts: int) -> str:
        """Return why the appliance's service cannot be waited for, empty when it can."""
        wanted = ("ActiveState", "NRestarts", "Result")
        options = [f"--property={name}" for name in wanted]
        done = self._run("systemctl", "show", *options, UNIT)
        shown = dict(line.split("=", 1) for line in done.output.splitlines() if "=" in line)
        restarts = shown.get("NRestarts", "0")
        if shown.get("ActiveState") == "failed":
            return f"its service failed ({shown.get('Result')})"
        if restarts.isdigit() and int(restarts) >= most_restarts:
            return f"its service had to be started again {restarts} times"
        return ""
