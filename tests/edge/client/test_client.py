"""The client against a real TLS WebSocket server."""

import asyncio
import logging
import random
import socket

import pytest

from iot_facerecognition_client import (
    Client,
    FacesResult,
    Fingerprint,
    FrameEnded,
    NoVerification,
    OutboxFullError,
    Reason,
    ServerError,
    SettingHeld,
    State,
    Status,
    TextReceived,
    TextSent,
    Timing,
)
from iot_facerecognition_protocol import (
    Command,
    Drain,
    ErrorReport,
    FacesFound,
    Health,
    SessionSettings,
    Setting,
    Text,
    Version,
)

NAMED = SessionSettings(name="kitchen", object_recognition=False, label_count=3)


def client_of(server, **properties) -> Client:
    trust = Fingerprint(server.certificate.fingerprint)
    client = Client(server.address, **({"trust": trust, "settings": NAMED} | properties))
    # A test need not wait a second for what a person would.
    client.subscribe(Status, lambda s: client.retry() if s.state is State.RETRYING else None)
    return client


async def until_state(statuses, state: State) -> Status:
    async for status in statuses:
        if status.state is state:
            return status
    raise AssertionError(f"never {state}")


async def test_name_and_every_setting_are_sent_when_the_server_asks(fake_server):
    async with fake_server() as server, client_of(server) as client:
        assert client.pending == {"name", "object_recognition", "label_count"}
        held = client.events(SettingHeld)
        for _ in range(5):
            await anext(held)
        session = await server.next_session()
        assert session.settings() == {
            Command.SETTING_NAME: "kitchen",
            Command.SETTING_OBJDETECTIONENABLED: False,
            Command.SETTING_LABELCOUNT: 3,
            Command.SETTING_DETERMINISTICOBJECTDETECTION: False,
            Command.SETTING_FACERECOGNITIONENABLED: True,
        }
        assert client.settings == client.wanted == NAMED
        assert not client.pending
        assert client.version is Version.V2


async def test_the_echo_is_what_holds_not_what_was_asked(fake_server):
    def at_most_seven(setting: Setting) -> Setting:
        if setting.command is Command.SETTING_LABELCOUNT:
            return Setting(setting.command, min(7, setting.value))
        return setting

    async with fake_server(echo=at_most_seven) as server, client_of(server) as client:
        held = client.events(SettingHeld)
        client.set(label_count=900)
        while (event := await anext(held)).name != "label_count":
            pass
        assert event == SettingHeld("label_count", 900, 7)
        assert client.settings.label_count == 7
        assert client.wanted.label_count == 900


async def test_a_setting_changed_without_a_connection_is_sent_with_the_next(fake_server):
    async with fake_server() as server:
        client = client_of(server)
        client.set(name="garage", face_recognition=False)
        async with client:
            session = await server.next_session()
            await session.until(lambda s: len(s.messages) == 5)
            assert session.settings()[Command.SETTING_NAME] == "garage"
            assert session.settings()[Command.SETTING_FACERECOGNITIONENABLED] is False


async def test_results_carry_number_mark_and_latency(fake_server):
    async with (
        fake_server(answers=lambda frame: (f"person {frame}",)) as server,
        client_of(server) as client,
    ):
        await client.connected()
        results = client.results()
        client.send(b"jpeg", mark=77)
        result = await anext(results)
        assert (result.frame, result.mark) == (1, 77)
        assert [face.tag for face in result.faces] == ["person 1"]
        assert 0 < result.latency < 30
        statistics = client.statistics()
        assert statistics.sent == statistics.results == 1
        assert statistics.latency_p50 == result.latency


async def test_no_frame_goes_beyond_the_window_and_only_the_newest_waits(fake_server):
    async with fake_server() as server, client_of(server, window=2) as client:
        await client.connected()
        session = await server.next_session()
        for number in range(1, 3):
            client.send(b"frame %d" % number)
            await session.until(lambda s, n=number: len(s.frames) == n)
        for number in range(3, 10):
            client.send(b"frame %d" % number)
        # A text travels behind every frame that was let through before it.
        client.message("all sent")
        await session.until(lambda s: Text("all sent") in s.messages)
        assert session.frames == [b"frame 1", b"frame 2"]
        assert client.statistics().replaced == 6
        await session.done(1)
        await session.until(lambda s: len(s.frames) == 3)
        assert session.frames[-1] == b"frame 9"


async def test_no_frame_overtakes_the_settings(fake_server):
    async with fake_server(asks=False) as server, client_of(server) as client:
        session = await server.next_session()
        await client.connected()
        client.send(b"early")
        await session.until(lambda s: bool(s.frames))
        assert len(session.settings()) == 5  # sent unasked, after some patience


async def test_a_server_without_version_2_gets_the_newest_frames_and_its_results_no_numbers(
    fake_server,
):
    async with (
        fake_server(version=Version.V1, answers=lambda _: ("obama",)) as server,
        client_of(server) as client,
    ):
        await client.connected()
        assert client.version is Version.V1
        assert "version 1" in client.status.text
        results = client.results()
        client.health(Health(version="1"))
        for _ in range(5):
            client.send(b"jpeg")
            result = await anext(results)
            assert result == FacesResult(result.faces)
            assert result.faces[0].tag == "obama"
        session = await server.next_session()
        assert not [m for m in session.messages if isinstance(m, Health)]


async def test_texts_go_both_ways_and_wait_for_a_connection(fake_server):
    async with fake_server() as server:
        client = client_of(server)
        client.message("before")
        for _ in range(31):
            client.message("more")
        with pytest.raises(OutboxFullError):
            client.message("too many")
        texts = client.events(TextReceived)
        sent = client.events(TextSent)
        async with client:
            session = await server.next_session()
            await session.until(lambda s: Text("before") in s.messages)
            assert await anext(sent) == TextSent("before")
            await session.send(Text("hello"))
            assert await anext(texts) == TextReceived("hello")


async def test_health_and_complaints(fake_server):
    async with fake_server() as server, client_of(server) as client:
        session = await server.next_session()
        complaints = client.events(ServerError)
        client.health(Health(cpu_temperature=41.5))
        await session.until(lambda s: Health(cpu_temperature=41.5) in s.messages)
        await session.send(ErrorReport("frame-damaged", "cut short", 4))
        assert await anext(complaints) == ServerError("frame-damaged", "cut short", 4)


async def test_it_survives_the_restart_of_the_server(fake_server):
    async with fake_server(answers=lambda _: ()) as server, client_of(server) as client:
        statuses = client.statuses()
        await until_state(statuses, State.CONNECTED)
        await server.stop()
        waiting = await until_state(statuses, State.RETRYING)
        assert waiting.reason is Reason.SHUTDOWN
        assert waiting.retry_in >= 1
        await server.start()
        await until_state(statuses, State.CONNECTED)
        ended = client.events(FrameEnded)
        client.send(b"after")
        assert (await anext(ended)).frame == 1  # numbers begin anew with each connection
        second = await server.next_session()
        if not second.frames:
            second = await server.next_session()
        assert second.settings()[Command.SETTING_NAME] == "kitchen"
        assert client.statistics().connections == 2


@pytest.mark.parametrize(
    ("hint", "code", "delays"),
    [
        (Drain(3000.0, 500.0), 1001, (3.0, 3.5)),
        (None, 1001, (1.0, 5.0)),  # an older server
        (Drain(60000.0, 0.0), 1001, (5.0, 5.0)),
        (Drain(3000.0, 500.0), None, (3.0, 3.5)),  # killed before it could say good-bye
    ],
)
async def test_the_server_tells_when_to_come_back(fake_server, hint, code, delays):
    async with fake_server() as server:
        client = Client(server.address, trust=Fingerprint(server.certificate.fingerprint))
        async with client:
            statuses = client.statuses()
            session = await server.next_session()
            if hint is not None:
                await session.send(hint)
            if code is None:
                await session.until(lambda s: bool(s.messages))
                await session.websocket.ping()
                session.websocket.transport.close()
            else:
                await session.websocket.close(code, "the server is ending")
            waiting = await until_state(statuses, State.RETRYING)
            assert waiting.reason is Reason.SHUTDOWN
            assert delays[0] <= waiting.retry_in <= delays[1]
            assert waiting.attempt == 1
            if hint is not None:
                assert f"back in about {hint.back_in_ms / 1e3:.0f} s" in waiting.text


async def test_after_a_drain_attempts_stay_frequent_until_the_server_is_back(fake_server):
    async with fake_server() as server, client_of(server) as client:
        statuses = client.statuses()
        session = await server.next_session()
        await session.send(Drain(4000.0, 1000.0))
        await server.stop()
        waiting = [await until_state(statuses, State.RETRYING) for _ in range(20)]
        assert all(1 <= w.retry_in <= 5 for w in waiting)
        assert [w.reason for w in waiting[1:]] == [Reason.UNREACHABLE] * 19
        await server.start()
        await until_state(statuses, State.CONNECTED)


async def test_a_cut_connection_is_noticed_and_its_frames_are_counted_lost(fake_server):
    async with fake_server() as server, client_of(server) as client:
        statuses = client.statuses()
        await until_state(statuses, State.CONNECTED)
        session = await server.next_session()
        client.send(b"one")
        await session.until(lambda s: bool(s.frames))
        session.websocket.transport.abort()
        waiting = await until_state(statuses, State.RETRYING)
        assert waiting.reason is Reason.LOST
        assert client.statistics().lost == 1
        assert client.version is None
        await until_state(statuses, State.CONNECTED)


async def test_frames_without_a_connection_are_dropped_and_counted(fake_server):
    async with fake_server() as server:
        client = client_of(server)
        client.send(b"nobody")
        async with client:
            session = await server.next_session()
            await session.until(lambda s: len(s.messages) == 5)
            client.send(b"somebody")
            await session.until(lambda s: bool(s.frames))
            assert session.frames == [b"somebody"]
            assert client.statistics().disconnected == 1


async def test_words_that_came_before_the_end_tell_its_reason(fake_server):
    async with fake_server() as server, client_of(server) as client:
        statuses = client.statuses()
        session = await server.next_session()
        await session.send(ErrorReport("too-many-clients", "8 clients are the most"))
        await session.websocket.close(1008, "policy")
        waiting = await until_state(statuses, State.RETRYING)
        assert waiting.reason is Reason.BUSY
        assert "8 clients are the most" in waiting.text


async def test_a_client_that_flooded_the_server_is_told_that_it_is_busy(fake_server):
    async with fake_server() as server, client_of(server) as client:
        statuses = client.statuses()
        session = await server.next_session()
        await session.send(ErrorReport("flooding", "send fewer texts"))
        await session.websocket.close(1008, "flooding")
        waiting = await until_state(statuses, State.RETRYING)
        assert waiting.reason is Reason.BUSY


async def test_a_server_that_answers_no_frame_is_left_and_tried_again(fake_server):
    timing = Timing(stall_timeout=0.2)
    async with fake_server() as server, client_of(server, timing=timing) as client:
        statuses = client.statuses()
        await until_state(statuses, State.CONNECTED)
        client.send(b"unanswered")
        waiting = await until_state(statuses, State.RETRYING)
        assert waiting.reason is Reason.STALLED
        await until_state(statuses, State.CONNECTED)


async def test_a_waiting_frame_takes_the_place_of_one_whose_end_never_comes(fake_server):
    timing = Timing(credit_timeout=0.2)
    async with fake_server() as server, client_of(server, timing=timing, window=1) as client:
        await client.connected()
        session = await server.next_session()
        client.send(b"never answered")
        await session.until(lambda s: len(s.frames) == 1)
        client.send(b"next")
        await session.until(lambda s: len(s.frames) == 2)
        assert session.frames[-1] == b"next"
        assert client.statistics().lost == 1


async def test_a_server_that_never_reads_is_left_and_holds_one_frame_at_most(fake_server):
    timing = Timing(send_timeout=0.5, init_patience=0.01)
    async with (
        fake_server(version=Version.V1, reads=False) as server,
        client_of(server, timing=timing) as client,
    ):
        statuses = client.statuses()
        await until_state(statuses, State.CONNECTED)
        frame = bytes(2**24)
        for _ in range(50):
            client.send(frame)
            await asyncio.sleep(0)
        waiting = await until_state(statuses, State.RETRYING)
        assert waiting.reason is Reason.STALLED
        assert client.statistics().sent == 1


async def test_closing_ends_iterations_and_it_can_be_started_again(fake_server):
    async with fake_server() as server:
        client = client_of(server)
        results = client.results()
        for _ in range(2):
            async with client:
                await client.connected()
            assert client.status.state is State.DISCONNECTED
        assert [result async for result in results] == []
        with pytest.raises(TimeoutError):
            await client.connected(0.01)


async def test_the_oldest_results_give_way_when_nobody_reads(fake_server):
    async with fake_server() as server, client_of(server) as client:
        session = await server.next_session()
        await client.connected()
        few = client.results(limit=2)
        all_of_them = client.results()
        for frame in range(1, 6):
            await session.send(FacesFound((), frame))
        for _ in range(5):
            await anext(all_of_them)
        assert [(await anext(few)).frame, (await anext(few)).frame] == [4, 5]
        assert few.dropped == 3


async def test_a_faulty_callback_is_reported_and_harms_nothing(fake_server):
    reported = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    async with fake_server(answers=lambda _: ()) as server, client_of(server) as client:
        await client.connected()
        results = client.results()
        client.subscribe(FacesResult, lambda _: 1 / 0)
        client.send(b"jpeg")
        await anext(results)
        client.send(b"jpeg")
        await anext(results)
    assert [type(context["exception"]) for context in reported] == [ZeroDivisionError] * 2


async def test_what_the_server_sends_amiss_is_counted_and_ignored(fake_server):
    async with fake_server() as server, client_of(server) as client:
        session = await server.next_session()
        results = client.results()
        for amiss in ("{", '{"command":99}', '{"command":3,"context":7}', b"binary", "[]"):
            await session.websocket.send(amiss)
        await session.send(FacesFound((), 1))
        await anext(results)
        assert client.statistics().unreadable == 4
        assert client.statistics().unknown == 1


async def test_an_unreachable_server_is_tried_again_with_growing_delays():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = Client(f"127.0.0.1:{port}", trust=NoVerification(), random=random.Random(1))
    client.subscribe(Status, lambda s: client.retry() if s.state is State.RETRYING else None)
    statuses = client.statuses()
    async with client:
        seen = [await until_state(statuses, State.RETRYING) for _ in range(5)]
    assert [status.attempt for status in seen] == [1, 2, 3, 4, 5]
    assert all(status.reason is Reason.UNREACHABLE for status in seen)
    assert "nothing listens at" in seen[0].text


async def test_a_fault_of_the_client_itself_is_loud(fake_server, caplog):
    def broken_clock() -> float:
        raise ZeroDivisionError

    async with fake_server() as server:
        client = client_of(server, clock=broken_clock)
        statuses = client.statuses()
        client.start()
        with pytest.raises(ZeroDivisionError):
            await until_state(statuses, State.RETRYING)
        assert client.status.reason is Reason.FAULT
        assert [r.levelno for r in caplog.records if r.exc_info] == [logging.CRITICAL]


@pytest.mark.parametrize("token", ["two\nlines", "schlüssel"])
def test_a_token_that_no_header_can_carry_is_refused_at_once(token):
    with pytest.raises(ValueError, match="token"):
        Client("host", trust=NoVerification(), token=token)
