"""The image's stage on a ready root: by the real pi-gen's build.sh, and by the stand-in for it.

The root is Debian trixie for this machine's processor (base_root.py). What comes out of the stage
is looked at with the system's own tools, and booted.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.edge_device import REPOSITORY, install
from tests.image import stages
from tests.image.stages import STAGE, Built
from tests.labs.booted_debian import TOOLS, BootedDebian

MASKED = REPOSITORY / "image" / STAGE / "10-fast-boot" / "files" / "masked-units"
UNIT = "iot-facerecognition-edge.service"
ALL_OPTIONS = {
    "IOT_DISPLAY": "spi",
    "IOT_SPI_PANEL": "pitft35-resistive,rotate=90,speed=42000000",
    "IOT_CMA": "96",
    "IOT_CAMERA": "imx219",
    "IOT_READ_ONLY_ROOT": "1",
    "IOT_SECURITY_UPDATES": "1",
    "IOT_EXTRA_PACKAGES": "figlet",
    "WPA_COUNTRY": "DE",
}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl owner"

Build = Callable[[Path, str, dict[str, str], Path], Built]


def _built(
    request: pytest.FixtureRequest, build: Build, architecture: str, options: dict[str, str]
) -> Iterator[Built]:
    package = request.getfixturevalue("package")
    with stages.workplace() as folder:
        yield build(package, architecture, options, folder)


@pytest.fixture(scope="module", params=["pi-gen", "stand-in"])
def image(request: pytest.FixtureRequest) -> Iterator[Built]:
    """What the stage makes with the settings as they are."""
    if request.param == "pi-gen" and (missing := stages.pi_gen_missing()):
        pytest.skip(missing)
    build = stages.by_pi_gen if request.param == "pi-gen" else stages.by_stand_in
    yield from _built(request, build, "armhf", {})


@pytest.fixture(scope="module")
def trees() -> dict[str, set[str]]:
    """The names in /etc by the runner that they came from."""
    return {}


@pytest.fixture(scope="module")
def optional(request: pytest.FixtureRequest) -> Iterator[Built]:
    """What it makes with every option, for 64-bit boards."""
    build = stages.by_stand_in if stages.pi_gen_missing() else stages.by_pi_gen
    yield from _built(request, build, "arm64", ALL_OPTIONS)


def enabled(built: Built, unit: str) -> str:
    return built.run("systemctl", "is-enabled", unit, check=False)


def words_of(built: Built, path: str) -> list[str]:
    """Return the lines of a file that are no comments."""
    return [line for line in built.text(path).splitlines() if line and not line.startswith("#")]


def test_the_steps_run_in_the_order_of_their_names(image):
    steps = sorted(path.name for path in (REPOSITORY / "image" / STAGE).iterdir() if path.is_dir())
    places = [image.output.find(f"{step}/") for step in steps]
    assert -1 not in places
    assert places == sorted(places)


def kernels_of(built: Built) -> list[str]:
    """Return the installed packages that belong to a kernel."""
    packages = [f"linux-{part}-*" for part in ("image", "headers", "kbuild")]
    shown = "--showformat=${db:Status-Abbrev}${Package}\n"
    listed = built.run("dpkg-query", "--show", shown, *packages, check=False).splitlines()
    return [line.removeprefix("ii ") for line in listed if line.startswith("ii ")]


def test_one_kernel_is_left_and_no_compiler(image):
    assert kernels_of(image) == ["linux-image-6.12.75+rpt-rpi-v6", "linux-image-rpi-v6"]
    boot = image.root / "boot" / "firmware"
    assert {path.name for path in boot.glob("kernel*")} == {"kernel.img"}
    assert {path.name for path in boot.glob("initramfs*")} == {"initramfs"}
    assert not list((image.root / "usr/bin").glob("*gcc*"))
    assert image.run("dpkg", "--print-foreign-architectures") == ""


def test_no_account_has_a_password(image):
    passwords = dict(line.split(":")[:2] for line in image.text("/etc/shadow").splitlines())
    assert {"root", "pi"} <= set(passwords)
    assert set(passwords.values()) <= {"*", "!*", "!"}


def test_ssh_is_off_and_wants_keys_when_it_is_on(image):
    assert enabled(image, "ssh.service") == "disabled"
    assert enabled(image, "ssh.socket") == "masked"
    assert enabled(image, "sshswitch.service") == "masked"
    assert not list((image.root / "etc/ssh").glob("ssh_host_*"))
    image.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/tmp/host_key")
    image.run("mkdir", "-p", "/run/sshd")
    settings = image.run("/usr/sbin/sshd", "-T", "-h", "/tmp/host_key").splitlines()
    assert {
        "passwordauthentication no",
        "kbdinteractiveauthentication no",
        "permitrootlogin no",
        "permitemptypasswords no",
        "authenticationmethods publickey",
    } <= set(settings)


def test_camera_and_screen_are_chosen_in_config_txt(image):
    config = words_of(image, "/boot/firmware/config.txt")
    assert "include display-kms.txt" in config
    assert not any("display-spi" in line for line in config)
    assert "camera_auto_detect=1" in config
    kms = words_of(image, "/boot/firmware/display-kms.txt")
    assert kms[0] == "dtoverlay=vc4-kms-v3d,cma-128,noaudio"
    spi = words_of(image, "/boot/firmware/display-spi.txt")
    assert spi[:2] == ["dtoverlay=cma,cma-128", "dtparam=spi=on"]
    assert spi[2].startswith("dtoverlay=piscreen,")


def test_wifi_is_off_without_a_country_and_never_sleeps(image):
    assert "ieee80211" not in image.text("/boot/firmware/cmdline.txt")
    state = image.text("/var/lib/NetworkManager/NetworkManager.state")
    assert "WirelessEnabled=false" in state
    effective = image.run("NetworkManager", "--print-config")
    assert "wifi.powersave=2" in effective
    assert enabled(image, "iot-facerecognition-wifi-watchdog.timer") == "enabled"


def test_the_command_line_has_one_line_that_export_can_fill_in(image):
    line = image.text("/boot/firmware/cmdline.txt")
    assert line.count("\n") == 1
    assert "root=ROOTDEV" in line
    assert " resize" in line


@pytest.mark.parametrize(
    ("file", "setting"),
    [
        ("systemd/journald.conf", "Storage=volatile"),
        ("systemd/journald.conf", "RuntimeMaxUse=16M"),
        ("systemd/system.conf", "RuntimeWatchdogSec=15s"),
        ("systemd/timesyncd.conf", "SaveIntervalSec=15min"),
        ("systemd/zram-generator.conf", "zram-size = ram / 2"),
    ],
)
def test_systemd_reads_what_the_steps_have_written(image, file, setting):
    read = image.run("systemd-analyze", "cat-config", file).splitlines()
    assert setting in read


def test_nothing_waits_for_the_time(image):
    assert enabled(image, "systemd-timesyncd.service") == "enabled"
    assert enabled(image, "systemd-time-wait-sync.service") == "disabled"
    assert image.run("date", "+%Z") == "UTC"


def test_what_is_masked_is_masked_and_has_its_reason(image):
    lines = [line for line in MASKED.read_text().splitlines() if line[0] != "#"]
    for line in lines:
        unit, hash_sign, reason = line.partition("#")
        assert hash_sign, f"{unit.strip()} is masked without a reason"
        assert reason.strip()
        link = image.root / "etc/systemd/system" / unit.strip()
        assert str(link.readlink()) == "/dev/null"
    assert len(lines) > 20


def test_the_units_of_the_image_are_in_order(image):
    ours = sorted((image.root / "etc/systemd/system").glob("iot-facerecognition-*.*"))
    assert ours
    names = [UNIT, "iot-facerecognition-first-boot.service", *(path.name for path in ours)]
    assert image.run("systemd-analyze", "verify", "--man=no", *names) == ""


def test_the_package_and_its_commands_are_installed(image):
    status = image.run("dpkg-query", "--show", "--showformat=${Status}", "iot-facerecognition-edge")
    assert status == "install ok installed"
    for command in ("edge", "first-boot", "boot-time"):
        assert "usage" in image.run(f"iot-facerecognition-{command}", "--help").lower()
    for unit in (UNIT, "iot-facerecognition-first-boot.service"):
        assert enabled(image, unit) == "enabled"
    assert not list((image.root / "var/cache").glob("*.deb"))
    settings = image.run("iot-facerecognition-first-boot", "template")
    assert image.text("/boot/firmware/iot-facerecognition.toml").strip() == settings


def test_the_last_step_finds_what_must_not_be(image):
    script = (REPOSITORY / "image" / STAGE / "13-verify" / "00-run-chroot.sh").read_text()

    def verify() -> tuple[int, str]:
        done = subprocess.run(
            ["chroot", image.root, "bash", "-e"],
            input=script,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

    assert verify() == (0, "")
    shadow = image.text("/etc/shadow")
    key, compiler = image.root / "etc/ssh/ssh_host_rsa_key", image.root / "usr/local/bin/gcc"
    key.write_text("")
    compiler.write_text("#!/bin/sh\n")
    compiler.chmod(0o755)
    image.run("sh", "-c", "echo pi:raspberry | chpasswd")
    try:
        status, said = verify()
    finally:
        (image.root / "etc/shadow").write_text(shadow)
        key.unlink()
        compiler.unlink()
    assert status == 1
    for words in ("account pi has a password", "same host key", "a compiler is in it: gcc"):
        assert words in said


def test_both_runners_of_the_stage_make_the_same(image, trees, request):
    runner = request.node.callspec.params["image"]
    trees[runner] = {str(path.relative_to(image.root)) for path in (image.root / "etc").rglob("*")}
    assert all(tree == trees[runner] for tree in trees.values())


def test_options_choose_panel_camera_memory_and_country(optional):
    config = words_of(optional, "/boot/firmware/config.txt")
    assert "include display-spi.txt" in config
    assert "include display-kms.txt" not in config
    camera = [line for line in config if "camera" in line or "imx" in line]
    assert camera == ["camera_auto_detect=0", "dtoverlay=imx219"]
    spi = words_of(optional, "/boot/firmware/display-spi.txt")
    assert spi[0] == "dtoverlay=cma,cma-96"
    assert spi[2] == f"dtoverlay={ALL_OPTIONS['IOT_SPI_PANEL']}"
    assert "cfg80211.ieee80211_regdom=DE" in optional.text("/boot/firmware/cmdline.txt").split()
    assert not (optional.root / "var/lib/NetworkManager/NetworkManager.state").exists()
    assert "install ok" in optional.run("dpkg-query", "--show", "--showformat=${Status}", "figlet")


def test_64_bit_boards_have_their_own_kernel(optional):
    assert kernels_of(optional) == ["linux-image-6.12.75+rpt-rpi-v8", "linux-image-rpi-v8"]
    boot = optional.root / "boot" / "firmware"
    assert {path.name for path in boot.glob("kernel*")} == {"kernel8.img"}
    assert "arm_64bit=1" in words_of(optional, "/boot/firmware/config.txt")
    assert not (optional.root / "etc/ld.so.preload.disabled").exists()


def test_security_updates_are_an_option(optional):
    for timer in ("apt-daily.timer", "apt-daily-upgrade.timer"):
        assert enabled(optional, timer) == "enabled"
    effective = optional.run("apt-config", "dump")
    assert 'APT::Periodic::Unattended-Upgrade "1";' in effective
    assert "Debian-Security" in effective
    assert "Raspberry Pi Foundation" in effective


def test_a_read_only_root_is_an_option(optional):
    assert 'overlayroot="tmpfs:recurse=0"' in optional.text("/etc/overlayroot.conf")
    assert "resize" not in optional.text("/boot/firmware/cmdline.txt").split()
    assert enabled(optional, "rpi-resize.service") == "disabled"
    unit = "iot-facerecognition-persistent.service"
    assert enabled(optional, unit) == "enabled"
    assert optional.run("systemd-analyze", "verify", "--man=no", unit) == ""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"IOT_DISPLAY": "hdmi"}, "it can be kms or spi"),
        ({"IOT_CMA": "1000"}, "it can be 64, 96"),
        ({"IOT_SPI_PANEL": "x; rm -rf /"}, "overlay's name and parameters"),
        ({"WPA_COUNTRY": "Germany"}, "two letters"),
    ],
)
def test_a_wrong_setting_stops_the_build_with_its_cure(options, words, tmp_path):
    step = "03-wifi" if "WPA_COUNTRY" in options else "02-boot-files"
    boot = tmp_path / "boot" / "firmware"
    boot.mkdir(parents=True)
    (boot / "cmdline.txt").write_text("root=ROOTDEV\n")
    config = f"set -a; . {REPOSITORY}/image/config; on_chroot() {{ :; }}; ./00-run.sh"
    done = subprocess.run(
        ["bash", "-c", config],
        cwd=REPOSITORY / "image" / STAGE / step,
        env={"PATH": "/usr/bin:/bin", "ROOTFS_DIR": str(tmp_path), "ARCH": "armhf", **options},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode
    assert words in done.stderr


def test_the_image_boots_shows_a_picture_and_says_how_long_that_took(image, photos):
    install(TOOLS)
    alone = ["--private-network"]
    with BootedDebian(image.root, {photos: "/photos"}, alone) as device:
        settings = ["display.screen=none", "camera.source=folder:/photos"]
        as_user = ["setpriv", "--reuid", "iot-facerecognition", "--regid", "iot-facerecognition"]
        edge = [*as_user, "--clear-groups", "iot-facerecognition-edge"]
        state = ["--state-dir", "/var/lib/iot-facerecognition-edge"]
        device.run("systemctl", "stop", UNIT)
        device.run(*edge, *state, "settings", "set", *settings)
        device.run("systemctl", "start", UNIT)

        def told_at_last() -> bool:
            said = device.run("iot-facerecognition-boot-time", check=False)
            return said.startswith("boot to first picture: ")

        device.until(told_at_last, 60)
        printed = device.run("iot-facerecognition-boot-time")
        print(printed)
        told = json.loads(device.run("iot-facerecognition-boot-time", "--json"))
        assert told["total"] == pytest.approx(sum(told["parts"].values()), abs=0.01)
        assert next(iter(told["parts"])).startswith("system"), "a container's kernel is the host's"
        assert told["parts"]["edge, until it is ready"] > 0
        assert told["parts"]["camera, until its first picture"] >= 0

        assert not device.run("sh", "-c", "ls -A /var/log/journal 2>/dev/null", check=False)
        timers = device.run("systemctl", "list-timers", "--no-legend", "--no-pager")
        assert "iot-facerecognition-wifi-watchdog.timer" in timers
        assert "apt-daily" not in timers

        # Enabled by hand, SSH still waits for a key; with one it makes its host keys and answers.
        device.run("systemctl", "enable", "--now", "ssh.service")
        assert device.run("systemctl", "is-active", "ssh.service", check=False) == "inactive"
        keys = "mkdir -p /etc/ssh/iot-facerecognition && cat >/etc/ssh/iot-facerecognition/pi"
        device.run("sh", "-c", keys, given=f"{KEY}\n".encode())
        device.run("systemctl", "start", "ssh.service")
        assert device.run("systemctl", "is-active", "ssh.service") == "active"
        assert device.run("ls", "/etc/ssh/ssh_host_ed25519_key")
