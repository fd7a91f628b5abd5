"""An edge's update from the first word to the acknowledgement, with the real server and client."""

import asyncio
import io
import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from iot_facerecognition_client import Client, Fingerprint, ServerAddress, UpdateAcknowledged
from iot_facerecognition_protocol import Health, UpdateReport, UpdateState
from lab.server_process import ServerProcess

FRAME_RATE = 2.0
"""Frames a second: few, so that a machine with other work to do keeps up with them."""
SETTINGS = {
    "Metrics": {"Enable": "true", "Port": "0"},
    "Fleet": {"ProbationSeconds": "3", "LostSeconds": "2"},
}


def command(server: ServerProcess, *words: str) -> str:
    """Run one of the server's commands and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "iot_facerecognition_server", "--config", server.config, *words],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def edge_of(server: ServerProcess, identity: str) -> dict[str, Any]:
    found = json.loads(command(server, "fleet", "show", identity, "--json"))
    assert isinstance(found, dict)
    return found


def asked(server: ServerProcess, path: str, token: str) -> bytes:
    """Return what the server answers on its port for metrics."""
    port = re.search(r"metrics on http://\S+:(\d+)/", server.output())
    assert port is not None
    request = urllib.request.Request(
        f"http://127.0.0.1:{port[1]}{path}", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        body = response.read()
    assert isinstance(body, bytes)
    return body


def health(version: str, state: UpdateState | None = None) -> Health:
    update = None if state is None else UpdateReport("1.3.0", state, "attempt-1", "1.2.0")
    return Health(version=version, installed=version, frame_rate=FRAME_RATE, update=update)


def picture() -> bytes:
    with io.BytesIO() as file:
        Image.new("RGB", (320, 240), "gray").save(file, "JPEG")
        return file.getvalue()


async def stream(client: Client, seconds: float | None = None) -> None:
    """Send frames at the edge's rate, until cancelled or for so long."""
    jpeg = picture()
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                client.send(jpeg)
                await asyncio.sleep(1 / FRAME_RATE)


async def updated(server: ServerProcess, token: str) -> None:
    """Be an edge that is updated: it stops, comes back with the new version, and streams."""
    where = ServerAddress("127.0.0.1", server.access.port)
    trust = Fingerprint(server.access.fingerprint)
    async with Client(where, trust=trust, token=token) as old:
        old.set(name="not my identity", object_recognition=False)
        await old.connected(30)
        old.health(health("1.2.0"))
        await stream(old, 1.0)
        old.health(health("1.2.0", UpdateState.INSTALLING))
        await stream(old, 0.5)
    async with Client(where, trust=trust, token=token) as new:
        new.set(object_recognition=False)
        acknowledged = new.events(UpdateAcknowledged)
        await new.connected(30)
        new.health(health("1.3.0", UpdateState.PROBATION))
        streaming = asyncio.create_task(stream(new))
        try:
            for _ in range(2):  # earned, and again because the edge asks as if it had not heard
                told = await asyncio.wait_for(anext(acknowledged), 120)
                assert told == UpdateAcknowledged("1.3.0", "attempt-1")
                new.health(health("1.3.0", UpdateState.PROBATION))
        finally:
            streaming.cancel()
        new.health(health("1.3.0", UpdateState.GOOD))


@pytest.mark.timeout(300)
def test_update_is_acknowledged_and_told_to_everybody_who_asks(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, {}, SETTINGS) as server:
        kitchen = json.loads(command(server, "token", "add", "kitchen", "--json"))
        api = json.loads(command(server, "api-token", "add", "inventory", "--json"))
        assert "never connected so far" in command(server, "fleet", "want", "1.3.0", "kitchen")
        asyncio.run(updated(server, kitchen["token"]))

        edge = edge_of(server, "kitchen")
        assert (edge["connected"], edge["running"], edge["name"]) == (False, None, "?")
        assert (edge["desired"], edge["reported"]) == ("1.3.0", "1.3.0")
        update = edge["update"]
        assert (update["state"], update["version"], update["from"]) == ("good", "1.3.0", "1.2.0")
        assert json.loads(asked(server, "/api/v1/edges/kitchen", api["token"])) == edge
        listed = json.loads(asked(server, "/api/v1/edges", api["token"]))
        assert listed == json.loads(command(server, "fleet", "list", "--json"))
        with pytest.raises(urllib.error.HTTPError, match="401"):
            asked(server, "/api/v1/edges", kitchen["token"])
        metrics = asked(server, "/metrics", "").decode()
        assert 'fleet_update_state{identity="kitchen",state="good"} 1.0' in metrics
        versions = 'desired="1.3.0",identity="kitchen",reported="1.3.0",running=""'
        assert f"fleet_version_info{{{versions}}} 1.0" in metrics
        for word in (kitchen["token"], api["token"]):
            assert word not in server.output() + metrics + json.dumps(listed)

        server.stop()
        server.start()
        assert edge_of(server, "kitchen") == edge
        command(server, "fleet", "report", "kitchen", "installing", "--version", "1.4.0")
        while edge_of(server, "kitchen")["update"]["state"] != "lost":
            pass
        assert re.search(r"kitchen.*update to 1.4.0: lost", server.output())
        command(server, "fleet", "forget", "kitchen")
        assert json.loads(command(server, "fleet", "list", "--json")) == {"edges": []}
