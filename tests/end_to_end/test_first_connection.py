"""From a new edge to a named face, by pointer alone, against the real server."""

import asyncio
import ctypes
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from iot_facerecognition_client import ServerAddress, State
from iot_facerecognition_client.presented import presented_certificate
from iot_facerecognition_edge.assembly import Options, build
from iot_facerecognition_edge.cli import main as edge_command
from iot_facerecognition_edge.views.camera import CameraView
from iot_facerecognition_edge.views.certificate import CertificatePopup
from iot_facerecognition_edge.views.connect import ConnectPopup
from iot_facerecognition_edge.views.main import MainView
from iot_facerecognition_edge.views.scan import ScanLayer
from iot_facerecognition_protocol.fingerprints import fingerprint_words
from lab.cast import people
from lab.server_process import ServerProcess

from .person import Person

CODE = re.compile(r"code +([0-9]{3}) ([0-9]{3}) ([0-9]{3})")


@pytest.fixture(scope="module")
def server(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with tokens that knows the demo's people."""
    with ServerProcess(tmp_path_factory.mktemp("server"), people(photos)) as running:
        yield running


@asynccontextmanager
async def new_edge(folder: Path, camera: str) -> AsyncIterator[Person]:
    """A person before an edge that came out of its box."""
    graph = build(Options(folder, {"camera.source": camera, "display.screen": "none"}))
    appliance = graph.appliance
    appliance.start()
    person = Person(appliance)
    try:
        yield person
    finally:
        person.leave()
        appliance.close_camera()
        await appliance.stop()
        await graph.settings_keeper.close()
        graph.log_keeper.close()


def command(server: ServerProcess, *words: str) -> subprocess.Popen[str]:
    """Start a command of the server, as a person in another terminal."""
    return subprocess.Popen(
        [*server.command(), "--config", server.config, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def printed(server: ServerProcess, *words: str) -> str:
    """Return what a command printed."""
    done = command(server, *words)
    output, _ = done.communicate(timeout=30)
    assert done.returncode == 0, output
    return output


def begin_pairing(
    server: ServerProcess, name: str, *words: str
) -> tuple[subprocess.Popen[str], str]:
    """Run `pair` until it waits for the device; return it, and what it has printed."""
    host = f"127.0.0.1:{server.access.port}"
    running = command(server, "pair", name, "--host", host, *words)
    assert running.stdout is not None
    lines = []
    for line in running.stdout:
        if line.startswith("waiting for the device"):
            return running, "".join(lines)
        lines.append(line)
    raise AssertionError(f"pair {name} ended:\n{''.join(lines)}")


@pytest.fixture
def photo_of_obama(photos: Path, tmp_path: Path) -> str:
    """A camera before which one person stands."""
    folder = tmp_path / "obama"
    folder.mkdir()
    (folder / "obama2.jpg").symlink_to(photos / "obama2.jpg")
    return f"folder:{folder}"


async def first_look(person: Person) -> ConnectPopup:
    """See that nothing is set up, and open the pop-up."""
    main = person.view
    assert isinstance(main, MainView)
    assert person.appliance.connection.state is State.NOT_SET_UP
    person.look("1-not-set-up")
    await person.tap(main.status)
    return person.sees(ConnectPopup)


async def connected(person: Person) -> None:
    await person.until(lambda: person.appliance.connection.state is State.CONNECTED, "a connection")


async def named_face(person: Person, name: str) -> None:
    """Open the camera's page and see a face with a name on it."""
    main = person.view
    assert isinstance(main, MainView)
    await person.tap(main.tiles["Camera"])
    view = person.view
    assert isinstance(view, CameraView)
    await person.until(lambda: any(box.tag == name for box in view.faces.boxes), f"{name}'s face")


def test_by_token_with_the_words_of_the_certificate(
    server: ServerProcess, photo_of_obama: str, tmp_path: Path
) -> None:
    token = printed(server, "token", "add", "typed").strip()
    shown_by_server = printed(server, "cert", "show")

    async def scenario() -> None:
        async with new_edge(tmp_path / "edge", photo_of_obama) as person:
            popup = await first_look(person)
            person.look("2-connect")
            await person.tap(popup.address)
            await person.write(f"127.0.0.1:{server.access.port}")
            await person.tap(popup.token)
            await person.write(token)
            await person.tap(popup.go)
            await person.until(lambda: isinstance(person.top, CertificatePopup), "the question")
            question = person.sees(CertificatePopup)
            person.look("3-is-it-this-one")
            assert " ".join(question.blocks[0].words) in shown_by_server
            groups = [text for text, _ in question.blocks[0].lines(1000)][1:]
            assert all(line in shown_by_server for line in groups)
            assert "typed" not in printed(server, "clients")
            await person.tap(question.yes)
            await connected(person)
            await named_face(person, "Barack Obama")
            person.look("4-named-face")

    asyncio.run(scenario())


def test_by_a_typed_code(server: ServerProcess, photo_of_obama: str, tmp_path: Path) -> None:
    pairing, output = begin_pairing(server, "hall")
    code = CODE.search(output)
    assert code is not None, output
    assert "▀" not in output, "no QR code goes into a file"

    async def scenario() -> None:
        async with new_edge(tmp_path / "edge", photo_of_obama) as person:
            popup = await first_look(person)
            await person.tap(popup.code)
            await person.write(f"127.0.0.1:{server.access.port}")
            person.look("5-code")
            await person.write("".join(code.groups()))
            await connected(person)
            settings = person.appliance.settings
            assert settings.connection.name == "hall"
            assert (
                settings.connection.fingerprint
                in server.access.fingerprint.replace(":", "").lower()
            )

    asyncio.run(scenario())
    rest, _ = pairing.communicate(timeout=30)
    assert (pairing.returncode, "hall is paired, from 127.0.0.1" in rest) == (0, True)


def photograph(terminal: str, folder: Path) -> str:
    """Return a camera that sees the QR code in what a terminal shows."""
    rows = [line for line in terminal.splitlines() if "\x1b[38;5;16;48;5;231m" in line]
    cells = [re.sub(r"\x1b\[[0-9;]*m", "", row) for row in rows]
    code = Image.new("L", (len(cells[0]), 2 * len(cells)), 230)
    for y, row in enumerate(cells):
        for x, cell in enumerate(row):
            for half, dark in enumerate(("▀█", "▄█")):
                if cell in dark:
                    code.putpixel((x, 2 * y + half), 25)
    folder.mkdir()
    picture = Image.new("RGB", (640, 480), (40, 44, 52))
    side = 7 * code.width
    large = code.convert("RGB").resize((side, 7 * code.height), Image.Resampling.NEAREST)
    picture.paste(large, ((640 - side) // 2, (480 - large.height) // 2))
    picture.rotate(4, Image.Resampling.BILINEAR, fillcolor=(40, 44, 52)).save(folder / "qr.jpg")
    return f"folder:{folder}"


def has_zbar() -> bool:
    try:
        ctypes.CDLL("libzbar.so.0")
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_zbar(), reason="libzbar0 is not installed")
def test_by_the_qr_code_of_the_terminal(
    server: ServerProcess, photo_of_obama: str, tmp_path: Path
) -> None:
    pairing, output = begin_pairing(server, "door", "--qr")
    camera = photograph(output, tmp_path / "qr")

    async def scenario() -> None:
        async with new_edge(tmp_path / "edge", camera) as person:
            popup = await first_look(person)
            await person.tap(popup.scan)
            scan = person.sees(ScanLayer)
            await person.until(lambda: scan.picture._image is not None, "the camera's picture")
            person.look("6-scan")
            await connected(person)
            assert person.top is person.view, "the pop-up has closed"
            person.appliance.settings.override("camera.source", photo_of_obama)
            await named_face(person, "Barack Obama")

    asyncio.run(scenario())
    rest, _ = pairing.communicate(timeout=30)
    assert "door is paired" in rest
    assert "door" in printed(server, "token", "list")


def test_a_code_can_be_withdrawn_and_a_name_be_taken(server: ServerProcess) -> None:
    printed(server, "token", "add", "attic")
    taken = command(server, "pair", "attic")
    output, _ = taken.communicate(timeout=30)
    assert (taken.returncode, "called attic already" in output) == (1, True)
    pairing, _ = begin_pairing(server, "cellar")
    pairing.send_signal(signal.SIGINT)
    output, _ = pairing.communicate(timeout=30)
    assert pairing.returncode == 130
    code = printed(server, "pair", "cellar", "--no-wait", "--minutes", "1", "--host", "a.example")
    assert "iot-facerecognition://a.example:" in code


def test_a_new_certificate_is_asked_about_with_the_old_one_beside_it(
    server: ServerProcess, photo_of_obama: str, tmp_path: Path
) -> None:
    """Last of all: the server has another certificate from here on."""
    pairing, output = begin_pairing(server, "garden")
    text = re.search(r"iot-facerecognition://\S+", output)
    assert text is not None
    edge = tmp_path / "edge"
    assert edge_command(["--state-dir", str(edge), "pair", text[0]]) == 0
    pairing.communicate(timeout=30)

    async def new_certificate(before: str) -> str:
        """Give the server another certificate; return its fingerprint, once that is shown."""
        printed(server, "cert", "new")
        server.signal(signal.SIGHUP)
        address = ServerAddress("127.0.0.1", server.access.port)
        # Nothing tells from outside when a signal was acted upon.
        while (shown := await presented_certificate(address)) == f"sha256:{before}":  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        return shown.removeprefix("sha256:")

    async def scenario() -> None:
        async with new_edge(edge, photo_of_obama) as person:
            await connected(person)
            before = person.appliance.settings.connection.fingerprint
            now = await new_certificate(before)
            person.appliance.connect()
            await person.until(lambda: isinstance(person.top, CertificatePopup), "the question")
            question = person.sees(CertificatePopup)
            assert [block.words for block in question.blocks] == [
                fingerprint_words(now),
                fingerprint_words(before),
            ]
            while person.app.toasts.shown is not None:
                await person.tap(person.app.toasts)
            person.look("7-another-certificate")
            await person.tap(question.yes)
            await connected(person)
            assert person.appliance.settings.connection.fingerprint == now

    asyncio.run(scenario())
