"""A tiny partner that answers exactly what a test scripts, and remembers what it was asked."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from connectors.base import Connection


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`hang_up` closes without a word, `cut` after so many bytes of the body; `drip` is seconds per byte."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_up: bool = False
    cut: int | None = None
    drip: float = 0.0
    wait: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Partner:
    """Answers with the scripted answers in turn (the last one again and again), or by `handler`."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.handler: Callable[[Asked], Answer] | None = None
        self._answers: list[Answer] = [Answer()]
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"partner": self}))
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def answers(self, *answers: Answer) -> None:
        self._answers = list(answers)

    def take(self, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
            if self.handler is not None:
                return self.handler(asked)
            return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def connection(self, **fields: object) -> Connection:
        known: dict[str, object] = {"host": "127.0.0.1", "port": self.port, "schema": "http", **fields}
        return Connection(id="partner", **known)  # type: ignore[arg-type]  # fields as tests give them

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    partner: Partner
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        asked = Asked(
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )
        answer = self.partner.take(asked)
        time.sleep(answer.wait)
        if answer.hang_up:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in {"content-length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        if answer.cut is not None:
            self.wfile.write(answer.body[: answer.cut])
            self.close_connection = True
        elif answer.drip:
            for position in range(len(answer.body)):
                self.wfile.write(answer.body[position : position + 1])
                time.sleep(answer.drip)
        else:
            self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - names of the library

    def log_message(self, *_: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True


@pytest.fixture
def partner() -> Iterator[Partner]:
    partner = Partner()
    yield partner
    partner.close()


@pytest.fixture
def free_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@pytest.fixture
def answer() -> type[Answer]:
    return Answer
