"""Reading only what changed: the highest change time seen, read again with an overlap.

Pages hide rows (a deletion moves an offset, a late commit carries an early time), so a reader asks
again for the last `overlap` seconds; the hub's ledger removes what it has seen before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pydantic import Field

from connectors.base import Cursor, Tree
from connectors.errors import Config
from connectors.settings import Strict
from connectors.trees import MISSING, at

_ODATA = re.compile(r"/Date\((?P<ms>-?\d{1,15})(?:[+-]\d{1,4})?\)/")


class WatermarkSettings(Strict):
    """Where a record carries its change time.

    `overlap` is in seconds. `ordered` tells that the partner gives the oldest change first, so
    that the cursor may advance page by page; otherwise it advances when the last page is in.
    """

    field: str
    overlap: float = Field(default=120.0, ge=0, le=30 * 86_400)
    ordered: bool = False


def instant(value: Tree) -> datetime | None:
    """A change time as an aware datetime: RFC 3339 with offset, or OData's `/Date(ms)/`; else None.

    A time without an offset is nobody's time; it moves no cursor.
    """
    if not isinstance(value, str):
        return None
    odata = _ODATA.fullmatch(value)
    try:
        if odata:
            # the digits are UTC already; an offset after them only tells how to show it
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(odata["ms"]))
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def newest(items: Iterable[Tree], field: str, place: str) -> datetime | None:
    """The highest change time among `items`; records without a readable one move nothing.

    Raises:
        Config: there are items, and not one of them has the field at all.
    """
    values = [at(item, field) for item in items]
    if values and all(value is MISSING for value in values):
        raise Config(
            f"{place}: expected the change time {field!r} in each item, found it in none of {len(values)}",
            code="watermark_missing",
        )
    return max((found for value in values if (found := instant(value))), default=None)


def since(cursor: Cursor | None, overlap: float) -> datetime | None:
    """From when to read: the cursor's time less the overlap, None to read everything.

    Raises:
        Config: the cursor holds something that is no time.
    """
    text = (cursor or {}).get("since")
    if text is None:
        return None
    found = instant(text)
    if found is None:
        raise Config(
            f"cursor: expected an RFC 3339 time with offset in 'since', found {text!r}", code="cursor_invalid"
        )
    return found - timedelta(seconds=overlap)


def advanced(cursor: Cursor | None, seen: datetime | None, now: datetime) -> Cursor:
    """The cursor after `seen`: it never moves back, and never into the future.

    One record dated 2099 would otherwise hide everything until then.
    """
    before = since(cursor, 0)
    times = [time for time in (before, min(seen, now) if seen else None) if time]
    return {"since": rfc3339(max(times))} if times else {}


def rfc3339(moment: datetime) -> str:
    """UTC with `Z`, fractions only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
