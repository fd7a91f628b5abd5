"""rotate_secrets.yml and retire_edge.yml: other tokens without a lost edge, and a dead one."""

import pytest

from tests.fleet.fleet import EDGES, PATIENCE, SERVER_COMMAND, UNIT, Fleet
from tests.fleet.server_view import streams

pytestmark = pytest.mark.timeout(1500, func_only=True)

SETTINGS = "/var/lib/iot-facerecognition-edge/settings.json"
KEYS = ("connection.token", "connection.fingerprint")


@pytest.fixture(scope="module")
def view(fleet: Fleet):
    """The server's API, with all edges at work."""
    view = fleet.view()
    view.until_streaming(EDGES, PATIENCE)
    return view


def secrets(fleet: Fleet, name: str) -> dict[str, str]:
    """Return what an edge knows of its server, by the settings' keys."""
    kept = fleet.edge(name).read_json(SETTINGS)
    assert isinstance(kept, dict)
    return {key: str(kept["settings"][key]) for key in KEYS}


def token(fleet: Fleet, name: str) -> str:
    """Return the token that an edge has."""
    return secrets(fleet, name)["connection.token"]


def use(fleet: Fleet, name: str, kept: dict[str, str]) -> None:
    """Give an edge what it once had, and let it use it."""
    edge = fleet.edge(name)
    lines = "".join(f"{key} = {value}\n" for key, value in kept.items()).encode()
    edge.console("iot-facerecognition-edge", "settings", "set", "--from", "-", given=lines)
    edge.console("systemctl", "restart", UNIT)


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
    kept = secrets(fleet, retired)
    done = fleet.play("retire_edge", variables={"edge": retired})
    assert done.returncode == 0, done.stdout[-4000:]
    assert retired not in fleet.server.console(SERVER_COMMAND, "token", "list")
    # Whoever has kept it gets nowhere.
    use(fleet, retired, kept)
    host = fleet.edge(retired)
    host.until(
        lambda: "token" in host.journal(UNIT).rpartition("Starting ")[2],
        PATIENCE,
        "to be refused",
    )
    edges = view.edges()
    assert retired not in edges or not streams(edges[retired])
    view.until_streaming(others, PATIENCE)
