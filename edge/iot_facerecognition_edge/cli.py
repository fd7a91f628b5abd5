"""The command line of the appliance."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from iot_facerecognition_edge.errors import EdgeError, HookError, SettingError
from iot_facerecognition_edge.log.console import console
from iot_facerecognition_edge.postponed import postpone
from iot_facerecognition_edge.settings import (
    CATALOGUE,
    SettingChanged,
    SettingKind,
    Settings,
    SettingsFile,
    SettingSpec,
    Value,
    entered,
    read_changes,
    read_defaults,
)
from iot_facerecognition_edge.settings.camera import CameraSettings
from iot_facerecognition_edge.settings.display import DisplaySettings
from iot_facerecognition_protocol.system.command import as_command

EXIT_OK = 0
EXIT_FAILURE = 1
EXIT_CONFIGURATION = 2
EXIT_LEFT = 3
"""What the unit's RestartPreventExitStatus names: who shut the program down wants it to stay so."""

SERVICE_STATE = Path("/var/lib/iot-facerecognition-edge")
"""The StateDirectory of the unit."""
CONFIGURATION = Path("/etc/iot-facerecognition-edge")

_DESCRIPTION = """\
The edge of iot-facerecognition: takes pictures, has a server find and name the faces and objects
in them, and shows what comes back.

  iot-facerecognition-edge --set connection.address=server.local \\
      --set connection.token=… --set connection.fingerprint=…
  iot-facerecognition-edge --headless --camera v4l2:/dev/video0
  iot-facerecognition-edge settings show camera
  iot-facerecognition-edge pair 'iot-facerecognition://…'     what the server's `pair NAME` prints
"""
_EPILOG = """\
Exit status: 0 when a signal ended it; 1 after a fault of its own or without a screen, which may
come later; 2 when a setting or a hook is wrong; 3 when a person shut it down on its screen or
closed its window. A camera that is missing is waited for. A second signal ends it at once.
SIGUSR1 writes the statistics as CSV files into the state directory.
"""


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--state-dir",
        type=Path,
        metavar="FOLDER",
        help="where settings, log and statistics are kept (default: systemd's StateDirectory, "
        f"for root the service's {SERVICE_STATE}, else ~/.local/state/iot-facerecognition-edge)",
    )
    parser = argparse.ArgumentParser(
        prog="iot-facerecognition-edge",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
    )
    _add_run_options(parser)
    commands = parser.add_subparsers(
        dest="command", metavar="{run,settings,pair}", title="commands"
    )
    run = commands.add_parser("run", help="run the appliance (what happens without a command)")
    _add_run_options(run, default=argparse.SUPPRESS)
    settings = commands.add_parser("settings", help="show, change or reset what is kept")
    actions = settings.add_subparsers(dest="action", metavar="{show,set,reset}", required=True)
    show = actions.add_parser("show", help="show settings, what they mean and what they allow")
    show.add_argument("which", nargs="*", metavar="KEY|GROUP", help="only these")
    change = actions.add_parser("set", help="keep other values, and print what has changed")
    change.add_argument("changes", nargs="*", metavar="KEY=VALUE")
    change.add_argument(
        "--from",
        dest="changes_file",
        metavar="FILE",
        help="read more of them from FILE, one a line, as defaults.conf has them; - is the input."
        " For secrets: everybody on a machine can see a command line",
    )
    change.add_argument(
        "--dry-run", action="store_true", help="only print what would change; nothing is kept"
    )
    reset = actions.add_parser("reset", help="go back to the defaults")
    reset.add_argument("which", nargs="*", metavar="KEY", help="only these (default: all)")
    pairing = commands.add_parser("pair", help="get token and fingerprint from a server, by a code")
    pairing.add_argument(
        "where", metavar="TEXT|ADDRESS", help="the text that the server's `pair` printed, in quotes"
    )
    pairing.add_argument("code", nargs="?", metavar="CODE", help="the nine digits, with an address")
    for command in (run, show, change, reset, pairing):
        command.add_argument(
            "--state-dir", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )
    return parser


def _add_run_options(parser: argparse.ArgumentParser, default: object = None) -> None:
    parser.add_argument(
        "--headless", action="store_true", default=default, help="no screen, same everything else"
    )
    parser.add_argument(
        "--camera",
        metavar="CAMERA",
        default=default,
        help="auto, picamera2, v4l2[:/dev/videoN], moving:FOLDER (photos) or folder:FOLDER",
    )
    parser.add_argument(
        "--screen",
        metavar="SCREEN",
        default=default,
        help="auto, framebuffer[:/dev/fbN], drm, window[:WIDTHxHEIGHT] or none",
    )
    parser.add_argument(
        "--set",
        action="append",
        dest="overrides",
        metavar="KEY=VALUE",
        default=default,
        help="another value for this run only; `settings set` keeps it",
    )
    parser.add_argument("--verbose", action="store_true", default=default, help="log more")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    return as_command(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    try:
        service = SERVICE_STATE if os.geteuid() == 0 else None
        state_directory = options.state_dir or default_state_directory(os.environ, service)
        if options.command == "settings":
            return _ACTIONS[options.action](state_directory, options)
        if options.command == "pair":
            return _pair(state_directory, options)
        return _run(state_directory, options)
    except (SettingError, HookError) as error:
        print(f"iot-facerecognition-edge: {error}", file=sys.stderr)
        return EXIT_CONFIGURATION
    except EdgeError as error:
        print(f"iot-facerecognition-edge: {error}", file=sys.stderr)
        return EXIT_FAILURE
    except KeyboardInterrupt:
        # Before the loop took over the signal.
        return EXIT_OK


def default_state_directory(
    environment: "os._Environ[str] | dict[str, str]", service: Path | None = None
) -> Path:
    """Return where systemd says that state belongs, the folder of a `service`, or the user's.

    Root means the service where it is installed: what root writes there belongs to the folder's
    owner. Raises SettingError for a user without a home.
    """
    if "STATE_DIRECTORY" in environment:
        return Path(environment["STATE_DIRECTORY"].split(":")[0])
    if service is not None and service.is_dir():
        return service
    try:
        base = environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    except RuntimeError:
        raise SettingError(
            "this user has no home folder to keep settings in; name a folder by --state-dir"
        ) from None
    return Path(base) / "iot-facerecognition-edge"


def _run(state_directory: Path, options: argparse.Namespace) -> int:
    postpone()
    from iot_facerecognition_edge.assembly import Options, run  # noqa: PLC0415 - for a quick --help

    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.INFO,
        format="%(levelname)s %(message)s",
        stream=console(sys.stderr),
    )
    # The appliance's own log tells the same in its own words.
    logging.getLogger("iot_facerecognition_client").setLevel(logging.WARNING)
    overrides = _changes(options.overrides or ())
    if options.camera is not None:
        overrides[CameraSettings.source.key] = CameraSettings.source.check(options.camera)
    if options.screen is not None:
        overrides[DisplaySettings.screen.key] = DisplaySettings.screen.check(options.screen)
    if options.headless:
        overrides[DisplaySettings.screen.key] = "none"
    kept = Options(state_directory, overrides, defaults_file=_defaults_file())
    left = asyncio.run(run(kept))
    return EXIT_LEFT if left else EXIT_OK


def _defaults_file() -> Path:
    """Return the file with this machine's defaults; systemd may name another folder for it."""
    folder = os.environ.get("CONFIGURATION_DIRECTORY", str(CONFIGURATION)).split(":")[0]
    return Path(folder) / "defaults.conf"


def _changes(texts: Sequence[str], held: Settings | None = None) -> dict[str, Value]:
    """Return the values that `texts`, each KEY=VALUE, stand for. Raises SettingError.

    `held` are the present ones, where these are to change.
    """
    changes: dict[str, Value] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise SettingError(f"{text!r} is no KEY=VALUE such as camera.fps=10")
        changes |= entered(key, value, held)
    return changes


def _show(state_directory: Path, options: argparse.Namespace) -> int:
    settings = _stored(state_directory)
    keys = {entry.key for entry in CATALOGUE}
    groups = {str(entry.group) for entry in CATALOGUE}
    for which in options.which:
        if which not in keys | groups:
            raise SettingError(
                f"{which!r} is neither a setting nor one of the groups {', '.join(sorted(groups))}"
            )
    for entry in (settings.setting(known.key) for known in CATALOGUE):
        if not options.which or {entry.key, str(entry.group)} & set(options.which):
            value = settings.value(entry.key)
            mark = "" if value == entry.default else f"  (default {entry.format(entry.default)})"
            print(f"{entry.key} = {entry.format(value)}{mark}")
            if options.which:
                print(f"    {entry.help}\n    {entry.allowed}; takes effect {entry.applies}")
    return EXIT_OK


def _set(state_directory: Path, options: argparse.Namespace) -> int:
    settings = _stored(state_directory)
    changes = _changes(options.changes, settings)
    if options.changes_file is not None:
        changes |= read_changes(options.changes_file, settings)
    if not changes:
        raise SettingError("nothing to set: give KEY=VALUE, or a file of them by --from")
    changed: list[SettingChanged] = []
    settings.subscribe(changed.append)
    for key, value in changes.items():
        settings.set(key, value)
    if changed and not options.dry_run:
        _keep(state_directory, settings)
    for change in changed:
        print(_described(settings.setting(change.key), change))
    return EXIT_OK


def _described(entry: SettingSpec, change: SettingChanged) -> str:
    """Return a change in words; of a secret only that it is another one."""
    if entry.kind is SettingKind.SECRET and change.old and change.new:
        return f"{entry.key}: replaced"
    return f"{entry.key}: {entry.format(change.old)} -> {entry.format(change.new)}"


def _reset(state_directory: Path, options: argparse.Namespace) -> int:
    settings = _stored(state_directory)
    for key in options.which or (entry.key for entry in CATALOGUE):
        settings.reset(key)
    _keep(state_directory, settings)
    return EXIT_OK


def _pair(state_directory: Path, options: argparse.Namespace) -> int:
    from iot_facerecognition_edge.connection.pair_command import (  # noqa: PLC0415 - for a quick start
        keep_pairing,
        read_request,
    )

    settings = _stored(state_directory)
    print(keep_pairing(settings, read_request(options.where, options.code)))
    _keep(state_directory, settings)
    print("a running appliance takes it up when it is started again")
    return EXIT_OK


_ACTIONS: dict[str, Callable[[Path, argparse.Namespace], int]] = {
    "show": _show,
    "set": _set,
    "reset": _reset,
}


def _stored(state_directory: Path) -> Settings:
    loaded = SettingsFile(state_directory / "settings.json").load()
    defaults = read_defaults(_defaults_file())
    for problem in defaults.problems + loaded.problems:
        print(problem, file=sys.stderr)
    return Settings(loaded.values, defaults=defaults.values)


def _keep(state_directory: Path, settings: Settings) -> None:
    SettingsFile(state_directory / "settings.json").save(settings.stored())


if __name__ == "__main__":
    sys.exit(main())
