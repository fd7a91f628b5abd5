"""What a first connection costs at the edge: instructions on an emulated ARM1176.

The device's part of a pairing, the four words of a certificate, and one search for a QR code in a
picture of 320x240 pixels. `python -m benchmarks.edge_pairing` prints the table. As `edge_cost`, on
which it stands, it installs what it needs at the first run.
"""

import io
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import segno
from PIL import Image

from benchmarks.edge_cost import CLOCK, CYCLES_PER_INSTRUCTION, HERE, Lab, Part
from benchmarks.edge_device import LABS, TOOLS, DeviceError, install
from benchmarks.edge_pairing_work import PICTURE
from iot_facerecognition_protocol.pairing.text import PairingText, format_pairing_text

PARTS = (
    Part("words", "four words of a fingerprint", 2, 12),
    Part("pair", "the device's part of a pairing", 1, 4),
    Part("scan_code", "a picture with a QR code", 2, 12),
    Part("scan_nothing", "a picture without one", 2, 12),
)
_ZBAR = LABS / "armel-zbar"
"""libzbar0 of the device, apart from the root that other benchmarks share."""


class PairingLab(Lab):
    """The laboratory of `edge_cost` with this benchmark's work."""

    def _program(self, part: Part, times: int) -> tuple[str | Path, ...]:
        return HERE / "edge_pairing_work.py", part.name, str(times)


def zbar_libraries() -> Path:
    """Return the folder with the device's ZBar, unpacked at the first call. Raises DeviceError."""
    libraries = _ZBAR / "usr/lib/arm-linux-gnueabi"
    if not (libraries / "libzbar.so.0").exists():
        LABS.mkdir(parents=True, exist_ok=True)
        command: list[str | Path] = ["mmdebstrap", "--quiet", "--variant=extract"]
        command += ["--architectures=armel", "--include=libzbar0", "bookworm", _ZBAR]
        if subprocess.run(command, check=False).returncode:
            raise DeviceError("mmdebstrap could not unpack libzbar0: is there a Debian mirror?")
    return libraries


def pictures(folder: Path) -> dict[str, str]:
    """Write a picture with a code and one without; return the environment that names them."""
    text = format_pairing_text(PairingText("192.168.1.10", "3f2a91c0" * 8, code="482193657"))
    content = io.BytesIO()
    segno.make_qr(text, error="l", boost_error=False).save(content, kind="png", scale=8, border=4)
    # Texture everywhere: an even background would be found empty at once.
    room = Image.effect_noise(PICTURE, 40).convert("L")
    (folder / "without").write_bytes(room.tobytes())
    code = Image.open(content).convert("L").resize((200, 200), Image.Resampling.BILINEAR)
    room.paste(code, (60, 20))
    (folder / "code").write_bytes(room.tobytes())
    return {
        "EDGE_PICTURE_WITH_CODE": str(folder / "code"),
        "EDGE_PICTURE_WITHOUT": str(folder / "without"),
    }


def measure() -> None:
    """Print the table."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        install(TOOLS)
        environment = pictures(folder) | {"LD_LIBRARY_PATH": str(zbar_libraries())}
        lab = PairingLab(folder, environment)
        print(f"{'once':36} {'million instructions':>21} {'s on a Zero W':>14}")
        for part in PARTS:
            counted = lab.instructions(part)
            seconds = counted * CYCLES_PER_INSTRUCTION / CLOCK
            print(f"{part.label:36} {counted / 1e6:21.1f} {seconds:14.2f}", flush=True)


if __name__ == "__main__":
    try:
        measure()
    except DeviceError as error:
        sys.exit(str(error))
