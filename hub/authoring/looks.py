"""What values look like: the function that a date, a number or a flag needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from hub.mapping.functions.formats import reader
from hub.mapping.values import text_of

_OFFSET = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)")
_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?")
_ODATA = re.compile(r"/Date\(-?\d+([+-]\d+)?\)/")
_SECONDS, _MILLISECONDS = re.compile(r"1\d{9}"), re.compile(r"1\d{12}")
_COMMA = re.compile(r"[+-]?\d{1,3}(\.\d{3})*,\d+|[+-]?\d+,\d+")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_FORMATS = (
    "%Y-%m-%d",
    "%Y%m%d",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%Y%m%d%H%M",
    "%Y%m%d%H%M%S",
    "%d.%m.%y",
    "%d.%m.%y %H:%M",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d-%m-%Y",
    "%Y/%m/%d",
)
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MONTH_FIRST = ("America/", "US/")
_NOWHERE = ("", "UTC", "Z")
_EITHER = ("America/New_York", "Europe/Berlin")
_FLAGS = (("Y", "N"), ("J", "N"), ("X", ""), ("ja", "nein"), ("yes", "no"), ("true", "false"), ("1", "0"))
_PLAIN_FLAGS = frozenset(("true", "false", "yes", "no", "y", "n", "1", "0"))


def moment(values: Sequence[Any], zone: str) -> str | None:
    """The calls that make an RFC 3339 time of all these values; None when they look like no time.

    Where day and month could be either, the zone decides: America writes the month first.
    """
    texts = [_text(value) for value in values]
    for pattern, calls in (
        (_OFFSET, "datetime"),
        (_ODATA, "odata_date"),
        (_LOCAL, f"tz({zone})"),
        (_MILLISECONDS, "epoch(ms)"),
        (_SECONDS, "epoch"),
    ):
        if all(pattern.fullmatch(text) for text in texts):
            return calls
    form = _date_format(texts, zone)
    return f"datetime({form}, {zone})" if form else None


def day(values: Sequence[Any], zone: str = "") -> str | None:
    """The calls that make an ISO date of all these values; None when they look like no date."""
    texts = [_text(value) for value in values]
    if all(_OFFSET.fullmatch(text) or _LOCAL.fullmatch(text) for text in texts):
        return "date"
    form = _date_format(texts, zone)
    if form is None:
        return None
    return "date" if all(map(_ISO_DAY.fullmatch, texts)) else f"date({form})"


def twofold(values: Sequence[Any]) -> bool:
    """Whether dates say another day when day and month change places, and nothing tells which is right."""
    texts = [_text(value) for value in values]
    first, second = (_date_format([text.partition(" ")[0] for text in texts], zone) for zone in _EITHER)
    # 11.11. is the same day either way
    return first != second and any(len({*map(int, re.findall(r"\d+", text)[:2])}) > 1 for text in texts)


def number(values: Sequence[Any]) -> str | None:
    """The call that reads all these values as numbers; None when they are none."""
    texts = [_text(value) for value in values]
    if all(isinstance(value, int | Decimal) for value in values) or all(map(_NUMBER.fullmatch, texts)):
        return "decimal"
    if all(_COMMA.fullmatch(text) or _NUMBER.fullmatch(text) for text in texts):
        return "decimal(comma)"
    return None


def flag(values: Sequence[Any]) -> str | None:
    """The call that reads all these values as true or false; None when they are neither."""
    texts = {_text(value) for value in values}
    if {text.lower() for text in texts} <= _PLAIN_FLAGS:
        return "boolean"
    for true, false in _FLAGS:
        if false and texts <= {true, false}:
            return f"boolean({true}, {false})"
    return None


def _date_format(texts: Sequence[str], zone: str) -> str | None:
    forms = [form for form in _FORMATS if texts and all(_is_date(text, form) for text in texts)]
    if not forms:
        return None
    day_first = forms[0].replace("%m/%d", "%d/%m")
    elsewhere = zone not in _NOWHERE and not zone.startswith(_MONTH_FIRST)
    return day_first if elsewhere and day_first in forms else forms[0]


def _is_date(text: str, form: str) -> bool:
    with suppress(ValueError):  # what a mapping's own reader takes, so that the proposal holds
        return _read(form)(text).year > 1990 and len(text) >= len("1.1.26")  # noqa: PLR2004 - not a number
    return False


@lru_cache
def _read(form: str) -> Callable[[str], datetime]:
    return reader(form)[0]


def _text(value: Any) -> str:
    return text_of(value) if isinstance(value, str | int | Decimal) else ""
