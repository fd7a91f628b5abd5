"""One part of the edge's work per frame, done a number of times: `python edge_work.py PART TIMES`.

Run by `edge_cost`, here and on an emulated ARM1176. It needs what the device has and nothing else.
The connection's parts talk to the server whose port, fingerprint and certificate are in the
environment.
"""

import asyncio
import os
import ssl
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

JPEG_BYTES = 34_133
"""4096 kb/s at 15 frames a second, the default bit rate and frame rate."""
JPEG = b"\xff\xd8" + bytes(range(256)) * (JPEG_BYTES // 256) + b"\xff\xd9"
SCREEN = (480, 320)
PREVIEW = (480, 270)
"""The small stream for that screen: 1280 by 720 fitted into it."""
STRIDE = 512
"""Bytes from row to row of its luma: the hardware pads them to 64."""


def imports() -> Callable[[], object]:
    """Import what a headless device imports, and end; the rest of this file is not part of it."""
    from iot_facerecognition_edge import cli  # noqa: F401, PLC0415
    from iot_facerecognition_edge.postponed import postpone  # noqa: PLC0415

    postpone()
    from iot_facerecognition_client import Client  # noqa: F401, PLC0415
    from iot_facerecognition_edge import assembly  # noqa: F401, PLC0415

    return lambda: os._exit(0)


def imports_screen() -> Callable[[], object]:
    """Import what a device with a framebuffer imports, in its order, and end."""
    work = imports()
    from iot_facerecognition_edge.screens.lean import load_pygame  # noqa: PLC0415

    load_pygame()
    from iot_facerecognition_edge.screens import framebuffer, touch  # noqa: F401, PLC0415
    from iot_facerecognition_edge.views import loop  # noqa: F401, PLC0415

    return work


def mask() -> Callable[[], object]:
    """Frame and mask a JPEG as WebSocket clients must."""
    from websockets.frames import Frame, Opcode  # noqa: PLC0415

    from iot_facerecognition_client.masking import mask_by_tables  # noqa: PLC0415

    mask_by_tables()
    frame = Frame(Opcode.BINARY, JPEG)
    return lambda: frame.serialize(mask=True)


def mask_python() -> Callable[[], object]:
    """Mask a JPEG as websockets does without its C."""
    from websockets.utils import apply_mask  # noqa: PLC0415

    return lambda: apply_mask(JPEG, b"\x12\x34\x56\x78")


def pin() -> Callable[[], object]:
    """Check a PIN that is wrong."""
    from iot_facerecognition_edge.settings.pin import hashed, matches  # noqa: PLC0415

    stored = hashed("271828")
    return lambda: matches("314159", stored)


def encrypt() -> Callable[[], object]:
    """Encrypt a masked JPEG; the handshake is over when this returns."""
    client_in, client_out, server_in, server_out = (ssl.MemoryBIO() for _ in range(4))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(os.environ["EDGE_CERTIFICATE"], os.environ["EDGE_KEY"])
    client = context.wrap_bio(client_in, client_out)
    server = serving.wrap_bio(server_in, server_out, server_side=True)
    pending = [client, server]
    while pending:
        for side in list(pending):
            try:
                side.do_handshake()
                pending.remove(side)
            except ssl.SSLWantReadError:
                pass
            server_in.write(client_out.read())
            client_in.write(server_out.read())
    print(client.cipher(), file=sys.stderr)

    def work() -> None:
        client.write(JPEG)
        client_out.read()

    return work


def decode() -> Callable[[], object]:
    """Read the three messages that answer a frame with one face."""
    from iot_facerecognition_protocol import (  # noqa: PLC0415
        Face,
        FacesFound,
        FrameDone,
        FrameStatus,
        ObjectLabel,
        ObjectsFound,
        decode,
        encode,
    )

    face = Face("Ada Lovelace", 312, 140, 220, 220, 0.312, 1.4375, 7)
    labels = tuple(ObjectLabel(f"label {n}", 0.5 / (n + 1)) for n in range(5))
    texts = [
        encode(FacesFound((face,), 123)),
        encode(ObjectsFound(labels, 123)),
        encode(FrameDone(123, FrameStatus.PROCESSED, 3.25, 41.5)),
    ]
    return lambda: [decode(text) for text in texts]


def results() -> Callable[[], object]:
    """Count, log and tell what came back; traffic and frame rate are sampled at every eighth."""
    from iot_facerecognition_client import FacesResult, FrameEnded, ObjectsResult  # noqa: PLC0415
    from iot_facerecognition_client.scene import Scene  # noqa: PLC0415
    from iot_facerecognition_edge.appliance.results import Results  # noqa: PLC0415
    from iot_facerecognition_edge.log.eventlog import EventLog  # noqa: PLC0415
    from iot_facerecognition_edge.settings import Settings  # noqa: PLC0415
    from iot_facerecognition_edge.statistics import Statistics  # noqa: PLC0415
    from iot_facerecognition_edge.views.overlay import Overlay  # noqa: PLC0415
    from iot_facerecognition_protocol import Face, FrameStatus, ObjectLabel  # noqa: PLC0415

    statistics, overlay = Statistics(), Overlay(Settings())
    taker = Results(
        statistics,
        EventLog(),
        newest=lambda: Scene(0, (1280, 720)),
        publish=overlay.accept,
        wall=lambda: datetime.now().astimezone(),
    )
    labels = tuple(ObjectLabel(f"label {n}", 0.5 / (n + 1)) for n in range(5))
    face = Face("Ada Lovelace", 312, 140, 220, 220, 0.312, 1.4375, 7)
    number = 0

    def work() -> None:
        nonlocal number
        number += 1
        now = number / 15
        taker.faces(FacesResult((face,), number, now - 0.1, 0.1), now)
        taker.objects(ObjectsResult(labels, number, now - 0.1, 0.1), now)
        taker.frame_ended(FrameEnded(number, FrameStatus.PROCESSED), now)
        overlay.faces(now)
        if number % 8 == 0:
            statistics.sample(now, number * JPEG_BYTES, number * 600)

    return work


def convert() -> Callable[[], object]:
    """Make a preview in colour of the small stream."""
    from iot_facerecognition_edge.cameras.planar import PlanarConverter  # noqa: PLC0415

    converter = PlanarConverter()
    if not converter.colour:
        raise SystemExit("libturbojpeg is not installed")
    height = PREVIEW[1]
    planes = bytes(n % 256 for n in range(STRIDE * height * 3 // 2))
    return lambda: converter.preview(planes, PREVIEW, STRIDE, 0.0)


class StillCamera:
    """A camera that takes its picture when told; there is nothing to wait for."""

    plane = None

    def __init__(self) -> None:
        from iot_facerecognition_edge.cameras import Capabilities  # noqa: PLC0415

        self.capabilities = Capabilities("still", (1280, 720), 15.0)
        self.number = 0
        self._picture: Any = None

    def start(self, preview: Any, arrived: Callable[[], None], failed: Any) -> None:  # noqa: ARG002
        """Begin."""
        self._arrived = arrived

    def stop(self) -> None:
        """End."""

    def newest(self) -> Any:
        """Return the picture."""
        picture, self._picture = self._picture, None
        return picture

    def preview(self) -> Any:
        """Return a picture that is another one each time."""
        from iot_facerecognition_edge.cameras import PixelFormat, PreviewImage  # noqa: PLC0415

        width, height = PREVIEW
        pixels = bytes([self.number % 256]) * (width * height * 4)
        return PreviewImage(width, height, PixelFormat.BGRX, pixels, self.number / 15)

    def apply(self, settings: Any) -> tuple[str, ...]:  # noqa: ARG002 - the interface's
        """Change nothing."""
        return ()

    def expose(self) -> None:
        """Take a picture."""
        from iot_facerecognition_edge.cameras import Picture  # noqa: PLC0415

        self.number += 1
        self._picture = Picture(JPEG, time.monotonic(), self.number)
        self._arrived()


def _appliance(camera: StillCamera, settings: dict[str, Any]) -> Any:
    from iot_facerecognition_edge.appliance import Appliance  # noqa: PLC0415
    from iot_facerecognition_edge.connection.timekeeping import Timekeeper  # noqa: PLC0415
    from iot_facerecognition_edge.log.eventlog import EventLog  # noqa: PLC0415
    from iot_facerecognition_edge.machine.health import HealthReader  # noqa: PLC0415
    from iot_facerecognition_edge.settings import Settings  # noqa: PLC0415
    from iot_facerecognition_edge.statistics import Statistics  # noqa: PLC0415

    return Appliance(
        settings=Settings(settings),
        log=EventLog(),
        statistics=Statistics(),
        timekeeper=Timekeeper(),
        health=HealthReader(),
        open_camera=lambda: camera,
        clock=time.monotonic,
        wall=lambda: datetime.now().astimezone(),
        state_directory=Path("/nonexistent"),
        version="0",
        power_off=None,
    )


async def _stream(times: int) -> float:
    """Send `times` frames over TLS and take their results; return the seconds."""
    from iot_facerecognition_edge.events import FacesSeen  # noqa: PLC0415
    from iot_facerecognition_protocol import CameraState  # noqa: PLC0415

    camera = StillCamera()
    settings = {
        "connection.address": "127.0.0.1",
        "connection.port": int(os.environ["EDGE_PORT"]),
        "connection.fingerprint": os.environ["EDGE_FINGERPRINT"],
    }
    appliance = _appliance(camera, settings)
    news = asyncio.Event()
    seen = 0

    def take(event: object) -> None:
        nonlocal seen
        seen += isinstance(event, FacesSeen)
        news.set()

    async def until(condition: Callable[[], bool]) -> None:
        while not condition():
            news.clear()
            await news.wait()

    appliance.subscribe(take)
    appliance.start()
    appliance.open_camera(None)
    await until(lambda: appliance.camera.state is CameraState.RUNNING)
    pending, told = appliance.synchronisation.pending, ("connection.name", "recognition.faces")
    await until(lambda: not any(map(pending, told)))
    await until(lambda: appliance.connection.state == "connected")
    began = time.perf_counter()
    for number in range(times):
        camera.expose()
        await until(lambda number=number: seen > number)  # type: ignore[misc]
    took = time.perf_counter() - began
    await appliance.stop()
    return took


async def _show(times: int) -> float:
    """Show previews with a face in them on a 16 bit framebuffer in a file; return the seconds."""
    from tempfile import NamedTemporaryFile  # noqa: PLC0415

    from iot_facerecognition_edge.events import FacesSeen  # noqa: PLC0415
    from iot_facerecognition_edge.screens.fbinfo import FramebufferInfo  # noqa: PLC0415
    from iot_facerecognition_edge.screens.framebuffer import FramebufferScreen  # noqa: PLC0415
    from iot_facerecognition_edge.views.app import App  # noqa: PLC0415
    from iot_facerecognition_edge.views.view import Page  # noqa: PLC0415
    from iot_facerecognition_protocol import CameraState, Face  # noqa: PLC0415

    width, height = SCREEN
    info = FramebufferInfo(
        width=width,
        height=height,
        bits=16,
        stride=width * 2,
        offset=0,
        length=width * height * 2,
        masks=(0xF800, 0x07E0, 0x001F),
        opaque=0,
    )
    camera = StillCamera()
    appliance = _appliance(camera, {"connection.automatic": False})
    appliance.start()
    with NamedTemporaryFile() as file:
        file.truncate(info.length)
        app = App(appliance, FramebufferScreen(Path(file.name), info_of=lambda _: info))
        app.open(Page.CAMERA)
        while appliance.camera.state is not CameraState.RUNNING:  # noqa: ASYNC110 - once
            await asyncio.sleep(0.001)
        began = time.perf_counter()
        for number in range(times):
            camera.number += 1
            left = 300 + number % 50 * 10
            face = Face("Ada Lovelace", left, 140, 220, 220, 0.312, 1.4375, 7)
            now = appliance.clock()
            appliance._publish(FacesSeen((face,), number, (1280, 720), now))  # noqa: SLF001
            app.step([], now)
        took = time.perf_counter() - began
    await appliance.stop()
    return took


PARTS: dict[str, Callable[[], Callable[[], object]]] = {
    "imports": imports,
    "imports_screen": imports_screen,
    "mask": mask,
    "mask_python": mask_python,
    "pin": pin,
    "encrypt": encrypt,
    "decode": decode,
    "results": results,
    "convert": convert,
}

LOOPS = {"stream": _stream, "screen": _show}
"""Parts that need a running loop."""


def main() -> None:
    """Do the part, and print the seconds that it took without its preparation."""
    part, times = sys.argv[1], int(sys.argv[2])
    print(asyncio.run(LOOPS[part](times)) if part in LOOPS else _repeat(PARTS[part](), times))
    if "EDGE_MAPS" in os.environ:
        # What lies where in this program's memory, for `edge_profile`.
        Path(os.environ["EDGE_MAPS"]).write_text(Path("/proc/self/maps").read_text())


def _repeat(work: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
