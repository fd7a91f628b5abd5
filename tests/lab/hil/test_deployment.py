"""The card's settings file is one that the edge's first boot takes, by its own rules."""

import tomllib

from iot_facerecognition_edge.first_boot.document import OWN, read_document
from iot_facerecognition_edge.first_boot.wishes import DeviceFacts, read_wishes
from lab.hil.deployment import IDENTITY, card_settings

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsOE2l3wuF7RcHnI6bG8lLPt6JBB9sx5kPbCFQXHQdD virtual-pi"
CONNECTION = {
    "server": "10.0.2.100",
    "port": 50000,
    "token": "iotfr_" + "a" * 43,
    "fingerprint": "sha256:" + ":".join(["AB"] * 32),
}
SETTINGS = {"camera.fps": 2, "camera.source": "folder:/srv/pictures", "log.to_file": True}


def test_a_card_for_ansible_lets_it_in_and_sets_nothing_else():
    document = tomllib.loads(card_settings("hil-edge", KEY, {}, SETTINGS))
    assert set(document) == {"config_version", "system", "ssh"}
    assert document["ssh"]["authorized_keys"] == [KEY]


def test_a_card_without_a_key_of_ours_leaves_ssh_to_the_image():
    assert "ssh" not in tomllib.loads(card_settings("hil-edge", "", {}, {}))


def test_a_card_that_deploys_is_without_mistakes(tmp_path):
    text = card_settings("hil-edge", KEY, CONNECTION, SETTINGS)
    document = tomllib.loads(text)
    assert document["iot-facerecognition"]["name"] == IDENTITY
    assert document["iot-facerecognition"]["settings"]["log"]["to_file"] is True
    facts = DeviceFacts(lambda _: True, lambda _: True, str)
    assert read_wishes((read_document(OWN, text.encode()),), facts).problems == ()
