"""One part of a first connection, done a number of times: `python edge_pairing_work.py PART TIMES`.

Run by `edge_pairing`, on an emulated ARM1176. It needs what the device has and nothing else. The
pictures are the files that the environment names: 320 times 240 bytes each.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

PICTURE = (320, 240)


def words() -> Callable[[], object]:
    """Work out the four words of a fingerprint."""
    from iot_facerecognition_protocol.fingerprints import fingerprint_words  # noqa: PLC0415

    return lambda: fingerprint_words("3f2a91c0" * 8)


def pair() -> Callable[[], object]:
    """Do the device's part of the key exchange."""
    from iot_facerecognition_protocol.pairing import p256  # noqa: PLC0415
    from iot_facerecognition_protocol.pairing.code import PairingCode  # noqa: PLC0415
    from iot_facerecognition_protocol.pairing.proof import (  # noqa: PLC0415
        device_exchange,
        server_exchange,
    )

    code, fingerprint = PairingCode("482193657"), "3f2a91c0" * 8
    share = server_exchange(code, fingerprint, p256.ORDER // 3).share
    return lambda: device_exchange(code, fingerprint, p256.ORDER // 5).proofs(share)


def scan_code() -> Callable[[], object]:
    """Read the QR code in a picture."""
    return _scanner(os.environ["EDGE_PICTURE_WITH_CODE"])


def scan_nothing() -> Callable[[], object]:
    """Look for a QR code where there is none."""
    return _scanner(os.environ["EDGE_PICTURE_WITHOUT"])


def _scanner(path: str) -> Callable[[], object]:
    from iot_facerecognition_edge.cameras.interface import (  # noqa: PLC0415
        PixelFormat,
        PreviewImage,
    )
    from iot_facerecognition_edge.qr.reader import CodeReader  # noqa: PLC0415

    reader = CodeReader()
    grey = Path(path).read_bytes()
    colour = b"".join(bytes((level,)) * 4 for level in grey)
    image = PreviewImage(*PICTURE, PixelFormat.BGRX, colour, 0.0)
    found = reader.read(image, mirrored=False)
    if (found is not None) != path.endswith("code"):
        raise SystemExit(f"{path}: {found!r} was read")
    return lambda: reader.read(image, mirrored=False)


if __name__ == "__main__":
    parts = {part.__name__: part for part in (words, pair, scan_code, scan_nothing)}
    work = parts[sys.argv[1]]()
    for _ in range(int(sys.argv[2])):
        work()
