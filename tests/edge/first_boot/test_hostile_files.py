"""Partial, wrong and hostile files: whatever stands there, nothing is run and somebody is told."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iot_facerecognition_edge.first_boot.problems import Area
from tests.edge.first_boot.conftest import GOOD, KEY, PROFILE, make_device

METACHARACTERS = "`id`; $(reboot) && rm -rf / | \"'\\ #%s ${IFS} \\n <&> ~"


def shown(device) -> str:
    """Everything that a person is told, by file and by screen."""
    return device.status


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hostname = kitchen\n", 'write text between quotes: key = "text"'),
        ("[wlan]\nssid = “My Wi-Fi”\n".encode(), "typographic quotes"),
        (b'[wlan]\nssid = "a\\b\\c"\n', "backslash"),
        (b'[wlan]\nssid = "a"\nssid = "b"\n', "twice"),
        (b'[wlan]\rssid = "a"\r', "old Macs"),
        (b"[wlan\n", "each line is"),
        (b'[wlan]\nssid = "My Wi', "not understood"),
        (b"\x7fELF\x01\x01\x00\x00" * 50, "no text"),
        (bytes(range(256)), "no UTF-8 text"),
        (b"\xff\xfe\x00\xd8", "no UTF-8 text"),
        (b"# text\n" * 150_000, "longer than 64 KiB"),
        (b"a = " + b"[" * 20_000, "nested"),
        (b"a = " + b"{b = " * 9_000, "nested"),
        (b"\x00" * 4096, "no text"),
        (b'config_version = "2.0"\n', 'understands "1.x"'),
        (b"config_version = 1\n", 'understands "1.x"'),
    ],
    ids=lambda value: repr(value[:14]) if isinstance(value, bytes) else None,
)
def test_a_file_that_cannot_be_read_is_reported_and_changes_nothing(device, data, words):
    device.write(data)
    before = device.files()
    outcome = device.start()
    (problem,) = outcome.report.problems
    assert problem.startswith("iot-facerecognition.toml")
    assert words in problem
    assert outcome.report.light == Area.FILE
    assert words in " ".join(shown(device).split())
    after = device.files()
    changed = {path for path, content in after.items() if before.get(path) != content}
    assert changed <= {
        "boot/firmware/iot-facerecognition-status.txt",
        "var/lib/first-boot/applied.json",
    }
    assert not device.commands


@pytest.mark.parametrize(
    ("text", "place", "words", "area"),
    [
        (
            '[system]\nhostname = "küche"\n',
            "line 2, [system] hostname",
            "accents",
            Area.DEVICE,
        ),
        ('[system]\nhostname = "a b; reboot"\n', "hostname", "letters", Area.DEVICE),
        ("[system]\nhostname = 5\n", "hostname", "between quotes", Area.DEVICE),
        ('[system]\nhostname = "a\\nb"\n', "hostname", "letters", Area.DEVICE),
        ('system = "kitchen"\n', "[system]", "a section", Area.DEVICE),
        ("[[wlan]]\n", "[wlan]", "a section", Area.WLAN),
        (
            '[wlan]\nssid = "a"\npassword = "short"\n',
            "line 3",
            "8 to 63 bytes, not 5",
            Area.WLAN,
        ),
        (f'[wlan]\nssid = "a"\npassword = "{"x" * 65}"\n', "password", "not 65", Area.WLAN),
        (f'[wlan]\nssid = "{"ä" * 17}"\n', "ssid", "32 bytes, not 34", Area.WLAN),
        (
            '[wlan]\nssid = "a"\npassword = "pass\\nword"\n',
            "password",
            "line breaks",
            Area.WLAN,
        ),
        ('[wlan]\nssid = "a\\u0000b"\n', "ssid", "control", Area.WLAN),
        ('[wlan]\npassword = "long enough"\n', "password", "ssid", Area.WLAN),
        (
            '[wlan]\nssid = "a"\nkey_mgmt = "sae"\n',
            "key_mgmt",
            "needs a password",
            Area.WLAN,
        ),
        ('[wlan]\nssid = "a"\nkey_mgmt = "wep"\n', "key_mgmt", "none, owe", Area.WLAN),
        (
            '[wlan]\nssid = "a"\nkey_mgmt = "none"\npassword = "12345678"\n',
            "password",
            "without a password",
            Area.WLAN,
        ),
        ('[wlan]\nssid_hex = "f"\n', "ssid_hex", "hexadecimal", Area.WLAN),
        ('[wlan]\ncountry = "Germany"\n', "country", "two letters", Area.WLAN),
        ('[wlan]\ncountry = "XX"\n', "country", "two letters", Area.WLAN),
        ('[wlan]\nssid = "a"\nhidden = "yes"\n', "hidden", "true or false", Area.WLAN),
        ("[ssh]\nenabled = true\n", "enabled", "your public key", Area.DEVICE),
        (
            '[ssh]\nauthorized_keys = ["ssh-rsa AAAA"]\n',
            "authorized_keys",
            ".pub",
            Area.DEVICE,
        ),
        (
            f'[ssh]\nauthorized_keys = ["command=\\"reboot\\" {KEY}"]\n',
            "authorized_keys",
            "begin with ssh-ed25519",
            Area.DEVICE,
        ),
        (
            f'[ssh]\nauthorized_keys = ["{KEY} a\\n{KEY} b"]\n',
            "authorized_keys",
            "one line",
            Area.DEVICE,
        ),
        (
            '[ssh]\nauthorized_keys = ["-----BEGIN OPENSSH PRIVATE KEY-----"]\n',
            "authorized_keys",
            "private key",
            Area.DEVICE,
        ),
        ("[ssh]\nauthorized_keys = [1]\n", "authorized_keys", "list of texts", Area.DEVICE),
        ('[locale]\ntimezone = "Europe/Paris"\n', "timezone", "time zone", Area.DEVICE),
        (
            '[locale]\ntimezone = "../../../etc/passwd"\n',
            "timezone",
            "time zone",
            Area.DEVICE,
        ),
        ('[locale]\nlang = "english"\n', "lang", "en_GB.UTF-8", Area.DEVICE),
        ('[locale]\nkeymap = "de\\" \\n"\n', "keymap", "XKB", Area.DEVICE),
        ('[time]\nntp = ["a b"]\n', "ntp", "time servers", Area.DEVICE),
        ('[iot-facerecognition]\nserver = "a b"\n', "server", "host name", Area.SERVER),
        (
            '[iot-facerecognition]\nserver = "a"\nport = 70000\n',
            "line 3, [iot-facerecognition] port",
            "1 to 65535",
            Area.SERVER,
        ),
        ('[iot-facerecognition]\ntoken = "x"\n', "server", "is missing", Area.SERVER),
        (
            '[iot-facerecognition]\nserver = "a"\nfingerprint = "12:34"\n',
            "fingerprint",
            "64 hexadecimal digits",
            Area.SERVER,
        ),
        ('[iot-facerecognition]\ncamera = "webcam"\n', "camera", "picamera2", Area.SERVER),
        ('[iot-facerecognition]\nserverr = "a"\n', "serverr", "not known", Area.SERVER),
        (
            "[iot-facerecognition.settings]\ncamera.speed = 5\n",
            "settings.camera.speed",
            "settings show",
            Area.SERVER,
        ),
        (
            '[iot-facerecognition]\npairing = "https://example.org"\n',
            "pairing",
            "iot-facerecognition://",
            Area.SERVER,
        ),
        (
            (
                "[iot-facerecognition]\npairing = "
                f'"iot-facerecognition://a?sha256={"0" * 64}&code=123456789"\n'
            ),
            "pairing",
            "minutes",
            Area.SERVER,
        ),
        (
            '[iot-facerecognition]\nserver = "a"\nca = "../../etc/shadow"\n',
            "ca",
            "next to this one",
            Area.SERVER,
        ),
        (
            '[iot-facerecognition]\nserver = "a"\nca = "no.pem"\n',
            "ca",
            "not on this",
            Area.SERVER,
        ),
        (
            '[iot-facerecognition]\nserver = "a"\nca = "cmdline.txt"\n',
            "ca",
            "PEM form",
            Area.SERVER,
        ),
        ("[wifi]\n", "[wifi]", "[wlan]", Area.DEVICE),
        ('["a\\u001b[31m\\nb"]\n', "[", "not known", Area.DEVICE),
    ],
)
def test_a_mistake_is_reported_with_its_place_and_its_cure(device, text, place, words, area):
    device.write(text)
    report = device.start().report
    assert len(report.problems) == 1, report.problems
    (problem,) = report.problems
    assert place in problem
    assert words in problem
    assert report.light == area
    assert problem.isprintable()


def test_one_section_s_mistake_does_not_keep_the_others_from_being_applied(device):
    device.write(GOOD.replace('"correct horse"', '"short"').replace('"de"', '"?"'))
    report = device.start().report
    assert len(report.problems) == 2
    assert report.light == Area.WLAN
    assert not device.has(PROFILE)
    assert not device.has("etc/default/keyboard")
    assert device.read("etc/hostname") == "kitchen-camera\n"
    assert device.settings["connection.name"] == "kitchen"
    assert '"short"' in device.card, "what has to be mended stays"
    assert "secret-token" not in device.card


def test_a_mended_file_is_applied_at_the_next_start(device):
    device.write(GOOD.replace('"correct horse"', '"short"'))
    device.start()
    device.write(device.card.replace('"short"', '"long enough"'))
    report = device.start().report
    assert report.problems == ()
    assert report.light == 0
    assert "psk=long enough" in device.read(PROFILE)
    assert "No mistakes" in device.status


def test_a_mistake_is_reported_again_at_every_start_until_it_is_mended(device):
    device.write("hostname = kitchen\n")
    first = device.start().report
    before = device.files()
    assert device.start().report == first
    assert device.files() == before


@pytest.mark.parametrize(
    "spell",
    [
        lambda text: "'''" + text + "'''",
        lambda text: '"""' + text.replace("\\", "\\\\").replace('"', '\\"') + '"""',
        lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"',
        lambda text: '"' + "".join(f"\\u{ord(c):04x}" for c in text) + '"',
    ],
    ids=["literal", "multi-line", "basic", "escaped"],
)
def test_shell_metacharacters_in_a_password_are_a_password(device, spell):
    device.write(
        f"[wlan]\nssid = {spell(METACHARACTERS[:30])}\npassword = {spell(METACHARACTERS)}\n"
    )
    assert device.start().report.problems == ()
    (line,) = [one for one in device.read(PROFILE).splitlines() if one.startswith("psk=")]
    assert line == "psk=" + METACHARACTERS.replace("\\", "\\\\")
    assert all("reboot" not in " ".join(words) for words in device.commands)
    assert METACHARACTERS not in device.card
    assert tomllib.loads(device.card)["wlan"]["password"] == ""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
    ],
)
def test_every_editor_s_files_are_read_and_written_back_as_they_were(device, end, encoding, mark):
    device.write(mark + GOOD.replace("\n", end).encode(encoding))
    assert device.start().report.problems == ()
    assert device.settings["connection.token"] == "secret-token"
    data = (device.boot / "iot-facerecognition.toml").read_bytes()
    assert data.startswith(mark)
    text = data[len(mark) :].decode(encoding)
    assert "secret-token" not in text
    assert "# Mine, and to be kept." in text
    assert text.count("\r\n") == (text.count("\n") if end == "\r\n" else 0)
    assert device.start().report.problems == ()


@pytest.mark.parametrize(
    "text",
    [
        'wlan.ssid = "a"\nwlan.password = "12345678" # with a remark\n',
        'wlan = {ssid = "a", password = "12345678", hidden = true}\n',
        '["wlan"]\n"ssid" = \'a\'\n  \'password\' = """\n12345678"""\n',
        '[ wlan ]\nssid = "a"\npassword="12345678"',
        (
            "a = []\n[wlan] # ]\nssid = \"a\"\npassword = '''12345678'''\n[ssh]\n"
            'authorized_keys = [\n# "\n]\n'
        ),
    ],
)
def test_a_secret_is_found_however_it_is_written(device, text):
    device.write(text.replace("a = []\n", ""))
    assert device.start().report.problems == ()
    assert "psk=12345678" in device.read(PROFILE)
    assert "12345678" not in device.card
    assert tomllib.loads(device.card)["wlan"]["password"] == ""
    assert "taken over by the device" in device.card
    before = device.card
    device.start()
    assert device.card == before


@settings(max_examples=40)
@given(
    st.text(
        alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]),
        min_size=8,
        max_size=15,
    )
)
def test_any_password_reaches_the_profile_and_leaves_the_card(tmp_path_factory, password):
    device = make_device(tmp_path_factory.mktemp("device"))
    escaped = "".join(f"\\U{ord(c):08x}" for c in password)
    device.write(f'[wlan]\nssid = "a"\npassword = "{escaped}"\n')
    assert device.start().report.problems == ()
    lines = [one for one in device.read(PROFILE).split("\n") if one.startswith("psk=")]
    value = lines[0].removeprefix("psk=").replace("\\s", " ").replace("\\\\", "\\")
    if "\\" not in password:
        assert value == password
    assert escaped not in device.card


@settings(max_examples=40)
@given(st.binary(max_size=300))
def test_no_bytes_break_it(tmp_path_factory, data):
    device = make_device(tmp_path_factory.mktemp("device"))
    device.write(data)
    device.start()
    assert device.has("boot/firmware/iot-facerecognition-status.txt")


def test_no_secret_is_ever_told(device):
    device.write(
        '[wlan]\nssid = "a"\npassword = "s3cret"\n'
        '[iot-facerecognition]\nserver = "a"\ntoken = "s3cret\\u0001"\n'
        'pairing = "s3cret"\nsettings.connection.token = ["s3cret"]\n'
    )
    report = device.start().report
    assert len(report.problems) >= 3
    assert "s3cret" not in device.status
    assert "s3cret" not in device.read("var/lib/first-boot/applied.json")


def test_a_thousand_mistakes_are_reported_shortly(device):
    lines = "".join(f'key{number} = "x"\n' for number in range(2000))
    device.write(f"[iot-facerecognition]\n{lines}")
    report = device.start().report
    assert len(report.problems) <= 51
    assert len(device.status) < 20_000


def test_a_file_that_windows_named_otherwise_is_reported(device):
    device.write(GOOD, "iot-facerecognition.toml.txt")
    (problem,) = device.start().report.problems
    assert "rename it to iot-facerecognition.toml" in problem


def test_a_section_that_cannot_be_applied_says_what_is_missing(device):
    (device.root / "etc/NetworkManager/system-connections").rmdir()
    (device.root / "etc/NetworkManager").rmdir()
    device.write(GOOD)
    report = device.start().report
    (problem,) = report.problems
    assert "apt install network-manager" in problem
    assert report.light == Area.WLAN
    assert "correct horse" in device.card


def test_a_command_that_fails_is_reported_and_tried_again(device):
    device.failing.add("systemctl")
    device.write(GOOD)
    report = device.start().report
    assert any("switching SSH on failed" in problem for problem in report.problems)
    assert report.light == Area.WRITING
    device.failing.clear()
    assert device.start().report.problems == ()


def test_what_an_imager_1_left_behind_is_undone_and_told(device):
    words = "console=tty1 root=PARTUUID=1234-02 rootwait"
    entry = (
        " systemd.run=/boot/firstrun.sh systemd.run_success_action=reboot"
        " systemd.unit=kernel-command-line.target"
    )
    device.write(words + entry + "\n", "cmdline.txt")
    device.write("#!/bin/sh\necho secret >/tmp/run\n", "firstrun.sh")
    outcome = device.start()
    assert outcome.restart
    assert device.read("boot/firmware/cmdline.txt") == words + "\n"
    assert not device.has("boot/firmware/firstrun.sh")
    outcome = device.start()
    assert not outcome.restart
    assert "Imager 1.x" in outcome.report.problems[0]
    assert outcome.report.light == Area.IMAGER
    device.write(GOOD)
    outcome = device.start()
    assert outcome.report.problems == ()


def test_another_script_of_the_boot_command_is_left_alone(device):
    words = "console=tty1 systemd.run=/usr/local/bin/mine systemd.unit=kernel-command-line.target\n"
    device.write(words, "cmdline.txt")
    assert not device.start().restart
    assert device.read("boot/firmware/cmdline.txt") == words


def test_the_imager_s_country_follows_the_file(device):
    device.write("root=x cfg80211.ieee80211_regdom=US rootwait\n", "cmdline.txt")
    device.write('[wlan]\ncountry = "de"\n')
    device.start()
    assert device.read("boot/firmware/cmdline.txt") == (
        "root=x cfg80211.ieee80211_regdom=DE rootwait\n"
    )
