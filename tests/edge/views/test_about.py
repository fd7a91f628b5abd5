"""The page about the device."""

from iot_facerecognition_edge.views.view import Page
from iot_facerecognition_protocol import Health


def test_it_tells_version_network_and_health(finger):
    finger.app.open(Page.ABOUT)
    finger.wait()
    facts = dict(finger.view.facts.rows)
    assert facts["Version"] == "0.1.0"
    assert facts["Address"] == "192.168.1.20 (wlan0)\nfd00::ba27:ebff:fe12:3456 (wlan0)"
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


def test_a_device_that_is_in_no_network_says_so_and_an_address_that_comes_is_seen(finger):
    addresses, finger.appliance.addresses = finger.appliance.addresses, ()
    finger.app.open(Page.ABOUT)
    finger.wait()
    assert dict(finger.view.facts.rows)["Address"] == "none: not in a network"
    finger.appliance.addresses = addresses[:1]
    finger.wait(6.0)
    assert dict(finger.view.facts.rows)["Address"] == "192.168.1.20 (wlan0)"
