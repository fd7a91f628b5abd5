"""The settings of what clients may send and hold."""

from dataclasses import dataclass

from iot_facerecognition_server.config.kinds import Integer, Number
from iot_facerecognition_server.config.schema import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """What clients are held to, so that none of them harms the others."""

    frame_bytes: int = setting(
        "FrameBytes",
        Integer(1024, 256_000_000, "bytes"),
        "4000000",
        "Largest JPEG that is taken.",
    )
    pixels: int = setting(
        "Pixels",
        Integer(1, 200_000_000, "pixels"),
        "9000000",
        "Largest picture that is decoded, as width times height; its header is read first. The"
        " default lets 4096x2160 through.",
    )
    scans: int = setting(
        "Scans",
        Integer(1, 500),
        "100",
        "Most scans of a progressive JPEG; ordinary ones have ten. Each costs a pass over the whole"
        " picture, however few bytes it has.",
    )
    pixel_scans: int = setting(
        "PixelScans",
        Integer(1, 10_000_000_000, "pixels"),
        "200000000",
        "Most pixels times scans of a JPEG: 22 scans of 4096x2160. One scan is always taken.",
    )
    text_bytes: int = setting(
        "TextBytes",
        Integer(256, 1_000_000, "bytes"),
        "16384",
        "Largest text message that is taken.",
    )
    clients: int = setting(
        "Clients",
        Integer(0, 100_000),
        "1000",
        "Most clients at a time; 0: any number.",
    )
    connections_per_address: int = setting(
        "ConnectionsPerAddress",
        Integer(0, 100_000),
        "100",
        "Most connections from one IP address at a time; 0: any number. Edges behind one router"
        " share its address, and behind a proxy or a container's gateway all of them share that"
        " one: then set [Connection] ProxyProtocolFrom, or this to the number of edges at least.",
    )
    frame_rate: float = setting(
        "FrameRate",
        Number(0.0, 10_000.0, "frames a second"),
        "60",
        "Most frames a second that are taken from one client; what is beyond is dropped. 0: any"
        " rate.",
    )
    handshake_seconds: float = setting(
        "HandshakeSeconds",
        Number(0.1, 300.0, "seconds"),
        "10",
        "How long a connection may take to become a client, TLS and HTTP together.",
    )
    handshakes: int = setting(
        "Handshakes",
        Integer(1, 100_000),
        "512",
        "Most connections that may be in their handshake at a time. Past it, the oldest of the"
        " address that has most of them is cut.",
    )
    handshake_rate: float = setting(
        "HandshakeRate",
        Number(0.0, 10_000.0, "connections a second"),
        "50",
        "Most connections of one address that begin their handshake in a second, and a second's"
        " worth at once; the next wait for their turn, as long as HandshakeSeconds lets them. Of"
        " IPv6, the addresses of a /64 count as one here and in ConnectionsPerAddress. 0: any"
        " rate.",
    )
    message_seconds: float = setting(
        "MessageSeconds",
        Number(0.1, 3600.0, "seconds"),
        "30",
        "How long a frame or text may take from its first byte to its last; a client that is slower"
        " is disconnected.",
    )
    unfinished_bytes: int = setting(
        "UnfinishedBytes",
        Integer(1024, 2_000_000_000, "bytes"),
        "32000000",
        "Most bytes of frames and texts that have begun to arrive and have not ended, of all"
        " clients together. Past it, the client whose message has held most for longest is"
        " disconnected.",
    )
    idle_seconds: float = setting(
        "IdleSeconds",
        Number(0.0, 31_536_000.0, "seconds"),
        "86400",
        "How long a client may send nothing before it is disconnected; 0: any time. A paused client"
        " of the original is silent, and nothing but silence tells that one has vanished.",
    )
    backlog_bytes: int = setting(
        "BacklogBytes",
        Integer(4096, 100_000_000, "bytes"),
        "262144",
        "Most bytes that may wait for a client that does not read; then it is disconnected. One"
        " text may be larger, when nothing else waits.",
    )
