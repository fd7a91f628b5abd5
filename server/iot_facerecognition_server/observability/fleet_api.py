"""The HTTP API for machines: the fleet, as an inventory or a console reads it.

`docs/fleet-api.md` is its page. Every request needs a token of its own kind, whatever it asks for,
so that nobody learns without one which edges there are.
"""

import gzip
import json
import logging
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

from iot_facerecognition_server.fleet.documents import edge_document, fleet_document
from iot_facerecognition_server.fleet.keeper import FleetKeeper
from iot_facerecognition_server.observability.http_thread import Reply, Request
from iot_facerecognition_server.trust.tokens import TokenFileError, TokenStore

_log = logging.getLogger(__name__)

API_PATH: Final = "/api/"
API_VERSION: Final = 1
_EDGES: Final = "/api/v1/edges"
_VERSION: Final = "/api/v1/version"
_HEADERS: Final = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_COMPRESSED_FROM: Final = 1024
"""Bytes from which an answer is worth compressing."""
_NO_TOKEN: Final = (
    "send a token as `Authorization: Bearer TOKEN`; make one with:"  # noqa: S105 - none
    " iot-facerecognition-server api-token add NAME"
)


class FleetApi:
    """Answers requests below `API_PATH`; blocks while it does, and may on any thread."""

    def __init__(self, version: str, tokens: TokenStore) -> None:
        """`version` is the server's own; requests need one of `tokens`."""
        self._version = version
        self._tokens = tokens
        self._fleet: FleetKeeper | None = None

    def show(self, fleet: FleetKeeper) -> None:
        """Answer with `fleet` from now on: until then the server is still starting."""
        self._fleet = fleet

    def reply(self, request: Request) -> Reply:
        """Return the answer to a request."""
        try:
            allowed = self._allows(request.headers.get("authorization"))
        except TokenFileError as error:
            _log.error("the API answers nobody: %s", error)
            return failure(HTTPStatus.SERVICE_UNAVAILABLE, "the server cannot read its API tokens")
        if not allowed:
            reply = failure(HTTPStatus.UNAUTHORIZED, _NO_TOKEN)
            return Reply(reply.status, {**reply.headers, "WWW-Authenticate": "Bearer"}, reply.body)
        path = request.path.partition("?")[0]
        reply = self._found(path)
        return _compressed(reply, request.headers.get("accept-encoding", ""))

    def _allows(self, authorization: str | None) -> bool:
        """Return whether the header has a valid token, in constant time. Raises TokenFileError."""
        scheme, _, token = (authorization or "").partition(" ")
        return scheme.lower() == "bearer" and self._tokens.find(token.strip()) is not None

    def _found(self, path: str) -> Reply:
        if path == _VERSION:
            return _json(HTTPStatus.OK, {"version": self._version, "api": API_VERSION})
        prefix, slash, identity = path.removeprefix(_EDGES).partition("/")
        if not path.startswith(_EDGES) or prefix or (slash and not identity):
            return failure(
                HTTPStatus.NOT_FOUND, f"there are {_EDGES}, {_EDGES}/IDENTITY and {_VERSION}"
            )
        if self._fleet is None:
            return failure(HTTPStatus.SERVICE_UNAVAILABLE, "the server is still starting")
        if not identity:
            return _json(HTTPStatus.OK, fleet_document(self._fleet.edges()))
        edge = self._fleet.edge(unquote(identity))
        if edge is None:
            return failure(HTTPStatus.NOT_FOUND, "no edge of this identity is on record")
        return _json(HTTPStatus.OK, edge_document(edge))


def failure(status: HTTPStatus, sentence: str) -> Reply:
    """Return the answer to a request that has no other."""
    return _json(status, {"error": sentence})


def _json(status: HTTPStatus, document: dict[str, Any]) -> Reply:
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Reply(status, _HEADERS, text.encode("utf-8", "backslashreplace") + b"\n")


def _compressed(reply: Reply, accepted: str) -> Reply:
    if "gzip" not in accepted or len(reply.body) < _COMPRESSED_FROM:
        return reply
    headers = {**reply.headers, "Content-Encoding": "gzip"}
    return Reply(reply.status, headers, gzip.compress(reply.body, 1))
