"""The command line's words: every command with its help, and the function that does it.

Functions are named as `module:function` of this package and imported when their command is given,
so that `--help` and `token add` need not wait for torch.
"""

import argparse
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

PROGRAM: Final = "iot-facerecognition-server"

_DESCRIPTION: Final = """\
Recognises faces and objects in the pictures that clients stream to it.
Without a command it runs the server."""

_EPILOG: Final = """\
examples:
  iot-facerecognition-server                           run, with config.ini of this folder
  iot-facerecognition-server --config /etc/faces.ini check-config
  iot-facerecognition-server faces add alice alice1.jpg alice2.jpg
  iot-facerecognition-server token add kitchen         prints a token for the edge 'kitchen'
  iot-facerecognition-server fleet list                which versions the edges run
  iot-facerecognition-server pair kitchen              lets the edge 'kitchen' in by a QR code
  iot-facerecognition-server cert show                 prints the fingerprint that edges pin

exit codes: 0 success, 2 configuration, 3 models, 4 address in use, 1 anything else"""

_Format = partial(argparse.RawDescriptionHelpFormatter, max_help_position=26)
_MOST_MINUTES: Final = 60
_Commands = Any
"""What `ArgumentParser.add_subparsers` returns; argparse keeps its name to itself."""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser; what it parses has `run` (`module:function`) and `config`.

    Its default of `commands` are the names of all commands.
    """
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description=_DESCRIPTION, epilog=_EPILOG, formatter_class=_Format
    )
    _add_config_option(parser, default=None)
    parser.add_argument(
        "--version", action="version", version=f"{PROGRAM} {version('iot-facerecognition')}"
    )
    parser.set_defaults(run="serving:run")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _command(
        commands,
        "run",
        "serving:run",
        "run the server; this is the default",
        "Run the server until SIGTERM or Ctrl-C. At the first start it makes itself a key, a\n"
        "certificate and a token, which each start prints until a client has used one. SIGHUP\n"
        "reloads certificate, known people and revocation list, and disconnects clients whose\n"
        "token or certificate was revoked.",
    )
    _command(
        commands,
        "check-config",
        "checking:check",
        "print the effective settings, and what is wrong",
        "Print the effective settings and where each comes from. Then look at the files that\n"
        "they name, as a start would, and tell everything that is wrong. Nothing is changed.",
    )
    clients = _command(
        commands, "clients", "control:clients", "list the clients of the running server"
    )
    _add_json_option(clients)
    say = _command(
        commands,
        "say",
        "control:say",
        "send a message to the clients' screens",
        "Send a message to the clients of the running server; an edge shows it on its screen.",
    )
    say.add_argument("--to", metavar="NAME", help="only the clients of this name or identity")
    say.add_argument("text", metavar="TEXT", help="the message")
    _add_tokens(_group(commands, "token", "make, list and revoke the clients' tokens"))
    _add_fleet(_group(commands, "fleet", "list the edges, and say which version they are to have"))
    _add_api_tokens(_group(commands, "api-token", "make, list and revoke the HTTP API's tokens"))
    _add_pairing(commands)
    _add_faces(_group(commands, "faces", "list, add and remove the people that are known"))
    _add_models(_group(commands, "models", "list, fetch and verify the networks' files"))
    _add_certificate(_group(commands, "cert", "show or replace the server's certificate"))
    _add_backup(commands)
    parser.set_defaults(commands=tuple(commands.choices))
    return parser


def _add_tokens(commands: _Commands) -> None:
    add = _command(
        commands,
        "add",
        "tokens:add",
        "make a token and print it, once",
        "Make a token and print it. Nobody can see it again: only its hash is kept. A running\n"
        "server takes it at once.",
    )
    add.add_argument("name", metavar="NAME", help="whose it is, as 'kitchen'")
    add.add_argument(
        "--another",
        action="store_true",
        help="also where NAME has a token: both are valid until one is revoked by its id",
    )
    _add_json_option(add)
    _add_json_option(
        _command(commands, "list", "tokens:show", "list who has a token, without the tokens")
    )
    revoke = _command(
        commands,
        "revoke",
        "tokens:revoke",
        "revoke a token",
        "Revoke a token, or all tokens of a name. A running server refuses them from now on, and\n"
        "disconnects the clients that are connected with them.",
    )
    revoke.add_argument("token", metavar="ID", help="the token's id or name, as listed")


def _add_api_tokens(commands: _Commands) -> None:
    add = _command(
        commands,
        "add",
        "api_tokens:add",
        "make a token for a program and print it, once",
        "Make a token by which a program reads the HTTP API (docs/fleet-api.md), and print it.\n"
        "Nobody can see it again: only its hash is kept. It is no token for an edge.",
    )
    add.add_argument("name", metavar="NAME", help="whose it is, as 'inventory'")
    _add_json_option(add)
    _add_json_option(
        _command(commands, "list", "api_tokens:show", "list who has a token, without the tokens")
    )
    revoke = _command(
        commands, "revoke", "api_tokens:revoke", "revoke a token; the next request is refused"
    )
    revoke.add_argument("token", metavar="ID", help="the token's id or name, as listed")


def _add_fleet(commands: _Commands) -> None:
    _add_json_option(
        _command(
            commands,
            "list",
            "fleet:show_all",
            "list the edges, their versions and updates",
            "List every edge that has connected to the running server: desired version (what\n"
            "operators want), reported version (on its disk), running version, and its update.",
        )
    )
    show = _command(commands, "show", "fleet:show", "print all that is known of an edge")
    want = _command(
        commands,
        "want",
        "fleet:want",
        "record the version that edges are to have",
        "Record the version that edges are to have. Nothing is installed by it: that is done by\n"
        "the playbook update.yml, or by the edge itself where it fetches its updates.\n\n"
        f"example:\n  {PROGRAM} fleet want 1.3.0 kitchen hall",
    )
    want.add_argument("version", metavar="VERSION", help="the version, as 1.3.0")
    want.add_argument("identities", metavar="IDENTITY", nargs="+", help="an edge, as listed")
    report = _command(
        commands,
        "report",
        "fleet:report",
        "record what a controller knows of an edge's update",
        "Record what a controller knows and the edge cannot say by itself: that it is being\n"
        "updated (installing), was left out (skipped), was set back (rolled-back), or does not\n"
        "answer (lost). Whether an update is good only the server itself decides.",
    )
    forget = _command(
        commands,
        "forget",
        "fleet:forget",
        "strike an edge off the record",
        "Strike an edge off the record, with its desired version and its update. Its token stays\n"
        "valid; one that is connected, or connects again, is recorded as a new one.",
    )
    for command in (show, report, forget):
        command.add_argument("identity", metavar="IDENTITY", help="the edge, as listed")
    report.add_argument("state", metavar="STATE", help="installing, skipped, rolled-back or lost")
    report.add_argument("--version", metavar="V", help="to which version (default: the desired)")
    report.add_argument("--reason", metavar="TEXT", help="why, for people")
    for command in (show, want, report):
        _add_json_option(command)


def _add_pairing(commands: _Commands) -> None:
    pair = _command(
        commands,
        "pair",
        "pair:pair",
        "let a new device in by a QR code or a short code",
        "Show a QR code that an edge's camera reads, and a code of nine digits that a person\n"
        "types there. Either gives the device its token and the server's fingerprint, once and\n"
        "within minutes. The command waits for the device; Ctrl-C withdraws the code.\n\n"
        f"example:\n  {PROGRAM} pair kitchen",
    )
    pair.add_argument("name", metavar="NAME", help="whose the token will be, as 'kitchen'")
    pair.add_argument(
        "--host",
        metavar="HOST[:PORT]",
        help="where devices reach this server (default: [Connection] PublicAddress, else this"
        " machine's own address)",
    )
    pair.add_argument(
        "--minutes",
        metavar="N",
        type=_minutes,
        default=5.0,
        help="how long the code is valid (default: 5, at most 60)",
    )
    pair.add_argument(
        "--no-wait", action="store_true", help="end at once; the code stays valid for its time"
    )
    pair.add_argument(
        "--qr", action="store_true", help="draw the QR code though the output is no terminal"
    )


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes <= _MOST_MINUTES:
        raise ValueError(text)
    return minutes


def _add_faces(commands: _Commands) -> None:
    _command(commands, "list", "faces:show", "list who is known, by how many photos")
    add = _command(
        commands,
        "add",
        "faces:add",
        "enrol a person with photos",
        "Enrol a person with photos, JPEG or PNG. Each photo is searched for a face, and one\n"
        "that shows none is refused. The photos stay where they are. A running server knows the\n"
        "person within seconds.\n\n"
        f"example:\n  {PROGRAM} faces add alice photos/alice*.jpg",
    )
    add.add_argument("tag", metavar="TAG", help="the name that clients get to see")
    add.add_argument("photos", metavar="PHOTO", nargs="+", type=Path, help="photos of the person")
    remove = _command(
        commands,
        "remove",
        "faces:remove",
        "remove a person from the gallery",
        "Remove a person from the gallery. The photos stay where they are.",
    )
    remove.add_argument("tag", metavar="TAG", help="the person's tag, as listed")


def _add_models(commands: _Commands) -> None:
    _command(commands, "list", "models:show", "list the models, where they are and whether whole")
    _command(
        commands,
        "fetch",
        "models:fetch",
        "download what the settings name by address",
        "Download the models that the settings name as https://...#sha256=HEX. Each is checked\n"
        "against its hash. The others come with Python packages and need no download.",
    )
    _command(
        commands,
        "verify",
        "models:verify",
        "compare every file with its published or pinned SHA-256",
        "Compare every file with its published or pinned SHA-256. The exit code is 3 if one of\n"
        "them cannot be used.",
    )


def _add_certificate(commands: _Commands) -> None:
    show = _command(
        commands, "show", "certificate:show", "print the fingerprint that an edge pins, and more"
    )
    show.add_argument(
        "--pem", action="store_true", help="print the certificate itself, for an edge's CA file"
    )
    new = _command(
        commands,
        "new",
        "certificate:new",
        "make a new key and certificate, or add names to the old ones",
        "Make a new key and certificate for all names and addresses of this machine, in place of\n"
        "the server's own. Edges then need the new fingerprint. With --keep-key the key stays and\n"
        "gets another certificate for more names: whoever asks for one of them sees it, everyone\n"
        "else sees the old one, and the fingerprint stays. A running server takes it up on\n"
        "SIGHUP, and connected clients stay.\n\n"
        f"example:\n  {PROGRAM} cert new --keep-key --name recognition.lan",
    )
    new.add_argument(
        "--name",
        dest="names",
        metavar="NAME",
        action="append",
        default=[],
        help="a DNS name that the certificate is to be for as well; may be given several times",
    )
    new.add_argument(
        "--keep-key", action="store_true", help="keep key and fingerprint, and only add names"
    )


def _add_backup(commands: _Commands) -> None:
    save = _command(
        commands,
        "backup",
        "backup:save",
        "write key, tokens, people and photos into one file",
        "Write what cannot be made again into one file: the server's own key and certificate,\n"
        "the hashes of the tokens, the record of the fleet, who is known, and the photos. The\n"
        "server may run meanwhile.\n"
        "The file is as secret as the key in it. Settings are no part of it.\n\n"
        f"example:\n  {PROGRAM} backup > faces.tar",
    )
    _add_backup_file(save, "where to write it (default: -, the output)")
    restore = _command(
        commands,
        "restore",
        "backup:restore",
        "put a backup where the server finds it",
        "Put a backup where the server finds it. First the whole of it is checked. Nothing is\n"
        "restored while a server runs, nor over another key, tokens or people, unless with\n"
        "--replace, which first backs up what is there.",
    )
    restore.add_argument("--check", action="store_true", help="only tell whether it is whole")
    restore.add_argument(
        "--replace", action="store_true", help="also where there are a key, tokens or people"
    )
    _add_backup_file(restore, "the backup (default: -, the input)")


def _add_backup_file(parser: argparse.ArgumentParser, summary: str) -> None:
    parser.add_argument(
        "file", metavar="FILE", nargs="?", type=Path, default=Path("-"), help=summary
    )


def _command(
    commands: _Commands, name: str, run: str, summary: str, description: str = ""
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=description or _sentence(summary),
        formatter_class=_Format,
    )
    _add_config_option(parser)
    parser.set_defaults(run=run)
    return parser


def _group(commands: _Commands, name: str, summary: str) -> _Commands:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=_sentence(summary), formatter_class=_Format
    )
    _add_config_option(parser)
    return parser.add_subparsers(title="commands", metavar="COMMAND", required=True)


def _add_json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def _add_config_option(parser: argparse.ArgumentParser, default: Any = argparse.SUPPRESS) -> None:
    """Let `--config` be given before and after the command; only the first has a default."""
    parser.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        type=Path,
        default=default,
        help="the settings (default: config.ini in this folder, else the built-in ones)",
    )


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."
