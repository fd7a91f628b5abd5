"""The settings of how the server is reached, and of what it is asked for."""

from iot_facerecognition_edge.settings import rules
from iot_facerecognition_edge.settings.page import (
    SettingsPage,
    choice,
    file,
    number,
    secret,
    switch,
    text,
)
from iot_facerecognition_edge.settings.setting import Applies, Group


class ConnectionSettings(SettingsPage):
    """The connection's page."""

    group = Group.CONNECTION

    name = text(
        "edge",
        label="Client name",
        help="The name under which the server and its console list this device.",
        synchronised=True,
    )
    address = text(
        "localhost",
        label="Server address",
        help="Host name or address of the recognition server.",
        applies=Applies.ON_CONNECT,
        rule=rules.host,
    )
    port = number(
        50000,
        minimum=1,
        maximum=65535,
        step=1,
        label="Port",
        help="TCP port of the recognition server.",
        applies=Applies.ON_CONNECT,
    )
    token = secret(
        label="Token",
        help="What the server's `token add` printed for this device; empty for an open server.",
        applies=Applies.ON_CONNECT,
    )
    automatic = switch(
        True,
        label="Connect at start",
        help="Connect without being asked, and again whenever the connection is lost.",
        applies=Applies.ON_START,
    )
    tls_mode = choice(
        "fingerprint",
        choices=("system", "authority", "fingerprint", "ignore"),
        label="Trust the server by",
        help="system: the authorities of this machine. authority: the CA file below. fingerprint: "
        "the certificate below and no other. ignore: anybody who answers may see the pictures.",
        applies=Applies.ON_CONNECT,
    )
    ca_file = file(
        label="CA file",
        help="PEM file with the authority (or the server's own certificate) to trust.",
        applies=Applies.ON_CONNECT,
    )
    fingerprint = text(
        "",
        label="Fingerprint",
        help="SHA-256 of the server's certificate, as the server's `cert show` prints it.",
        applies=Applies.ON_CONNECT,
        rule=rules.fingerprint,
    )
    certificate_file = file(
        label="Client certificate",
        help="PEM file with this device's own certificate, for a server that asks for one.",
        applies=Applies.ON_CONNECT,
        on_screen=False,
    )
    key_file = file(
        label="Client key",
        help="PEM file with the key of the client certificate, without a password.",
        applies=Applies.ON_CONNECT,
        on_screen=False,
    )


class RecognitionSettings(SettingsPage):
    """The recognition's page: all of it is the server's work."""

    group = Group.RECOGNITION

    faces = switch(
        True,
        label="Face recognition",
        help="Find faces and name those that the server knows.",
        synchronised=True,
    )
    objects = switch(
        True,
        label="Object recognition",
        help="Name what the picture shows.",
        synchronised=True,
    )
    label_count = number(
        5,
        minimum=1,
        maximum=10,
        step=1,
        label="Object labels",
        help="How many labels to show for a picture, the most probable first.",
        synchronised=True,
    )
    object_threshold = number(
        0,
        minimum=0,
        maximum=100,
        step=5,
        unit="%",
        label="Object threshold",
        help="Labels that are less probable are not shown. 0: the server's own threshold.",
        synchronised=True,
    )
    deterministic = switch(
        False,
        label="Deterministic objects",
        help="Look at one fixed part of the picture instead of random crops.",
        synchronised=True,
    )
