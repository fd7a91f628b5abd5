"""`backup` and `restore`, on real state directories."""

import io
import json
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from iot_facerecognition_protocol.system.whole_file import locked
from iot_facerecognition_server.assembly.trust import server_tls, token_store
from iot_facerecognition_server.config import load
from iot_facerecognition_server.fleet.edge import Edge
from iot_facerecognition_server.fleet.store import FleetStore
from iot_facerecognition_server.state_directory import held
from iot_facerecognition_server.trust.api_tokens import ApiTokenStore

PROGRAM = (sys.executable, "-m", "iot_facerecognition_server")


@pytest.fixture
def server(home, run, monkeypatch):
    """A server's folder with a key, a token and two people, one of them by a photo elsewhere."""
    monkeypatch.setenv("IOT_FACERECOGNITION_DLIB_REFERENCEFILE", "faces/faces.json")
    token = run("token", "add", "kitchen").out.strip()
    run("cert", "new")
    for place in ("faces/ada/1.jpg", "elsewhere/bo.jpg"):
        (home / place).parent.mkdir(parents=True)
        (home / place).write_bytes(place.encode())
    people = [
        {"tag": "Ada", "photos": "ada/1.jpg", "since": "2026"},
        {"tag": "Bo", "photos": ["../elsewhere/bo.jpg", str(home / "faces/ada/1.jpg")]},
    ]
    (home / "faces/faces.json").write_text(json.dumps(people))
    return token


def fingerprint() -> str:
    return server_tls(load(None, dict(os.environ))).fingerprint


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "server.lock"
    }


def move_to(folder: Path, monkeypatch) -> None:
    folder.mkdir()
    monkeypatch.chdir(folder)


def test_a_backup_moves_a_server_to_another_machine(server, run, home, monkeypatch):
    before = fingerprint()
    saved = run("backup", "faces.tar")
    assert (saved.code, saved.out) == (0, "")
    assert saved.err == "backed up 1 key, 1 token file, 1 list of people, 2 photos\n"
    assert (home / "faces.tar").stat().st_mode & 0o777 == 0o600
    move_to(home / "new", monkeypatch)
    assert run("restore", "--check", home / "faces.tar").code == 0
    assert not list(Path().iterdir())
    result = run("restore", home / "faces.tar")
    assert (result.code, result.err) == (0, "")
    assert fingerprint() == before
    assert token_store(load(None, {})).find(server).name == "kitchen"
    people = json.loads(Path("faces/faces.json").read_text())
    assert people[0] == {"tag": "Ada", "photos": "ada/1.jpg", "since": "2026"}
    gathered, inside = people[1]["photos"]
    assert Path("faces", gathered).read_bytes() == b"elsewhere/bo.jpg"
    assert inside == "ada/1.jpg"
    assert Path("faces/ada/1.jpg").read_bytes() == b"faces/ada/1.jpg"
    assert Path("state/server.pem").stat().st_mode & 0o777 == 0o600
    assert not list(Path("state").glob(".restore-*"))


def test_tokens_of_the_api_and_the_record_of_the_fleet_move_too(server, run, home, monkeypatch):
    token = run("api-token", "add", "inventory").out.strip()
    record = home / "state" / "fleet.json"
    FleetStore(record).save([Edge("kitchen", desired="1.3.0")])
    saved = run("backup", "faces.tar")
    assert "2 token files, 1 record of the fleet" in saved.err
    move_to(home / "new", monkeypatch)
    assert run("restore", home / "faces.tar").code == 0
    moved = Path("state/api-tokens.json").resolve()
    assert ApiTokenStore(moved).find(token).name == "inventory"
    assert FleetStore(Path("state/fleet.json")).load() == FleetStore(record).load()
    assert {path.stat().st_mode & 0o777 for path in Path("state").glob("*.json")} == {0o600}


def test_nothing_is_restored_over_another_server_unless_it_is_kept(server, run, home, monkeypatch):
    run("backup", "faces.tar")
    first = fingerprint()
    run("cert", "new")
    run("token", "add", "hall")
    (home / "faces/ada/1.jpg").write_bytes(b"another photo")
    second, before = fingerprint(), files(home)
    refused = run("restore", "faces.tar")
    assert refused.code == 1
    assert "is there already: --replace" in refused.err
    assert files(home) == before
    replaced = run("restore", "--replace", "faces.tar")
    assert replaced.code == 0
    assert fingerprint() == first
    assert "hall" not in run("token", "list").out
    (kept,) = (home / "state").glob("before-restore-*.tar")
    assert str(kept.name) in replaced.out
    assert run("restore", "--replace", kept).code == 0
    assert fingerprint() == second
    assert "hall" in run("token", "list").out
    assert (home / "faces/ada/1.jpg").read_bytes() == b"another photo"


def test_a_photo_that_is_in_the_way_is_kept_too(server, run, home, monkeypatch):
    run("backup", "faces.tar")
    move_to(home / "new", monkeypatch)
    Path("faces/ada").mkdir(parents=True)
    Path("faces/ada/1.jpg").write_bytes(b"of somebody else")
    assert "1.jpg is there already" in run("restore", home / "faces.tar").err
    assert run("restore", "--replace", home / "faces.tar").code == 0
    (kept,) = Path("state").glob("before-restore-*.tar")
    with tarfile.open(kept) as archive:
        assert archive.extractfile("faces/ada/1.jpg").read() == b"of somebody else"


def test_nothing_is_restored_while_a_server_runs(server, run, home):
    run("backup", "faces.tar")
    with held(load(None, dict(os.environ))):
        before = files(home)
        result = run("restore", "--replace", "faces.tar")
        assert result.code == 2
        assert "nothing is restored" in result.err
        assert "in use by another server" in result.err
        assert files(home) == before


def test_nothing_is_restored_from_half_a_backup(server, run, home, monkeypatch):
    run("backup", "faces.tar")
    whole = (home / "faces.tar").read_bytes()
    move_to(home / "new", monkeypatch)
    Path("half.tar").write_bytes(whole[: len(whole) // 2])
    for options in (["--check"], [], ["--replace"]):
        result = run("restore", *options, "half.tar")
        assert result.code == 1
        assert "half.tar cannot be restored: it" in result.err
    assert not files(Path()).keys() - {"half.tar"}


def waits_for_a_lock(process: subprocess.Popen[bytes]) -> bool:
    """Return once `process` waits for somebody's lock; False when it has ended without."""
    waiting = f"-> FLOCK  ADVISORY  WRITE {process.pid} "
    while process.poll() is None:
        if waiting in Path("/proc/locks").read_text():
            return True
        time.sleep(0.01)
    return False


def test_a_backup_waits_for_a_change_under_way(server, run, home):
    """Tokens, key and people fit together, whoever changes them meanwhile."""
    tokens = home / "state/tokens.json"
    with locked(tokens):
        saving = subprocess.Popen([*PROGRAM, "backup", "-"], stdout=subprocess.PIPE)
        assert waits_for_a_lock(saving)
        changed = tokens.read_bytes() + b" "
        tokens.write_bytes(changed)
    out, _ = saving.communicate(timeout=60)
    with tarfile.open(fileobj=io.BytesIO(out)) as archive:
        assert archive.extractfile("state/tokens.json").read() == changed


def test_a_change_waits_for_the_backup_under_way(server, run, home):
    (home / "faces/ada/1.jpg").write_bytes(bytes(1_000_000))  # more than a pipe holds
    with subprocess.Popen([*PROGRAM, "backup", "-"], stdout=subprocess.PIPE) as saving:
        begun = saving.stdout.read(1)
        adding = subprocess.Popen([*PROGRAM, "token", "add", "hall"], stdout=subprocess.DEVNULL)
        assert waits_for_a_lock(adding)
        out = begun + saving.stdout.read()
    assert adding.wait(60) == 0
    with tarfile.open(fileobj=io.BytesIO(out)) as archive:
        assert b"hall" not in archive.extractfile("state/tokens.json").read()
    assert b"hall" in (home / "state/tokens.json").read_bytes()


def test_what_is_left_out_is_reported(server, run, home):
    (home / "elsewhere/bo.jpg").unlink()
    result = run("backup", "faces.tar")
    assert result.code == 0
    assert "not in the backup: " in result.err
    assert "elsewhere/bo.jpg: No such file or directory" in result.err
    assert run("restore", "--check", "faces.tar").out.endswith("1 photo\n")


def test_where_there_is_no_server_nothing_is_backed_up(run, home):
    result = run("backup", "faces.tar")
    assert result.code == 1
    assert "has this server never run" in result.err
    assert not (home / "faces.tar").exists()
