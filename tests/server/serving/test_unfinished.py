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
