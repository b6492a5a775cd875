"""The one table of what answers and exceptions mean."""

from __future__ import annotations

import inspect
import ssl
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from connectors import classification
from connectors.classification import Intent
from connectors.errors import Config, ConnectorError, Refused, Unavailable, Unknown

READ, WRITE = Intent.READ, Intent.WRITE

STATUSES: list[tuple[int, Intent, bool, type[ConnectorError] | None]] = [
    (200, READ, False, None),
    (201, WRITE, False, None),
    (202, WRITE, False, None),
    (204, WRITE, True, None),
    (299, READ, False, None),
    (0, WRITE, False, Unknown),
    (100, READ, False, Unavailable),
    (101, WRITE, False, Unknown),
    (300, WRITE, False, Refused),
    (301, READ, False, Config),
    (302, WRITE, False, Config),
    (303, WRITE, False, Unknown),
    (304, READ, False, Config),
    (307, WRITE, False, Config),
    (308, WRITE, False, Config),
    (400, READ, False, Refused),
    (400, WRITE, False, Refused),
    (401, READ, False, Config),
    (401, WRITE, False, Config),
    (402, WRITE, False, Config),
    (403, WRITE, False, Config),
    (403, WRITE, True, Config),
    (404, READ, False, Config),
    (404, WRITE, False, Config),
    (404, READ, True, Refused),
    (404, WRITE, True, Refused),
    (405, WRITE, False, Config),
    (407, READ, False, Config),
    (408, READ, False, Unavailable),
    (408, WRITE, False, Unknown),
    (409, WRITE, False, Refused),
    (410, WRITE, False, Config),
    (410, WRITE, True, Refused),
    (412, WRITE, True, Refused),
    (413, WRITE, False, Refused),
    (415, WRITE, False, Config),
    (418, WRITE, False, Refused),
    (422, WRITE, False, Refused),
    (423, WRITE, True, Unavailable),
    (424, WRITE, False, Refused),
    (425, WRITE, False, Unavailable),
    (428, WRITE, True, Refused),
    (429, READ, False, Unavailable),
    (429, WRITE, False, Unavailable),
    (500, READ, False, Unavailable),
    (500, WRITE, False, Unknown),
    (500, WRITE, True, Unknown),
    (501, WRITE, False, Config),
    (502, READ, False, Unavailable),
    (502, WRITE, False, Unknown),
    (503, READ, False, Unavailable),
    (503, WRITE, False, Unavailable),
    (504, READ, False, Unavailable),
    (504, WRITE, False, Unknown),
    (507, WRITE, False, Unknown),
    (520, WRITE, False, Unknown),
    (521, WRITE, False, Unavailable),
    (524, WRITE, False, Unknown),
    (526, WRITE, False, Config),
    (529, WRITE, False, Unavailable),
    (999, READ, False, Unavailable),
    (999, WRITE, False, Unknown),
]

EXCEPTIONS: list[tuple[Exception, type[ConnectorError], type[ConnectorError]]] = [
    (httpx.ConnectError("refused"), Unavailable, Unavailable),
    (httpx.ConnectTimeout("slow"), Unavailable, Unavailable),
    (httpx.PoolTimeout("busy"), Unavailable, Unavailable),
    (httpx.ProxyError("no way"), Unavailable, Unavailable),
    (httpx.ReadTimeout("silence"), Unavailable, Unknown),
    (httpx.WriteTimeout("stuck"), Unavailable, Unknown),
    (httpx.ReadError("reset"), Unavailable, Unknown),
    (httpx.WriteError("reset"), Unavailable, Unknown),
    (httpx.CloseError("reset"), Unavailable, Unknown),
    (httpx.RemoteProtocolError("broke off"), Unavailable, Unknown),
    (httpx.DecodingError("no gzip"), Unavailable, Unknown),
    (httpx.LocalProtocolError("header"), Config, Config),
    (httpx.UnsupportedProtocol("ftp"), Config, Config),
    (httpx.InvalidURL("url"), Config, Config),
    (httpx.TooManyRedirects("circle"), Config, Unknown),
    (httpx.CookieConflict("two"), Unavailable, Unknown),
    (httpx.StreamClosed(), Unavailable, Unknown),
    (httpx.ResponseNotRead(), Unavailable, Unknown),
    (RuntimeError("anything"), Unavailable, Unknown),
    (OSError("anything"), Unavailable, Unknown),
]


@pytest.mark.parametrize(("status", "intent", "names_record", "expected"), STATUSES)
def test_a_status_means_what_the_table_says(
    status: int, intent: Intent, names_record: object, expected: type[ConnectorError] | None
) -> None:
    assert classification.of_status(status, intent, names_record=bool(names_record)) is expected


@pytest.mark.parametrize(
    ("error", "read", "write"), EXCEPTIONS, ids=lambda value: getattr(value, "__name__", repr(value))
)
def test_an_exception_means_what_the_table_says(
    error: Exception, read: type[ConnectorError], write: type[ConnectorError]
) -> None:
    row = classification.of_exception(error)
    assert (row.read, row.write) == (read, write)


def test_every_exception_of_httpx_has_a_row_of_its_own_or_of_a_base_below_exception() -> None:
    ours = {row.exception for row in classification.TROUBLES}
    foreign = [kind for _, kind in inspect.getmembers(httpx, inspect.isclass) if issubclass(kind, Exception)]
    assert len(foreign) > 20
    assert [kind for kind in foreign if not ours & set(kind.__mro__)] == []


def test_every_concrete_transport_error_of_httpx_is_named_not_inherited() -> None:
    ours = {row.exception for row in classification.TROUBLES}
    leaves = [
        kind
        for _, kind in inspect.getmembers(httpx, inspect.isclass)
        if issubclass(kind, httpx.TransportError) and not kind.__subclasses__()
    ]
    assert [kind for kind in leaves if kind not in ours] == []


def test_no_write_is_called_unavailable_for_a_reason_that_may_come_after_the_work() -> None:
    harmless = {"connect_failed", "connect_timeout", "pool_timeout", "proxy_failed"}
    assert {row.code for row in classification.TROUBLES if row.write is Unavailable} == harmless
    assert {
        status for row in classification.ANSWERS if row.write is Unavailable for status in row.statuses
    } == {423, 425, 429, 503, 521, 523, 529}


def test_a_certificate_that_is_not_trusted_is_ours_to_solve() -> None:
    error = httpx.ConnectError("handshake")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed")
    assert classification.of_exception(error).read is Config


def test_the_documented_table_is_this_table() -> None:
    page = Path(__file__).parents[3].joinpath("docs/connectors.md").read_text(encoding="utf-8")
    rows = [f"| {' | '.join(row)} |" for row in classification.table()]
    missing = [row for row in rows if row not in page]
    assert missing == []
    documented = page.partition("<!-- classification -->")[2].partition("<!-- /classification -->")[0]
    assert len([line for line in documented.splitlines() if line.startswith("|")]) == len(rows) + 2


NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": " 3 "}, 3.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "9" * 400}, classification.LONGEST_WAIT),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "1.5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "١٢"}, None),
        ({"retry-after": "Fri, 20 Nov 2026 12:01:30 GMT"}, 90.0),
        ({"retry-after": "Fri, 20 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Fri, 20 Nov 2026 15:00:10 GMT", "date": "Fri, 20 Nov 2026 15:00:00 GMT"}, 10.0),
        ({"retry-after": "Fri, 20 Nov 9026 12:00:00 GMT"}, classification.LONGEST_WAIT),
        ({"retry-after": "Fri, 99 Nov 2026 12:00:00 GMT"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_the_partners_own_clock(
    headers: dict[str, str], expected: float | None
) -> None:
    assert classification.retry_after(headers, NOW) == expected
