"""The settings of what one identity may use."""

from dataclasses import dataclass

from iot_facerecognition_server.config.kinds import Integer, Number
from iot_facerecognition_server.config.schema import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSettings:
    """What one identity may use, all its connections together, so that it harms only itself.

    An identity is a token, a client certificate or, with [Auth] Mode=open, an IP address. Give each
    edge a token of its own: edges that share one share its budget and its part of the processor.
    """

    connections: int = setting(
        "Connections",
        Integer(0, 100_000),
        "100",
        "Most connections of one identity at a time, fewer than [Limits] Clients; 0: any number.",
    )
    messages: float = setting(
        "Messages",
        Number(0.0, 100_000.0, "messages a second"),
        "50",
        "Most text messages a second, and twenty seconds' worth at once; a ping or a small fragment"
        " counts as one. What is beyond is ignored, and a client that goes on like this is"
        " disconnected. 0: any rate.",
    )
    frame_rate: float = setting(
        "FrameRate",
        Number(0.0, 100_000.0, "frames a second"),
        "600",
        "Most frames a second; what is beyond is dropped and read more slowly. 0: any rate.",
    )
    bytes: float = setting(
        "Bytes",
        Number(0.0, 1e12, "bytes a second"),
        "120000000",
        "Most bytes a second; what is beyond is read more slowly. The default lets thirty frames a"
        " second of the largest size through. 0: any rate.",
    )
    receiving: float = setting(
        "Receiving",
        Number(0.0, 1.0, "seconds in a second"),
        "0.1",
        "Most processor time that it takes to receive what comes, of any kind; what is beyond is"
        " read more slowly, while others are connected. All connections are received by one thread:"
        " this is what keeps a flood from taking it for itself. 0: any time.",
    )
    waiting_bytes: int = setting(
        "WaitingBytes",
        Integer(0, 1_000_000_000, "bytes"),
        "6000000",
        "Most bytes of frames that wait for their turn, of which each client has one at most; past"
        " it the oldest is dropped, as if its own client had sent a newer one. As many bytes again"
        " of frames that are still arriving, past which they arrive one after the other; and for"
        " each two workers as many of frames that are worked on. 0: any number.",
    )
    log_lines: float = setting(
        "LogLines",
        Number(0.0, 1_000_000.0, "lines a minute"),
        "60",
        "Most log lines a minute, and ten minutes' worth at once; a line counts once for each 200"
        " characters. What is beyond is left out, and the log says so. 0: any number.",
    )
    names: int = setting(
        "Names",
        Integer(1, 10_000),
        "100",
        "How many names of its clients get metrics of their own in a day; beyond that a client is"
        " `other`.",
    )
