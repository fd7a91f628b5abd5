"""The list of all settings: form, file, command line and synchronisation are made from it."""

from iot_facerecognition_edge.errors import SettingError
from iot_facerecognition_edge.settings import rules
from iot_facerecognition_edge.settings.camera import CAMERA
from iot_facerecognition_edge.settings.display import DISPLAY
from iot_facerecognition_edge.settings.setting import Applies, Group, Kind, Setting

_CONNECTION = (
    Setting(
        group=Group.CONNECTION,
        name="name",
        kind=Kind.TEXT,
        default="edge",
        label="Client name",
        help="The name under which the server and its console list this device.",
        synchronised=True,
    ),
    Setting(
        group=Group.CONNECTION,
        name="address",
        kind=Kind.TEXT,
        default="localhost",
        label="Server address",
        help="Host name or address of the recognition server.",
        applies=Applies.ON_CONNECT,
        rule=rules.host,
    ),
    Setting(
        group=Group.CONNECTION,
        name="port",
        kind=Kind.NUMBER,
        default=50000,
        minimum=1,
        maximum=65535,
        step=1,
        label="Port",
        help="TCP port of the recognition server.",
        applies=Applies.ON_CONNECT,
    ),
    Setting(
        group=Group.CONNECTION,
        name="token",
        kind=Kind.SECRET,
        default="",
        label="Token",
        help="What the server's `token add` printed for this device; empty for an open server.",
        applies=Applies.ON_CONNECT,
    ),
    Setting(
        group=Group.CONNECTION,
        name="automatic",
        kind=Kind.SWITCH,
        default=True,
        label="Connect at start",
        help="Connect without being asked, and for ever again when the connection is lost.",
        applies=Applies.ON_START,
    ),
    Setting(
        group=Group.CONNECTION,
        name="tls_mode",
        kind=Kind.CHOICE,
        choices=("system", "authority", "fingerprint", "ignore"),
        default="fingerprint",
        label="Trust the server by",
        help="system: the authorities of this machine. authority: the CA file below. fingerprint: "
        "the certificate below and no other. ignore: anybody who answers may see the pictures.",
        applies=Applies.ON_CONNECT,
    ),
    Setting(
        group=Group.CONNECTION,
        name="ca_file",
        kind=Kind.FILE,
        default="",
        label="CA file",
        help="PEM file with the authority (or the server's own certificate) to trust.",
        applies=Applies.ON_CONNECT,
    ),
    Setting(
        group=Group.CONNECTION,
        name="fingerprint",
        kind=Kind.TEXT,
        default="",
        label="Fingerprint",
        help="SHA-256 of the server's certificate, as the server's `cert show` prints it.",
        applies=Applies.ON_CONNECT,
        rule=rules.fingerprint,
    ),
    Setting(
        group=Group.CONNECTION,
        name="certificate_file",
        kind=Kind.FILE,
        default="",
        label="Client certificate",
        help="PEM file with this device's own certificate, for a server that asks for one.",
        applies=Applies.ON_CONNECT,
        on_screen=False,
    ),
    Setting(
        group=Group.CONNECTION,
        name="key_file",
        kind=Kind.FILE,
        default="",
        label="Client key",
        help="PEM file with the key of the client certificate, without a password.",
        applies=Applies.ON_CONNECT,
        on_screen=False,
    ),
)

_RECOGNITION = (
    Setting(
        group=Group.RECOGNITION,
        name="faces",
        kind=Kind.SWITCH,
        default=True,
        label="Face recognition",
        help="Find faces and name those that the server knows.",
        synchronised=True,
    ),
    Setting(
        group=Group.RECOGNITION,
        name="objects",
        kind=Kind.SWITCH,
        default=True,
        label="Object recognition",
        help="Name what the picture shows.",
        synchronised=True,
    ),
    Setting(
        group=Group.RECOGNITION,
        name="label_count",
        kind=Kind.NUMBER,
        default=5,
        minimum=1,
        maximum=10,
        step=1,
        label="Object labels",
        help="How many labels to show for a picture, the most probable first.",
        synchronised=True,
    ),
    Setting(
        group=Group.RECOGNITION,
        name="deterministic",
        kind=Kind.SWITCH,
        default=False,
        label="Deterministic objects",
        help="Look at one fixed part of the picture instead of parts drawn by chance.",
        synchronised=True,
    ),
)


def _chart(name: str, label: str) -> Setting:
    return Setting(
        group=Group.STATISTICS,
        name=name,
        kind=Kind.SWITCH,
        default=True,
        label=label,
        help=f"Show the chart “{label}”.",
    )


_STATISTICS = (
    Setting(
        group=Group.STATISTICS,
        name="window",
        kind=Kind.NUMBER,
        default=3,
        minimum=1,
        maximum=3600,
        step=1,
        unit="s",
        label="Window",
        help="How far back the line charts reach; a finger held on a chart shows everything.",
    ),
    Setting(
        group=Group.STATISTICS,
        name="antialiasing",
        kind=Kind.SWITCH,
        default=True,
        label="Smooth lines",
        help="Draw charts with smooth edges; costs some time on a small processor.",
    ),
    Setting(
        group=Group.STATISTICS,
        name="animations",
        kind=Kind.SWITCH,
        default=False,
        label="Animations",
        help="Let charts move between two states; costs much time on a small processor.",
    ),
    _chart("objects", "Recognised objects"),
    _chart("faces", "Recognised faces"),
    _chart("faces_over_time", "Faces over time"),
    _chart("prediction", "Best prediction over time"),
    _chart("traffic_total", "Traffic"),
    _chart("traffic_rate", "Traffic per second"),
    _chart("fps", "Frames per second"),
)

_LOG = (
    Setting(
        group=Group.LOG,
        name="to_file",
        kind=Kind.SWITCH,
        default=False,
        label="Log to file",
        help="Also write the log to a file in the state directory. Off spares the memory card.",
    ),
    Setting(
        group=Group.LOG,
        name="file_size",
        kind=Kind.NUMBER,
        default=1024,
        minimum=64,
        maximum=102400,
        step=64,
        unit="KiB",
        label="File size",
        help="At this size the file is put aside and a new one begun; one old file is kept.",
    ),
)

_DEVICE = (
    Setting(
        group=Group.DEVICE,
        name="test_mode",
        kind=Kind.SWITCH,
        default=False,
        label="Test mode",
        help="Take moving photos instead of the camera where there is none.",
        applies=Applies.ON_CAMERA_START,
    ),
    Setting(
        group=Group.DEVICE,
        name="power_off",
        kind=Kind.SWITCH,
        default=False,
        label="Power off",
        help="“Shut down” also switches the machine off. For a device without a desktop.",
    ),
    Setting(
        group=Group.DEVICE,
        name="pin",
        kind=Kind.SECRET,
        default="",
        label="PIN",
        help="4 to 12 digits that are asked for before settings are seen or changed on the screen.",
        rule=rules.pin,
    ),
)


def _hook(name: str, when: str) -> tuple[Setting, Setting]:
    command = Setting(
        group=Group.HOOKS,
        name=f"on_{name}",
        kind=Kind.TEXT,
        default="",
        label=f"Command, {name}",
        help=f"Run {when}, without a shell; FACE_KIND and FACE_NAMES are in its environment.",
        applies=Applies.ON_START,
        rule=rules.command,
        on_screen=False,
    )
    pin = Setting(
        group=Group.HOOKS,
        name=f"pin_{name}",
        kind=Kind.NUMBER,
        default=-1,
        minimum=-1,
        maximum=27,
        step=1,
        label=f"Pin, {name}",
        help=f"GPIO (BCM number) that is switched on {when}, for as long; -1: none.",
        applies=Applies.ON_START,
    )
    return command, pin


_HOOKS = (
    *_hook("known", "when somebody comes whom the server knows"),
    *_hook("unknown", "when only unknown faces are there"),
    *_hook("nobody", "when nobody is there any more"),
)


CATALOGUE: tuple[Setting, ...] = (
    _CONNECTION + _RECOGNITION + CAMERA + DISPLAY + _STATISTICS + _LOG + _DEVICE + _HOOKS
)
"""All settings, in the order of the form."""

_BY_KEY = {entry.key: entry for entry in CATALOGUE}


def setting(key: str) -> Setting:
    """Return the setting `key`. Raises SettingError for a key that is none."""
    try:
        return _BY_KEY[key]
    except KeyError:
        raise SettingError(f"there is no setting {key!r}; `settings show` lists them all") from None


def in_group(group: Group) -> tuple[Setting, ...]:
    """Return the settings of one page of the form, in its order."""
    return tuple(entry for entry in CATALOGUE if entry.group is group and entry.on_screen)
