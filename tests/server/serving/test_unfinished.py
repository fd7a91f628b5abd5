"""The account of messages that have begun and not ended, by a clock that the test sets."""

from iot_facerecognition_server.serving.unfinished import UnfinishedMessages


def test_the_message_that_held_most_for_longest_goes() -> None:
    messages = UnfinishedMessages(100, 30.0)
    assert messages.hold("old and small", 1, 0.0) is None
    assert messages.hold("old and large", 60, 1.0) is None
    assert messages.hold("new and large", 39, 9.0) is None
    assert messages.hold("ordinary", 5, 10.0) == "old and large"
    assert messages.size == 45


def test_many_small_messages_that_lie_go_before_an_ordinary_one() -> None:
    messages = UnfinishedMessages(1000, 30.0)
    for number in range(100):
        messages.hold(number, 10, 0.0)
    assert messages.hold("ordinary", 60, 5.0) in range(100)


def test_a_message_is_overdue_by_its_begin_not_by_its_last_byte() -> None:
    messages = UnfinishedMessages(100, 30.0)
    messages.hold("slow", 1, 0.0)
    messages.hold("later", 1, 20.0)
    messages.hold("slow", 2, 29.0)
    assert messages.overdue(29.9) == ()
    assert messages.overdue(30.0) == ("slow",)
    assert messages.size == 1
    messages.release("later")
    assert messages.overdue(1000.0) == ()
    assert messages.size == 0


def test_a_new_message_of_the_same_connection_has_its_own_time() -> None:
    messages = UnfinishedMessages(100, 30.0)
    messages.hold("one", 50, 0.0)
    messages.release("one")
    messages.hold("one", 50, 29.0)
    assert messages.overdue(31.0) == ()


def test_past_the_bound_of_an_account_its_messages_arrive_one_after_the_other() -> None:
    went_on: list[object] = []
    messages = UnfinishedMessages(1000, 30.0, of_account=50, go_on=went_on.append)
    for name in ("first", "second", "third"):
        messages.hold(name, 20, 0.0, account="crowd")
    messages.hold("alone", 60, 0.0, account="honest")
    assert [messages.may_go_on(name) for name in ("first", "second", "third")] == [
        True,
        False,
        False,
    ]
    assert messages.may_go_on("alone"), "a message may be larger when it is the only one"
    assert messages.may_go_on("silent")
    messages.hold("second", 40, 1.0, account="crowd")
    messages.release("first")
    assert went_on == ["second"]
    messages.release("second")
    assert went_on == ["second", "third"]
    messages.release("third")
    assert went_on == ["second", "third"]


def test_who_is_given_up_lets_the_next_of_its_account_go_on() -> None:
    went_on: list[object] = []
    messages = UnfinishedMessages(1000, 30.0, of_account=10, go_on=went_on.append)
    messages.hold("slow", 20, 0.0, account="crowd")
    messages.hold("next", 5, 1.0, account="crowd")
    assert not messages.may_go_on("next")
    assert messages.overdue(30.0) == ("slow",)
    assert went_on == ["next"]
    messages.hold("last", 11, 30.0, account="crowd")
    assert messages.hold("next", 2000, 31.0, account="crowd") == "next"
    assert went_on == ["next", "last"], "the largest is past the total and goes"
