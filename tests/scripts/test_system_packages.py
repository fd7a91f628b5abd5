"""What set-up says and does about packages of the system, on machines that lack them.

The machine is played by small programs on a PATH of their own: a Python without ensurepip and
libturbojpeg, apt's tools, and `sudo` with or without a password.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

SETUP = Path(__file__).parents[2] / "scripts" / "setup"
PYTHON = """\
case $2 in
*version_info*) echo ${VERSION:-3.13} ;;
*ensurepip*) exit ${NO_VENV:-0} ;;
*libturbojpeg*) [ -e "$MACHINE/libturbojpeg" ] ;;
*) echo "environment $*" ;;
esac
"""
APT_CACHE = """\
candidate=1:2.1.5
case $2 in $KNOWN) ;; *) candidate="(none)" ;; esac
printf '%s:\\n  Installed: (none)\\n  Candidate: %s\\n' "$2" "$candidate"
"""
APT_GET = """\
echo "$*" >> "$MACHINE/apt-get.log"
case $1 in install) [ -z "$NO_NETWORK" ] && touch "$MACHINE/libturbojpeg" ;; esac
"""
SUDO = 'case $1 in -n) exit ${PASSWORD:-0} ;; esac; "$@"\n'


class Machine:
    """A machine as set-up sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name in ("sh", "env", "grep", "sed", "dirname", "touch"):
            (self.bin / name).symlink_to(shutil.which(name) or name)
        self.has("python", PYTHON)
        self.has("apt-cache", APT_CACHE)
        self.has("apt-get", APT_GET)
        self.has("id", "echo ${USER_ID:-1000}\n")
        (folder / "os-release").write_text("NAME=Debian\nID=debian\n")

    def has(self, name: str, program: str) -> None:
        path = self.bin / name
        path.write_text("#!/bin/sh\n" + program)
        path.chmod(0o755)

    def set_up(self, **variables: str) -> "subprocess.CompletedProcess[str]":
        environment = {
            "PATH": str(self.bin),
            "MACHINE": str(self.folder),
            "OS_RELEASE": str(self.folder / "os-release"),
            "KNOWN": "libturbojpeg0",
            **variables,
        }
        command = [SETUP, self.bin / "python", ".venv"]
        return subprocess.run(
            command, check=False, env=environment, capture_output=True, text=True, timeout=60
        )

    def installed(self) -> list[str]:
        log = self.folder / "apt-get.log"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def with_sudo(machine: Machine) -> None:
    machine.has("sudo", SUDO)


def test_where_a_password_is_needed_one_line_to_run_is_reported(machine):
    with_sudo(machine)
    done = machine.set_up(PASSWORD="1", NO_VENV="1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[1] == (
        "setup:     sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends"
        " python3.13-venv libturbojpeg0'"
    )
    assert machine.installed() == []


def test_the_line_that_is_told_can_be_run_as_it_is(machine):
    with_sudo(machine)
    line = machine.set_up(PASSWORD="1").stderr.splitlines()[-1].removeprefix("setup:")
    environment = {"PATH": str(machine.bin), "MACHINE": str(machine.folder)}
    subprocess.run(["/bin/sh", "-c", line], check=True, env=environment)
    assert machine.installed()[0] == "update"
    assert machine.set_up().stdout.startswith("environment -m scripts.environment .venv dev")


def test_a_machine_without_sudo_is_told_how_root_does_it(machine):
    done = machine.set_up()
    assert "su -c 'apt-get update && apt-get install" in done.stderr


@pytest.mark.parametrize("root", ["with sudo", "root, who has no sudo"])
def test_whoever_may_installs_it_and_goes_on(machine, root):
    if root == "with sudo":
        with_sudo(machine)
    done = machine.set_up(USER_ID="1000" if root == "with sudo" else "0")
    assert done.returncode == 0, done.stderr
    assert machine.installed() == [
        "update -qq",
        "install -y --no-install-recommends libturbojpeg0",
    ]
    assert done.stdout.startswith("environment -m scripts.environment .venv dev")


@pytest.mark.parametrize("known", ["libturbojpeg", "libturbojpeg0"])
def test_the_library_has_the_name_that_this_system_gives_it(machine, known):
    done = machine.set_up(KNOWN=known)
    assert done.stderr.rstrip().endswith(f"--no-install-recommends {known}'")


@pytest.mark.parametrize(
    ("system", "name"),
    [
        ("ID=ubuntu", "libturbojpeg"),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"', "libturbojpeg"),
        ("ID=debian", "libturbojpeg0"),
        ("ID=raspbian\nID_LIKE=debian", "libturbojpeg0"),
    ],
)
def test_before_any_list_was_fetched_the_system_tells_the_name(machine, system, name):
    (machine.folder / "os-release").write_text(system + "\n")
    done = machine.set_up(KNOWN="nothing")
    assert done.stderr.rstrip().endswith(f"--no-install-recommends {name}'")


def test_an_installation_that_fails_is_one_sentence(machine):
    done = machine.set_up(USER_ID="0", NO_NETWORK="1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[1] == (
        "setup: libturbojpeg0 could not be installed: is there a network? Then try:"
        "  apt-get install -y --no-install-recommends libturbojpeg0"
    )


def test_another_system_is_told_the_names(machine):
    (machine.bin / "apt-get").unlink()
    done = machine.set_up(NO_VENV="1")
    assert done.returncode == 1
    assert "under the names that Debian gives them: python3.13-venv libturbojpeg" in done.stderr


@pytest.mark.parametrize("version", ["3.10", "3.14", "2.7"])
def test_another_python_is_refused_with_the_ones_that_do(machine, version):
    done = machine.set_up(VERSION=version)
    assert done.returncode == 1
    assert f"needs Python 3.11, 3.12 or 3.13, and found {version}" in done.stderr
