"""Containers as docs/container.md starts them, and an edge on the host."""

import asyncio
import json
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from iot_facerecognition_client import Client, FacesResult, Fingerprint, ServerAddress
from iot_facerecognition_protocol import SessionSettings
from iot_facerecognition_server.config.loading import SECTIONS
from tests.container.containers import HARDENING, Access, Container
from tests.container.podman import Podman

pytestmark = pytest.mark.timeout(1500, func_only=True)
"""Without the time that the image takes to build, which the first test waits for.

No test waits by the clock, so this only ends what hangs, on however busy a machine.
"""


async def recognise(access: Access, jpeg: bytes) -> list[str]:
    """Return the tags of the faces in `jpeg`, by an edge on this machine."""
    client = Client(
        ServerAddress("127.0.0.1", access.port),
        trust=Fingerprint(access.fingerprint),
        token=access.token,
        settings=SessionSettings(name="host", object_recognition=False),
    )
    async with client, asyncio.timeout(60):
        await client.connected()
        results = client.results()
        client.send(jpeg)
        async for result in results:
            if isinstance(result, FacesResult):
                return [face.tag for face in result.faces]
    raise AssertionError("the client was closed before a result came")


def teach(container: Container, tag: str, photo: Path) -> None:
    """Let the server know a person, as docs/container.md tells."""
    container.python("mkdir", "-p", "/data/faces")
    container.podman.run("podman", "cp", str(photo), f"{container.name}:/data/faces/{photo.name}")
    path = f"/data/faces/{photo.name}"
    container.python("iot-facerecognition-server", "faces", "add", tag, path)


def test_volume_keeps_token_certificate_and_faces_over_a_new_container(
    podman: Podman, volume: str, photos: Path
) -> None:
    picture = (photos / "obama2.jpg").read_bytes()
    with Container(podman, volume) as first:
        seconds = podman.until_healthy(first.name)
        print(f"\nhealthy {seconds:.1f} s after the start")
        before = first.access()
        teach(first, "obama", photos / "obama.jpg")
        podman.run("podman", "kill", "--signal=HUP", first.name)
        assert asyncio.run(until_known(before, picture)) == ["obama"]
    with Container(podman, volume) as second:
        podman.until_healthy(second.name)
        assert "token: " not in second.logs()
        after = second.access(before.token)
        assert after.fingerprint == before.fingerprint
        assert asyncio.run(recognise(after, picture)) == ["obama"]


async def until_known(access: Access, jpeg: bytes) -> list[str]:
    """Ask until the new reference has been taken up."""
    async with asyncio.timeout(60):
        while not any(tags := await recognise(access, jpeg)):
            pass
    return tags


def test_sigterm_says_good_bye_and_exits_0(podman: Podman, volume: str) -> None:
    with Container(podman, volume) as container:
        podman.until_healthy(container.name)
        code = asyncio.run(closing_code(container))
        assert code == 1001
        state = podman.inspect(container.name)["State"]
        assert (state["ExitCode"], state["OOMKilled"]) == (0, False)
        assert container.logs().rstrip().endswith("server: ended")


async def closing_code(container: Container) -> int | None:
    """Return the code with which the server closes while `podman stop` ends it."""
    access = container.access()
    trust = Fingerprint(access.fingerprint)
    async with connect(
        f"wss://127.0.0.1:{access.port}",
        ssl=trust.context(),
        additional_headers={"Authorization": f"Bearer {access.token}"},
    ) as connection:
        await connection.recv()
        # After ten seconds podman kills, and then the exit code is 137.
        stop = asyncio.to_thread(
            container.podman.run, "podman", "stop", "--time=10", container.name
        )
        began = time.monotonic()
        await asyncio.gather(stop, connection.wait_closed())
        print(f"\nstopped after {time.monotonic() - began:.1f} s")
        return connection.close_code


def test_root_file_system_is_read_only_and_the_user_is_nobody_special(
    podman: Podman, volume: str
) -> None:
    with Container(podman, volume) as container:
        podman.until_healthy(container.name)
        shown = container.python(
            "python", "-c",
            "import os, pathlib, json;"
            "status = dict(l.split(':', 1) for l in open('/proc/1/status') if ':' in l);"
            "writable = [p for p in ('/', '/opt/server', '/etc', '/usr', '/data', '/tmp')"
            " if os.access(p, os.W_OK)];"
            "print(json.dumps([os.getuid(), status['CapEff'].strip(), writable]))",
        )  # fmt: skip
        user, capabilities, writable = json.loads(shown.splitlines()[-1])
        assert user == 10001
        assert int(capabilities, 16) == 0
        assert writable == ["/data", "/tmp"]


def test_first_start_prints_token_and_fingerprint_once_and_keeps_the_key_to_itself(
    podman: Podman, volume: str
) -> None:
    with Container(podman, volume) as container:
        podman.until_logged(container.name, "listening on ", 600)
        access = container.access()
        printed = container.logs()
        assert printed.count(str(access.token)) == 1
        assert printed.count(access.fingerprint) == 1
        shown = container.python("iot-facerecognition-server", "cert", "show")
        assert access.fingerprint in shown
        modes = container.python(
            "sh", "-c", "stat -L --format='%a %u %n' /data/state /data/state/*"
        )
        kept = {line.split()[-1]: line.split()[:2] for line in modes.splitlines()}
        assert kept["/data/state"] == ["700", "10001"]
        assert kept["/data/state/server.pem"] == ["600", "10001"]
        # The volume holds a hash of the token, and nowhere the token itself.
        held = container.python("sh", "-c", "find /data -type f -exec cat {} +")
        assert str(access.token) not in held


def test_every_setting_comes_from_the_environment(
    podman: Podman, image: str, tmp_path: Path
) -> None:
    settings = [setting for section in SECTIONS for setting in section.settings]
    # Each as its default has it, but for one that is seen to be another.
    values = {one.variable: one.default for one in settings}
    values["IOT_FACERECOGNITION_LIMITS_CLIENTS"] = "17"
    variables = tmp_path / "variables"
    variables.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    shown = podman.run(
        "podman", "run", "--rm", *HARDENING, f"--env-file={variables}", image, "check-config"
    )
    taken = [line.split("=")[0] for line in shown.splitlines() if line.endswith("# environment")]
    assert taken == [setting.key for setting in settings]
    assert re.search(r"^Clients=17 +# environment$", shown, re.MULTILINE)


def test_port_from_the_environment_is_the_one_that_answers(
    podman: Podman, volume: str, photos: Path
) -> None:
    moved = "--env=IOT_FACERECOGNITION_CONNECTION_PORT=50001"
    with Container(podman, volume, moved, "--publish=127.0.0.1::50001") as container:
        podman.until_healthy(container.name)
        access = replace(container.access(), port=podman.port(container.name, 50001))
        # Nobody is known here, and the face is found.
        assert asyncio.run(recognise(access, (photos / "obama2.jpg").read_bytes())) == [""]


def test_settings_come_from_the_environment_and_wrong_ones_end_it(
    podman: Podman, volume: str
) -> None:
    wrong = "--env=IOT_FACERECOGNITION_LIMITS_CLIENTS=many"
    with Container(podman, volume, wrong) as container:
        podman.run("podman", "wait", container.name)
        assert podman.inspect(container.name)["State"]["ExitCode"] == 2
        assert "[Limits] Clients" in container.logs() or "LIMITS_CLIENTS" in container.logs()


def test_asking_for_a_gpu_that_is_not_there_says_so(podman: Podman, volume: str) -> None:
    with Container(podman, volume, "--env=IOT_FACERECOGNITION_ENGINE_DEVICE=cuda") as container:
        podman.run("podman", "wait", container.name)
        assert podman.inspect(container.name)["State"]["ExitCode"] != 0
        assert "CUDA" in container.logs()
