"""site.yml, rotate_secrets.yml and retire_edge.yml where edges show certificates, in this order."""

import pytest

from tests.fleet.certificates.site import EDGE, FOLDER, CertificateSite
from tests.fleet.fleet import PATIENCE, SERVER_COMMAND, UNIT
from tests.fleet.server_view import streams
from tests.fleet.servers.hosts import changed

pytestmark = [pytest.mark.timeout(1500, func_only=True), pytest.mark.long]


@pytest.fixture(scope="module")
def view(site: CertificateSite):
    """The server's API, once site.yml has set up everything from nothing."""
    done = site.play("site", "-vvv")
    assert done.returncode == 0, done.stdout[-4000:]
    for path in ("ca.key", "crl.pem"):
        secret = (site.authority / path).read_text().splitlines()[1]
        assert path == "crl.pem" or secret not in done.stdout
    site.fleet.teach()
    return site.fleet.view()


def test_an_edge_streams_with_its_certificate_and_has_no_token(site, view):
    view.until_streaming([EDGE], PATIENCE)
    site.fleet.until_named(EDGE)
    assert EDGE not in site.fleet.server.console(SERVER_COMMAND, "token", "list")
    mode = site.edge.console("stat", "--format=%a %U", f"{FOLDER}/client.key")
    assert mode.split() == ["640", "root"], "made on the edge, and kept to it"


def test_a_second_run_changes_nothing(site, view):
    done = site.play("site")
    assert done.returncode == 0, done.stdout[-4000:]
    assert set(changed(done).values()) == {0}, done.stdout


def test_a_rotated_certificate_streams_and_the_old_one_is_dead(site, view):
    before = site.serial()
    keep = f"cd {FOLDER} && for kind in key crt; do cp -p client.$kind /root/old.$kind; done"
    site.edge.console("sh", "-c", keep)
    done = site.play("rotate_secrets")
    assert done.returncode == 0, done.stdout[-4000:]
    after = site.serial()
    assert after != before
    assert before in site.revoked()
    assert after not in site.revoked()
    view.until_streaming([EDGE], PATIENCE)
    swap = (
        f"cd {FOLDER} && for kind in key crt; do"
        " cp -p client.$kind /root/new.$kind && cp -p /root/{}.$kind client.$kind; done"
    )
    site.edge.console("sh", "-c", swap.format("old"))
    site.edge.console("systemctl", "restart", UNIT)
    view.until(lambda edges: not streams(edges[EDGE]), PATIENCE)
    site.until_reported("certificate", PATIENCE)
    restore = f"cd {FOLDER} && for kind in key crt; do cp -p /root/new.$kind client.$kind; done"
    site.edge.console("sh", "-c", restore)
    site.edge.console("systemctl", "restart", UNIT)
    view.until_streaming([EDGE], PATIENCE)


def test_a_certificate_near_its_end_is_renewed(site, view):
    before = site.serial()
    done = site.play("edges", edge_renew_days=900)
    assert done.returncode == 0, done.stdout[-4000:]
    assert site.serial() != before, "825 days are less than 900"
    view.until_streaming([EDGE], PATIENCE)


def test_a_retired_edge_has_a_dead_certificate(site, view):
    last = site.serial()
    done = site.play("retire_edge", edge=EDGE)
    assert done.returncode == 0, done.stdout[-4000:]
    assert last in site.revoked()
    assert EDGE not in view.edges()
