"""The conversation of one connection, without one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from iot_facerecognition_client.conversation import Conversation
from iot_facerecognition_client.events import FrameEnded, SettingHeld, TextSent
from iot_facerecognition_client.outbox import (
    TEXTS_KEPT,
    Outbox,
    OutboxFullError,
    OutgoingFrame,
)
from iot_facerecognition_client.scene import Scene
from iot_facerecognition_client.settings_sync import FIELDS, SettingsSync
from iot_facerecognition_client.statistics import Counters
from iot_facerecognition_protocol import (
    CREDIT_SECONDS,
    DEFAULT_WINDOW,
    MOST_WINDOW,
    Command,
    Drain,
    ErrorReport,
    FacesFound,
    FrameDone,
    FrameStatus,
    Health,
    InitRequest,
    Message,
    SessionSettings,
    Setting,
    Text,
    UpdateAcknowledged,
    Version,
    decode,
    encode,
)

WINDOW = 3
SAID = {c: name for c, name in FIELDS.items() if c is not Command.SETTING_OBJECTTHRESHOLD}
"""The settings that are said at once: a threshold is left to the server until somebody sets one."""


class AnyConversation(RuleBasedStateMachine):
    """Whatever is offered and answered in whatever order, credit and counts hold."""

    def __init__(self) -> None:
        super().__init__()
        self.statistics = Counters()
        self.outbox = Outbox()
        self.session = Conversation(
            Version.V2, SettingsSync(SessionSettings()), self.outbox, self.statistics, window=WINDOW
        )
        self.session.receive(encode(InitRequest()), 0.0)
        self.now = 0.0
        self.offered = 0
        self.newest_sent = 0
        self.sent = 0
        self.open: dict[int, float] = {}
        self.lost = 0

    @rule()
    def offer(self) -> None:
        self.offered += 1
        self.statistics.offered += 1
        frame = OutgoingFrame(b"%d" % self.offered, self.now, self.offered)
        self.statistics.replaced += self.outbox.put_frame(frame)

    @rule()
    def take(self) -> None:
        self.now += 1
        overdue = [n for n, sent in self.open.items() if self.now - sent >= CREDIT_SECONDS]
        self.lost += len(overdue)
        self.open = {n: sent for n, sent in self.open.items() if n not in overdue}
        while isinstance(message := self.session.next_message(self.now), str):
            assert isinstance(decode(message), Setting)
        if message is not None:
            assert int(message) == self.offered > self.newest_sent
            self.newest_sent = self.offered
            self.sent += 1
            self.open[self.sent] = self.now

    @precondition(lambda self: self.open)
    @rule(data=st.data(), status=st.sampled_from(FrameStatus))
    def done(self, data: st.DataObject, status: FrameStatus) -> None:
        self.now += 1
        frame = data.draw(st.sampled_from(sorted(self.open)))
        del self.open[frame]
        ended = self.session.receive(encode(FrameDone(frame, status)), self.now)
        assert isinstance(ended, FrameEnded)
        assert ended.latency > 0
        assert (ended.frame, ended.status) == (frame, status)

    @rule(frame=st.integers(-2, 2**70))
    def done_out_of_turn(self, frame: int) -> None:
        if frame not in self.open:
            event = self.session.receive(encode(FrameDone(frame, FrameStatus.DROPPED)), self.now)
            assert event is None

    @invariant()
    def the_window_holds(self) -> None:
        assert len(self.open) <= WINDOW
        assert self.session.waiting_since is not None or not self.open

    @invariant()
    def every_frame_is_accounted_for(self) -> None:
        counted = self.statistics
        waiting = counted.offered - counted.sent - counted.replaced
        assert waiting in {0, 1}

    def teardown(self) -> None:
        self.session.end()
        counted = self.statistics
        assert counted.lost == self.lost + len(self.open)
        assert counted.offered == counted.sent + counted.replaced + counted.disconnected


TestConversation = AnyConversation.TestCase


def new_session(
    version: Version = Version.V2,
) -> tuple[Conversation, Outbox, SettingsSync, Counters]:
    outbox, statistics, settings = Outbox(), Counters(), SettingsSync(SessionSettings())
    return (
        Conversation(version, settings, outbox, statistics, window=WINDOW),
        outbox,
        settings,
        statistics,
    )


@given(st.text() | st.binary())
def test_whatever_a_server_says_harms_nothing(data):
    session, _, _, statistics = new_session()
    session.receive(data, 1.0)
    assert statistics.bytes_received == len(data.encode() if isinstance(data, str) else data)


def test_settings_go_before_texts_and_texts_before_health_and_frames():
    session, outbox, _, _ = new_session()
    outbox.put_frame(OutgoingFrame(b"jpeg", 0.0))
    outbox.put_health(Health(uptime=1.0))
    outbox.put_text("hello")
    assert session.next_message(0.0) is None  # the server has not asked yet
    session.receive(encode(InitRequest()), 0.0)
    sent = list(iter(lambda: session.next_message(0.0), None))
    assert [decode(m) for m in sent[5:-1]] == [Text("hello"), Health(uptime=1.0)]
    assert [decode(m).command for m in sent[:5]] == list(SAID)
    assert sent[-1] == b"jpeg"


def test_a_text_is_sent_when_it_is_delivered_and_waits_again_when_its_connection_ends():
    session, outbox, settings, statistics = new_session()
    session.begin()
    outbox.put_text("first")
    outbox.put_text("second")
    for _ in SAID:
        session.next_message(0.0)
        assert not session.wants_receipt
        assert session.delivered() is None
    assert decode(session.next_message(0.0)) == Text("first")
    assert session.wants_receipt
    assert session.delivered() == TextSent("first")
    assert decode(session.next_message(0.0)) == Text("second")
    session.end()
    after = Conversation(Version.V2, settings, outbox, statistics)
    after.begin()
    messages = [decode(m) for m in iter(lambda: after.next_message(0.0), None)]
    assert messages[-1] == Text("second")


def test_a_text_under_way_takes_the_room_of_one_that_waits():
    outbox = Outbox()
    for number in range(TEXTS_KEPT):
        outbox.put_text(str(number))
    assert outbox.pop_text() == "0"
    with pytest.raises(OutboxFullError):
        outbox.put_text("one more")
    outbox.text_undone()
    with pytest.raises(OutboxFullError):
        outbox.put_text("one more")
    for number in range(TEXTS_KEPT):
        assert outbox.pop_text() == str(number)
        outbox.text_done()
    assert outbox.pop_text() is None
    outbox.put_text("again")


def test_a_result_carries_the_scene_of_its_frame():
    session, outbox, _, _ = new_session()
    session.begin()
    scenes = [Scene(1, (640, 480)), Scene(2, (300, 600))]
    for scene in scenes:
        outbox.put_frame(OutgoingFrame(b"jpeg", 0.0, scene=scene))
        list(iter(lambda: session.next_message(0.0), None))
    for number, scene in enumerate(scenes, start=1):
        assert session.receive(encode(FacesFound((), number)), 0.0).scene == scene


def test_a_result_over_version_1_is_taken_for_the_newest_frames():
    session, outbox, _, _ = new_session(Version.V1)
    session.begin()
    outbox.put_frame(OutgoingFrame(b"jpeg", 0.0, scene=Scene(1, (640, 480))))
    list(iter(lambda: session.next_message(0.0), None))
    result = session.receive(encode(FacesFound(()), Version.V1), 0.0)
    assert (result.frame, result.scene) == (None, Scene(1, (640, 480)))


def test_version_1_has_neither_credit_nor_health():
    session, outbox, _, _ = new_session(Version.V1)
    session.begin()
    outbox.put_health(Health(uptime=1.0))
    while session.next_message(0.0):
        pass
    for number in range(20):
        outbox.put_frame(OutgoingFrame(b"%d" % number, 0.0))
        assert session.next_message(0.0) == b"%d" % number
    result = session.receive('{"command":3,"context":[]}', 1.0)
    assert (result.frame, result.latency) == (None, None)
    assert session.waiting_since is None


def test_a_result_for_a_frame_never_sent_has_no_origin():
    session, _, _, _ = new_session()
    result = session.receive(encode(FacesFound((), 7)), 1.0)
    assert (result.frame, result.captured, result.latency, result.mark) == (7, None, None, None)


@pytest.mark.parametrize(
    ("code", "ends"), [("rate", False), ("malformed-message", False), ("idle", True)]
)
def test_only_a_complaint_that_ends_the_connection_is_kept_as_its_reason(code, ends):
    session, _, _, _ = new_session()
    complaint = session.receive(encode(ErrorReport(code, "words")), 0.0)
    assert complaint.code == code
    assert (session.last_error == complaint) == ends


def test_asking_again_is_answered_again():
    session, _, settings, _ = new_session()
    for _ in range(2):
        session.receive(encode(InitRequest()), 0.0)
        assert len(list(iter(lambda: session.next_message(0.0), None))) == 5
    assert settings.pending == set(SAID.values())


def test_many_changes_of_one_setting_are_one_message():
    session, _, settings, _ = new_session()
    session.begin()
    while session.next_message(0.0):
        pass
    for count in range(2, 9):
        settings.change(label_count=count)
    assert decode(session.next_message(0.0)) == Setting(Command.SETTING_LABELCOUNT, 8)
    assert session.next_message(0.0) is None


def test_a_setting_is_pending_until_its_last_echo():
    settings = SettingsSync(SessionSettings())
    settings.requested()
    while settings.next_change():
        pass
    for command in FIELDS:
        settings.echoed(Setting(command, getattr(SessionSettings(), FIELDS[command])))
    settings.change(label_count=7)
    assert settings.next_change()
    settings.change(label_count=9)
    assert settings.next_change()
    settings.echoed(Setting(Command.SETTING_LABELCOUNT, 7))
    assert settings.pending == {"label_count"}
    assert settings.echoed(Setting(Command.SETTING_LABELCOUNT, 9)).held == 9
    assert not settings.pending


def test_a_setting_that_the_server_changed_by_itself_holds():
    settings = SettingsSync(SessionSettings())
    assert settings.echoed(Setting(Command.SETTING_NAME, "renamed")) == SettingHeld(
        "name", None, "renamed"
    )
    assert settings.held.name == "renamed"
    assert settings.wanted.name == "?"


def test_asking_again_for_what_the_server_did_not_grant_is_sent_again():
    settings = SettingsSync(SessionSettings(label_count=900))
    settings.requested()
    while settings.next_change():
        pass
    settings.echoed(Setting(Command.SETTING_LABELCOUNT, 7))
    settings.change(label_count=900)
    assert settings.next_change() == Setting(Command.SETTING_LABELCOUNT, 900)


def sent_frames(session: Conversation, outbox: Outbox, now: float) -> int:
    """Offer frames until no more go out; return how many did."""
    sent = 0
    while True:
        outbox.put_frame(OutgoingFrame(b"jpeg", now))
        while isinstance(message := session.next_message(now), str):
            pass
        if message is None:
            return sent
        sent += 1


def session_with_window(window: int | None) -> tuple[Conversation, Outbox]:
    outbox, settings = Outbox(), SettingsSync(SessionSettings())
    return Conversation(Version.V2, settings, outbox, Counters(), window=window), outbox


@pytest.mark.parametrize(
    ("given", "announced", "allowed"),
    [
        (None, None, DEFAULT_WINDOW),
        (None, 5, 5),
        (None, 10**9, MOST_WINDOW),
        (1, 5, 1),
        (3, None, 3),
        (10**9, 2, MOST_WINDOW),
    ],
)
def test_window_is_the_program_s_or_else_the_server_s(given, announced, allowed):
    session, outbox = session_with_window(given)
    session.receive(encode(InitRequest(announced)), 0.0)
    assert sent_frames(session, outbox, 0.0) == allowed


def test_server_that_asks_again_with_a_smaller_window_is_obeyed():
    session, outbox = session_with_window(None)
    session.receive(encode(InitRequest(4)), 0.0)
    assert sent_frames(session, outbox, 0.0) == 4
    session.receive(encode(InitRequest(2)), 1.0)
    for frame in (1, 2):
        session.receive(encode(FrameDone(frame, FrameStatus.DROPPED, reason="late")), 1.0)
    assert sent_frames(session, outbox, 1.0) == 0
    session.receive(encode(FrameDone(3, FrameStatus.DROPPED, reason="late")), 1.0)
    assert sent_frames(session, outbox, 1.0) == 1


def test_frame_without_an_end_gives_its_credit_back_and_is_counted_as_lost():
    session, outbox, _, statistics = new_session()
    session.receive(encode(InitRequest()), 0.0)
    assert sent_frames(session, outbox, 0.0) == WINDOW
    assert sent_frames(session, outbox, CREDIT_SECONDS - 0.1) == 0
    assert session.receive(encode(FrameDone(2, FrameStatus.PROCESSED)), CREDIT_SECONDS - 0.1)
    assert sent_frames(session, outbox, CREDIT_SECONDS) == WINDOW
    assert statistics.lost == 2
    assert session.receive(encode(FrameDone(1, FrameStatus.PROCESSED)), CREDIT_SECONDS + 1) is None
    assert statistics.unreadable == 0


def test_overdue_credit_does_not_hide_that_the_server_answers_nothing():
    session, outbox, _, _ = new_session()
    session.receive(encode(InitRequest()), 0.0)
    sent_frames(session, outbox, 0.0)
    sent_frames(session, outbox, CREDIT_SECONDS)
    assert session.waiting_since == 0.0


def test_answers_that_all_come_too_late_are_answers_all_the_same():
    """Over a very slow link each frame takes longer than its credit: no reason to reconnect."""
    session, outbox, _, statistics = new_session()
    session.receive(encode(InitRequest()), 0.0)
    sent_frames(session, outbox, 0.0)
    for frame in (1, 2, 3):
        now = frame * CREDIT_SECONDS
        assert sent_frames(session, outbox, now) == WINDOW
        assert session.receive(encode(FrameDone(frame, FrameStatus.PROCESSED)), now + 1) is None
        assert session.waiting_since == now + 1
    assert statistics.unreadable == 0


def answer(session: Conversation, frame: int, now: float, at_server: float) -> None:
    done = FrameDone(frame, FrameStatus.PROCESSED, 0.0, at_server * 1e3)
    assert session.receive(encode(done), now) is not None


@pytest.mark.parametrize(
    ("given", "seconds", "at_server", "allowed"),
    [
        (None, 0.035, 0.030, 2),  # a loopback
        (None, 0.100, 0.030, 3),
        (None, 0.400, 0.030, 4),  # 30 ms each way with losses
        (None, 0.400, 0.0, 4),
        (None, 0.010, 0.500, 2),  # clocks differ by more than the link takes
        (2, 0.400, 0.030, 2),
    ],
)
def test_link_that_is_slower_than_the_server_is_worth_a_frame_or_two_more(
    given, seconds, at_server, allowed
):
    session, outbox = session_with_window(given)
    session.receive(encode(InitRequest(2)), 0.0)
    now = 0.0
    for number in range(1, 41):
        outbox.put_frame(OutgoingFrame(b"jpeg", now))
        while isinstance(session.next_message(now), str):
            pass
        now += seconds
        answer(session, number, now, at_server)
    assert sent_frames(session, outbox, now) == allowed


def test_frames_that_were_not_worked_on_tell_nothing_of_the_link():
    session, outbox = session_with_window(None)
    session.receive(encode(InitRequest(2)), 0.0)
    assert sent_frames(session, outbox, 0.0) == 2
    for frame in (1, 2):
        session.receive(encode(FrameDone(frame, FrameStatus.DROPPED, reason="late")), 9.0)
    assert sent_frames(session, outbox, 9.0) == 2


def test_a_new_announcement_begins_anew():
    session, outbox = session_with_window(None)
    session.receive(encode(InitRequest(2)), 0.0)
    assert sent_frames(session, outbox, 0.0) == 2
    answer(session, 1, 1.0, 0.01)
    session.receive(encode(InitRequest(1)), 1.0)
    answer(session, 2, 1.0, 0.99)
    assert sent_frames(session, outbox, 1.0) == 1


def test_no_frame_is_sent_to_a_server_that_told_it_is_ending() -> None:
    outbox, statistics = Outbox(), Counters()
    session = Conversation(
        Version.V2, SettingsSync(SessionSettings()), outbox, statistics, window=2
    )
    session.receive(encode(InitRequest()), 0.0)
    while session.next_message(0.0) is not None:
        pass
    assert session.receive(encode(Drain(4000.0, 1000.0)), 1.0) is None
    assert session.drain == Drain(4000.0, 1000.0)
    outbox.put_frame(OutgoingFrame(b"jpeg", 1.0))
    assert session.next_message(1.0) is None
    session.end()
    assert statistics.disconnected == 1


def test_acknowledged_update_is_an_event() -> None:
    session = Conversation(
        Version.V2, SettingsSync(SessionSettings()), Outbox(), Counters(), window=2
    )
    acknowledged = UpdateAcknowledged("1.3.0", "b1")
    assert session.receive(encode(acknowledged), 0.0) == acknowledged


def test_what_the_server_holds_is_not_asked_for_again():
    session, _, settings, _ = new_session()
    session.begin()
    while session.next_message(0.0):
        pass
    for command, name in FIELDS.items():
        session.receive(encode(Setting(command, getattr(settings.wanted, name))), 0.0)
    session.receive(encode(Setting(Command.SETTING_LABELCOUNT, 4)), 0.0)
    settings.change(label_count=4)
    assert session.next_message(0.0) is None
    settings.change(label_count=7)
    assert decode(session.next_message(0.0)) == Setting(Command.SETTING_LABELCOUNT, 7)
    settings.change(label_count=4)
    assert decode(session.next_message(0.0)) == Setting(Command.SETTING_LABELCOUNT, 4)


def all_said(session: Conversation) -> list[Message]:
    """Return the texts that go out now."""
    texts = iter(lambda: session.next_message(0.0), None)
    return [decode(text) for text in texts if isinstance(text, str)]


def test_a_threshold_left_to_the_server_is_not_asked_for():
    session, _, settings, _ = new_session()
    session.begin()
    assert Command.SETTING_OBJECTTHRESHOLD not in [said.command for said in all_said(session)]
    assert "object_threshold" not in settings.pending


def test_a_threshold_is_asked_for_and_can_be_left_to_the_server_again():
    session, _, settings, _ = new_session()
    session.begin()
    all_said(session)
    settings.change(object_threshold=0.5)
    assert all_said(session) == [Setting(Command.SETTING_OBJECTTHRESHOLD, 0.5)]
    assert "object_threshold" in settings.pending
    session.receive(encode(Setting(Command.SETTING_OBJECTTHRESHOLD, 0.5)), 0.0)
    settings.change(object_threshold=None)
    assert all_said(session) == [Setting(Command.SETTING_OBJECTTHRESHOLD, None)]
    held = session.receive(encode(Setting(Command.SETTING_OBJECTTHRESHOLD, 0.3)), 0.0)
    assert held == SettingHeld("object_threshold", None, 0.3)
    assert "object_threshold" not in settings.pending
    assert (settings.wanted.object_threshold, settings.held.object_threshold) == (None, 0.3)


def test_a_threshold_is_wanted_from_the_next_server_as_well():
    session, _, settings, _ = new_session()
    settings.change(object_threshold=3)
    assert settings.wanted.object_threshold == 1.0
    assert "object_threshold" in settings.pending
    session.begin()
    assert Setting(Command.SETTING_OBJECTTHRESHOLD, 1.0) in all_said(session)


def test_version_1_is_not_asked_for_a_threshold():
    session, _, settings, _ = new_session(Version.V1)
    settings.change(object_threshold=0.5)
    session.begin()
    settings.change(object_threshold=0.6)
    assert len(all_said(session)) == 5
    assert "object_threshold" not in settings.pending
