"""An HTTP listener that can misbehave: drops connections, goes down for a while, comes back on its port."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandboxes.faults import Action, FaultPlan, Rule

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTROL = "/_sandbox/"
START_SECONDS = 10.0
Transports = dict[tuple[str, int] | None, asyncio.Transport]


def listener(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one. Raises OSError when the port is taken."""
    return socket.create_server(("127.0.0.1", port), reuse_port=False, backlog=512)


class FaultGate:
    """ASGI middleware that lets each request meet the fault plan; control requests pass untouched."""

    def __init__(self, app: App, plan: FaultPlan, transports: Transports) -> None:
        self._app = app
        self._plan = plan
        self._transports = transports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, well or badly."""
        fault = None
        if scope["type"] == "http" and not scope["path"].startswith(CONTROL):
            fault = self._plan.next(scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
        else:
            await self._misbehave(fault, scope, receive, send)

    async def _misbehave(self, fault: Rule, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.action is Action.DELAY:
            await asyncio.sleep(fault.seconds)
            await self._app(scope, receive, send)
            return
        if fault.action in (Action.COMMIT_THEN_DROP, Action.ERROR_AFTER_COMMIT):
            await self._app(scope, receive, _swallow)
        else:
            await _drain(receive)
        if fault.action in (Action.COMMIT_THEN_DROP, Action.DROP):
            await self._drop(scope, receive)
        else:
            status = 500 if fault.action is Action.ERROR_AFTER_COMMIT else fault.status
            await _answer(send, status, fault.retry_after)

    async def _drop(self, scope: Scope, receive: Receive) -> None:
        self._transports[scope["client"]].close()
        while (await receive())["type"] != "http.disconnect":
            pass


async def _swallow(_: Message) -> None:
    """Take an answer that nobody will see."""


async def _drain(receive: Receive) -> None:
    while (await receive()).get("more_body"):
        pass


async def _answer(send: Send, status: int, retry_after: int | None) -> None:
    headers = [(b"content-type", b"text/plain")]
    if retry_after is not None:
        headers.append((b"retry-after", str(retry_after).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"The sandbox was told to answer this way.\n"})


def _tracking(transports: Transports) -> type[HttpToolsProtocol]:
    """Build a uvicorn protocol whose open connections are known by the client's address."""

    class Tracking(HttpToolsProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            # uvicorn narrows the argument in the same way
            super().connection_made(transport)
            transports[self.client] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(self.client, None)
            super().connection_lost(exc)

    return Tracking


class HttpServer:
    """One ASGI app on one loopback port, in a thread of its own.

    The port is chosen at the first start and kept: after `down` or `stop` the next start listens there again.
    """

    def __init__(self, plan: FaultPlan, port: int = 0, name: str = "sandbox") -> None:
        self.port = port
        self.name = name
        self._plan = plan
        self._transports: Transports = {}
        self._app: App | None = None
        self._lock = threading.RLock()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._reopening: threading.Timer | None = None

    @property
    def url(self) -> str:
        """The base address, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, app: App) -> None:
        """Listen; returns when requests are answered. Raises OSError when the port is taken."""
        self._app = FaultGate(app, self._plan, self._transports)
        self._open()

    def _open(self) -> None:
        with self._lock:
            if self._server is not None or self._app is None:
                return
            sock = listener(self.port)
            self.port = sock.getsockname()[1]
            config = uvicorn.Config(
                self._app,
                http=_tracking(self._transports),
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                log_level="critical",
                timeout_keep_alive=60,
                timeout_graceful_shutdown=1,
            )
            self._server = uvicorn.Server(config)
            self._thread = threading.Thread(
                target=self._server.run, args=([sock],), name=self.name, daemon=True
            )
            self._thread.start()
            _wait_until_started(self._server, self._thread, self.name)

    def stop(self) -> None:
        """Close the listener and all connections; a pending reopening is forgotten."""
        with self._lock:
            self._forget_reopening()
            self._close(force=True)

    def down(self, seconds: float) -> None:
        """Refuse connections for `seconds`, then listen again on the same port. Returns at once."""
        threading.Thread(target=self._go_down, args=(seconds,), name=f"{self.name}-down", daemon=True).start()

    def _go_down(self, seconds: float) -> None:
        with self._lock:
            self._forget_reopening()
            self._close(force=False)
            self._reopening = threading.Timer(seconds, self._reopen)
            self._reopening.daemon = True
            self._reopening.start()

    def _reopen(self) -> None:
        with self._lock:
            if self._reopening is not None:  # else stopped for good while the timer rang
                self._reopening = None
                self._open()

    def _forget_reopening(self) -> None:
        if self._reopening is not None:
            self._reopening.cancel()
            self._reopening = None

    def _close(self, *, force: bool) -> None:
        if self._server is None or self._thread is None:
            return
        self._server.force_exit = force  # do not wait for answers that are under way
        self._server.should_exit = True
        self._thread.join()
        self._server = self._thread = None


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread, name: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError(
                f"sandbox {name}: expected to listen within {START_SECONDS} s, found it did not"
            )
        time.sleep(0.005)
