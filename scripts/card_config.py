"""Writes the file that sets up an edge at its first start: `image/make-card-config`.

The token is made by the server's own command and the certificate's fingerprint is asked of it: on
this machine, in a container, or on another machine by ssh. Needs Python alone.
"""

import argparse
import getpass
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from iot_facerecognition_edge.first_boot.document import OWN, DocumentError, read_document
from iot_facerecognition_edge.first_boot.template import filled, template
from iot_facerecognition_edge.first_boot.wishes import DeviceFacts, read_wishes

SERVER = "iot-facerecognition-server"
_ELSEWHERE = ("192.0.2.1", 9)
"""An address that nobody has (RFC 5737): the route to it shows this machine's own."""
_SECTION = "iot-facerecognition"
_EXIT_WRONG = 2

_DESCRIPTION = """\
Writes iot-facerecognition.toml for one edge: its name, a token that the server makes for it, the
server's address and the fingerprint of its certificate; if you like, Wi-Fi, host name and SSH key.

  image/make-card-config kitchen --ssid Home --country DE --to /media/$USER/bootfs
  image/make-card-config kitchen --ssh me@server.local
  image/make-card-config kitchen --compose
  image/make-card-config kitchen --via 'docker exec faces'

The Wi-Fi's password is asked for, or read from standard input where that is no terminal.
"""


class CardConfigError(Exception):
    """It cannot be written; the message says why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        path = _make(options)
    except CardConfigError as error:
        print(f"make-card-config: {error}", file=sys.stderr)
        return _EXIT_WRONG
    print(f"wrote {path}: put it on the card's boot partition, if it is not there yet")
    print(f"the token in it is {options.name}'s alone; whoever has the file can use it")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make-card-config",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", metavar="NAME", help="what the server calls the edge, as 'kitchen'")
    parser.add_argument(
        "--to",
        type=Path,
        default=Path(OWN),
        metavar="PATH",
        help="the file, or the folder (the card's boot partition) that it goes into",
    )
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    where = parser.add_argument_group("where the server is").add_mutually_exclusive_group()
    where.add_argument("--ssh", metavar="HOST", help="on HOST, by ssh")
    where.add_argument("--compose", action="store_true", help="in this folder's compose project")
    where.add_argument("--via", metavar="WORDS", help="behind WORDS, as 'docker exec faces'")
    server = parser.add_argument_group("how the edge reaches it")
    server.add_argument("--address", metavar="HOST", help="default: this machine's, or ssh's HOST")
    server.add_argument("--port", type=int, metavar="N", help="default: the server's setting")
    edge = parser.add_argument_group("the edge itself")
    edge.add_argument("--ssid", metavar="NAME", help="its Wi-Fi; the password is asked for")
    edge.add_argument("--country", metavar="XX", help="the Wi-Fi's country")
    edge.add_argument("--hostname", metavar="NAME", help="its name in the network")
    edge.add_argument("--ssh-key", type=Path, metavar="FILE", help="who may log in: a .pub file")
    edge.add_argument("--timezone", metavar="ZONE", help="such as Europe/London")
    edge.add_argument("--camera", metavar="CAMERA", help="as the setting camera.source")
    edge.add_argument("--display", metavar="SCREEN", help="as the setting display.screen")
    return parser


def _make(options: argparse.Namespace) -> Path:
    """Write the file and return where it is. Raises CardConfigError."""
    path: Path = options.to / OWN if options.to.is_dir() else options.to
    _check_place(path, force=options.force)
    server = _Server(_prefix(options))
    filling = _own_words(options)
    filling[_SECTION, "fingerprint"] = server.fingerprint()
    filling[_SECTION, "port"] = options.port or server.port()
    _check(filled(template(), filling | {(_SECTION, "token"): "x"}))
    token = server.token(options.name)
    try:
        _write(path, filled(template(), filling | {(_SECTION, "token"): token}))
    except OSError as error:
        server.revoke(options.name)
        raise CardConfigError(f"{path} cannot be written: {error.strerror}") from None
    return path


def _own_words(options: argparse.Namespace) -> dict[tuple[str, str], str | int | tuple[str, ...]]:
    values: Mapping[tuple[str, str], str | None] = {
        ("system", "hostname"): options.hostname,
        ("wlan", "ssid"): options.ssid,
        ("wlan", "country"): options.country,
        ("locale", "timezone"): options.timezone,
        (_SECTION, "name"): options.name,
        (_SECTION, "server"): options.address or _address(options.ssh),
        (_SECTION, "camera"): options.camera,
        (_SECTION, "display"): options.display,
    }
    filling: dict[tuple[str, str], str | int | tuple[str, ...]] = {
        where: value for where, value in values.items() if value is not None
    }
    if options.ssid is not None:
        filling["wlan", "password"] = _password(options.ssid)
    if options.ssh_key is not None:
        filling["ssh", "authorized_keys"] = _keys(options.ssh_key)
    return filling


def _password(ssid: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"Password of the Wi-Fi {ssid}: ")
    return sys.stdin.readline().rstrip("\r\n")


def _keys(path: Path) -> tuple[str, ...]:
    try:
        lines = path.expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CardConfigError(f"--ssh-key {path} cannot be read: {error}") from None
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _address(ssh: str | None) -> str:
    """Return where edges reach the server: ssh's host, or this machine's address on its network."""
    if ssh is not None:
        return ssh.rpartition("@")[2]
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(_ELSEWHERE)  # sends nothing
        except OSError:
            raise CardConfigError(
                "this machine has no network to name an address of: give --address HOST"
            ) from None
        return str(probe.getsockname()[0])


def _check_place(path: Path, *, force: bool) -> None:
    if not path.parent.is_dir():
        raise CardConfigError(f"there is no folder {path.parent}: is the card mounted?")
    if path.exists() and not force and path.read_bytes() != template().encode():
        raise CardConfigError(f"{path} is there already: --force replaces it")


def _check(text: str) -> None:
    """Let the edge's own rules say what is wrong, before a token is made."""
    facts = DeviceFacts(lambda _: True, lambda _: True, str)
    try:
        wishes = read_wishes((read_document(OWN, text.encode()),), facts)
    except DocumentError as error:
        raise CardConfigError(str(error)) from None
    if wishes.problems:
        raise CardConfigError("\n".join(problem.sentence for problem in wishes.problems))


def _write(path: Path, text: str) -> None:
    """Write a file that only its owner can read, where the file system knows owners."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _prefix(options: argparse.Namespace) -> tuple[str, ...]:
    """Return the words that run the server's command where the server is."""
    if options.ssh is not None:
        return ("ssh", "--", options.ssh)
    if options.compose:
        return ("docker", "compose", "exec", "-T", "server")
    return tuple(shlex.split(options.via or ""))


class _Server:
    """The server's command line, wherever it is."""

    def __init__(self, prefix: tuple[str, ...]) -> None:
        self._prefix = prefix

    def fingerprint(self) -> str:
        """Return the fingerprint of its certificate."""
        said = self._ask("cert", "show")
        found = re.search(r"^fingerprint\s+(sha256:[0-9a-fA-F:]+)\s*$", said, re.MULTILINE)
        if found is None:
            raise CardConfigError(f"`{SERVER} cert show` printed no fingerprint: {said[:200]!r}")
        return found[1]

    def port(self) -> int:
        """Return the port of its settings."""
        section = ""
        for line in self._ask("check-config").splitlines():
            header = re.fullmatch(r"\[(\w+)\]", line.strip())
            section = header[1] if header else section
            found = re.match(r"Port=(\d+)", line)
            if section == "Connection" and found:
                return int(found[1])
        raise CardConfigError(f"`{SERVER} check-config` printed no port: give --port N")

    def token(self, name: str) -> str:
        """Return a new token for `name`."""
        return self._ask("token", "add", name).strip()

    def revoke(self, name: str) -> None:
        """Take the token back."""
        self._ask("token", "revoke", name)

    def _ask(self, *words: str) -> str:
        command = self._command(words)
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True)
        except OSError as error:
            raise CardConfigError(f"{command[0]} cannot be run: {error.strerror}") from None
        if done.returncode:
            raise CardConfigError(
                f"`{shlex.join(command)}` ended with status {done.returncode}:"
                f" {(done.stderr or done.stdout).strip()[-500:]}"
            )
        return done.stdout

    def _command(self, words: Sequence[str]) -> list[str]:
        if self._prefix[:1] == ("ssh",):  # ssh hands one text to a shell over there
            return [*self._prefix, shlex.join([SERVER, *words])]
        if self._prefix:
            return [*self._prefix, SERVER, *words]
        own = Path(__file__).parents[1] / ".venv/bin" / SERVER
        program = shutil.which(SERVER) or (str(own) if own.exists() else None)
        if program is None:
            raise CardConfigError(
                f"there is no {SERVER} on this machine: say where the server is, by --ssh HOST,"
                " --compose or --via WORDS"
            )
        return [program, *words]


if __name__ == "__main__":
    sys.exit(main())
