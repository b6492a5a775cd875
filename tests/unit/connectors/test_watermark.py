"""Cursors that lose nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import Config
from connectors.watermark import advanced, instant, newest, rfc3339, since

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-20T12:00:00Z", NOW),
        ("2026-11-20T14:00:00+02:00", NOW),
        ("/Date(1795176000000)/", NOW),
        ("/Date(1795176000000+0120)/", NOW),
        ("2026-11-20T12:00:00", None),
        ("2026-11-20", None),
        ("yesterday", None),
        ("/Date(999999999999999)/", None),
        (1795176000, None),
        (None, None),
    ],
)
def test_a_change_time_has_an_offset_or_is_none(value: Any, expected: datetime | None) -> None:
    assert instant(value) == expected


def test_the_newest_time_is_by_moment_not_by_text() -> None:
    items = [{"at": "2026-11-20T12:30:00+02:00"}, {"at": "2026-11-20T11:00:00Z"}, {"at": "rubbish"}, {}]
    assert newest(items, "at", "x") == datetime(2026, 11, 20, 11, tzinfo=UTC)


def test_a_field_that_no_item_has_is_a_config_error() -> None:
    with pytest.raises(Config, match="'changed'"):
        newest([{"at": "2026-11-20T11:00:00Z"}], "changed", "resource 'x'")


def test_reading_starts_before_the_cursor_by_the_overlap() -> None:
    found = since({"since": "2026-11-20T12:00:00Z"}, 120)
    assert found is not None
    assert rfc3339(found) == "2026-11-20T11:58:00Z"
    assert since(None, 120) is None


def test_a_cursor_never_moves_back() -> None:
    assert advanced({"since": "2026-11-20T12:00:00Z"}, NOW - timedelta(hours=1), NOW) == {
        "since": "2026-11-20T12:00:00Z"
    }


def test_a_record_from_the_future_hides_nothing() -> None:
    assert advanced(None, NOW + timedelta(days=30_000), NOW) == {"since": "2026-11-20T12:00:00Z"}


def test_nothing_seen_leaves_the_cursor() -> None:
    assert advanced(None, None, NOW) == {}
    assert advanced({"since": "2026-11-20T11:00:00Z"}, None, NOW) == {"since": "2026-11-20T11:00:00Z"}


def test_a_broken_cursor_is_a_config_error() -> None:
    with pytest.raises(Config, match="'since'"):
        since({"since": "rubbish"}, 0)
