"""rotate_secrets.yml and retire_edge.yml: other tokens without a lost edge, and a dead one."""

import pytest

from tests.fleet.fleet import EDGES, PATIENCE, SERVER_COMMAND, Fleet
from tests.fleet.server_view import streams

pytestmark = pytest.mark.timeout(1500, func_only=True)

SETTINGS = "/var/lib/iot-facerecognition-edge/settings.json"


@pytest.fixture(scope="module")
def view(fleet: Fleet):
    """The server's API, with all edges at work."""
    view = fleet.view()
    view.until_streaming(EDGES, PATIENCE)
    return view


def token(fleet: Fleet, name: str) -> str:
    """Return the token that an edge has."""
    kept = fleet.edge(name).read_json(SETTINGS)
    assert isinstance(kept, dict)
    return str(kept["settings"]["connection.token"])


def use_token(fleet: Fleet, name: str, value: str) -> None:
    """Give an edge a token, and let it use it."""
    edge = fleet.edge(name)
    lines = f"connection.token = {value}\n".encode()
    edge.console("iot-facerecognition-edge", "settings", "set", "--from", "-", given=lines)
    edge.console("systemctl", "restart", "iot-facerecognition-edge.service")


def test_every_edge_has_another_token_and_none_is_lost(fleet, view):
    before = {name: token(fleet, name) for name in EDGES}
    done = fleet.play("rotate_secrets")
    assert done.returncode == 0, done.stdout[-4000:]
    after = {name: token(fleet, name) for name in EDGES}
    assert not set(before.values()) & set(after.values())
    for value in (*before.values(), *after.values()):
        assert value not in done.stdout
    view.until_streaming(EDGES, PATIENCE)
    for name in EDGES:
        fleet.until_named(name)


def test_a_retired_edge_has_a_dead_token(fleet, view):
    retired, others = EDGES[2], EDGES[:2]
    value = token(fleet, retired)
    done = fleet.play(
        "retire_edge",
        "--limit",
        f"{retired}:servers",
        variables={"edge": retired, "edge_retire": retired, "retire_edge_name": retired},
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert retired not in fleet.server.console(SERVER_COMMAND, "token", "list")
    # Whoever has kept it gets nowhere.
    use_token(fleet, retired, value)
    host = fleet.edge(retired)
    host.until(
        lambda: (
            "token" in host.journal("iot-facerecognition-edge.service").rpartition("Starting ")[2]
        ),
        PATIENCE,
        "to be refused",
    )
    edges = view.edges()
    assert retired not in edges or not streams(edges[retired])
    view.until_streaming(others, PATIENCE)
