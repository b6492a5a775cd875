"""The ops console: find any return, see its way, repair what could not pass.

Mounted at `/hub/console` in Airflow's API server and shown there in a frame. Server-rendered, no script, no
asset from elsewhere. Every address asks who is there first; without a way to find out, nobody gets in.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from typing import Any, Final

import psycopg
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException as StarletteHTTPException

from hub.console import forms, users
from hub.console.actions import Actions, Announce, Settle
from hub.console.pages import Pages
from hub.console.rendering import page
from hub.console.users import ConsoleUser
from hub.once import once
from hub.pipeline import replay as pipeline
from hub.pipeline.context import Hub
from hub.threads import Threads

PREFIX: Final = "/hub/console"
_log = logging.getLogger(__name__)
_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_app(
    hub: Hub | Callable[[], Hub] | None = None,
    user_dependency: Callable[..., Any] | None = None,
    *,
    secret: str | Callable[[], str] | None = None,
    announce: Announce | None = None,
    replay: Settle | None = None,
    discard: Settle | None = None,
) -> FastAPI:
    """Make the console.

    Args:
        hub: The hub, or what makes it at the first request; default: from the environment.
        user_dependency: A FastAPI dependency that gives a request's `ConsoleUser`, or raises; default: 401.
        secret: Signs forms; one for all processes that serve the console. Default: one of this process alone.
        announce: Told the targets that a replay gave something to do; default: they wait for their schedule.
        replay: The pipeline's, for tests of the console alone.
        discard: Same.
    """
    find_user = user_dependency or users.nobody

    def admit(request: Request, user: Any = Depends(find_user)) -> None:  # noqa: B008  # how FastAPI is told
        if not isinstance(user, ConsoleUser):
            users.nobody()
        request.state.console_user = user

    app = FastAPI(
        title="Returns Hub console",
        dependencies=[Depends(admit)],
        # these would be open to everybody
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    known = once(hub, _bootstrap)
    threads = Threads()
    signer = forms.Signer(once(secret, lambda: secrets.token_urlsafe(32)))
    settlers = {"replay": replay or pipeline.replay, "discard": discard or pipeline.discard}
    app.include_router(Pages(known, threads, signer).router())
    app.include_router(Actions(known, threads, signer, settlers, announce or _nobody).router())
    # unknown addresses ask who is there as well, before they say that there is nothing
    app.add_api_route("/{path:path}", _nothing, methods=_METHODS, include_in_schema=False)
    _install_failures(app)
    return app


def _bootstrap() -> Hub:
    from hub.bootstrap import bootstrap  # noqa: PLC0415  # the composition root loads every connector

    return bootstrap()


def _nobody(targets: Sequence[str]) -> None:
    """Without Airflow nobody needs to be told: the next run delivers."""


async def _nothing() -> Response:
    raise HTTPException(404, "There is no such page.")


def _install_failures(app: FastAPI) -> None:
    @app.exception_handler(StarletteHTTPException)
    async def _refused(request: Request, error: StarletteHTTPException) -> Response:
        return page(request, "error.html", error.status_code, text=str(error.detail))

    @app.exception_handler(RequestValidationError)
    async def _unusable(request: Request, error: RequestValidationError) -> Response:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors())
        return page(request, "error.html", 404, text=f"There is no such page: {wrong}.")

    @app.exception_handler(psycopg.OperationalError)
    @app.exception_handler(PoolTimeout)
    async def _no_database(request: Request, error: Exception) -> Response:
        _log.warning("the database did not answer: %s", error)
        return page(request, "error.html", 503, text="The hub's database does not answer. Try again soon.")

    @app.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> Response:
        _log.error("%s %s failed: %s", request.method, request.url.path, type(error).__name__)
        text = "The console failed on this page; the server's log says why. Nothing was changed."
        return page(request, "error.html", 500, text=text)
