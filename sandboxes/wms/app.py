"""The warehouse's REST surface: bearer token, announcements by PUT, reports by watermark and cursor."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandboxes.control import Control
from sandboxes.wms.store import Cursor, WmsStore, dumps, loads

_MOST = 500
Handler = Callable[[Request], Awaitable[Response]]


class RequestError(ValueError):
    """A request that the warehouse refuses, with all its problems."""

    def __init__(self, status: int, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.status = status
        self.problems = problems


class Api:
    """Answers requests from the store."""

    def __init__(self, store: WmsStore, token: str) -> None:
        self._store = store
        self._token = token

    async def announce(self, request: Request) -> Response:
        """PUT /api/v1/expected-receipts/{rma}: 201 the first time, 200 when it replaces."""
        rma = request.path_params["rma"]
        body = _announcement(rma, await request.body())
        expected, first = self._store.announce(rma, body)
        return _json(expected, 201 if first else 200)

    async def expected(self, request: Request) -> Response:
        """GET /api/v1/expected-receipts/{rma}."""
        rma = request.path_params["rma"]
        expected = self._store.expected(rma)
        if expected is None:
            raise RequestError(404, f"no expected receipt {rma}")
        return _json(expected)

    async def receipts(self, request: Request) -> Response:
        """GET /api/v1/receipts."""
        return self._list(request, "receipt")

    async def inspections(self, request: Request) -> Response:
        """GET /api/v1/inspections."""
        return self._list(request, "inspection")

    def _list(self, request: Request, kind: str) -> Response:
        query = request.query_params
        limit = _limit(query.get("limit", "100"))
        if "cursor" in query:
            place = Cursor.read(query["cursor"])
        else:
            place = self._store.first_page(_since(query.get("updated_since")))
        items, following = self._store.page(kind, place, limit)
        return _json({"items": items, "next_cursor": following.text() if following else None})

    def guarded(self, handler: Handler) -> Handler:
        """Check the token before, and turn refusals into answers after."""

        async def handle(request: Request) -> Response:
            found = request.headers.get("authorization", "")
            if not secrets.compare_digest(found.encode(), f"Bearer {self._token}".encode()):
                challenge = {"www-authenticate": "Bearer"}
                return _json({"error": "unauthorized", "problems": ["unknown token"]}, 401, challenge)
            try:
                return await handler(request)
            except RequestError as error:
                return _json({"error": "refused", "problems": error.problems}, error.status)
            except ValueError as error:
                return _json({"error": "bad_request", "problems": [str(error)]}, 400)

        return handle


def _json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(dumps(body), status, headers, "application/json")


def _limit(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= _MOST:
        raise RequestError(400, f"limit: expected 1 to {_MOST}, found {text!r}")
    return int(text)


def _since(text: str | None) -> int:
    if text is None:
        return 0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise RequestError(400, f"updated_since: expected a time with offset, found {text!r}")
    return int(moment.timestamp())


def _announcement(rma: str, raw: bytes) -> dict[str, Any]:
    body = loads(raw)
    if not isinstance(body, dict):
        raise RequestError(422, f"body: expected an object, found {type(body).__name__}")
    problems = []
    if body.get("rma", rma) != rma:
        problems.append(f"rma: expected {rma!r} as in the address, found {body['rma']!r}")
    lines = body.get("lines")
    if not isinstance(lines, list) or not lines:
        raise RequestError(422, *problems, f"lines: expected at least one line, found {lines!r}")
    for position, line in enumerate(lines):
        problems.extend(_line_problems(f"lines[{position}]", line))
    if problems:
        raise RequestError(422, *problems)
    return {"rma": rma, "site": body.get("site"), "customer": body.get("customer"), "lines": lines}


def _line_problems(place: str, line: Any) -> list[str]:
    if not isinstance(line, dict):
        return [f"{place}: expected an object, found {line!r}"]
    problems = [
        f"{place}.{name}: expected text, found {line.get(name)!r}"
        for name in ("sku", "uom")
        if not isinstance(line.get(name), str) or not line[name]
    ]
    if type(line.get("line_no")) is not int:
        problems.append(f"{place}.line_no: expected a whole number, found {line.get('line_no')!r}")
    quantity = line.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int | Decimal) or quantity <= 0:
        problems.append(f"{place}.quantity: expected a number above 0, found {quantity!r}")
    return problems


def build(api: Api, control: Control) -> Starlette:
    """The ASGI app."""
    expected = "/api/v1/expected-receipts/{rma}"
    return Starlette(
        routes=[
            Route(expected, api.guarded(api.announce), methods=["PUT"]),
            Route(expected, api.guarded(api.expected)),
            Route("/api/v1/receipts", api.guarded(api.receipts)),
            Route("/api/v1/inspections", api.guarded(api.inspections)),
            *control.routes(),
        ]
    )
