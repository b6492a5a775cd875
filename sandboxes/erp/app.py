"""The ERP's OData V2 surface: reading with filters and server-side paging, creating with deep insert."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandboxes.control import Control
from sandboxes.erp.documents import ROOT, address, document, error, item
from sandboxes.erp.entities import ENTITY_SETS, SERVICES, EntitySet, PayloadError
from sandboxes.erp.filters import FilterError
from sandboxes.erp.sessions import COOKIE, Sessions
from sandboxes.erp.store import ErpStore, Stored

_KEY = re.compile(r"\((?P<key>[^)]*)\)$")
_PART = re.compile(r"(?:(?P<name>\w+)=)?'(?P<value>[^']*)'")
_OPTIONS = {"$filter", "$expand", "$top", "$skip", "$skiptoken", "$inlinecount", "$format", "$select"}


class Gateway:
    """Answers one request after the other; the state is in the store and the sessions."""

    def __init__(self, store: ErpStore, sessions: Sessions, login: str, password: str, page: int) -> None:
        self._store = store
        self._sessions = sessions
        self._credentials = f"{login}:{password}"
        self._page = page

    async def __call__(self, request: Request) -> Response:
        """Sign-in, CSRF, then the service."""
        if not self._signed_in(request):
            page = "<html><head><title>Logon Error Message</title></head><body>401 Unauthorized</body></html>"
            challenge = {"www-authenticate": 'Basic realm="SAP NetWeaver Application Server [SBX/100]"'}
            return Response(page, 401, challenge, "text/html")
        fetch = request.headers.get("x-csrf-token", "").lower() == "fetch"
        if request.method not in ("GET", "HEAD") and not self._sessions.accepts(
            request.cookies.get(COOKIE), request.headers.get("x-csrf-token")
        ):
            return PlainTextResponse("CSRF token validation failed", 403, {"x-csrf-token": "Required"})
        answer = await self._answer(request)
        answer.headers["dataserviceversion"] = "2.0"
        if fetch:
            session, token = self._sessions.fetch(request.cookies.get(COOKIE))
            answer.headers["x-csrf-token"] = token
            answer.set_cookie(COOKIE, session, path="/", httponly=True)
            answer.set_cookie("sap-usercontext", "sap-client=100", path="/")
        return answer

    def _signed_in(self, request: Request) -> bool:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        try:
            found = base64.b64decode(value).decode()
        except ValueError:
            return False
        return scheme.lower() == "basic" and secrets.compare_digest(
            found.encode(), self._credentials.encode()
        )

    async def _answer(self, request: Request) -> Response:
        service, _, rest = request.path_params["path"].partition("/")
        name = service.partition(";")[0]
        if name not in SERVICES:
            return _failed(403, "/IWFND/MED/170", f"No service found for namespace '', name '{service}'")
        if not rest:
            sets = [one.name for one in ENTITY_SETS.values() if one.service == name]
            return _json({"d": {"EntitySets": sets}})
        return await self._serve(request, name, rest)

    async def _serve(self, request: Request, name: str, rest: str) -> Response:
        first, _, below = rest.partition("/")
        entity = ENTITY_SETS.get(f"{name}/{_KEY.sub('', first)}")
        if entity is None:
            return _failed(404, "/IWBEP/CM_MGW_RT/004", f"Resource not found for segment '{first}'", first)
        try:
            if request.method == "POST":
                return await self._create(request, entity)
            if request.method not in ("GET", "HEAD"):
                return _failed(405, "/IWFND/CM_MGW/096", f"Method {request.method} is not supported here")
            return self._read(request, entity, first, below)
        except (FilterError, ValueError) as wrong:
            target = wrong.target if isinstance(wrong, PayloadError) else ""
            return _failed(400, "SBX/400", str(wrong), target)

    def _read(self, request: Request, entity: EntitySet, first: str, below: str) -> Response:
        if unknown := {name for name in request.query_params if name.startswith("$")} - _OPTIONS:
            raise FilterError(f"The option {min(unknown)} is not supported")
        key = _KEY.search(first)
        if key is None:
            if below == "$count":
                return PlainTextResponse(
                    str(self._store.count(entity, request.query_params.get("$filter", "")))
                )
            return self._collection(request, entity)
        stored = self._by_key(entity, key["key"])
        if stored is None or below not in ("", entity.items):
            return _failed(404, "/IWBEP/CM_MGW_RT/020", f"Resource not found for segment '{first}'", first)
        if below:
            return _json({"d": {"results": [item(entity, one) for one in stored.items]}})
        expand = _expands(request, entity)
        return _json({"d": document(_base(request), entity, stored, expand=expand)})

    def _by_key(self, entity: EntitySet, key: str) -> Stored | None:
        parts = {part["name"] or entity.number: part["value"] for part in _PART.finditer(key)}
        number = parts.get(entity.number, "")
        stored = self._store.get(entity, int(number)) if number.isdigit() else None
        if stored and entity.year and stored.header[entity.year] != parts.get(entity.year):
            return None
        return stored

    def _collection(self, request: Request, entity: EntitySet) -> Response:
        query = request.query_params
        condition = query.get("$filter", "")
        expand = _expands(request, entity)
        top = int(query["$top"]) if "$top" in query else None
        size = self._page if top is None else min(top, self._page)
        after, skip = int(query.get("$skiptoken", 0)), int(query.get("$skip", 0))
        found = self._store.find(entity, condition, after, size + 1, skip)
        shown = found[:size]
        body: dict[str, object] = {
            "results": [document(_base(request), entity, stored, expand=expand) for stored in shown]
        }
        if query.get("$inlinecount") == "allpages":
            body["__count"] = str(self._store.count(entity, condition))
        left = None if top is None else top - len(shown)
        if len(found) > size and left != 0:
            body["__next"] = _next(request, entity, shown[-1].number, left)
        return _json({"d": body})

    async def _create(self, request: Request, entity: EntitySet) -> Response:
        if not entity.creatable:
            return _failed(405, "/IWFND/CM_MGW/096", f"{entity.name} cannot be created here")
        if not request.headers.get("content-type", "").startswith("application/json"):
            return _failed(415, "/IWFND/CM_MGW/415", "Expected Content-Type application/json")
        body = orjson.loads(await request.body())
        if not isinstance(body, dict):
            raise PayloadError(f"Expected an object, found {type(body).__name__}")
        stored = self._store.create(entity, body.get("d", body))
        base = _base(request)
        answer = {"d": document(base, entity, stored, expand=True)}
        return _json(answer, 201, {"location": address(base, entity, stored)})


def _json(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, "application/json")


def _failed(status: int, code: str, message: str, target: str = "") -> Response:
    return _json(error(code, message, target), status)


def _base(request: Request) -> str:
    return "http://" + request.headers.get("host", "")


def _expands(request: Request, entity: EntitySet) -> bool:
    wanted = [name for name in request.query_params.get("$expand", "").split(",") if name]
    if unknown := [name for name in wanted if name != entity.items]:
        raise FilterError(f"Navigation property '{unknown[0]}' not found in '{entity.name}'")
    return bool(wanted)


def _next(request: Request, entity: EntitySet, last: int, left: int | None) -> str:
    """The absolute address of the next page: the same question, from behind the last number."""
    query: Mapping[str, str] = {
        name: value for name, value in request.query_params.items() if name not in ("$top", "$skip")
    }
    rest = {"$top": str(left)} if left is not None else {}
    return f"{_base(request)}{ROOT}/{entity.path}?{urlencode({**query, **rest, '$skiptoken': str(last)})}"


def build(gateway: Gateway, control: Control) -> Starlette:
    """The ASGI app."""
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "MERGE", "DELETE"]
    route = Route(f"{ROOT}/{{path:path}}", gateway.__call__, methods=methods)
    return Starlette(routes=[route, *control.routes()])
