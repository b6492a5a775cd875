"""Dates and times: always with an offset once they are times, never "now"."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from hub.mapping.functions.base import ArgumentRefused, Param, Run, function
from hub.mapping.functions.formats import moment_of, placed, reader, rfc3339, writer, zone
from hub.mapping.values import ValueRefused, decimal_of, shown, text_of

_ODATA = re.compile(r"/Date\((-?[0-9]{1,15})([+-][0-9]{4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REMEMBERED = 2048


class _OnText:
    """A conversion on a value's text; a document's dates repeat, so answers are remembered.

    Attributes:
        on_text: The conversion for what is known to be text.
    """

    def __init__(self, convert: Callable[[str], str]) -> None:
        self.on_text = lru_cache(_REMEMBERED)(convert)

    def __call__(self, value: Any) -> str:
        return self.on_text(value if type(value) is str else text_of(value))


@function(
    "date",
    group="dates",
    cost=600,
    doc=(
        "An ISO date from a date in `format`; without one, the date part of an ISO date or time as written. "
        "`%d` and `%m` may have one digit where the format has signs around them, as in `%d.%m.%y`."
    ),
    params=[Param("format", needed=False)],
    examples=[
        ("20261101", "date(%Y%m%d)", "2026-11-01"),
        ("1.11.26", "date(%d.%m.%y)", "2026-11-01"),
        ("2026-11-01T23:30:00-06:00", "date", "2026-11-01"),
    ],
)
def _date(format_: str | None = None) -> Run:
    if format_ is None:
        return _OnText(lambda text: moment_of(text).isoformat()[:10])
    read, _ = reader(format_)
    return _OnText(lambda text: read(text).date().isoformat())


@function(
    "datetime",
    group="dates",
    cost=600,
    doc=(
        "An RFC 3339 time from a date or time in `format`, which must hold an offset (%z) or be followed by "
        "the zone. `%d`, `%m` and `%H` may have one digit as in `date`. Without arguments: checks an RFC "
        "3339 time."
    ),
    params=[Param("format", needed=False), Param("zone", needed=False)],
    examples=[
        ("20261101", "datetime(%Y%m%d, UTC)", "2026-11-01T00:00:00Z"),
        ("20261101 0930", "datetime(%Y%m%d %H%M, America/Chicago)", "2026-11-01T09:30:00-06:00"),
        ("2026-11-01T10:00:00+00:00", "datetime", "2026-11-01T10:00:00Z"),
    ],
)
def _datetime(format_: str | None = None, zone_name: str | None = None) -> Run:
    if format_ is None:
        return _OnText(lambda text: rfc3339(_with_offset(text)))
    read, has_offset = reader(format_)
    if has_offset and zone_name is None:
        return _OnText(lambda text: rfc3339(read(text)))
    if has_offset or zone_name is None:
        found = "both" if has_offset else "neither"
        raise ArgumentRefused(f"expected %z in the format or a zone such as UTC, found {found}")
    info = zone(zone_name)
    return _OnText(lambda text: rfc3339(placed(read(text), info)))


@function(
    "tz",
    group="dates",
    cost=600,
    doc="Puts a local ISO date or time into a zone; a time that has an offset keeps its instant.",
    params=[Param("zone")],
    examples=[
        ("2026-11-01T09:30:00", "tz(America/Chicago)", "2026-11-01T09:30:00-06:00"),
        ("2026-11-01T15:30:00Z", "tz(America/Chicago)", "2026-11-01T09:30:00-06:00"),
    ],
)
def _tz(zone_name: str) -> Run:
    info = zone(zone_name)

    def convert(text: str) -> str:
        moment = moment_of(text)
        local = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 - it gets its zone below
        try:
            return rfc3339(local.astimezone(info) if local.tzinfo else placed(local, info))
        except OverflowError:
            raise ValueRefused(f"'{text}' is beyond the calendar in {zone_name}") from None

    return _OnText(convert)


@function(
    "format_date",
    group="dates",
    cost=600,
    doc="Writes an ISO date or RFC 3339 time in `format`, as its own offset shows it or in a zone.",
    params=[Param("format"), Param("zone", needed=False)],
    examples=[
        ("2026-11-01", "format_date(%Y%m%d)", "20261101"),
        ("2026-11-01T02:00:00Z", "format_date(%Y%m%d %H%M, America/Chicago)", "20261031 2100"),
    ],
)
def _format_date(format_: str, zone_name: str | None = None) -> Run:
    write = writer(format_)
    if zone_name is None:
        return _OnText(lambda text: write(moment_of(text)))
    info = zone(zone_name)

    def convert(text: str) -> str:
        try:
            return write(_with_offset(text).astimezone(info))
        except OverflowError:
            raise ValueRefused(f"'{text}' is beyond the calendar in {zone_name}") from None

    return _OnText(convert)


@function(
    "odata_date",
    group="dates",
    cost=600,
    doc="An RFC 3339 time from `/Date(milliseconds+minutes)/` of OData V2.",
    examples=[
        ("/Date(1793491200000)/", "odata_date", "2026-11-01T00:00:00Z"),
        ("/Date(1793491200000+0060)/", "odata_date", "2026-11-01T01:00:00+01:00"),
    ],
)
def _odata_date() -> Run:
    def convert(text: str) -> str:
        found = _ODATA.fullmatch(text)
        if not found:
            raise ValueRefused(f"expected /Date(milliseconds)/, found {shown(text)}")
        moment = _after_epoch(int(found.group(1)) * 1000)
        if found.group(2) and int(found.group(2)):
            try:
                moment = moment.astimezone(timezone(timedelta(minutes=int(found.group(2)))))
            except (ValueError, OverflowError) as error:
                raise ValueRefused(f"'{text}' has no valid offset: {error}") from None
        return rfc3339(moment)

    return _OnText(convert)


@function(
    "to_odata_date",
    group="dates",
    cost=600,
    doc="The reverse: `/Date(milliseconds)/` from an ISO date (midnight UTC) or RFC 3339 time.",
    examples=[("2026-11-01T01:00:00+01:00", "to_odata_date", "/Date(1793491200000)/")],
)
def _to_odata_date() -> Run:
    def convert(text: str) -> str:
        moment = moment_of(text)
        if not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
        if moment.tzinfo is None:
            raise ValueRefused(f"expected a time with offset, found {shown(text)}")
        return f"/Date({(moment - _EPOCH) // timedelta(milliseconds=1)})/"

    return _OnText(convert)


@function(
    "epoch",
    group="dates",
    cost=600,
    doc="An RFC 3339 time from seconds (`s`, the default) or milliseconds (`ms`) since 1970.",
    params=[Param("unit", needed=False, choices=("s", "ms"))],
    examples=[
        ("1793491200", "epoch", "2026-11-01T00:00:00Z"),
        (1793491200500, "epoch(ms)", "2026-11-01T00:00:00.500000Z"),
    ],
)
def _epoch(unit: str = "s") -> Run:
    micros = 1_000_000 if unit == "s" else 1000
    return _OnText(lambda text: rfc3339(_after_epoch(int(decimal_of(text) * micros))))


def _after_epoch(microseconds: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        raise ValueRefused(f"{microseconds} microseconds after 1970 is beyond the calendar") from None


def _with_offset(text: str) -> datetime:
    moment = moment_of(text)
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise ValueRefused(
            f"expected a time with offset such as 2026-11-01T10:00:00Z, found {shown(text)}: "
            "say the zone that it is meant in, such as tz(Europe/Madrid)"
        )
    return moment
