"""backup.yml and restore.yml: another host takes the server's place, and nobody notices."""

import pytest

from tests.fleet.fleet import EDGES, PATIENCE, SERVER_COMMAND, Fleet

pytestmark = [pytest.mark.timeout(1500, func_only=True), pytest.mark.long]
STAY = EDGES[:2]
"""The third was retired."""


def known(fleet: Fleet, server: str) -> dict[str, str]:
    """Return what makes a server itself."""
    host = fleet.lab.hosts[server]
    asked = {
        "certificate": ("cert", "show"),
        "people": ("faces", "list"),
        "tokens": ("token", "list"),
    }
    return {what: host.console(SERVER_COMMAND, *words) for what, words in asked.items()}


def test_a_backup_is_restored_on_another_host(fleet):
    view = fleet.view()
    view.until_streaming(STAY, PATIENCE)
    before = known(fleet, "server")
    folder = fleet.folder / "backups"
    folder.mkdir()
    done = fleet.play("backup", variables={"backup_to": str(folder)})
    assert done.returncode == 0, done.stdout[-4000:]
    (backup,) = folder.rglob("*.tar")
    fleet.server.power_cut()
    new = fleet.add_server("server2", in_place_of=fleet.server)
    new.start()
    inventory = fleet.inventory(servers=("server2",), edges=STAY)
    done = fleet.play(
        "restore", variables={"server_restore_file": str(backup)}, inventory=inventory
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert known(fleet, "server2") == before
    # Its edges find it where the old one was, with the fingerprint that they know.
    fleet.view("server2").until_streaming(STAY, PATIENCE)
    for name in STAY:
        fleet.until_named(name)
