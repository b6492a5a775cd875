"""The intake API: portals post returns and get return id and decision at once.

Mounted under `/hub/api/v1`, in Airflow's API server or by itself. Nothing is built at import: the hub is
made at the first request.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import anyio
import orjson
import psycopg
from fastapi import FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from psycopg_pool import PoolTimeout

from hub.api import body as bodies
from hub.api import clients, openapi, problems
from hub.api.idempotency import InProgress
from hub.api.intake import Announce, Answer, Intake, Receive
from hub.api.models import ReturnAnswer
from hub.api.problems import Problem
from hub.once import once
from hub.threads import Threads

if TYPE_CHECKING:
    from hub.pipeline.context import Hub

PREFIX: Final = "/hub/api/v1"
WAIT: Final = 2.0
"""Seconds a request waits for another one with the same Idempotency-Key before it is told to come back."""

_LONGEST_KEY: Final = 200
_log = logging.getLogger(__name__)

ApiKey = Annotated[str, Header(alias="X-API-Key", description="The client's key")]
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        description="Any text of yours, at most 200 characters; the same key gets the same answer",
    ),
]


def create_app(
    hub: Hub | Callable[[], Hub] | None = None,
    *,
    announce: Announce | None = None,
    receive: Receive | None = None,
) -> FastAPI:
    """Make the API.

    Args:
        hub: The hub, or what makes it at the first request; default: from the environment.
        announce: Called with the targets that got effects; default: they wait for their schedule.
        receive: The pipeline's entry, for tests of the API alone.
    """
    app = FastAPI(
        title="Returns Hub intake API", version="1", docs_url=None, redoc_url=None, redirect_slashes=False
    )
    intake = Intake(once(hub, _bootstrap), receive or _pipeline, announce or _nobody)
    _Routes(intake).install(app)
    problems.install(app)
    _install_failures(app)
    openapi.install(app)
    return app


class _Routes:
    """The app's routes around one intake."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._threads = Threads()

    def install(self, app: FastAPI) -> None:
        app.post(
            "/returns",
            status_code=201,
            response_model=ReturnAnswer,
            responses=openapi.POST_RESPONSES,
            summary="Ask to return goods",
            operation_id="post_return",
            openapi_extra=openapi.REQUEST_BODY,
        )(self.post_return)
        app.get(
            "/returns/{return_id}",
            response_model=ReturnAnswer,
            responses=openapi.GET_RESPONSES,
            summary="Look at a return",
            operation_id="get_return",
        )(self.get_return)

        @app.get("/docs", include_in_schema=False)
        async def docs() -> HTMLResponse:
            return HTMLResponse(openapi.page(app.openapi()))

    async def post_return(
        self, request: Request, x_api_key: ApiKey = "", idempotency_key: IdempotencyKey = ""
    ) -> Response:
        """Stores the return, decides, and answers with its id and decision.

        The bytes are durable before anything is done with them. 202 means that a system which the decision
        needs is down: the return is safe and decided later, look at `links.self`.
        """
        client = await self._client(x_api_key)
        if len(idempotency_key) > _LONGEST_KEY:
            raise Problem(
                400,
                f"Idempotency-Key: expected at most {_LONGEST_KEY} characters, found {len(idempotency_key)}",
            )
        body = await bodies.read(request)
        path = request.scope.get("root_path", "") + "/returns"
        call = partial(self._intake.submit, client, idempotency_key, body, path)
        return _respond(await self._once_free(call))

    async def get_return(self, request: Request, return_id: str, x_api_key: ApiKey = "") -> Response:
        """Status, RMA number and decision of a return that this client posted."""
        client = await self._client(x_api_key)
        try:
            found = UUID(return_id)
        except ValueError:
            raise Problem(404, f"expected a return id (UUID), found {return_id[:80]!r}") from None
        path = request.scope.get("root_path", "") + "/returns"
        return _respond(await self._threads.run(partial(self._intake.describe, client, found, path)))

    async def _client(self, key: str) -> clients.Client:
        client = await self._threads.run(lambda: clients.authenticate(self._intake.hub().database, key))
        if client is None:
            found = "an unknown key" if key else "no key"
            raise Problem(
                401,
                f"expected a known API key in X-API-Key, found {found}",
                headers={"WWW-Authenticate": "ApiKey"},
            )
        return client

    async def _once_free(self, call: Callable[[], Answer]) -> Answer:
        deadline = anyio.current_time() + WAIT
        while True:
            try:
                return await self._threads.run(call)
            except InProgress:
                if anyio.current_time() >= deadline:
                    detail = "a request with this Idempotency-Key is being processed"
                    raise Problem(409, detail, slug="in-progress", headers={"Retry-After": "1"}) from None
            await anyio.sleep(0.05)


def _respond(answer: Answer) -> Response:
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else {}
    if answer.status >= 400:  # noqa: PLR2004  # the first status that is not a success
        return problems.respond(answer.body, headers)
    if answer.status in (201, 202):
        headers["Location"] = answer.body["links"]["self"]
    return Response(orjson.dumps(answer.body), answer.status, headers, "application/json")


def _bootstrap() -> Hub:
    from hub.bootstrap import bootstrap  # noqa: PLC0415  # the composition root loads every connector

    return bootstrap()


def _pipeline(hub: Hub, flow: str, document: Any, run_id: str) -> Any:
    from hub.pipeline.admit import receive  # noqa: PLC0415  # loads codecs and policies: not at import

    return receive(hub, flow, document, run_id)


def _nobody(targets: Sequence[str]) -> None:
    """Without Airflow nobody needs to be told: the next run delivers."""


def _install_failures(app: FastAPI) -> None:
    @app.exception_handler(psycopg.OperationalError)
    @app.exception_handler(PoolTimeout)
    async def _no_database(request: Request, error: Exception) -> Response:
        _log.warning("the database did not answer: %s", error)
        problem = Problem(
            503, "the hub's database does not answer; nothing was accepted", headers={"Retry-After": "5"}
        )
        return problems.respond(problem.document(request.url.path), problem.headers)

    @app.exception_handler(RequestValidationError)
    async def _bad_request(request: Request, error: RequestValidationError) -> Response:
        return problems.respond(Problem(400, str(error)).document(request.url.path))

    @app.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> Response:
        # the server logs the traceback; what went wrong inside is nobody's business outside
        _log.error("%s %s failed: %s", request.method, request.url.path, type(error).__name__)
        detail = "the hub failed on this request; repeating it with the same Idempotency-Key is safe"
        return problems.respond(Problem(500, detail).document(request.url.path))
