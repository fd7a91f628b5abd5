"""Private parts of third parties are used with versions that they were tested with."""

import importlib
import importlib.metadata
import platform

import pytest

from iot_facerecognition_server.third_parties.versions import TESTED, ThirdParty


def installed(name: str) -> str:
    return platform.python_version() if name == "python" else importlib.metadata.version(name)


@pytest.mark.parametrize("tested", TESTED, ids=lambda tested: tested.name)
def test_what_is_installed_was_tested(tested: ThirdParty) -> None:
    importlib.import_module(f"iot_facerecognition_server.third_parties.{tested.module}")
    version = installed(tested.name)
    assert tested.covers(version), f"pass {tested.tests} with {tested.name} {version}, and add it"


def test_a_version_covers_its_patches_and_no_other_version() -> None:
    tested = ThirdParty("python", "asyncio_tls", ("3.11",), "", "")
    assert [tested.covers(one) for one in ("3.11", "3.11.7", "3.1", "3.110", "3.12.1")] == [
        True,
        True,
        False,
        False,
        False,
    ]
