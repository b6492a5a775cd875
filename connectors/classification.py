"""What each HTTP answer and each httpx exception means for the hub, as one table.

`connectors.http` is the only translator and this is its only knowledge. A request has an *intent*:
after a `READ` nothing can have happened there, so trouble is `Unavailable`; after a `WRITE` trouble
once bytes have left is `Unknown`, and only what surely came before the work is `Unavailable`.
docs/connectors.md shows this table; a test keeps them equal.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus

import httpx

from connectors.errors import Config, ConnectorError, Refused, Unavailable, Unknown

Failure = type[ConnectorError]

LONGEST_WAIT = 7 * 86_400.0
"""Seconds: a partner that asks for more is asked again after a week."""


class Intent(StrEnum):
    """Whether a request is meant to change anything at the partner."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the statuses of one row mean.

    `record` overrides both where the path names one record (`/orders/17`): a 404 there speaks of
    the record, while on a collection or a service it speaks of an endpoint configured wrongly.
    """

    statuses: frozenset[int]
    read: Failure
    write: Failure
    why: str
    record: Failure | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an exception of httpx means; `code` is the stable cause that dead letters group by."""

    exception: type[Exception]
    read: Failure
    write: Failure
    code: str
    why: str


def _answers(*statuses: int) -> frozenset[int]:
    return frozenset(statuses)


ANSWERS: tuple[Answer, ...] = (
    Answer(_answers(300), Refused, Refused, "several records match one key"),
    Answer(_answers(303), Config, Unknown, "sent elsewhere for the outcome of what may be done"),
    Answer(_answers(301, 302, 307, 308), Config, Config, "the endpoint moved, or a sign-in page answers"),
    Answer(_answers(401, 403, 407), Config, Config, "our credentials or permissions"),
    Answer(_answers(402), Config, Config, "our contract with the partner"),
    Answer(_answers(404, 410), Config, Config, "unknown endpoint; on a record: not there", Refused),
    Answer(_answers(405, 406, 415, 421, 426), Config, Config, "the endpoint does not do this"),
    Answer(_answers(408), Unavailable, Unknown, "the partner, or a proxy before it, waited too long"),
    Answer(_answers(423), Unavailable, Unavailable, "the record is locked by someone at the moment"),
    Answer(_answers(425, 429), Unavailable, Unavailable, "too early or too many: nothing was done"),
    Answer(_answers(501, 505), Config, Config, "the endpoint does not do this"),
    Answer(_answers(503, 529), Unavailable, Unavailable, "closed or overloaded: nothing was done"),
    Answer(_answers(521, 523), Unavailable, Unavailable, "a proxy found no way to the partner"),
    Answer(_answers(525, 526), Config, Config, "a proxy does not trust the partner's certificate"),
)
_BY_STATUS: Mapping[int, Answer] = {status: row for row in ANSWERS for status in row.statuses}

OTHER_REDIRECTS = Answer(_answers(), Config, Config, "an answer no request of ours asks for")
OTHER_REFUSALS = Answer(_answers(), Refused, Refused, "the partner understood and said no")
OTHER_FAILURES = Answer(_answers(), Unavailable, Unknown, "it broke somewhere on the way or at work")

TROUBLES: tuple[Trouble, ...] = (
    Trouble(httpx.ConnectError, Unavailable, Unavailable, "connect_failed", "refused, no route, no name"),
    Trouble(httpx.ConnectTimeout, Unavailable, Unavailable, "connect_timeout", "nobody answered the call"),
    Trouble(httpx.PoolTimeout, Unavailable, Unavailable, "pool_timeout", "all our connections were busy"),
    Trouble(httpx.ProxyError, Unavailable, Unavailable, "proxy_failed", "the proxy opened no way"),
    Trouble(httpx.ReadTimeout, Unavailable, Unknown, "read_timeout", "sent, no answer in time"),
    Trouble(httpx.WriteTimeout, Unavailable, Unknown, "write_timeout", "stuck while sending"),
    Trouble(httpx.ReadError, Unavailable, Unknown, "read_failed", "sent, then reset"),
    Trouble(httpx.WriteError, Unavailable, Unknown, "write_failed", "reset while sending"),
    Trouble(httpx.CloseError, Unavailable, Unknown, "close_failed", "broken at the end"),
    Trouble(httpx.RemoteProtocolError, Unavailable, Unknown, "answer_broken", "sent, the answer broke off"),
    Trouble(httpx.DecodingError, Unavailable, Unknown, "answer_undecodable", "sent, the answer is damaged"),
    Trouble(httpx.LocalProtocolError, Config, Config, "request_malformed", "our request is no HTTP"),
    Trouble(httpx.UnsupportedProtocol, Config, Config, "url_unusable", "the address is no http(s)"),
    Trouble(httpx.InvalidURL, Config, Config, "url_unusable", "the address is none"),
    Trouble(httpx.TooManyRedirects, Config, Unknown, "redirect_loop", "sent in circles"),
    Trouble(httpx.CookieConflict, Unavailable, Unknown, "cookie_conflict", "two cookies under one name"),
    # The bases catch what a newer httpx may add, on the careful side.
    Trouble(httpx.TimeoutException, Unavailable, Unknown, "timeout", "out of time"),
    Trouble(httpx.NetworkError, Unavailable, Unknown, "network_failed", "the network failed"),
    Trouble(httpx.ProtocolError, Unavailable, Unknown, "answer_broken", "no HTTP"),
    Trouble(httpx.TransportError, Unavailable, Unknown, "transport_failed", "the transport failed"),
    Trouble(httpx.StreamError, Unavailable, Unknown, "answer_broken", "the answer's stream broke"),
    Trouble(httpx.HTTPError, Unavailable, Unknown, "http_failed", "anything else"),
)
_BY_EXCEPTION: Mapping[type[Exception], Trouble] = {row.exception: row for row in TROUBLES}

_ANY = Trouble(Exception, Unavailable, Unknown, "http_failed", "anything else")
_CERTIFICATE = Trouble(
    ssl.SSLCertVerificationError, Config, Config, "certificate_untrusted", "the partner's certificate"
)
UNREADABLE = Trouble(
    ValueError, Unavailable, Unknown, "answer_unreadable", "a success whose body cannot be read"
)
TOO_LARGE = Trouble(OverflowError, Config, Unknown, "answer_too_large", "the answer is above the cap")
TOO_SLOW = Trouble(TimeoutError, Unavailable, Unknown, "answer_too_slow", "the answer takes too long in all")


def of_status(status: int, intent: Intent, *, names_record: bool = False) -> Failure | None:
    """The failure that a status line means, None for a success.

    Args:
        status: 100..599; anything else counts as a broken answer.
        intent: What the request was meant to do.
        names_record: Whether the path names one record rather than a collection or service.
    """
    if status in range(200, 300):
        return None
    row = _BY_STATUS.get(status) or _family(status)
    if names_record and row.record is not None:
        return row.record
    return row.read if intent is Intent.READ else row.write


def _family(status: int) -> Answer:
    if status in range(300, 400):
        return OTHER_REDIRECTS
    return OTHER_REFUSALS if status in range(400, 500) else OTHER_FAILURES


def of_exception(error: Exception) -> Trouble:
    """The row of an exception: its own, or that of its nearest base."""
    if isinstance(error, httpx.ConnectError) and _has_cause(error, ssl.SSLCertVerificationError):
        return _CERTIFICATE
    for base in type(error).__mro__:
        row = _BY_EXCEPTION.get(base)
        if row is not None:
            return row
    return _ANY


def _has_cause(error: BaseException, wanted: type[BaseException]) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, wanted):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that a `Retry-After` header asks us to wait, None without a readable one.

    A date is measured against the answer's own `Date`, since the partner's clock wrote both.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), LONGEST_WAIT)
    until = _date(value)
    if until is None:
        return None
    since = _date(headers.get("date", "")) or now or datetime.now(UTC)
    return min(max((until - since).total_seconds(), 0.0), LONGEST_WAIT)


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):  # also what older parsers raise on rubbish
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def table() -> list[tuple[str, str, str, str]]:
    """The classification for people: (what came back, after a read, after a write, why)."""
    families = (("other 3xx", OTHER_REDIRECTS), ("other 4xx", OTHER_REFUSALS), ("other 5xx", OTHER_FAILURES))
    rows = [(_status_names(row), row) for row in ANSWERS]
    lines = [_line(name, row) for name, row in (*rows, *families)]
    ours = (_CERTIFICATE, UNREADABLE, TOO_LARGE, TOO_SLOW)
    lines += [
        (f"`{row.exception.__name__}`", row.read.__name__, row.write.__name__, row.why) for row in TROUBLES
    ]
    lines += [(f"`{row.code}`", row.read.__name__, row.write.__name__, row.why) for row in ours]
    return lines


def _line(name: str, row: Answer) -> tuple[str, str, str, str]:
    on_record = f" ({row.record.__name__} on a record)" if row.record else ""
    return name, row.read.__name__ + on_record, row.write.__name__ + on_record, row.why


def _status_names(row: Answer) -> str:
    known = {status.value: status.phrase for status in HTTPStatus}
    return ", ".join(f"{status} {known.get(status, '')}".strip() for status in sorted(row.statuses))
