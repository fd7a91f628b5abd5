"""The package to go back to: kept, cached, downloaded, or made again by the real dpkg-deb."""

import shutil
import subprocess
from pathlib import Path

import pytest

from iot_facerecognition_edge.update.commands import Done
from iot_facerecognition_edge.update.debian import Debian
from iot_facerecognition_edge.update.errors import UpdateError
from iot_facerecognition_edge.update.places import PACKAGE, Places
from iot_facerecognition_edge.update.repack import repack
from iot_facerecognition_edge.update.way_back import WayBack
from tests.edge.update.conftest import OLD, Behaviour, FakeDevice

CONTROL = f"""\
Package: {PACKAGE}
Version: 1.0.0
Architecture: all
Maintainer: Somebody <somebody@example.invalid>
Depends: python3
Description: an edge
 with a second line
"""
STATUS = f"""\
Package: {PACKAGE}
Status: install ok installed
Maintainer: Somebody <somebody@example.invalid>
Architecture: all
Version: 1.0.0
Depends: python3
Conffiles:
 /etc/edge/kept.conf 0123456789abcdef0123456789abcdef
 /etc/edge/removed.conf 0123456789abcdef0123456789abcdef
Description: an edge
 with a second line
"""


def cached(device: FakeDevice) -> Path:
    return device.root / "var/cache/apt/archives" / f"{PACKAGE}_{OLD}_all.deb"


def secure(device: FakeDevice) -> Path:
    debian = Debian(device.run, device.places)
    return WayBack(debian, device.run, device.places).secure(OLD)


def test_what_was_kept_comes_first(device):
    kept = secure(device)
    assert kept.parent == device.places.current
    device.commands.clear()
    assert secure(device) == kept
    assert not [words for words in device.commands if "download" in words]


def test_a_kept_package_of_another_version_is_not_taken(device):
    device.places.current.mkdir(parents=True)
    device.package("0.9.0", device.places.current)
    assert secure(device).name == f"{PACKAGE}_{OLD}_all.deb"
    assert len(list(device.places.current.iterdir())) == 1


def test_a_damaged_kept_package_is_not_taken(device):
    secure(device).write_text("half a pack")
    assert "half" not in secure(device).read_text()


def test_it_is_downloaded_where_the_repository_has_it(device):
    cached(device).unlink()
    device.repository[OLD] = Behaviour()
    assert secure(device).exists()
    assert [words for words in device.commands if f"{PACKAGE}={OLD}" in words]


@pytest.fixture
def installed(tmp_path: Path) -> Places:
    """A root in which the package is installed, as dpkg's database tells."""
    places = Places(tmp_path / "root")
    for path, text in {
        "usr/bin/edge": "#!/bin/sh\necho edge\n",
        "usr/lib/edge/module.py": "VERSION = 1\n",
        "etc/edge/kept.conf": "what an administrator wrote\n",
        f"var/lib/dpkg/info/{PACKAGE}.postinst": "#!/bin/sh\nexit 0\n",
        f"var/lib/dpkg/info/{PACKAGE}.conffiles": "/etc/edge/kept.conf\n/etc/edge/removed.conf\n",
        f"var/lib/dpkg/info/{PACKAGE}.list": "",
    }.items():
        (places.root / path).parent.mkdir(parents=True, exist_ok=True)
        (places.root / path).write_text(text)
    for path in ("usr/bin/edge", f"var/lib/dpkg/info/{PACKAGE}.postinst"):
        (places.root / path).chmod(0o755)
    (places.root / "usr/lib/edge/link.py").symlink_to("module.py")
    return places


class Dpkg:
    """dpkg's answers about `installed`, and the real dpkg-deb."""

    verified = ""

    def __call__(self, *words: str, **_: object) -> Done:
        if words[0] == "dpkg-deb":
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            return Done(words, done.returncode, done.stdout + done.stderr)
        if words[1] == "--listfiles":
            names = ["/.", "/usr", "/usr/bin", "/usr/bin/edge", "/usr/lib", "/usr/lib/edge"]
            names += ["/usr/lib/edge/module.py", "/usr/lib/edge/link.py", "/etc", "/etc/edge"]
            names += ["/etc/edge/kept.conf", "/etc/edge/removed.conf"]
            names += ["diverted by somebody to: /usr/bin/edge.real"]
            return Done(words, 0, "\n".join(names))
        if words[1] == "--status":
            return Done(words, 0, STATUS)
        return Done(words, 1 if self.verified else 0, self.verified)


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="no dpkg on this system")
def test_an_installed_package_is_made_again(installed, tmp_path):
    (tmp_path / "work").mkdir()
    made = repack(Dpkg(), installed, tmp_path / "work")
    assert list((tmp_path / "work").iterdir()) == [made]
    out = tmp_path / "out"
    subprocess.run(["dpkg-deb", "--raw-extract", made, out], check=True)
    assert (out / "usr/bin/edge").stat().st_mode & 0o777 == 0o755
    assert (out / "usr/lib/edge/link.py").readlink() == Path("module.py")
    assert (out / "etc/edge/kept.conf").read_text() == "what an administrator wrote\n"
    assert (out / "DEBIAN/conffiles").read_text() == "/etc/edge/kept.conf\n"
    assert (out / "DEBIAN/postinst").exists()
    fields = subprocess.run(
        ["dpkg-deb", "--field", made], check=True, capture_output=True, text=True
    ).stdout
    assert sorted(fields.splitlines()) == sorted(CONTROL.splitlines())


def test_changed_files_are_no_way_back(installed, tmp_path):
    dpkg = Dpkg()
    (tmp_path / "work").mkdir()
    dpkg.verified = "??5?????? c /etc/edge/kept.conf\n"
    dpkg.verified += f"missing     /usr/share/doc/{PACKAGE}/copyright\n"
    if shutil.which("dpkg-deb"):
        repack(dpkg, installed, tmp_path / "work")
    dpkg.verified += "missing     /usr/lib/edge/module.py\n"
    with pytest.raises(UpdateError, match=r"/usr/lib/edge/module\.py"):
        repack(dpkg, installed, tmp_path / "work")
