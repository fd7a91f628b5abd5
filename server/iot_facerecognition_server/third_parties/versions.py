"""With which versions the private parts of third parties were tested.

`tests/server/third_parties/test_versions.py` fails with any other: run the tests that are named
here, and add the version when they pass.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """A third party: where its private parts are used, and the `versions` that were tested.

    Versions are as long as they matter: `3.11` stands for `3.11.7`, too. `tests` hold the use to
    what it is for; `otherwise` is what becomes of it where a part is not what it was.
    """

    name: str
    module: str
    versions: tuple[str, ...]
    tests: str
    otherwise: str

    def covers(self, version: str) -> bool:
        """Tell whether `version` is one of those that were tested."""
        return any(f"{version}.".startswith(f"{one}.") for one in self.versions)


TESTED: Final = (
    ThirdParty(
        "python",
        "asyncio_tls",
        ("3.11", "3.12", "3.13"),
        "tests/server/serving/test_tls_buffers.py",
        "every connection keeps a buffer of its own",
    ),
    ThirdParty(
        "websockets",
        "websockets_parser",
        ("17.4",),
        "tests/server/serving",
        "the server does not start a connection",
    ),
    ThirdParty(
        "dlib-bin",
        "dlib_detector",
        ("20.0.1",),
        "tests/server/vision/test_face_poses.py, test_frontal_face_detector.py",
        "tracking does not start: DetectorFormatError",
    ),
)
