"""From what a section asks for to the steps that bring a device there."""

import re
from collections.abc import Mapping
from typing import Protocol

from iot_facerecognition_edge.first_boot import profile
from iot_facerecognition_edge.first_boot.edge_settings import SECRETS, EdgeWishes
from iot_facerecognition_edge.first_boot.locale import Locale, Time
from iot_facerecognition_edge.first_boot.ssh import Ssh
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
from iot_facerecognition_edge.first_boot.system import System
from iot_facerecognition_edge.first_boot.wishes import Wish
from iot_facerecognition_edge.first_boot.wlan import Wlan
from iot_facerecognition_edge.settings.setting import Value
from iot_facerecognition_protocol.records import dataclass

REGULATORY = "cfg80211.ieee80211_regdom"
"""The kernel's parameter with the country of Wi-Fi; Raspberry Pi Imager writes it as well."""
KEYS = "etc/ssh/iot-facerecognition"
SSHD = "etc/ssh/sshd_config.d/00-iot-facerecognition.conf"
SUDO = "etc/sudoers.d/010_iot-facerecognition"
TIME = "etc/systemd/timesyncd.conf.d/10-iot-facerecognition.conf"
COUNTRY = "etc/modprobe.d/iot-facerecognition-wlan.conf"
_STATE = "var/lib/NetworkManager/NetworkManager.state"
_ONLY_KEYS = f"""\
# Written by iot-facerecognition-first-boot from [ssh] of the card: keys only.
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
AuthorizedKeysFile .ssh/authorized_keys /{KEYS}/%u
"""
_NO_LOGIN = ("nologin", "false")
_SSH = "ssh.service"


class PlanError(Exception):
    """A section cannot be applied on this device; the message names the cure."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who logs in by SSH. `locked`: without a usable password, so that sudo cannot ask for it."""

    name: str
    shell: str
    locked: bool


class DeviceState(Protocol):
    """What a plan has to know of the device. Paths are relative to its root."""

    def text(self, path: str) -> str | None:
        """Return the text of a file, None where there is none."""

    def exists(self, path: str) -> bool:
        """Return whether there is a file, folder or link."""

    def account(self) -> Account | None:
        """Return the person's account, None where there is none."""


def plan(wish: Wish, settings_before: Mapping[str, Value], device: DeviceState) -> list[Step]:
    """Return the steps for one section; the card set `settings_before` at an earlier start.

    Raises PlanError.
    """
    match wish:
        case System():
            return _system(wish, device)
        case Ssh():
            return _ssh(wish, device)
        case Wlan():
            return _wlan(wish, device)
        case Locale():
            return _locale(wish, device)
        case Time():
            return _time(wish)
        case EdgeWishes():
            return _edge(wish, settings_before)


def _system(wish: System, device: DeviceState) -> list[Step]:
    if wish.hostname is None:
        return []
    # The kernel takes the name from the unit's last command, which alone may do that.
    hosts = device.text("etc/hosts") or "127.0.0.1\tlocalhost\n"
    lines = [line for line in hosts.splitlines() if line.split()[:1] != ["127.0.1.1"]]
    lines.append(f"127.0.1.1\t{wish.hostname}")
    return [
        PutFile("etc/hosts", "\n".join(lines) + "\n"),
        PutFile("etc/hostname", f"{wish.hostname}\n"),
    ]


def _ssh(wish: Ssh, device: DeviceState) -> list[Step]:
    account = device.account()
    if not wish.on:
        if wish.enabled is None and not device.exists(SSHD):
            return []  # never asked for: a system that has SSH already keeps it
        off: list[Step] = [RemoveFile(SSHD), RemoveFile(SUDO)]
        if account is not None:
            off.append(RemoveFile(f"{KEYS}/{account.name}"))
        command = ("systemctl", "disable", "--now", "--no-block", _SSH)
        return [*off, RunCommand(command, "switching SSH off")]
    if not device.exists("usr/sbin/sshd"):
        raise PlanError("there is no SSH server on this system: apt install openssh-server")
    if account is None:
        raise PlanError("there is no account to log in to: make one at the device (adduser NAME)")
    steps: list[Step] = [
        PutFile(f"{KEYS}/{account.name}", "".join(f"{key}\n" for key in wish.keys)),
        PutFile(SSHD, _ONLY_KEYS),
    ]
    if account.locked and device.exists("etc/sudoers.d"):
        # Without a password there is nothing that sudo could ask for: the key is the proof.
        steps.append(PutFile(SUDO, f"{account.name} ALL=(ALL) NOPASSWD: ALL\n", 0o440))
    if account.shell.endswith(_NO_LOGIN):
        words = ("usermod", "--shell", "/bin/bash", account.name)
        steps.append(RunCommand(words, f"giving {account.name} a shell"))
    if not device.exists("etc/ssh/ssh_host_ed25519_key"):
        steps.append(RunCommand(("ssh-keygen", "-A"), "making the device's SSH keys"))
    enable = ("systemctl", "enable", "--now", "--no-block", _SSH)
    reload = ("systemctl", "--no-block", "try-reload-or-restart", _SSH)
    return [
        *steps,
        RunCommand(enable, "switching SSH on"),
        RunCommand(reload, "having SSH read its settings", needed=False),
    ]


def _wlan(wish: Wlan, device: DeviceState) -> list[Step]:
    steps: list[Step] = []
    if wish.country is not None:
        options = f"options cfg80211 ieee80211_regdom={wish.country}\n"
        steps += [PutFile(COUNTRY, options), ReplaceBootWord(REGULATORY, wish.country)]
        if device.exists("usr/sbin/iw"):
            words = ("iw", "reg", "set", wish.country)
            steps.append(RunCommand(words, "setting the country", needed=False))
    if wish.ssid is None:
        return steps
    if not device.exists("etc/NetworkManager"):
        raise PlanError("there is no NetworkManager on this system: apt install network-manager")
    try:
        content = profile.profile(wish, device.text(profile.PATH))
    except LookupError:
        raise PlanError(
            "the password of this Wi-Fi is not known, or was taken off the card for another one: "
            'write password = "…" again'
        ) from None
    steps += [PutFile(profile.PATH, content, 0o600), UnblockRadio()]
    state = device.text(_STATE)
    if state is not None:
        on = re.sub(r"(?m)^WirelessEnabled=false$", "WirelessEnabled=true", state)
        steps.append(PutFile(_STATE, on))
    return steps


def _locale(wish: Locale, device: DeviceState) -> list[Step]:
    steps: list[Step] = []
    if wish.timezone is not None:
        steps.append(PutLink("etc/localtime", f"../usr/share/zoneinfo/{wish.timezone}"))
        if device.exists("etc/timezone"):
            steps.append(PutFile("etc/timezone", f"{wish.timezone}\n"))
    if wish.keyboard is not None:
        keyboard = wish.keyboard
        lines = [f'XKBMODEL="{keyboard.model}"', f'XKBLAYOUT="{keyboard.layout}"']
        lines += [f'XKBVARIANT="{keyboard.variant}"', f'XKBOPTIONS="{",".join(keyboard.options)}"']
        steps.append(PutFile("etc/default/keyboard", "\n".join([*lines, 'BACKSPACE="guess"', ""])))
    if wish.variables:
        text = "".join(f"{name}={value}\n" for name, value in wish.variables)
        steps += [*_generation(wish, device), PutFile("etc/default/locale", text)]
    return steps


def _generation(wish: Locale, device: DeviceState) -> list[Step]:
    """Return the steps that make locales which the system does not have yet."""
    wanted = [name for name in wish.locales if name != "C.UTF-8"]
    content = device.text("etc/locale.gen") or ""
    lines = content.splitlines()
    missing = [f"{name} UTF-8" for name in wanted if f"{name} UTF-8" not in map(str.strip, lines)]
    if not missing:
        return []
    if not device.exists("usr/sbin/locale-gen"):
        raise PlanError("locales cannot be made on this system: apt install locales")
    kept = [line for line in lines if line.lstrip("# ").strip() not in missing]
    text = "\n".join([*kept, *missing]) + "\n"
    # Minutes on a Zero: in the background, and not in this unit's sandbox.
    words: tuple[str, ...] = ("systemd-run", "--no-block", "--collect", "--quiet", "--nice=19")
    words += ("--unit=iot-facerecognition-locale-gen", "/usr/sbin/locale-gen")
    return [PutFile("etc/locale.gen", text), RunCommand(words, "making the locales")]


def _time(wish: Time) -> list[Step]:
    if not wish.ntp and not wish.fallback_ntp:
        return [RemoveFile(TIME)]
    lines = ["[Time]"]
    lines += [f"NTP={' '.join(wish.ntp)}"] if wish.ntp else []
    lines += [f"FallbackNTP={' '.join(wish.fallback_ntp)}"] if wish.fallback_ntp else []
    words = ("systemctl", "--no-block", "try-restart", "systemd-timesyncd.service")
    return [
        PutFile(TIME, "\n".join([*lines, ""])),
        RunCommand(words, "having the time servers used", needed=False),
    ]


def _edge(wish: EdgeWishes, before: Mapping[str, Value]) -> list[Step]:
    """Return the step for settings that the card has new: others may have changed on the screen."""
    new = {
        key: value
        for key, value in wish.values.items()
        if key in SECRETS or key not in before or before[key] != value
    }
    return [KeepSettings(new, wish.ca)] if new or wish.ca else []
