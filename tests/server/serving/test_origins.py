"""Web pages of others may not use the server; programs, and pages that are allowed, may."""

import asyncio
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from iot_facerecognition_protocol import InitRequest, decode
from iot_facerecognition_server.serving.origins import Origins

from .live_server import LiveServer

HOST = "faces.example:50000"


@pytest.mark.parametrize(
    "origin",
    [
        "https://faces.example:50000",
        "http://faces.example:50000",  # the original's Python client with an old websocket-client
        "HTTPS://Faces.Example:50000",
        "https://console.example",
        "https://console.example:443",
        "",
    ],
)
def test_the_servers_own_origin_and_those_allowed_pass(origin: str) -> None:
    assert Origins(["https://console.example"]).refuse([origin], HOST) is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://evil.example:50000",
        "https://faces.example",
        "https://faces.example:50000.evil.example",
        "https://faces.example:50000@evil.example:50000",
        "http://console.example",
        "https://console.example.evil.example",
        "null",
        "file://",
        "https://faces.example:99999999",
        "\x1b[2J",
    ],
)
def test_other_origins_are_refused_with_words_for_the_log(origin: str) -> None:
    refused = Origins(["https://console.example"]).refuse([origin], HOST)
    assert refused is not None
    assert refused.isprintable()
    assert "[Auth] Origins" in refused


def test_without_an_origin_anyone_passes_and_two_are_refused() -> None:
    origins = Origins([])
    assert origins.refuse([], None) is None
    assert origins.refuse([f"https://{HOST}"] * 2, HOST) is not None
    assert origins.refuse([f"https://{HOST}"], None) is not None


def test_a_star_lets_every_page_in() -> None:
    assert Origins(["*"]).refuse(["https://evil.example"], HOST) is None


def test_the_default_port_of_tls_may_be_left_out() -> None:
    assert Origins([]).refuse(["https://faces.example"], "faces.example") is None
    assert Origins([]).refuse(["http://faces.example"], "faces.example") is None


@pytest.mark.parametrize("mode", ["open", "token"])
def test_a_foreign_page_is_answered_403_before_its_token_is_looked_at(
    mode: str, tmp_path: Path
) -> None:
    async def scenario() -> None:
        settings = {"AUTH_MODE": mode}
        async with LiveServer(tmp_path, settings=settings) as live:
            with pytest.raises(InvalidStatus) as refused:
                await live.connect(origin="https://evil.example")
            assert refused.value.response.status_code == 403
            assert b"[Auth] Origins" in refused.value.response.body
            assert live.count("connections_refused_total", reason="origin") == 1
            assert live.count("authentication_failures_total") == 0

    asyncio.run(scenario())


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_program_that_sends_the_servers_own_origin_is_let_in(scheme: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            LiveServer(tmp_path) as live,
            live.connect(origin=f"{scheme}://127.0.0.1:{live.port}") as client,
        ):
            assert isinstance(decode(str(await client.recv())), InitRequest)

    asyncio.run(scenario())
