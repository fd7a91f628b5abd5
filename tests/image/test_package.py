"""The Debian package itself: what is in it, lintian, shellcheck, and the same bytes twice."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.debian_package import ROOT
from scripts.system_packages import install

STATE = "/var/lib/iot-facerecognition-edge"


@pytest.fixture(scope="module")
def unpacked(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's files, with its control files in DEBIAN."""
    folder = tmp_path_factory.mktemp("unpacked") / "root"
    subprocess.run(["dpkg-deb", "--raw-extract", package, folder], check=True)
    return folder


def test_it_has_code_units_rules_defaults_and_manuals(unpacked: Path) -> None:
    python = unpacked / "usr/lib/python3/dist-packages"
    for name in ("protocol", "client", "edge"):
        assert (python / f"iot_facerecognition_{name}/__init__.py").is_file()
    assert not (python / "iot_facerecognition_server").exists()
    for path in (
        "usr/bin/iot-facerecognition-edge",
        "usr/lib/systemd/system/iot-facerecognition-edge.service",
        "usr/lib/sysusers.d/iot-facerecognition-edge.conf",
        "usr/lib/tmpfiles.d/iot-facerecognition-edge.conf",
        "usr/lib/udev/rules.d/60-iot-facerecognition-edge.rules",
        "usr/share/polkit-1/rules.d/60-iot-facerecognition-edge.rules",
        "usr/share/iot-facerecognition-edge/openssl.cnf",
        "usr/share/man/man1/iot-facerecognition-edge.1.gz",
        "usr/bin/iot-facerecognition-update",
        "usr/share/man/man8/iot-facerecognition-update.8.gz",
        "usr/share/man/man5/iot-facerecognition-edge-settings.5.gz",
        "usr/share/doc/iot-facerecognition-edge/copyright",
        "usr/share/doc/iot-facerecognition-edge/changelog.gz",
    ):
        assert (unpacked / path).is_file(), path
    # The user's own words are kept at an upgrade.
    conffiles = (unpacked / "DEBIAN/conffiles").read_text().split()
    assert conffiles == [
        "/etc/iot-facerecognition-edge/defaults.conf",
        "/etc/iot-facerecognition-edge/update.conf",
    ]


def test_every_unit_of_the_tree_is_in_it(unpacked: Path) -> None:
    units = [
        *ROOT.glob("edge/*.service"),
        *ROOT.glob("edge/*.timer"),
        *ROOT.glob("image/first-boot/*.service"),
    ]
    packaged = {path.name for path in unpacked.glob("usr/lib/systemd/system/*")}
    assert packaged == {unit.name for unit in units}


def test_lintian_finds_nothing(package: Path) -> None:
    install({"lintian": "lintian"})
    done = subprocess.run(
        ["lintian", "--fail-on=error,warning", "--display-info", "--tag-display-limit=0", package],
        check=False,
        capture_output=True,
        text=True,
    )
    print(done.stdout, done.stderr)
    assert done.returncode == 0


def test_shellcheck_finds_nothing_in_the_maintainer_scripts(unpacked: Path) -> None:
    install({"shellcheck": "shellcheck"})
    scripts = [
        path
        for name in ("preinst", "postinst", "prerm", "postrm")
        if (path := unpacked / "DEBIAN" / name).exists()
    ]
    assert len(scripts) >= 3
    subprocess.run(["shellcheck", *scripts], check=True)


def test_manual_pages_are_good_roff(unpacked: Path) -> None:
    install({"groff": "groff"})
    pages = sorted(unpacked.glob("usr/share/man/man*/*.gz"))
    assert len(pages) >= 2
    for page in pages:
        text = subprocess.run(["gzip", "-dc", page], check=True, capture_output=True).stdout
        command = ["groff", "-man", "-K", "utf8", "-T", "utf8", "-ww"]
        done = subprocess.run(command, input=text, check=True, capture_output=True)
        assert done.stderr == b"", page


def test_the_same_tree_gives_the_same_bytes(package: Path, tmp_path: Path) -> None:
    """In another folder, as seen by a clock a year ahead, with another umask, locale and zone."""
    install({"faketime": "faketime"})
    clone = tmp_path / "another folder" / "clone"
    subprocess.run(["git", "clone", "--quiet", "--shared", ROOT, clone], check=True)
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in filter(None, tracked.stdout.split("\0")):
        # What is not committed yet, too.
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, clone / name)
    subprocess.run(["git", "add", "--all"], cwd=clone, check=True)
    environment = {
        **os.environ,
        "LANG": "tr_TR.UTF-8",
        "LC_ALL": "tr_TR.UTF-8",
        "TZ": "Asia/Kathmandu",
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
        "HOME": str(tmp_path),
    }
    command = ["faketime", "-f", "+400d", shutil.which("python3") or "python3"]
    command += ["-m", "scripts.debian_package", "--output", str(tmp_path / "out")]
    done = subprocess.run(
        command,
        cwd=clone,
        env=environment,
        umask=0o077,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    again = tmp_path / "out" / package.name
    assert again.read_bytes() == package.read_bytes()
    print(re.split(r"\s", done.stdout)[0], package.name)
