"""Whose the volume is, and how the first client gets in, in containers as OpenShift and Docker run.

What an edge needs is taken out of the logs, as docs/container.md says.
"""

import asyncio
from pathlib import Path

import pytest

from tests.container.containers import Access, Container
from tests.container.podman import Podman
from tests.container.test_container import recognise, teach

pytestmark = pytest.mark.timeout(1500, func_only=True)

ANY_USER = "--user=1234567:0"


def ended(container: Container) -> tuple[int, str]:
    """Return exit code and log of a container that ends by itself."""
    container.podman.run("podman", "wait", container.name)
    state = container.podman.inspect(container.name)["State"]
    return int(state["ExitCode"]), container.logs()


def test_any_user_of_group_0_has_a_volume_of_its_own(
    podman: Podman, volume: str, photos: Path
) -> None:
    picture = (photos / "obama2.jpg").read_bytes()
    with Container(podman, volume, ANY_USER) as first:
        podman.until_healthy(first.name)
        before = first.access()
        teach(first, "obama", photos / "obama.jpg")
        modes = first.python("sh", "-c", "stat -L --format='%a %u %g %n' /data /data/state/*.pem")
        assert modes.splitlines() == ["770 10001 0 /data", "600 1234567 0 /data/state/server.pem"]
    with Container(podman, volume, ANY_USER) as second:
        podman.until_healthy(second.name)
        after = second.access(before.token)
        assert after.fingerprint == before.fingerprint
        assert asyncio.run(recognise(after, picture)) == ["obama"]
    with Container(podman, volume, "--user=7654321:0") as other:
        code, log = ended(other)
        assert code == 2
        assert "/data/state belongs to user 1234567, group 0, with mode 0700" in log
        assert "chown -R 7654321:0 /data/state" in log
        assert "Traceback" not in log


def test_a_folder_of_somebody_else_in_place_of_the_volume_is_exit_code_2(
    podman: Podman, image: str, volume: str, tmp_path: Path
) -> None:
    assert image
    tmp_path.chmod(0o755)
    with Container(podman, volume, f"--volume={tmp_path}:/data/state:ro") as container:
        code, log = ended(container)
    assert code == 2
    assert "/data/state" in log
    assert "Traceback" not in log


def test_a_second_container_is_told_which_one_has_the_volume(podman: Podman, volume: str) -> None:
    with Container(podman, volume, "--hostname=recognition.lan") as first:
        podman.until_logged(first.name, "listening on ", 600)
        number = podman.inspect(first.name)["Id"][:12]
        with Container(podman, volume) as second:
            code, log = ended(second)
        assert code == 2
        assert f"in use by another server (process 1 on recognition.lan, container {number}," in log
        listed = first.python("iot-facerecognition-server", "clients")
        assert "nobody is connected" in listed


def test_a_token_that_nobody_has_read_is_printed_by_the_next_container(
    podman: Podman, volume: str, photos: Path
) -> None:
    picture = (photos / "obama2.jpg").read_bytes()
    with Container(podman, volume) as first:
        podman.until_logged(first.name, "listening on ", 600)
        lost = first.access()
        podman.run("podman", "kill", "--signal=KILL", first.name)
    with Container(podman, volume) as second:
        podman.until_healthy(second.name)
        access = second.access()
        assert access.token == lost.token
        assert asyncio.run(recognise(access, picture)) == [""]
        held = second.python("sh", "-c", "find /data -type f -exec cat {} +")
        assert access.token not in held
    with Container(podman, volume) as third:
        podman.until_logged(third.name, "listening on ", 600)
        assert "token: " not in third.logs()
        assert access.token not in third.logs()


@pytest.fixture
def secret(tmp_path: Path) -> tuple[str, str]:
    """A token in a file, and the option that mounts it as Docker and Kubernetes mount secrets."""
    token = "0123456789abcdef" * 2
    (tmp_path / "first_token").write_text(f"{token}\n")
    (tmp_path / "first_token").chmod(0o444)
    tmp_path.chmod(0o755)
    return token, f"--volume={tmp_path}/first_token:/run/secrets/first_token:ro"


def test_a_first_token_that_is_given_as_a_secret_stays_out_of_log_and_volume(
    podman: Podman, volume: str, photos: Path, secret: tuple[str, str]
) -> None:
    token, mount = secret
    variable = "--env=IOT_FACERECOGNITION_AUTH_FIRSTTOKENFILE=/run/secrets/first_token"
    with Container(podman, volume, mount, variable) as container:
        podman.until_healthy(container.name)
        access = container.access(token)
        picture = (photos / "obama2.jpg").read_bytes()
        assert asyncio.run(recognise(access, picture)) == [""]
        assert "token: " not in container.logs()
        held = container.python("sh", "-c", "find /data -type f -exec cat {} +")
        assert token not in held + container.logs()


def test_a_hostname_on_an_old_volume_says_what_it_lacks_and_the_cure_keeps_the_fingerprint(
    podman: Podman, volume: str, photos: Path
) -> None:
    picture = (photos / "obama2.jpg").read_bytes()
    with Container(podman, volume) as first:
        podman.until_logged(first.name, "listening on ", 600)
        before = first.access()
        assert "was made before" not in first.logs()
    with Container(podman, volume, "--hostname=recognition.lan") as second:
        podman.until_logged(second.name, "listening on ", 600)
        log = second.logs()
        assert "was made before this machine was called recognition" in log
        cure = log[log.index("cert new --keep-key") :].splitlines()[0].split()
        assert "recognition.lan" in cure
        added = second.python("iot-facerecognition-server", *cure)
        assert before.fingerprint in added
        podman.run("podman", "kill", "--signal=HUP", second.name)
        access = Access(podman.port(second.name, 50000), before.token, before.fingerprint)
        assert asyncio.run(recognise(access, picture)) == [""]
    with Container(podman, volume, "--hostname=recognition.lan") as third:
        podman.until_logged(third.name, "listening on ", 600)
        assert "was made before" not in third.logs()
        assert third.access(before.token).fingerprint == before.fingerprint


def test_faces_are_added_to_a_server_of_512_mb_by_its_own_networks(
    podman: Podman, volume: str, photos: Path
) -> None:
    with Container(podman, volume, "--memory=512m") as container:
        podman.until_healthy(container.name)
        teach(container, "obama", photos / "obama.jpg")
        state = podman.inspect(container.name)["State"]
        assert (state["Running"], state["OOMKilled"]) == (True, False)
