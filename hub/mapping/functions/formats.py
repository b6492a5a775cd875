"""Date formats compiled to strict readers: exact digits, independent of the locale."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import TypeAlias
from zoneinfo import ZoneInfo

from hub.mapping.functions.base import ArgumentRefused
from hub.mapping.values import ValueRefused, shown

Moment: TypeAlias = date | datetime
"""A date, or a date with a time, with or without offset."""

_FIELDS = {
    "Y": ("year", "[0-9]{4}"),
    "y": ("short_year", "[0-9]{2}"),
    "m": ("month", "[0-9]{2}"),
    "d": ("day", "[0-9]{2}"),
    "H": ("hour", "[0-9]{2}"),
    "M": ("minute", "[0-9]{2}"),
    "S": ("second", "[0-9]{2}"),
    "f": ("fraction", "[0-9]{1,6}"),
    "j": ("day_of_year", "[0-9]{3}"),
    "z": ("offset", "Z|[+-][0-9]{2}:?[0-9]{2}"),
}
_SHORTER = re.compile("%[dmH]")
"""Days, months and hours, which many write without a leading zero."""
_RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_OFFSET = re.compile(r"(?:UTC)?([+-])([0-9]{2}):([0-9]{2})")
_CENTURY_PIVOT = 70


def reader(format_: str) -> tuple[Callable[[str], datetime], bool]:
    """Compile a format such as `%Y%m%d %H:%M`; the flag says whether it reads an offset (`%z`).

    `%d`, `%m` and `%H` may have one digit where the format's own signs say where they begin and end.

    Raises:
        ArgumentRefused: An unknown or repeated directive, or no full date.
    """
    pattern, names = "", set()
    parts = re.findall(r"%.?|[^%]+", format_)
    for index, part in enumerate(parts):
        if not part.startswith("%") or part == "%%":
            pattern += re.escape(part.replace("%%", "%"))
            continue
        name, digits = _FIELDS.get(part[1:], ("", ""))
        if not name or name in names:
            raise ArgumentRefused(
                f"'{part}' in '{format_}' is {'repeated' if name else 'unknown'}; known: {_known()}"
            )
        names.add(name)
        short = _SHORTER.fullmatch(part) and _ends(parts[:index], -1) and _ends(parts[index + 1 :], 0)
        pattern += f"(?P<{name}>{'[0-9]{1,2}' if short else digits})"
    if not names & {"year", "short_year"} or not ({"month", "day"} <= names or "day_of_year" in names):
        raise ArgumentRefused(f"expected a format with year, month and day, found '{format_}'")
    compiled = re.compile(pattern)

    def read(text: str) -> datetime:
        found = compiled.fullmatch(text)
        if not found:
            raise ValueRefused(f"expected a date as {format_}, found {shown(text)}")
        return _moment(found.groupdict(), text)

    return read, "offset" in names


def writer(format_: str) -> Callable[[Moment], str]:
    """Compile an output format; the same directives as for reading, and any other text.

    Raises:
        ArgumentRefused: An unknown directive.
    """
    parts = re.findall(r"%.?|[^%]+", format_)
    for part in parts:
        if part.startswith("%") and part != "%%" and part[1:] not in _FIELDS:
            raise ArgumentRefused(f"'{part}' in '{format_}' is unknown; known: {_known()}")
    needs_time = any(part in ("%H", "%M", "%S", "%f", "%z") for part in parts)

    def write(moment: Moment) -> str:
        if needs_time and not isinstance(moment, datetime):
            raise ValueRefused(f"expected a date with a time, found '{moment.isoformat()}'")
        # glibc's strftime does not pad years before 1000
        return "".join(
            f"{moment.year:04d}" if part == "%Y" else moment.strftime(part) if part.startswith("%") else part
            for part in parts
        )

    return write


def zone(name: str) -> tzinfo:
    """`UTC`, an offset such as `+01:00`, or an IANA zone such as `America/Chicago`.

    Raises:
        ArgumentRefused: Unknown.
    """
    if name in ("UTC", "Z"):
        return UTC
    fixed = _OFFSET.fullmatch(name)
    if fixed:
        return _offset(fixed.group(0).removeprefix("UTC"))
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # a folder, a path, an unknown name
        raise ArgumentRefused(
            f"expected UTC, an offset (+01:00) or a zone (Europe/Berlin), found '{name}'"
        ) from None


def moment_of(text: str) -> Moment:
    """Read an ISO date, a local ISO time, or an RFC 3339 time with offset.

    Raises:
        ValueRefused: Anything else, and dates that do not exist.
    """
    found = _RFC3339.fullmatch(text)
    if not found:
        raise ValueRefused(f"expected a date or time such as 2026-11-01T10:00:00Z, found {shown(text)}")
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    try:
        if hour is None:
            return date(int(year), int(month), int(day))
        micro = int((fraction or "0")[:6].ljust(6, "0"))
        info = None if offset is None else _offset(offset)
        return datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second), micro, tzinfo=info
        )
    except ValueError as error:
        raise ValueRefused(f"'{text}' is no date: {error}") from None


def rfc3339(moment: datetime) -> str:
    """`2026-11-01T10:00:00Z`; a fraction only when there is one.

    Raises:
        ValueRefused: An offset with seconds, as zones had before they were standardised.
    """
    if (moment.utcoffset() or timedelta()) % timedelta(minutes=1):
        raise ValueRefused(f"'{moment.isoformat()}' has an offset that RFC 3339 cannot state")
    text = moment.isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def placed(local: datetime, info: tzinfo) -> datetime:
    """A local time in a zone; of a time that a clock change repeats, the earlier one.

    Raises:
        ValueRefused: A time that a clock change skips.
    """
    aware = local.replace(tzinfo=info)
    back = aware.astimezone(UTC).astimezone(info).replace(tzinfo=None)
    if back != local:
        raise ValueRefused(f"'{local.isoformat()}' does not exist in {info}: the clocks were put forward")
    return aware


def _moment(fields: dict[str, str], text: str) -> datetime:
    year = int(fields.get("year") or 0)
    if short := fields.get("short_year"):
        year = int(short) + (2000 if int(short) < _CENTURY_PIVOT else 1900)
    try:
        day = _day(year, fields)
        return datetime(
            day.year,
            day.month,
            day.day,
            int(fields.get("hour") or 0),
            int(fields.get("minute") or 0),
            int(fields.get("second") or 0),
            int((fields.get("fraction") or "0").ljust(6, "0")),
            tzinfo=_offset(fields["offset"]) if fields.get("offset") else None,
        )
    except ValueError as error:
        raise ValueRefused(f"'{text}' is no date: {error}") from None


def _day(year: int, fields: dict[str, str]) -> date:
    if "month" in fields:
        return date(year, int(fields["month"]), int(fields["day"]))
    day = date(year, 1, 1) + timedelta(days=int(fields["day_of_year"]) - 1)
    if day.year != year:
        raise ValueError("day of year is out of range")
    return day


def _offset(text: str) -> tzinfo:
    if text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(sign * timedelta(minutes=minutes)) if minutes else UTC


def _ends(parts: list[str], nearest: int) -> bool:
    """Whether a number ends where these parts of a format go on: nothing, or a sign that is no digit."""
    if not parts:
        return True
    part = parts[nearest]
    return part == "%%" or not (part.startswith("%") or part[nearest].isdigit())


def _known() -> str:
    return " ".join(f"%{letter}" for letter in _FIELDS)
