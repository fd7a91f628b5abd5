"""Addresses, back-off and statistics."""

import subprocess
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iot_facerecognition_client import Fingerprint, ServerAddress
from iot_facerecognition_client.backoff import Backoff
from iot_facerecognition_client.failures import opening_failure
from iot_facerecognition_client.fingerprint import fingerprint_digits
from iot_facerecognition_client.report import readable_line
from iot_facerecognition_client.statistics import LatencyWindow, RateMeter, Statistics
from iot_facerecognition_client.status import State, Status
from iot_facerecognition_client.trust import WrongCertificateError
from iot_facerecognition_protocol import Drain


@pytest.mark.parametrize(
    ("text", "host", "port", "url"),
    [
        ("server", "server", 50000, "wss://server:50000"),
        ("server:443", "server", 443, "wss://server:443"),
        (" wss://server:1/ ", "server", 1, "wss://server:1"),
        ("192.168.1.2:50001", "192.168.1.2", 50001, "wss://192.168.1.2:50001"),
        ("::1", "::1", 50000, "wss://[::1]:50000"),
        ("[fe80::1]:7", "fe80::1", 7, "wss://[fe80::1]:7"),
        ("[fe80::1%wlan0]:7", "fe80::1%wlan0", 7, "wss://[fe80::1%wlan0]:7"),
        ("fe80::1%wlan0", "fe80::1%wlan0", 50000, "wss://[fe80::1%wlan0]:50000"),
    ],
)
def test_addresses_as_people_write_them(text, host, port, url):
    address = ServerAddress.parse(text)
    assert address == ServerAddress(host, port)
    assert address.url == url
    assert ServerAddress.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":1",
        "ws://server",
        "https://server",
        "server:0",
        "server:65536",
        "server:x",
        "a/b",
        "user@server",
        "two words",
        "server:1:2]",
        "server:1:2",
        "server%1",
        "server?x",
        "server#x",
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - each text has a reason of its own
        ServerAddress.parse(text)


def test_a_host_with_a_port_is_refused_with_the_two_apart():
    with pytest.raises(ValueError, match=r"host server\.local and port 4433 apart"):
        ServerAddress("server.local:4433")


DIGITS = "0123456789abcdef" * 4
PAIRS = ":".join(DIGITS[at : at + 2] for at in range(0, 64, 2)).upper()


@pytest.mark.parametrize(
    "text",
    [
        DIGITS,
        f"sha256:{DIGITS}",
        f"SHA256:{PAIRS}",
        f"SHA256 Fingerprint={PAIRS}",
        f"sha256 Fingerprint={PAIRS}\n",
        f"SHA-256 Fingerprint: {PAIRS}",
        PAIRS.replace(":", " "),
        f"\ufeff{DIGITS}\r\n",
    ],
)
def test_fingerprints_as_people_have_them(text):
    assert fingerprint_digits(text) == DIGITS


@pytest.mark.parametrize(
    "text", ["", "12:34", DIGITS[:-1], DIGITS + "0", f"SHA1 Fingerprint={PAIRS[:59]}", "g" * 64]
)
def test_what_is_no_sha256_is_refused_with_both_ways_to_get_one(text):
    with pytest.raises(ValueError, match=r"cert show.*openssl x509 -noout -fingerprint -sha256"):
        fingerprint_digits(text)


def test_the_fingerprint_that_openssl_prints_is_the_certificates(make_certificate):
    certificate = make_certificate()
    command = ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in"]
    command.append(str(certificate.certificate_file))
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert Fingerprint(printed).value == certificate.fingerprint


@given(st.integers(), st.integers(1, 200))
def test_delays_stay_between_one_second_and_a_growing_ceiling(seed, failures):
    backoff = Backoff(Random(seed))
    for number in range(1, failures + 1):
        assert 1 <= backoff.next_delay() <= min(15, 2**number)
    assert 30 <= backoff.refused_delay() <= 60
    backoff.reset()
    assert backoff.next_delay() <= 2


@given(st.integers(), st.integers(1, 200))
def test_a_server_without_room_is_asked_less_and_less(seed, failures):
    backoff = Backoff(Random(seed))
    for number in range(1, failures + 1):
        assert 1 <= backoff.busy_delay() <= min(60, 2**number)


@given(st.integers(), st.floats(0, 1e7), st.floats(0, 1e7), st.integers(0, 9))
def test_the_first_delay_after_a_drain_is_what_the_server_told(seed, back_in, spread, failures):
    backoff = Backoff(Random(seed))
    for _ in range(failures):
        backoff.next_delay()
    backoff.drained(Drain(back_in, spread))
    begin = min(max(back_in / 1e3, 1.0), 5.0)
    assert begin <= backoff.next_delay() <= begin + min(spread / 1e3, 60.0)


@given(st.integers(), st.floats(0, 5000))
def test_delays_after_a_drain_stay_short_while_a_restart_may_take_so_long(seed, spread):
    backoff = Backoff(Random(seed))
    backoff.drained(Drain(4000.0, spread))
    waited = backoff.next_delay()
    while waited < Backoff.LONGEST_RESTART:
        delay = backoff.next_delay()
        assert 1 <= delay <= 5
        waited += delay
    assert max(backoff.next_delay() for _ in range(100)) > 10


def test_a_large_fleet_spreads_over_what_the_server_told():
    def delays(seed: int) -> list[float]:
        backoff = Backoff(Random(seed))
        backoff.drained(Drain(4000.0, 20000.0))
        return [backoff.next_delay() for _ in range(3)]

    firsts, seconds, _ = zip(*map(delays, range(300)), strict=True)
    for some, begin, end in ((firsts, 4, 24), (seconds, 1, 20)):
        width = end - begin
        assert begin <= min(some) < begin + 0.05 * width
        assert end - 0.05 * width < max(some) <= end


def late(backoff: Backoff, dark: float) -> float:
    """Return how long after the port has opened an edge asks, when it was closed for `dark` s."""
    now = 0.0
    while now < dark:
        now += backoff.next_delay()
    return now - dark


@given(st.integers(0, 10**6), st.floats(0, 115), st.floats(0, 60_000))
def test_fifty_edges_are_back_within_5_s_however_long_the_server_took(seed, dark, told):
    for edge in range(50):
        backoff = Backoff(Random(seed + edge))
        backoff.drained(Drain(told, 1000.0))
        if dark >= min(told / 1e3, 5.0) + 1.0:  # else it is back before it said that it would be
            assert late(backoff, dark) <= 5


@given(st.integers(0, 10**6), st.floats(2, 120))
def test_after_a_crash_the_last_of_fifty_edges_is_back_within_15_s(seed, dark):
    assert max(late(Backoff(Random(seed + edge)), dark) for edge in range(50)) <= 15


def test_a_server_that_is_back_and_fails_is_not_taken_for_one_that_restarts():
    backoff = Backoff(Random(1))
    backoff.drained(Drain(1000.0, 1000.0))
    backoff.next_delay()
    backoff.connected()
    delays = [backoff.next_delay() for _ in range(200)]
    assert max(delays) > 14


def test_delays_spread_over_the_whole_range():
    def late_delay(seed: int) -> float:
        backoff = Backoff(Random(seed))
        for _ in range(9):
            backoff.next_delay()
        return backoff.next_delay()

    delays = [late_delay(seed) for seed in range(300)]
    assert min(delays) < 2
    assert max(delays) > 14


def test_a_rate_counts_the_last_seconds_only():
    meter = RateMeter(window=2.0)
    for now in (0.0, 1.0, 1.5, 2.5):
        meter.add(now)
    assert meter.rate(2.5) == 1.5
    assert meter.rate(10.0) == 0.0


@given(st.lists(st.floats(0, 100), min_size=1))
def test_percentiles_are_among_what_was_measured(seconds):
    window = LatencyWindow(size=16)
    for value in seconds:
        window.add(value)
    kept = sorted(seconds[-16:])
    assert window.percentile(0) == kept[0]
    assert window.percentile(100) == kept[-1]
    assert kept[0] <= window.percentile(50) <= window.percentile(95) <= kept[-1]


def test_no_latency_is_none_and_not_zero():
    assert LatencyWindow().percentile(50) is None


def test_the_result_rate_is_that_of_frames_not_of_messages():
    statistics = Statistics()
    for number in range(30):
        statistics.faces_received(number / 10, 0.1)
        statistics.objects_received(number / 10, 0.2)
    snapshot = statistics.snapshot(2.9)
    assert snapshot.results == 60
    assert snapshot.result_fps == pytest.approx(10)
    assert snapshot.latency_p95 == 0.2


def test_the_clients_output_tells_a_whole_reason_with_its_cure():
    expected, presented = ("sha256:" + digit * 64 for digit in "ab")
    server = ServerAddress("192.168.100.200")
    failure = opening_failure(WrongCertificateError(expected, presented), server, with_token=True)
    status = Status(State.REFUSED, failure.text, failure.reason, 45.0)
    line = readable_line(status, datetime(2026, 5, 1, tzinfo=UTC))
    assert line.endswith(f"{failure.text} (trying again in 45 s)")
