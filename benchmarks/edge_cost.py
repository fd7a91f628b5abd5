"""What a frame costs at the edge: instructions on an emulated ARM1176, and milliseconds here.

Each part of the work is done many times in `edge_work`, once here and once by QEMU's user mode with
`-cpu arm1176` and a plugin that counts instructions; the difference between many times and few is
the part without its preparation. `python -m benchmarks.edge_cost` prints the table.

The sums of a whole frame are held against their targets; over one of them the exit status is 1.
`--profile PART` prints by library and function where a part's instructions go.

The first run installs what it needs, as root, and makes the device's root
(`edge_device`). Not measured is what the hardware and the kernel do: encoding,
scaling, the radio.
"""

import argparse
import asyncio
import hashlib
import os
import ssl
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from benchmarks.edge_device import OPENSSL_CONF, TOOLS, DeviceError, EmulatedDevice, install
from benchmarks.edge_profile import by_function, mappings, rows
from iot_facerecognition_protocol import (
    SUBPROTOCOL_V2,
    Face,
    FacesFound,
    FrameDone,
    FrameStatus,
    InitRequest,
    ObjectLabel,
    ObjectsFound,
    Setting,
    decode,
    encode,
)

HERE = Path(__file__).parent

CLOCK = 1_000_000_000
"""Hertz of a Zero W."""
CYCLES_PER_INSTRUCTION = 1.6
"""Of interpreter code on an ARM1176 with 16 KB caches: an assumption, to be measured on one."""
FRAMES_PER_SECOND = 30
SHARE = 0.4
BUDGET = CLOCK * SHARE / FRAMES_PER_SECOND / CYCLES_PER_INSTRUCTION
"""Instructions that a frame with a screen may cost."""
LEAN_BUDGET = 3e6
"""Instructions that a frame without a screen may cost."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of `edge_work`: how it is called in the table, and how often it is done."""

    name: str
    label: str
    few: int
    many: int
    chacha: bool = False


STREAM = Part("stream", "all without a screen, ChaCha20", 10, 60, chacha=True)
CONVERT = Part("convert", "preview from YUV to BGRX", 10, 60)
SCREEN = Part("screen", "draw and show on a framebuffer", 5, 35)
PARTS = (
    Part("mask", "mask the JPEG by tables", 10, 110),
    Part("mask_python", "mask it by websockets' Python", 10, 110),
    Part("encrypt", "encrypt it, AES-256-GCM", 10, 110),
    Part("encrypt", "encrypt it, ChaCha20", 10, 110, chacha=True),
    Part("decode", "read the three answers", 10, 110),
    Part("results", "count, log, overlay", 10, 110),
    Part("stream", "all without a screen, AES-256-GCM", 10, 60),
    STREAM,
    CONVERT,
    SCREEN,
)
TARGETS = (
    ("a frame without a screen", (STREAM,), LEAN_BUDGET),
    ("a frame with a screen", (STREAM, CONVERT, SCREEN), BUDGET),
)
RARE = (Part("pin", "check a PIN", 1, 3),)
"""What is done seldom, and on a thread of its own."""
STARTS = (
    Part("imports", "imports, headless", 1, 1),
    Part("imports_screen", "imports, with a screen", 1, 1),
)


class Lab:
    """Runs Python here and on the emulated processor."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        install({"cc": "gcc", **TOOLS})
        self._folder = folder
        self._environment = dict(environment)
        self._device = EmulatedDevice.ready()
        self._plugin = folder / "instructions.so"
        source = HERE / "edge_instructions.c"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", self._plugin, source], check=True)

    def seconds(self, part: Part) -> float:
        """Return the seconds of one time of `part` on this machine."""
        times = [min(self._here(part, count) for _ in range(3)) for count in (part.few, part.many)]
        return (times[1] - times[0]) / (part.many - part.few)

    def instructions(self, part: Part) -> float:
        """Return the instructions of one time of `part` on the emulated processor."""
        # The first run may have to write bytecode, which the device's package brings.
        self._emulated(part, 1)
        counts = [self.count(part, times) for times in (part.few, part.many)]
        return (counts[1] - counts[0]) / (part.many - part.few)

    def profile(self, part: Part) -> Iterator[str]:
        """Yield lines that tell by library and function where the instructions of `part` go."""
        self._emulated(part, 1)
        spent = [self._spent(part, times) for times in (part.few, part.many)]
        spent[1].subtract(spent[0])
        return rows(spent[1], part.many - part.few)

    def _spent(self, part: Part, times: int) -> Counter[tuple[str, str]]:
        blocks, maps = self._folder / "blocks", self._folder / "maps"
        plugin = f"{self._plugin},blocks={blocks}"
        self._emulated(part, times, plugin=plugin, more={"EDGE_MAPS": str(maps)})
        return by_function(blocks.read_text().splitlines(), mappings(maps.read_text()))

    def start(self, part: Part) -> str:
        """Return what starting `part` takes, in words."""
        self._emulated(part, 1)
        count = self.count(part, 1)
        emulated = min(self.processor_time(part) for _ in range(3))
        return (
            f"{part.label}: {count / 1e6:.0f} million instructions, about "
            f"{count * CYCLES_PER_INSTRUCTION / CLOCK:.2f} s; {emulated:.2f} s in this emulator"
        )

    def count(self, part: Part, times: int) -> int:
        """Return the instructions of the whole program that does `part` so many times."""
        out = self._folder / "count"
        out.unlink(missing_ok=True)
        self._emulated(part, times, plugin=f"{self._plugin},out={out}")
        return int(out.read_text())

    def processor_time(self, part: Part) -> float:
        """Return the seconds of processor time that emulating `part` takes on this machine."""
        before = os.times()
        self._emulated(part, 1)
        after = os.times()
        spent = after.children_user - before.children_user
        return spent + after.children_system - before.children_system

    def _emulated(
        self, part: Part, times: int, plugin: str = "", more: Mapping[str, str] | None = None
    ) -> None:
        command = self._device.command(*self._program(part, times), plugin=plugin)
        environment = self._device.environment({**self._environment, **(more or {})})
        if not part.chacha:
            del environment["OPENSSL_CONF"]
        self._run(command, part, environment)

    def _here(self, part: Part, times: int) -> float:
        environment = os.environ | self._environment | {"SDL_VIDEODRIVER": "dummy"}
        environment |= {"PYGAME_HIDE_SUPPORT_PROMPT": "1"}
        if part.chacha:
            environment["OPENSSL_CONF"] = str(OPENSSL_CONF)
        said = self._run([sys.executable, *self._program(part, times)], part, environment)
        return float(said.splitlines()[-1])

    def _program(self, part: Part, times: int) -> tuple[str | Path, ...]:
        return HERE / "edge_work.py", part.name, str(times)

    def _run(
        self, command: Sequence[str | Path], part: Part, environment: Mapping[str, str]
    ) -> str:
        done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise DeviceError(f"{part.name} failed:\n{done.stderr[-2000:]}")
        return done.stdout


class AnsweringServer:
    """A server on a thread that answers every frame with one face and five labels."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate, self._key = certificate, key
        self.port = 0
        self._ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True).start()
        self._ready.wait()

    async def _run(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate, self._key)
        protocols = [Subprotocol(SUBPROTOCOL_V2)]
        server = await serve(
            self._answer, "127.0.0.1", 0, ssl=context, subprotocols=protocols, compression=None
        )
        self.port = next(iter(server.sockets)).getsockname()[1]
        self._ready.set()
        await server.serve_forever()

    async def _answer(self, websocket: ServerConnection) -> None:
        face = Face("Ada Lovelace", 312, 140, 220, 220, 0.312, 1.4375, 7)
        labels = tuple(ObjectLabel(f"label {n}", 0.5 / (n + 1)) for n in range(5))
        number = 0
        with suppress(ConnectionClosed):
            await websocket.send(encode(InitRequest()))
            async for message in websocket:
                if isinstance(message, bytes):
                    number += 1
                    await websocket.send(encode(ObjectsFound(labels, number)))
                    await websocket.send(encode(FrameDone(number, FrameStatus.PROCESSED, 3.2, 41)))
                    await websocket.send(encode(FacesFound((face,), number)))
                elif isinstance(decode(message), Setting):
                    await websocket.send(message)


def _certificate(folder: Path) -> tuple[Path, Path, str]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"]
    command += ["ec_paramgen_curve:P-256", "-noenc", "-days", "2", "-subj", "/CN=bench"]
    command += ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    return certificate, key, hashlib.sha256(der).hexdigest()


@contextmanager
def lab() -> Iterator[Lab]:
    """Give a lab with a server that answers."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        certificate, key, fingerprint = _certificate(folder)
        server = AnsweringServer(certificate, key)
        environment = {
            "EDGE_PORT": str(server.port),
            "EDGE_FINGERPRINT": fingerprint,
            "EDGE_CERTIFICATE": str(certificate),
            "EDGE_KEY": str(key),
        }
        yield Lab(folder, environment)


def measure(only: str | None) -> bool:
    """Print the table; return whether a frame costs no more than it may, as far as measured."""
    counts: dict[Part, float] = {}
    with lab() as bench:
        print(
            f"a frame at {FRAMES_PER_SECOND} fps may cost {BUDGET / 1e6:.1f} million instructions"
        )
        print(f"({SHARE:.0%} of {CLOCK / 1e9:g} GHz at {CYCLES_PER_INSTRUCTION} cycles each)\n")
        print(f"{'per frame':36} {'ms here':>8} {'million instructions':>21} {'of budget':>10}")
        for part in (*PARTS, *RARE):
            if only in {None, part.name}:
                counts[part] = counted = bench.instructions(part)
                here = bench.seconds(part) * 1000
                share = f"{counted / BUDGET:10.0%}" if part in PARTS else ""
                print(f"{part.label:36} {here:8.2f} {counted / 1e6:21.2f} {share}", flush=True)
        kept = [
            _held(label, sum(counts[part] for part in parts), most)
            for label, parts, most in TARGETS
            if all(part in counts for part in parts)
        ]
        for part in STARTS:
            if only in {None, part.name}:
                print(bench.start(part))
    return all(kept)


def _held(label: str, spent: float, most: float) -> bool:
    """Print the sum of a whole frame next to its target; return whether it is within."""
    share = spent * CYCLES_PER_INSTRUCTION * FRAMES_PER_SECOND / CLOCK
    verdict = "within" if spent <= most else "OVER"
    print(
        f"{label}: {spent / 1e6:.2f} million instructions, {verdict} the {most / 1e6:.1f} that it "
        f"may cost; {FRAMES_PER_SECOND} fps take {share:.0%} of a Zero W"
    )
    return spent <= most


def profile(name: str) -> None:
    """Print where the instructions of the parts called `name` go."""
    with lab() as bench:
        for part in PARTS:
            if part.name == name:
                print(f"{part.label}: million instructions, share, library, function")
                print("\n".join(bench.profile(part)), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = ", ".join(dict.fromkeys(part.name for part in (*PARTS, *RARE, *STARTS)))
    parser.add_argument("--only", help=f"only this part: {names}")
    parser.add_argument("--profile", metavar="PART", help="where its instructions go")
    options = parser.parse_args()
    try:
        if options.profile:
            profile(options.profile)
        elif not measure(options.only):
            sys.exit(1)
    except DeviceError as error:
        sys.exit(str(error))
