"""Nobody takes everybody's place."""

from http import HTTPStatus

from iot_facerecognition_server.serving.admission import Admission


def test_one_identity_cannot_keep_the_others_out() -> None:
    admission = Admission(most=1000, most_per_address=0, most_per_identity=100)
    answers = [admission.enter(f"10.0.{n // 250}.{n % 250}", "greedy") for n in range(1000)]
    assert answers[:100] == [None] * 100
    refused = answers[100]
    assert refused is not None
    assert (refused.status, refused.reason) == (
        HTTPStatus.TOO_MANY_REQUESTS,
        "too-many-connections",
    )
    assert "[Budget] Connections" in refused.message
    assert admission.enter("10.0.0.1", "honest") is None


def test_addresses_of_one_ipv6_network_are_one_peer() -> None:
    admission = Admission(most=0, most_per_address=2, most_per_identity=0)
    assert admission.enter("2001:db8::1", "a") is None
    assert admission.enter("2001:db8::2", "b") is None
    assert admission.enter("2001:db8::3", "c") is not None
    assert admission.enter("2001:db8:0:1::3", "c") is None
    admission.leave("2001:db8::1", "a")
    assert admission.enter("2001:db8::4", "d") is None


def test_who_leaves_makes_room() -> None:
    admission = Admission(most=2, most_per_address=1, most_per_identity=1)
    assert admission.enter("a", "first") is None
    assert admission.enter("b", "first") is not None
    admission.leave("a", "first")
    assert admission.enter("b", "first") is None
    assert admission.connections == 1


def test_zero_admits_any_number() -> None:
    admission = Admission(most=0, most_per_address=0, most_per_identity=0)
    assert [admission.enter("a", "first") for _ in range(5000)] == [None] * 5000


def test_fullest_address_and_identity_are_told_for_the_metrics() -> None:
    admission = Admission(most=10, most_per_address=3, most_per_identity=2)
    assert (admission.most_of_an_address, admission.most_of_an_identity) == (0, 0)
    for address, identity in (("10.0.0.1", "a"), ("10.0.0.1", "b"), ("10.0.0.2", "b")):
        assert admission.enter(address, identity) is None
    assert (admission.most_of_an_address, admission.most_of_an_identity) == (2, 2)
    admission.leave("10.0.0.1", "b")
    assert (admission.most_of_an_address, admission.most_of_an_identity) == (1, 1)
