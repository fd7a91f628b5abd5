"""Print the manual page of the edge's settings, iot-facerecognition-edge-settings(5), as roff.

Usage: python -m scripts.settings_manual > iot-facerecognition-edge-settings.5

The list is made from the catalogue; the standard library is all that it needs.
"""

import re
import sys

from iot_facerecognition_edge.settings import CATALOGUE, Group, SettingKind, SettingSpec

_HEAD = r"""
.TH IOT-FACERECOGNITION-EDGE-SETTINGS 5 "" "iot-facerecognition" " "
.SH NAME
iot-facerecognition-edge-settings \- settings of the edge appliance
.SH DESCRIPTION
A setting of
.BR iot-facerecognition-edge (1)
has the first of these values that is given:
.IP 1. 4
.B \-\-set
.IR KEY = VALUE
on the command line, for that run only;
.IP 2. 4
what was set on the screen or by
.BR "iot-facerecognition-edge settings set" ,
kept in
.IR settings.json ;
.IP 3. 4
this machine's default in
.IR defaults.conf ;
.IP 4. 4
the program's default, listed below.
.SH FILES
.TP
.I /etc/iot-facerecognition-edge/defaults.conf
One
.IR KEY " = " VALUE
a line, in UTF-8; empty lines and lines that begin with # are skipped.
It is read at the start. A line that is wrong is left out, and the log says which and why.
.TP
.I /var/lib/iot-facerecognition-edge/settings.json
Written by the program as a whole:
.B {\(dqformat\(dq: 1, \(dqsettings\(dq: {\(dqcamera.fps\(dq: 10}}
with the settings that differ from their defaults, by the keys below.
Switches are true or false, numbers are JSON's, everything else is text.
Only its owner may read it, because the token is in it.
A damaged file is set aside as
.I settings.json.damaged
and defaults are used; a wrong value is left out. The log says so.
.PP
On the command line and in
.I defaults.conf
a switch is
.BR on " or " off .
""".lstrip()
_TAIL = r"""
.SH EXAMPLE
.nf
# /etc/iot-facerecognition-edge/defaults.conf: a camera without a screen
display.screen = none
camera.source = v4l2:/dev/video0
camera.fps = 10
.fi
.SH SEE ALSO
.BR iot-facerecognition-edge (1)
""".lstrip()
_SYNCHRONISED = "The server holds it: a change takes effect when the server has confirmed it."


def page() -> str:
    """Return the page."""
    groups = [_group(group) for group in Group]
    return _HEAD + "".join(groups) + _TAIL


def _group(group: Group) -> str:
    members = [setting for setting in CATALOGUE if setting.group is group]
    heading = f".SH {_escaped(group.heading.upper())} SETTINGS\n"
    return heading + "".join(_entry(setting) for setting in members)


def _entry(setting: SettingSpec) -> str:
    default = setting.format(setting.default) or "empty"
    sentences = [
        setting.help if setting.help.endswith(".") else f"{setting.help}.",
        f"Allowed: {setting.allowed}. Default: {default}.",
    ]
    if setting.synchronised:
        sentences.append(_SYNCHRONISED)
    else:
        sentences.append(f"Takes effect {setting.applies}.")
    if not setting.on_screen:
        sentences.append("Not on the screen's form.")
    kind = "secret text" if setting.kind is SettingKind.SECRET else str(setting.kind)
    lines = [".TP", f'.BR {_escaped(setting.key)} " ({kind})"']
    return "\n".join([*lines, *(_protected(_escaped(text)) for text in sentences)]) + "\n"


def _escaped(text: str) -> str:
    """Return `text` as roff reads it: a hyphen stays one, a backslash is no command."""
    text = text.replace("\\", r"\(rs").replace("-", r"\-").replace("'", r"\(aq")
    return re.sub(r"`([^`]*)`", r"\\(oq\1\\(cq", text)


def _protected(line: str) -> str:
    """Return a line of text that is no request, whatever it begins with."""
    return rf"\&{line}" if line.startswith((".", r"\(aq")) else line


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(page())
