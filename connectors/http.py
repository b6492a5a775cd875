"""The one HTTP client: limits, timeouts, caps, and the only translator of httpx's errors.

A connector builds one `HttpSession` per connection and shares it between threads. `send` gives
whatever the partner answered; `call` also judges the answer. Both send exactly once: repetition
wraps them from outside (`connectors.retry`).
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx
from pydantic import Field

from connectors import classification
from connectors.address import base_url, origin, with_query
from connectors.base import Connection, Exchange
from connectors.classification import Intent, Trouble
from connectors.errors import Config, ConnectorError, Unavailable, Unknown
from connectors.redaction import Redactor
from connectors.settings import Strict, load_extra

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HOPS = 3
_WORDS = 500  # characters of a partner's answer quoted in a message


class HttpSettings(Strict):
    """The `http` section of system.yaml. Times in seconds, sizes in bytes.

    `read` bounds one silence of the partner, `total` the whole answer, so that a partner that
    drips one byte at a time cannot hold a worker.
    """

    connect: float = Field(default=5.0, gt=0, le=120)
    read: float = Field(default=30.0, gt=0, le=600)
    write: float = Field(default=30.0, gt=0, le=600)
    pool: float = Field(default=10.0, gt=0, le=120)
    total: float = Field(default=120.0, gt=0, le=3600)
    connections: int = Field(default=16, ge=1, le=256)
    max_answer: int = Field(default=64 * 1024 * 1024, ge=1024)
    kept: int = Field(default=65_536, ge=0, description="bytes of each body kept in an exchange")


class HttpExtra(Strict):
    """What the extra field of an HTTP connection may hold."""

    token: str | None = None
    headers: Mapping[str, str] = Field(default_factory=dict)
    ca_file: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    proxy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request below the connection's address.

    `path` starts with a slash or is an absolute address on the same host; `names_record` tells
    that it names one record (see `classification.Answer`).
    """

    method: str
    path: str
    intent: Intent
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    names_record: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came back; `headers` is case-insensitive, `url` where it came from in the end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def media_type(self) -> str:
        """Content type without parameters, lower case; empty when the partner named none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_html(self) -> bool:
        """Whether a page for people came instead of an answer for programs."""
        return "html" in self.media_type or self.body[:256].lstrip().lower().startswith(
            (b"<!doctype html", b"<html")
        )


class _TooLargeError(Exception):
    pass


class _TooSlowError(Exception):
    pass


@dataclass(slots=True)
class _Heard:
    """What has come back so far, kept also when it breaks off."""

    started: float
    status: int = 0
    phrase: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)


class HttpSession:
    """One connection pool to one partner. Safe for threads; close it once, when done."""

    def __init__(self, connection: Connection, settings: HttpSettings, headers: Mapping[str, str]) -> None:
        self.settings = settings
        self.redactor = Redactor.of(connection)
        extra = load_extra(HttpExtra, connection)
        self.base = base_url(connection)
        self._origin = origin(self.base)
        self._closed = False
        self._client = httpx.Client(
            headers={"user-agent": "returns-hub", **headers, **extra.headers, **_sign_in(extra)},
            auth=_basic(connection, extra),
            timeout=httpx.Timeout(
                connect=settings.connect, read=settings.read, write=settings.write, pool=settings.pool
            ),
            limits=httpx.Limits(
                max_connections=settings.connections,
                max_keepalive_connections=settings.connections,
                keepalive_expiry=15.0,
            ),
            follow_redirects=False,
            trust_env=False,  # neither ~/.netrc nor a proxy variable decides where returns go
            proxy=extra.proxy,
            # plain http has nothing to verify, and `locate` lets no request change to another scheme
            verify=_trust(connection, extra) if self.base.startswith("https:") else False,
        )

    def __enter__(self) -> Self:
        """Nothing to open: connections are made on first use."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        self.close()

    def close(self) -> None:
        """Close all connections; a second time does nothing."""
        self._closed = True
        self._client.close()

    def call(self, request: Request) -> tuple[Response, Exchange]:
        """Send once and give a success.

        Raises:
            ConnectorError: for every other outcome, by the table of `classification`.
        """
        response, exchange = self.send(request)
        self.check(request, response, exchange)
        return response, exchange

    def send(self, request: Request) -> tuple[Response, Exchange]:
        """Send once and give whatever was answered; reads follow redirects on the same host.

        Raises:
            ConnectorError: no whole answer came, by the table of `classification`.
        """
        response, exchange = self._once(request, self.locate(request.path))
        for _ in range(_HOPS):
            if request.intent is Intent.WRITE or response.status not in _REDIRECTS:
                break
            target = urljoin(response.url, response.headers.get("location", ""))
            response, exchange = self._once(replace(request, params={}), self.locate(target))
        return response, exchange

    def check(
        self, request: Request, response: Response, exchange: Exchange, words: str = "", code: str = ""
    ) -> None:
        """Raise what an answer means unless it is a success.

        Args:
            request: What was asked.
            response: What was answered.
            exchange: Both, redacted, for the error to carry.
            words: The partner's own words, when the protocol says where they stand.
            code: The partner's own error code, appended to the status.
        """
        failure = classification.of_status(response.status, request.intent, names_record=request.names_record)
        if failure is None:
            return
        said = self.redactor.text(words or plain_words(response))[:_WORDS]
        raise failure(
            f"{exchange.request} at {self.base}: expected success, found {exchange.response}"
            + (f": {said}" if said else ""),
            code=f"http_{response.status}" + (f":{self.redactor.text(code)[:80]}" if code else ""),
            exchange=exchange,
            retry_after=classification.retry_after(response.headers)
            if issubclass(failure, Unavailable | Unknown)
            else None,
        )

    def failure(self, row: Trouble, request: Request, detail: str, exchange: Exchange) -> ConnectorError:
        """Build the error of a row of the table."""
        kind = row.read if request.intent is Intent.READ else row.write
        text = f"{exchange.request} at {self.base}: {row.why}"
        return kind(
            self.redactor.text(f"{text}: {detail}" if detail else text), code=row.code, exchange=exchange
        )

    def locate(self, path: str) -> str:
        """Make a path absolute, and refuse one that leads to another host.

        Raises:
            Config: `path` is an address elsewhere; credentials never follow it.
        """
        if path.startswith("/") and not path.startswith("//"):
            return self.base + path
        if origin(path) != self._origin:
            found = self.redactor.url(path.partition("?")[0])
            raise Config(f"expected an address at {self.base}, found {found!r}", code="address_elsewhere")
        return path

    def _once(self, request: Request, url: str) -> tuple[Response, Exchange]:
        if self._closed:
            raise Config(f"connection to {self.base}: expected an open one, found it closed", code="closed")
        heard = _Heard(started=time.perf_counter())
        try:
            self._speak(request, url, heard)
        except Exception as error:  # noqa: BLE001 - whatever httpx lets through is translated here
            exchange = self._exchange(request, url, heard)
            raise self.failure(_row(error), request, _detail(error), exchange) from _bare(error)
        exchange = self._exchange(request, url, heard)
        return Response(status=heard.status, headers=heard.headers, body=bytes(heard.body), url=url), exchange

    def _speak(self, request: Request, url: str, heard: _Heard) -> None:
        built = self._client.build_request(
            request.method,
            with_query(url, request.params),
            headers=dict(request.headers),
            content=request.body,
        )
        answer = self._client.send(built, stream=True)
        try:
            heard.status, heard.phrase, heard.headers = (
                answer.status_code,
                answer.reason_phrase,
                answer.headers,
            )
            self._listen(answer, heard)
        except Exception:
            if answer.is_success:
                raise  # of a failure the status line is enough, however its body ends
        finally:
            answer.close()

    def _listen(self, answer: httpx.Response, heard: _Heard) -> None:
        """Read the whole body below the cap and the total time."""
        cap, until = self.settings.max_answer, heard.started + self.settings.total
        announced = answer.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > cap:
            raise _TooLargeError(f"expected at most {cap} bytes, found {announced} announced")
        for chunk in answer.iter_bytes():
            heard.body += chunk
            if len(heard.body) > cap:
                raise _TooLargeError(f"expected at most {cap} bytes, found more")
            if time.perf_counter() > until:
                raise _TooSlowError(f"expected the whole answer in {self.settings.total} s, found a part")

    def _exchange(self, request: Request, url: str, heard: _Heard) -> Exchange:
        redact, kept = self.redactor, self.settings.kept
        target = with_query(url, request.params).removeprefix(self.base)
        return Exchange(
            request=redact.url(f"{request.method} {target}"),
            request_headers=redact.headers(request.headers),
            request_body=redact.body(request.body, kept),
            response=f"{heard.status} {heard.phrase}".strip() if heard.status else "",
            response_headers=redact.headers(heard.headers),
            response_body=redact.body(bytes(heard.body), kept),
            elapsed=time.perf_counter() - heard.started,
        )


def plain_words(response: Response) -> str:
    """The readable start of a body, for answers that follow no protocol (proxies, sign-in pages)."""
    text = response.body[:4096].decode("utf-8", "replace")
    if response.is_html:
        text = " ".join(piece.partition(">")[2] for piece in text.split("<") if not _is_unseen(piece))
    return " ".join(text.split())


def _is_unseen(piece: str) -> bool:
    return piece.lower().startswith(("script", "style", "!--"))


def _sign_in(extra: HttpExtra) -> dict[str, str]:
    return {"authorization": f"Bearer {extra.token}"} if extra.token else {}


def _basic(connection: Connection, extra: HttpExtra) -> httpx.BasicAuth | None:
    if extra.token or not connection.login:
        return None
    return httpx.BasicAuth(connection.login, connection.password)


def _trust(connection: Connection, extra: HttpExtra) -> ssl.SSLContext:
    """Certificates are always checked; a private authority is named by `extra.ca_file`."""
    try:
        context = ssl.create_default_context(cafile=extra.ca_file)
        if extra.client_certificate:
            context.load_cert_chain(extra.client_certificate, extra.client_key)
    except (OSError, ssl.SSLError) as error:
        raise Config(
            f"connection {connection.id!r}: expected readable certificate files in extra.ca_file, "
            f"extra.client_certificate and extra.client_key, found {type(error).__name__}",
            code="certificate_unreadable",
        ) from None
    return context


def _row(error: Exception) -> Trouble:
    if isinstance(error, _TooLargeError):
        return classification.TOO_LARGE
    if isinstance(error, _TooSlowError):
        return classification.TOO_SLOW
    return classification.of_exception(error)


def _detail(error: Exception) -> str:
    text = str(error)
    return (
        text
        if isinstance(error, _TooLargeError | _TooSlowError)
        else f"{type(error).__name__} {text}".strip()
    )


def _bare(error: Exception) -> Exception:
    """The exception without its request, whose headers hold the credentials."""
    if isinstance(error, httpx.RequestError):
        error._request = None  # noqa: SLF001 - httpx offers no public way to forget it
    return error
