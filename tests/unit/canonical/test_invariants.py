"""A stored return that was tampered with, or written wrongly, is found out."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from canonical.invariants import invariants

Story = Any  # tests/unit/canonical/conftest.py; tests are no package, so its class has no importable name


@pytest.fixture
def received(story: Story) -> dict[str, Any]:
    story.requested("2")
    story.decided("2")
    story.received("R1", {"line_no": 1, "quantity": "3"})
    story.inspected("I1", {"line_no": 1, "quantity": "1"})
    return copy.deepcopy(story.fold())


def test_a_return_as_folded_is_sound(received: dict[str, Any]) -> None:
    assert invariants(received) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"received": "-1"}, "lines[0].received: expected plain decimal such as 12.5, found"),
        ({"received": "2"}, "lines[0].received: expected the sum of receipts, found 2"),
        ({"inspected": "4"}, "lines[0].inspected: expected at most received 3 or a case"),
        ({"dispositioned": "1"}, "lines[0].dispositioned: expected the sum of dispositions"),
        ({"missing": "1"}, "lines[0].missing: expected the sum of missing dispositions"),
        ({"authorized": "3"}, "lines[0].authorized: expected at most requested 2 or a case"),
        ({"credited": "9"}, "lines[0].credited: expected the sum of credits"),
        ({"line_id": "00000000-0000-0000-0000-000000000000"}, "lines[0].line_id: expected"),
    ],
)
def test_a_changed_line_is_found(received: dict[str, Any], change: dict[str, Any], message: str) -> None:
    received["lines"][0].update(change)
    assert any(each.startswith(message) for each in invariants(received)), invariants(received)


def test_a_status_that_does_not_follow_from_the_lines_is_found(received: dict[str, Any]) -> None:
    received["status"] = "settled"
    assert invariants(received) == ["status: expected received, found settled"]


def test_an_excess_without_its_case_is_found(received: dict[str, Any]) -> None:
    received["cases"] = []
    assert invariants(received) == ["lines[0].received: expected at most 2 or a case, found 3"]


def test_money_beyond_value_without_its_case_is_found(story: Story) -> None:
    story.requested("1", return_required=False)
    story.decided("1")
    story.credited("C1", "11.00", {"line_no": 1, "quantity": "1", "amount": "11.00"})
    return_ = copy.deepcopy(story.fold())
    return_["cases"] = []
    found = invariants(return_)
    assert any(each.startswith("lines[0].credits: expected at most") for each in found), found
