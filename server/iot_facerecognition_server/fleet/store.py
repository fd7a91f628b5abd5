"""The file with the fleet's record: written in one step, and never lost to what it was before."""

import json
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from iot_facerecognition_protocol.system.regular_file import read_regular
from iot_facerecognition_protocol.system.whole_file import write_file
from iot_facerecognition_server.fleet.documents import kept_document, read_kept
from iot_facerecognition_server.fleet.edge import Edge

_log = logging.getLogger(__name__)

_FORMAT: Final = 1
_LARGEST: Final = 8_000_000
"""Bytes of a record at most; a thousand edges have about a tenth of it."""


_UNUSABLE: Final = (OSError, ValueError, TypeError, RecursionError)


class FleetStore:
    """Reads and writes the record in the state directory; blocks while it does."""

    def __init__(self, path: Path) -> None:
        """Use the file `path`; the last good one is kept next to it."""
        self.path = path
        self._previous = path.with_name(f"{path.stem}.previous{path.suffix}")
        self._damaged = path.with_name(f"{path.stem}.damaged{path.suffix}")

    def load(self) -> tuple[Edge, ...]:
        """Return the edges on record; none where there is no file.

        A damaged file is put aside, and the last good one is read in its place. Nothing raises: a
        server without its record of the fleet still recognises faces.
        """
        try:
            return self._read(self.path)
        except FileNotFoundError:
            return ()
        except _UNUSABLE as error:
            _log.error(
                "the record of the fleet, %s, cannot be used (%s); it is kept as %s, and the one"
                " before it is read",
                self.path,
                error,
                self._damaged.name,
            )
        with suppress(OSError):
            self.path.replace(self._damaged)
        try:
            return self._read(self._previous)
        except _UNUSABLE as error:
            _log.error("there is no good one before it (%s): the record begins empty", error)
            return ()

    def save(self, edges: Iterable[Edge]) -> None:
        """Write the edges, in one step. Raises OSError."""
        document = {"format": _FORMAT, "edges": [kept_document(edge) for edge in edges]}
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        self._keep_previous()
        write_file(self.path, text.encode("utf-8", "backslashreplace") + b"\n")

    def _keep_previous(self) -> None:
        """Give the present file a second name, under which it stays when it is replaced."""
        link = self._previous.with_name(f".{self._previous.name}.link")
        with suppress(OSError):  # none yet, or a file system without links: then there is no copy
            link.unlink(missing_ok=True)
            os.link(self.path, link)
            link.replace(self._previous)

    def _read(self, path: Path) -> tuple[Edge, ...]:
        """Return the edges in a file. Raises one of `_UNUSABLE`."""
        document = json.loads(read_regular(path, _LARGEST))
        if not isinstance(document, dict) or document.get("format") != _FORMAT:
            raise ValueError("it is no record of a fleet, or of another version of the server")
        entries = document.get("edges")
        if not isinstance(entries, list):
            raise TypeError("it has no list of edges")
        edges = {edge.identity: edge for edge in self._edges(entries)}
        return tuple(edges.values())

    def _edges(self, entries: list[Any]) -> Iterator[Edge]:
        for entry in entries:
            try:
                yield read_kept(entry)
            except (ValueError, TypeError, OverflowError) as error:
                _log.error("an edge in %s is left out: %s", self.path, error)
