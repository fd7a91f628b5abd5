"""The page about the device."""

from iot_facerecognition_edge.views.view import Page
from iot_facerecognition_protocol import Health


def test_it_tells_version_network_and_health(finger):
    finger.app.open(Page.ABOUT)
    finger.wait()
    facts = dict(finger.view.facts.rows)
    assert facts["Network"] == "Wi-Fi at -52 dBm"
    assert facts["Temperature"] == "48 °C"
    assert facts["Free memory"] == "301 MB"
    assert facts["Running for"] == "1 d 2 h"
    assert facts["Power"] == "good"
    assert finger.view._name._text.endswith("0.1.0")


def test_bad_power_is_said_in_words(finger):
    finger.appliance.health = Health(throttled=0x50005)
    finger.app.open(Page.ABOUT)
    facts = dict(finger.view.facts.rows)
    assert facts["Power"] == "too little voltage, throttled"
    assert facts["Temperature"] == "unknown"


def test_the_figures_follow(finger):
    finger.app.open(Page.ABOUT)
    finger.wait()
    finger.appliance.health = Health(cpu_temperature=71.0)
    finger.wait(6.0)
    assert dict(finger.view.facts.rows)["Temperature"] == "71 °C"
