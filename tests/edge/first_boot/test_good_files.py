"""What a good file does to a device, once and again."""

import stat

import pytest

from iot_facerecognition_edge.first_boot.template import filled, spelled, template
from tests.edge.first_boot.conftest import GOOD, KEY, PROFILE


def test_everything_of_a_good_file_is_applied(device):
    device.write(GOOD)
    outcome = device.start()
    assert outcome.report.problems == ()
    assert device.read("etc/hostname") == "kitchen-camera\n"
    assert "127.0.1.1\tkitchen-camera" in device.read("etc/hosts")
    assert "psk=correct horse\n" in device.read(PROFILE)
    assert device.read("var/lib/NetworkManager/NetworkManager.state").endswith("Enabled=true\n")
    assert device.read("var/lib/systemd/rfkill/platform-20300000.mmcnr:wlan") == "0\n"
    assert "DE" in device.read("etc/modprobe.d/iot-facerecognition-wlan.conf")
    assert str((device.root / "etc/localtime").readlink()) == "../usr/share/zoneinfo/Europe/Berlin"
    assert 'XKBLAYOUT="de"' in device.read("etc/default/keyboard")
    assert "\nde_DE.UTF-8 UTF-8\n" in "\n" + device.read("etc/locale.gen")
    assert device.read("etc/default/locale") == "LANG=de_DE.UTF-8\n"
    assert "NTP=192.168.1.1 pool.ntp.org" in device.read(
        "etc/systemd/timesyncd.conf.d/10-iot-facerecognition.conf"
    )
    assert device.settings == {
        "connection.name": "kitchen",
        "connection.address": "192.168.1.10",
        "connection.port": 50001,
        "connection.token": "secret-token",
        "connection.fingerprint": "ab" * 32,
        "camera.source": "v4l2",
        "camera.fps": 10,
        "display.rotation": "90",
    }


def test_the_radio_is_unblocked_by_the_kernel_s_event(device):
    device.write(GOOD)
    device.start()
    assert (device.root / "dev/rfkill").read_bytes() == bytes([0, 0, 0, 0, 1, 3, 0, 0])


def test_ssh_lets_keys_in_and_no_password(device):
    device.write(GOOD)
    device.start()
    assert device.read("etc/ssh/iot-facerecognition/pi") == f"{KEY} me@home\n"
    assert "PasswordAuthentication no" in device.read(
        "etc/ssh/sshd_config.d/00-iot-facerecognition.conf"
    )
    sudo = device.root / "etc/sudoers.d/010_iot-facerecognition"
    assert stat.S_IMODE(sudo.stat().st_mode) == 0o440
    assert ("systemctl", "enable", "--now", "--no-block", "ssh.service") in device.commands
    assert ("usermod", "--shell", "/bin/bash", "pi") in device.commands


def test_an_account_with_a_password_keeps_asking_for_it(device):
    (device.root / "etc/shadow").write_text("pi:$y$j9T$x$y:20000:0:99999:7:::\n")
    device.write(GOOD)
    device.start()
    assert not device.has("etc/sudoers.d/010_iot-facerecognition")


def test_only_root_reads_the_wifi_s_password(device):
    device.write(GOOD)
    device.start()
    assert stat.S_IMODE((device.root / PROFILE).stat().st_mode) == 0o600


def test_secrets_leave_the_card_and_everything_else_stays(device):
    device.write(GOOD)
    device.start()
    card = device.card
    assert "correct horse" not in card
    assert "secret-token" not in card
    kept = [line for line in card.splitlines() if not line.startswith("# ") or "kept" in line]
    expected = GOOD.replace('"correct horse"', '""').replace('"secret-token"', '""').splitlines()
    assert kept == expected
    assert card.count("taken over by the device") == 2


def test_a_second_start_changes_nothing(device):
    device.write(GOOD)
    device.start()
    before, commands = device.files(), len(device.commands)
    outcome = device.start()
    assert device.files() == before
    assert len(device.commands) == commands
    assert outcome.report.problems == ()
    assert "[wlan] the Wi-Fi" in outcome.report.applied


def test_another_version_of_the_program_reads_again_and_keeps_everything(device):
    device.write(GOOD)
    device.start("1.0")
    before = device.read(PROFILE), device.settings, device.card
    assert device.start("2.0").report.problems == ()
    assert (device.read(PROFILE), device.settings, device.card) == before


def test_a_changed_file_changes_what_it_names_and_nothing_else(device):
    device.write(GOOD)
    device.start()
    path = device.root / "var/lib/iot-facerecognition-edge/settings.json"
    on_screen = path.read_text().replace('"camera.fps": 10', '"camera.fps": 25')
    path.write_text(on_screen)
    device.commands.clear()
    device.write(device.card.replace('"192.168.1.10"', '"server.local"'))
    assert device.start().report.problems == ()
    assert device.settings["connection.address"] == "server.local"
    assert device.settings["camera.fps"] == 25, "what was changed on the screen since is kept"
    assert device.settings["connection.token"] == "secret-token"
    assert device.commands == []


def test_the_wifi_changes_by_name_and_a_new_password(device):
    device.write(GOOD)
    device.start()
    card = device.card.replace('"My Wi-Fi"', '"Other"').replace(
        'password = ""', 'password = "battery staple"'
    )
    device.write(card)
    assert device.start().report.problems == ()
    assert "psk=battery staple" in device.read(PROFILE)
    assert "battery" not in device.card


def test_the_same_wifi_keeps_its_password_when_something_else_of_it_changes(device):
    device.write(GOOD)
    device.start()
    device.write(device.card.replace('country = "DE"', 'country = "GB"\nhidden = true'))
    assert device.start().report.problems == ()
    profile = device.read(PROFILE)
    assert "psk=correct horse" in profile
    assert "hidden=true" in profile


def test_another_wifi_without_a_password_is_a_mistake_and_the_old_one_stays(device):
    device.write(GOOD)
    device.start()
    before = device.read(PROFILE)
    device.write(device.card.replace('"My Wi-Fi"', '"Other"'))
    (problem,) = device.start().report.problems
    assert "[wlan]" in problem
    assert "write password" in problem
    assert device.read(PROFILE) == before


def test_taking_the_keys_out_switches_ssh_off(device):
    device.write(GOOD)
    device.start()
    start = device.card.index("[ssh]")
    device.write(device.card[:start] + device.card[device.card.index("[locale]") :])
    device.start()
    assert not device.has("etc/ssh/iot-facerecognition/pi")
    assert not device.has("etc/sudoers.d/010_iot-facerecognition")
    assert ("systemctl", "disable", "--now", "--no-block", "ssh.service") in device.commands


def test_a_system_s_own_ssh_is_left_alone_by_a_card_that_does_not_name_it(device):
    device.write('[system]\nhostname = "a"\n[ssh]\n')
    device.start()
    assert not device.commands


def test_the_template_is_valid_and_does_nothing(device):
    device.write(template())
    before = device.files()
    outcome = device.start()
    assert outcome.report.problems == ()
    assert not device.settings
    changed = {path for path, data in device.files().items() if before.get(path) != data}
    assert changed == {
        "boot/firmware/iot-facerecognition-status.txt",
        "var/lib/first-boot/applied.json",
    }


def test_every_example_of_the_template_can_be_filled_in(device):
    filling = {
        ("system", "hostname"): "kitchen-camera",
        ("wlan", "ssid"): "My Wi-Fi",
        ("wlan", "password"): 'say "hi"\\ $(reboot)',
        ("wlan", "country"): "DE",
        ("iot-facerecognition", "name"): "kitchen",
        ("iot-facerecognition", "server"): "server.local",
        ("iot-facerecognition", "port"): 50001,
        ("iot-facerecognition", "token"): "t0ken",
        ("iot-facerecognition", "fingerprint"): "cd" * 32,
        ("ssh", "authorized_keys"): (f"{KEY} me",),
        ("locale", "timezone"): "Europe/Berlin",
    }
    device.write(filled(template(), filling))
    assert device.start().report.problems == ()
    assert r'psk=say "hi"\\ $(reboot)' in device.read(PROFILE)
    assert device.settings["connection.port"] == 50001
    assert device.read("etc/ssh/iot-facerecognition/pi") == f"{KEY} me\n"


def test_filling_in_what_the_template_does_not_have_is_an_error():
    with pytest.raises(KeyError):
        filled(template(), {("wlan", "colour"): "red"})


def test_odd_characters_are_spelled_as_toml():
    assert spelled('a"\\\n\x7f') == '"a\\"\\\\\\n\\U0000007f"'


def test_a_pairing_line_stands_for_four_settings(device):
    device.write(
        '[iot-facerecognition]\nname = "hall"\n'
        f'pairing = "iot-facerecognition://server.local:50007?sha256={"0f" * 32}&token=t0ken"\n'
    )
    assert device.start().report.problems == ()
    assert device.settings == {
        "connection.name": "hall",
        "connection.address": "server.local",
        "connection.port": 50007,
        "connection.fingerprint": "0f" * 32,
        "connection.token": "t0ken",
    }
    assert "t0ken" not in device.card


def test_a_file_of_the_imager_is_read_too(device):
    device.write(
        'config_version = "1.0"\n\n[system]\nhostname = "pi-two"\n\n[user]\nname = "alice"\n'
        'password = "$y$j9T$hash"\npassword_encrypted = true\ngroups = ["sudo"]\n\n'
        "[ssh]\nenabled = true\npassword_authentication = false\n"
        f'authorized_keys = [\n  "{KEY} a",\n]\n\n'
        f'[wlan]\nssid_hex = "ff00fe"\npassword = "{"0a" * 32}"\npassword_encrypted = true\n'
        'hidden = false\ncountry = "GB"\n\n[locale]\nkeymap = "gb"\ntimezone = "Europe/Berlin"\n'
        '\n[connect]\nenabled = true\nmode = "token"\ntoken = "rpuak_secret"\n',
        "rpi-preseed.toml",
    )
    report = device.start().report
    assert report.problems == ()
    assert device.read("etc/hostname") == "pi-two\n"
    assert "ssid=255;0;254;\n" in device.read(PROFILE)
    assert f"psk={'0a' * 32}\n" in device.read(PROFILE)
    left = device.read("boot/firmware/rpi-preseed.toml")
    assert not any(secret in left for secret in ("$y$", "rpuak", "0a" * 32))
    assert any("[user]" in note for note in report.notes)
    assert any("Raspberry Pi Connect" in note for note in report.notes)


def test_of_both_files_ours_holds_section_by_section(device):
    device.write('[wlan]\nssid = "ours"\npassword = "our password"\n')
    device.write(
        'config_version = "1.1"\n[wlan]\nssid = "theirs"\npassword = "their password"\n'
        '[system]\nhostname = "theirs"\n',
        "rpi-preseed.toml",
    )
    report = device.start().report
    assert report.problems == ()
    assert "psk=our password" in device.read(PROFILE)
    assert device.read("etc/hostname") == "theirs\n"
    assert any("[wlan] of rpi-preseed.toml is not used" in note for note in report.notes)
    assert "their password" not in device.read("boot/firmware/rpi-preseed.toml")


def test_a_system_with_rpi_preseed_of_its_own_keeps_that_file(device):
    (device.root / "usr/bin").mkdir()
    (device.root / "usr/bin/rpi-preseed").touch()
    text = 'config_version = "1.0"\n[wlan]\nssid = "a"\npassword = "their password"\n'
    device.write(text, "rpi-preseed.toml")
    device.start()
    assert device.read("boot/firmware/rpi-preseed.toml") == text
    assert not device.has(PROFILE)


def test_a_ca_is_taken_from_the_file_next_to_it(device, certificate):
    device.write(certificate, "server.pem")
    device.write('[iot-facerecognition]\nserver = "server.local"\nca = "server.pem"\n')
    assert device.start().report.problems == ()
    assert device.settings["connection.tls_mode"] == "authority"
    assert device.settings["connection.ca_file"] == "/var/lib/iot-facerecognition-edge/ca.pem"
    assert device.read("var/lib/iot-facerecognition-edge/ca.pem") == certificate.decode()


def test_a_changed_ca_file_is_taken_over(device, certificate):
    device.write(certificate, "server.pem")
    device.write('[iot-facerecognition]\nserver = "server.local"\nca = "server.pem"\n')
    device.start()
    device.write(certificate + b"\n", "server.pem")
    device.start()
    assert device.read("var/lib/iot-facerecognition-edge/ca.pem").endswith("\n\n")


def test_the_program_s_default_is_kept_where_the_machine_has_another(device):
    folder = device.root / "etc/iot-facerecognition-edge"
    folder.mkdir()
    (folder / "defaults.conf").write_text("camera.fps = 25\n")
    device.write("[iot-facerecognition.settings]\ncamera.fps = 15\n")
    assert device.start().report.problems == ()
    assert device.settings == {"camera.fps": 15}


def test_the_pin_leaves_the_card_as_the_token_does(device):
    device.write('[iot-facerecognition.settings]\ndevice.pin = "4711"\ncamera.rotation = 90\n')
    assert device.start().report.problems == ()
    assert device.settings["camera.rotation"] == "90"
    assert "4711" not in device.card
    assert device.settings["device.pin"]
