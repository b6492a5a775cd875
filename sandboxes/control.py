"""The control surface that every sandbox has beside its real protocol.

GET  /_sandbox/books    what the partner received, counted by business key, with duplicates
GET  /_sandbox/faults   the rules in force and the faults that happened
POST /_sandbox/faults   {"rules": [...], "down": seconds}; both optional, see `sandboxes.faults`
POST /_sandbox/seed     records that exist before the first exchange; the shape is the sandbox's own
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandboxes.faults import FaultError, FaultPlan

Seed = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What the control routes need from their sandbox. `seed` raises ValueError on a bad body."""

    books: Callable[[], Mapping[str, Any]]
    seed: Seed
    down: Callable[[float], None]
    plan: FaultPlan

    def routes(self) -> list[Route]:
        """The routes to mount in the sandbox's app."""
        return [
            Route("/_sandbox/books", self._books),
            Route("/_sandbox/faults", self._report),
            Route("/_sandbox/faults", self._faults, methods=["POST"]),
            Route("/_sandbox/seed", self._seed, methods=["POST"]),
        ]

    async def _books(self, _: Request) -> Response:
        return JSONResponse(self.books())

    async def _report(self, _: Request) -> Response:
        return JSONResponse(self.plan.report())

    async def _faults(self, request: Request) -> Response:
        try:
            body = await _object(request)
            if "rules" in body:
                self.plan.load(body["rules"])
        except FaultError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        seconds = float(body.get("down", 0))
        if seconds > 0:
            self.down(seconds)
        return JSONResponse({"rules": len(self.plan.rules), "down": seconds})

    async def _seed(self, request: Request) -> Response:
        try:
            return JSONResponse(self.seed(await _object(request)))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, status_code=400)


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise FaultError(f"body: expected JSON, found {error}") from error
    if not isinstance(body, dict):
        raise FaultError(f"body: expected an object, found {type(body).__name__}")
    return body
