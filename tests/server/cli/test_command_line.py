"""Words, help, exit codes and speed of the command line as a whole."""

import argparse
import subprocess
import sys

import pytest

from iot_facerecognition_server import cli
from iot_facerecognition_server.cli.parser import make_parser

BARE = "import sys; from iot_facerecognition_server.cli import main; code = main({}); {}"


def commands(parser=None, before=()):
    """Yield the words and the function's name of every command."""
    parser = parser or make_parser()
    if parser.get_default("run"):
        yield before, parser.get_default("run")
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                yield from commands(sub, (*before, name))


COMMANDS = dict(commands())


def test_the_commands_are_those_of_the_documentation():
    assert {" ".join(words) for words in COMMANDS} == {
        "",
        "run",
        "check-config",
        "clients",
        "say",
        "pair",
        "backup",
        "restore",
        "token add",
        "token list",
        "token revoke",
        "api-token add",
        "api-token list",
        "api-token revoke",
        "fleet list",
        "fleet show",
        "fleet want",
        "fleet report",
        "fleet forget",
        "faces list",
        "faces add",
        "faces remove",
        "models list",
        "models fetch",
        "models verify",
        "cert show",
        "cert new",
    }


@pytest.mark.parametrize("name", sorted(set(COMMANDS.values())))
def test_every_command_has_its_function(name):
    assert callable(cli.command(name))


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_help(run, words):
    result = run(*words, "--help")
    assert result.code == 0
    assert "--config FILE" in result.out
    assert max(map(len, result.out.splitlines())) <= 100


def test_run_is_the_default():
    parsed = make_parser().parse_args(["--config", "a.ini"])
    assert (parsed.run, str(parsed.config)) == ("serving:run", "a.ini")


@pytest.mark.parametrize("line", ["--config a.ini token list", "token list -c a.ini"])
def test_the_configuration_may_be_named_before_and_after_the_command(line):
    assert str(make_parser().parse_args(line.split()).config) == "a.ini"


def test_version(run):
    assert run("--version").out.startswith("iot-facerecognition-server 0.")


@pytest.mark.parametrize("line", ["bogus", "token", "token add", "faces add alice", "--bogus"])
def test_a_bad_command_line_is_a_configuration_error(run, line):
    result = run(*line.split())
    assert result.code == 2
    assert "usage:" in result.err


@pytest.mark.parametrize("line", ["token list", "faces list", "models list", "cert show", "run"])
def test_every_command_tells_all_configuration_errors(run, home, line):
    (home / "config.ini").write_text("[Connection]\nPort=x\n[Log]\nBackups=0\n")
    result = run(*line.split())
    assert result.code == 2
    assert "[Connection] Port=x" in result.err
    assert "[Log] Backups=0" in result.err
    assert len(result.err.splitlines()) == 2


def test_a_named_file_that_is_missing_is_an_error(run):
    result = run("--config", "gone.ini", "token", "list")
    assert result.code == 2
    assert "gone.ini: there is no such file" in result.err


def test_ctrl_c_ends_without_a_traceback(run, monkeypatch):
    def interrupted(_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "command", lambda _name: interrupted)
    result = run("token", "list")
    assert (result.code, result.err) == (130, "iot-facerecognition-server: interrupted\n")


def test_a_reader_that_leaves_early_sees_no_traceback():
    command = [sys.executable, "-m", "iot_facerecognition_server", "check-config"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def python(code, home):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=home, check=False
    )


@pytest.mark.parametrize("line", ["token add a", "faces list", "cert new", "check-config"])
def test_light_commands_do_not_wait_for_torch(home, line):
    check = "print(code, 'torch' in sys.modules, 'dlib' in sys.modules, file=sys.stderr)"
    result = python(BARE.format(line.split(), check), home)
    assert result.stderr.splitlines()[-1] == "0 False False"


def test_without_the_servers_packages_help_works_and_commands_tell_the_cure(home):
    bare = "import sys; sys.modules['cryptography'] = None\n" + BARE
    assert python(bare.format(["token", "add", "a"], "sys.exit(code)"), home).returncode == 0
    result = python(bare.format(["cert", "new"], "sys.exit(code)"), home)
    assert result.returncode == 1
    assert "pip install 'iot-facerecognition[server]'" in result.stderr
    assert "Traceback" not in result.stderr
