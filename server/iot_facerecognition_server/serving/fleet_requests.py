"""What the command line asks of the fleet's record, by the control socket.

One of these, each with `"do": "fleet"`:

- `{"ask": "list", "after": "kitchen"}`: up to a hundred edges, those behind this one (null: the
  first ones); `"more"` in the answer tells whether there are any behind them
- `{"ask": "show", "identity": "kitchen"}`
- `{"ask": "want", "version": "1.3.0", "identities": ["kitchen", …]}`
- `{"ask": "report", "identity": "kitchen", "state": "skipped", "version": null, "reason": "…"}`
- `{"ask": "forget", "identity": "kitchen"}`
"""

import asyncio
from typing import Any, Final

from iot_facerecognition_server.fleet.documents import edge_document, fleet_document
from iot_facerecognition_server.fleet.keeper import FleetKeeper, not_on_record
from iot_facerecognition_server.fleet.updates import FleetRequestError

PAGE: Final = 100
"""Edges in one answer: to write down more would keep the event loop from other work."""


class FleetRequests:
    """Answers them from a fleet's record; on the event loop's thread."""

    def __init__(self, fleet: FleetKeeper) -> None:
        self._fleet = fleet

    async def answer(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """Return the answer, None to what is no request of these."""
        try:
            return await self._answer(request)
        except FleetRequestError as error:
            return {"error": str(error)}
        except OSError as error:
            return {
                "error": "it is recorded, and lost when the server ends: the record cannot be saved"
                f" ({error.strerror or error}); make room, or let the server write to its state"
                " directory, and ask again"
            }

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any] | None:
        match request:
            case {"ask": "list", "after": str() | None as after}:
                return await asyncio.to_thread(self._page, after)
            case {"ask": "show", "identity": str(identity)}:
                edge = self._fleet.edge(identity)
                return {"error": not_on_record(identity)} if edge is None else edge_document(edge)
            case {"ask": "want", "version": str(version), "identities": list(identities)}:
                return fleet_document(await self._fleet.want(version, list(map(str, identities))))
            case {
                "ask": "report",
                "identity": str(identity),
                "state": str(state),
                "version": str() | None as version,
                "reason": str() | None as reason,
            }:
                return edge_document(await self._fleet.report(identity, state, version, reason))
            case {"ask": "forget", "identity": str(identity)}:
                await self._fleet.forget(identity)
                return {}
        return None

    def _page(self, after: str | None) -> dict[str, Any]:
        edges = [edge for edge in self._fleet.edges() if after is None or edge.identity > after]
        return fleet_document(edges[:PAGE]) | {"more": len(edges) > PAGE}
