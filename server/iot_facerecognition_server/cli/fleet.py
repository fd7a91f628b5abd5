"""`fleet`: what the running server knows of its edges, and what operators want of them."""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from iot_facerecognition_server.cli.configuration import read_config
from iot_facerecognition_server.cli.outcome import CommandFailedError, ExitCode
from iot_facerecognition_server.cli.table import table
from iot_facerecognition_server.serving.control_client import (
    SOCKET_NAME,
    ControlConnection,
    ControlError,
)

_AT_ONCE: Final = 500
"""Identities in one request: it has to fit into a line that the server reads."""
_NOTHING: Final = "-"


def show_all(arguments: argparse.Namespace) -> int:
    """List the edges."""
    edges = list(_all_edges(arguments))
    if arguments.json:
        _print_json({"edges": edges})
    elif edges:
        head = ("IDENTITY", "CONNECTED", "RATE", "DESIRED", "REPORTED", "RUNNING", "UPDATE")
        print(table([head, *map(_row, edges)]))
    else:
        print("no edge has connected yet")
    return ExitCode.SUCCESS


def show(arguments: argparse.Namespace) -> int:
    """Print all that is known of one edge."""
    (edge,) = _asked(arguments, [{"ask": "show", "identity": arguments.identity}])
    if arguments.json:
        _print_json(edge)
    else:
        print(table(list(_lines(edge))))
    return ExitCode.SUCCESS


def want(arguments: argparse.Namespace) -> int:
    """Record which version edges are to have."""
    identities = list(dict.fromkeys(arguments.identities))
    requests = [
        {"ask": "want", "version": arguments.version, "identities": identities[n : n + _AT_ONCE]}
        for n in range(0, len(identities), _AT_ONCE)
    ]
    edges = [edge for answer in _asked(arguments, requests) for edge in answer["edges"]]
    _print_changed(arguments, edges)
    return ExitCode.SUCCESS


def report(arguments: argparse.Namespace) -> int:
    """Take down what a controller knows of an edge's update."""
    request = {
        "ask": "report",
        "identity": arguments.identity,
        "state": arguments.state,
        "version": arguments.version,
        "reason": arguments.reason,
    }
    _print_changed(arguments, _asked(arguments, [request]))
    return ExitCode.SUCCESS


def forget(arguments: argparse.Namespace) -> int:
    """Strike an edge off the record."""
    _asked(arguments, [{"ask": "forget", "identity": arguments.identity}])
    print(f"forgot {arguments.identity}; its token stays valid until it is revoked")
    return ExitCode.SUCCESS


def _asked(
    arguments: argparse.Namespace, requests: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the running server's answers. Raises CommandFailedError."""
    path = read_config(arguments).server.state_directory / SOCKET_NAME
    try:
        with ControlConnection(path) as connection:
            return [connection.ask({"do": "fleet", **request}) for request in requests]
    except ControlError as error:
        raise CommandFailedError(ExitCode.FAILURE, str(error)) from error


def _all_edges(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    after, more = None, True
    while more:
        (answer,) = _asked(arguments, [{"ask": "list", "after": after}])
        yield from answer["edges"]
        more = answer["more"]
        after = answer["edges"][-1]["identity"] if more else None


def _row(edge: Mapping[str, Any]) -> tuple[str, ...]:
    update = edge["update"]
    return (
        edge["identity"],
        "yes" if edge["connected"] else "no",
        f"{edge['rate']:.1f}" if edge["connected"] else _NOTHING,
        *(edge[key] or _NOTHING for key in ("desired", "reported", "running")),
        _NOTHING if update is None else _with_reason(update),
    )


def _with_reason(update: Mapping[str, Any]) -> str:
    return f"{update['state']} ({update['reason']})" if update["reason"] else str(update["state"])


def _lines(edge: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is known of an edge, as names and values; what it does not tell is left out."""
    for key, value in edge.items():
        if isinstance(value, dict):
            known = {name: one for name, one in value.items() if one is not None}
            yield from ((f"{key} {name}".replace("_", " "), _shown(known[name])) for name in known)
        else:
            yield key.replace("_", " "), _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _NOTHING if value is None or value == "" else str(value)


def _print_changed(arguments: argparse.Namespace, edges: Sequence[dict[str, Any]]) -> None:
    if arguments.json:
        _print_json({"edges": list(edges)})
        return
    for edge in edges:
        update = edge["update"]
        state = "nothing to do" if update is None else _with_reason(update)
        seen = "" if edge["first_seen"] else " (never connected so far)"
        print(f"{edge['identity']}: {edge['desired'] or _NOTHING}: {state}{seen}")


def _print_json(document: Mapping[str, Any]) -> None:
    print(json.dumps(document, ensure_ascii=False, indent=2))
