"""What a revision says that it changed."""

from __future__ import annotations

from hub.cli.way import changed


def test_a_change_names_the_field_and_both_values() -> None:
    before = {"lines": [{"requested": "2", "uom": "EA"}], "channel": "file"}
    after = {"lines": [{"requested": "3", "uom": "EA"}], "remark": "wet"}
    assert list(changed(before, after)) == ["lines[0].requested 2 → 3", "channel file → -", "remark - → wet"]


def test_other_numbers_of_lines_are_counted() -> None:
    assert list(changed({"lines": [1]}, {"lines": [1, 2]})) == ["lines 1 entries → 2 entries"]


def test_what_is_equal_says_nothing() -> None:
    assert list(changed({"a": [{"b": 1}]}, {"a": [{"b": 1}]})) == []
