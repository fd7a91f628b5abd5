"""A connection of NetworkManager as a file (nm-settings-keyfile(5)): the Wi-Fi of `[wlan]`."""

from iot_facerecognition_edge.first_boot.wlan import OPEN, Wlan

PATH = "etc/NetworkManager/system-connections/iot-facerecognition.nmconnection"
_UUID = "5f0a2c0e-6d0b-4b53-9b1e-2f7b1c9e0a64"
"""Always the same, so that the profile is replaced and never there twice."""


def profile(wlan: Wlan, before: str | None) -> str:
    """Return the profile; a password that is None is taken from the profile `before`.

    Raises LookupError where there is none for this Wi-Fi.
    """
    assert wlan.ssid is not None
    lines = ["[connection]", "id=iot-facerecognition", f"uuid={_UUID}", "type=wifi"]
    # Permanently: the access point may be off longer than four tries take.
    lines += ["autoconnect-retries=0", "", "[wifi]", "mode=infrastructure", _ssid(wlan.ssid)]
    # Power saving makes a Zero W's round trips ten times as long.
    lines += [f"hidden={'true' if wlan.hidden else 'false'}", "powersave=2", ""]
    kind, psk = _security(wlan, before)
    if kind != "none":
        lines += ["[wifi-security]", f"key-mgmt={kind}", *psk, ""]
    lines += ["[ipv4]", "method=auto", "", "[ipv6]", "addr-gen-mode=default", "method=auto", ""]
    return "\n".join(lines)


def _security(wlan: Wlan, before: str | None) -> tuple[str, list[str]]:
    if wlan.key_mgmt in OPEN:
        return wlan.key_mgmt, []
    if wlan.password is not None:
        return wlan.key_mgmt, [f"psk={_escaped(wlan.password)}"]
    lines = (before or "").splitlines()
    psk = [line for line in lines if line.startswith("psk=")]
    if not psk or _ssid(wlan.ssid or b"") not in lines:
        raise LookupError("no password of this Wi-Fi is known")
    return wlan.key_mgmt, psk


def _ssid(ssid: bytes) -> str:
    """Return the line with the name, byte by byte: no name can be taken for something else."""
    return "ssid=" + "".join(f"{byte};" for byte in ssid)


def _escaped(text: str) -> str:
    r"""Return `text` as GLib reads it (g_key_file_get_string): `\\` and a leading `\s`."""
    escaped = text.replace("\\", "\\\\")
    blanks = len(escaped) - len(escaped.lstrip(" "))
    return "\\s" * blanks + escaped[blanks:]
