"""What the commands do, on real files and photos."""

import hashlib
import json
import re

import pytest
from PIL import Image

from iot_facerecognition_protocol.fingerprints import fingerprint_words
from iot_facerecognition_server.assembly.trust import server_tls, token_store
from iot_facerecognition_server.config import load

FINGERPRINT = re.compile(r"sha256:(?:[0-9A-F]{2}:){31}[0-9A-F]{2}")


def test_a_token_can_be_added_listed_and_revoked(run):
    added = run("token", "add", "kitchen")
    assert added.code == 0
    token = added.out.strip()
    assert token_store(load(None, {})).find(token).name == "kitchen"
    listed = run("token", "list")
    assert "kitchen" in listed.out
    assert token not in listed.out
    assert run("token", "revoke", "kitchen").code == 0
    assert "there is no token" in run("token", "list").out
    assert token_store(load(None, {})).find(token) is None


def test_a_token_that_cannot_be_made_or_found_is_reported(run):
    run("token", "add", "kitchen")
    taken = run("token", "add", "kitchen")
    assert (taken.code, taken.out) == (1, "")
    assert "kitchen already" in taken.err
    unknown = run("token", "revoke", "hall")
    assert unknown.code == 1
    assert "(kitchen)" in unknown.err


def test_programs_get_tokens_as_json(run):
    added = json.loads(run("token", "add", "kitchen", "--json").out)
    found = token_store(load(None, {})).find(added["token"])
    assert (added["id"], added["name"]) == (found.id, "kitchen")
    (listed,) = json.loads(run("token", "list", "--json").out)["tokens"]
    assert listed == {key: value for key, value in added.items() if key != "token"}
    run("token", "revoke", added["id"])
    assert json.loads(run("token", "list", "--json").out) == {"tokens": []}


def test_a_token_is_replaced_in_two_steps(run):
    old = json.loads(run("token", "add", "kitchen", "--json").out)
    new = json.loads(run("token", "add", "kitchen", "--another", "--json").out)
    assert old["id"] != new["id"]
    third = run("token", "add", "kitchen", "--another")
    assert third.code == 1
    assert old["id"] in third.err
    assert run("token", "revoke", old["id"]).out == f"revoked {old['id']} (kitchen)\n"
    assert token_store(load(None, {})).find(new["token"]).id == new["id"]


def test_a_damaged_token_file_is_a_configuration_error(run, home):
    (home / "state").mkdir()
    (home / "state" / "tokens.json").write_text("{")
    for line in (["list"], ["add", "a"], ["revoke", "a"]):
        result = run("token", *line)
        assert result.code == 2
        assert "tokens.json is damaged" in result.err


def test_only_the_token_goes_to_the_output(run, monkeypatch):
    monkeypatch.setenv("IOT_FACERECOGNITION_AUTH_MODE", "open")
    result = run("token", "add", "kitchen")
    assert result.out.count("\n") == 1
    assert "Mode=open" in result.err


def test_the_certificate_is_shown_with_the_fingerprint_that_is_served(run):
    missing = run("cert", "show")
    assert missing.code == 1
    assert "cert new" in missing.err
    assert run("cert", "new").code == 0
    shown = run("cert", "show").out
    assert FINGERPRINT.search(shown)[0] == server_tls(load(None, {})).fingerprint
    assert "localhost" in shown
    assert run("cert", "show", "--pem").out.startswith("-----BEGIN CERTIFICATE-----")


def test_the_certificate_is_shown_as_an_edge_shows_it(run):
    run("cert", "new")
    shown = run("cert", "show").out
    digits = FINGERPRINT.search(shown)[0].removeprefix("sha256:").replace(":", "")
    assert f"in words     {' '.join(fingerprint_words(digits))}\n" in shown
    groups = re.search(r"in groups ((?: +[0-9A-F]{4}){8})\n((?: +[0-9A-F]{4}){8})\n", shown)
    assert "".join(groups.groups()).replace(" ", "") == digits
    assert server_tls(load(None, {})).identity.fingerprint_digits == digits.lower()


def test_pairing_needs_a_running_server(run, monkeypatch):
    alone = run("pair", "kitchen", "--host", "192.0.2.1")
    assert (alone.code, alone.out) == (1, "")
    assert "no server answers" in alone.err
    run("token", "add", "kitchen")
    assert "kitchen already" in run("pair", "kitchen").err
    wrong = run("pair", "hall", "--host", "a b")
    assert wrong.code == 2
    assert "with :PORT after it or not" in wrong.err
    assert run("pair", "hall", "--minutes", "61").code == 2
    monkeypatch.setenv("IOT_FACERECOGNITION_AUTH_MODE", "mtls")
    monkeypatch.setenv("IOT_FACERECOGNITION_AUTH_CLIENTCA", "ca.pem")
    assert "by its certificate" in run("pair", "hall").err


def test_a_new_certificate_has_another_fingerprint(run):
    first, second = (FINGERPRINT.search(run("cert", "new").out)[0] for _ in range(2))
    assert first != second
    assert second in run("cert", "show").out


def test_names_are_added_without_a_new_fingerprint(run):
    before = FINGERPRINT.search(run("cert", "new", "--name", "one.lan").out)[0]
    assert "one.lan" in run("cert", "show").out
    added = run("cert", "new", "--keep-key", "--name", "two.lan", "--name", "three.lan")
    assert added.code == 0
    assert "the fingerprint stays" in added.out
    shown = run("cert", "show").out
    assert FINGERPRINT.findall(shown) == [before]
    assert re.search("^key +EC, secp256r1$", shown, re.MULTILINE)
    assert re.search(r"^added +for three.lan, two.lan$", shown, re.MULTILINE)
    assert run("cert", "show", "--pem").out.count("BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--keep-key"], "give them with --name NAME"),
        (["--keep-key", "--name", "192.0.2.7"], "this is no DNS name"),
        (["--name", "with space"], "this is no DNS name"),
        (["--name", "x" * 300], "this is no DNS name"),
        (["--keep-key", "--name", "a.lan"], "no key to keep yet"),
    ],
)
def test_names_that_cannot_be_added_are_refused_with_the_cure(run, home, arguments, words):
    result = run("cert", "new", *arguments)
    assert result.code == 2
    assert words in result.err
    assert not (home / "state" / "server.pem").exists()


def test_a_damaged_key_is_a_configuration_error(run, home):
    run("cert", "new")
    (home / "state" / "server.pem").write_text("junk")
    result = run("cert", "show")
    assert result.code == 2
    assert "cert new" in result.err


def test_photos_with_a_face_are_added_and_others_refused(run, home, photos):
    (home / "me").mkdir()
    own = home / "me" / "own.jpg"
    own.write_bytes((photos / "biden.jpg").read_bytes())
    result = run("faces", "add", "joe", "me/own.jpg", photos / "coffee.png", "gone.jpg")
    assert result.code == 1
    assert "own.jpg of joe is used" in result.out
    assert "coffee.png of joe shows no face" in result.err
    assert "gone.jpg of joe does not exist" in result.err
    assert "2 of 3 photos not added" in result.err
    assert json.loads((home / "faces.json").read_text()) == [{"tag": "joe", "photos": "me/own.jpg"}]
    assert not (home / "state" / "descriptors").exists()
    listed = run("faces", "list")
    assert re.search(r"^1 +joe$", listed.out, re.MULTILINE)


def test_photos_are_looked_at_as_the_server_does(run, home, photos):
    """A face of 50 pixels: what the server finds with this setting, the command finds too."""
    portrait = Image.open(photos / "astronaut.png").convert("RGB")
    portrait.resize((230, 230), Image.Resampling.LANCZOS).save(home / "small.png")
    (home / "config.ini").write_text("[Engine]\nDetector=hog\n")
    assert "shows no face" in run("faces", "add", "eileen", "small.png").err
    (home / "config.ini").write_text("[Engine]\nDetector=hog\nMinFaceSize=40\n")
    result = run("faces", "add", "eileen", "small.png")
    assert result.code == 0, result.err
    assert "small.png of eileen is used" in result.out


def test_the_configured_detector_decides_on_photos(run, home, photos):
    """A head that leans over: HOG finds none, the network does."""
    portrait = Image.open(photos / "astronaut.png").convert("RGB").crop((100, 0, 400, 300))
    portrait.rotate(60).save(home / "leaning.png")
    (home / "config.ini").write_text("[Engine]\nDetector=hog\n")
    assert "shows no face" in run("faces", "add", "eileen", "leaning.png").err
    (home / "config.ini").write_text("[Engine]\nDetector=cnn\n")
    result = run("faces", "add", "eileen", "leaning.png")
    assert result.code == 0, result.err


def test_a_photo_that_serves_somebody_else_is_reported(run, home, photos):
    (home / "one.jpg").write_bytes((photos / "biden.jpg").read_bytes())
    (home / "two.jpg").write_bytes((photos / "biden.jpg").read_bytes())
    assert not run("faces", "add", "joe b", "one.jpg").err
    assert not run("faces", "add", "joe b", "two.jpg").err
    result = run("faces", "add", "jim", "two.jpg")
    assert result.code == 0
    assert "two.jpg already serves joe b" in result.err
    assert "faces remove 'joe b'" in result.err
    assert not run("faces", "add", "jim", photos / "obama.jpg").err


def test_a_photo_in_another_format_is_told_what_to_do(run, home):
    Image.new("RGB", (64, 64)).save(home / "a.webp")
    (home / "b.heic").write_bytes(bytes((0, 0, 0, 24)) + b"ftypheic" + bytes(12))
    result = run("faces", "add", "joe", "a.webp", "b.heic")
    assert result.code == 1
    assert result.err.count("convert it to JPEG or PNG") == 2


def test_a_person_can_be_removed(run, home):
    assert "no people enrolled" in run("faces", "list").out
    entries = [{"tag": "a", "photos": ["1.jpg", "2.jpg"]}, {"tag": "b", "photos": "3.jpg"}]
    (home / "faces.json").write_text(json.dumps(entries))
    assert "missing: " in run("faces", "list").out
    assert run("faces", "remove", "a").code == 0
    assert json.loads((home / "faces.json").read_text()) == entries[1:]
    again = run("faces", "remove", "a")
    assert again.code == 1
    assert "it knows b" in again.err


def test_a_damaged_reference_file_is_reported(run, home, photos):
    (home / "faces.json").write_text("{")
    for line in (["list"], ["remove", "a"], ["add", "a", photos / "biden.jpg"]):
        result = run("faces", *line)
        assert result.code == 1
        assert "faces.json" in result.err
    assert (home / "faces.json").read_text() == "{"


def test_the_packaged_models_are_listed_and_verified(run):
    listed = run("models", "list")
    assert listed.code == 0
    assert listed.out.count("verified") == 5
    verified = run("models", "verify")
    assert verified.code == 0
    assert "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30" in verified.out


def test_models_that_cannot_be_used_have_exit_code_3(run, home):
    (home / "config.ini").write_text("[DLIB]\nFaceRecognitionModelFile=gone.dat\n")
    for line in (["models", "verify"], ["models", "fetch"], ["check-config"]):
        result = run(*line)
        assert result.code == 3
        assert "gone.dat" in result.err
    assert "missing" in run("models", "list").out


def test_a_model_with_an_address_is_fetched_once_and_checked(run, home):
    data = b"weights of someone's own"
    (home / "own.dat").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    address = f"{(home / 'own.dat').as_uri()}#sha256={digest}"
    (home / "config.ini").write_text(f"[DLIB]\nImageNetClassifierFile={address}\n")
    assert "not fetched" in run("models", "list").out
    assert run("models", "fetch").code == 0
    assert digest in run("models", "verify").out
    wrong = address.replace(digest, "0" * 64)
    (home / "config.ini").write_text(f"[DLIB]\nImageNetClassifierFile={wrong}\n")
    result = run("models", "fetch")
    assert result.code == 3
    assert digest in result.err


def test_check_config_tells_what_holds_and_where_it_comes_from(run, home, monkeypatch):
    (home / "config.ini").write_text("[Connection]\nPort=5\n")
    monkeypatch.setenv("IOT_FACERECOGNITION_CONNECTION_BIND", "::1")
    result = run("check-config")
    assert result.code == 0
    lines = [line.rstrip() for line in result.out.splitlines()]
    assert "Port=5" in lines
    assert any(re.fullmatch("Bind=::1 +# environment", line) for line in lines)
    assert any(re.fullmatch("Device=auto +# default", line) for line in lines)
    assert "everything is in order" in lines
    assert sorted(path.name for path in home.iterdir()) == ["config.ini"]


def test_check_config_can_be_read_as_a_configuration(run, home):
    (home / "shown.ini").write_text(
        re.sub(
            " +# (default|environment)$", "", run("check-config").out, flags=re.MULTILINE
        ).rpartition("\n# ")[0]
    )
    assert load(home / "shown.ini", {}).connection == load(None, {}).connection


def test_check_config_looks_at_the_files_too(run, home):
    (home / "config.ini").write_text(
        "[Certificate]\nKey=a.key\nCertificate=a.crt\n[Auth]\nTokenFile=t.json\n"
    )
    (home / "t.json").write_text("{")
    (home / "faces.json").write_text('[{"tag": "a", "photos": "gone.jpg"}]')
    result = run("check-config")
    assert result.code == 2
    assert "a.key cannot be read" in result.err
    assert "t.json is damaged" in result.err
    assert "gone.jpg of a is missing" in result.err
