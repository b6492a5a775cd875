from __future__ import annotations

import pytest

from sandboxes.faults import Action, FaultError, FaultPlan


def hits(plan: FaultPlan, method: str, path: str, times: int) -> list[int]:
    return [count for count in range(1, times + 1) if plan.next(method, path) is not None]


def test_nth_fires_on_exactly_these_requests() -> None:
    plan = FaultPlan()
    plan.load([{"match": "POST /a", "nth": [2, 5], "action": "drop"}])
    assert hits(plan, "POST", "/a/b", 6) == [2, 5]


def test_every_fires_regularly_and_at_most_so_many_times() -> None:
    plan = FaultPlan()
    plan.load([{"match": "GET /a", "every": 3, "times": 2, "action": "status", "status": 429}])
    assert hits(plan, "GET", "/a", 12) == [3, 6]


def test_other_methods_and_paths_are_neither_hit_nor_counted() -> None:
    plan = FaultPlan()
    plan.load([{"match": "POST /a", "nth": 1, "action": "drop"}])
    assert plan.next("GET", "/a") is None
    assert plan.next("POST", "/b") is None
    assert plan.next("POST", "/a") is not None


def test_a_star_matches_every_method() -> None:
    plan = FaultPlan()
    plan.load([{"match": "* /a", "action": "delay", "seconds": 0.1}])
    assert plan.next("PUT", "/a") is not None
    assert plan.next("GET", "/a") is not None


def test_the_first_rule_that_fires_wins_and_the_others_still_count() -> None:
    plan = FaultPlan()
    plan.load(
        [
            {"match": "POST /a", "nth": 1, "action": "drop"},
            {"match": "POST /a", "nth": [1, 2], "action": "status"},
        ]
    )
    first, second = plan.next("POST", "/a"), plan.next("POST", "/a")
    assert first is not None
    assert first.action is Action.DROP
    assert second is not None
    assert second.action is Action.STATUS
    assert [fired["action"] for fired in plan.report()["fired"]] == ["drop", "status"]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"match": "POST", "action": "drop"}, r"rules\[0\].match: expected method and path .* found 'POST'"),
        ({"match": "POST /a", "action": "explode"}, r"rules\[0\].action: expected one of .* found 'explode'"),
        (
            {"match": "POST /a", "action": "drop", "nht": 1},
            r"rules\[0\]: unknown field 'nht', expected one of",
        ),
    ],
)
def test_a_bad_rule_is_named_with_what_was_expected(raw: dict[str, object], message: str) -> None:
    with pytest.raises(FaultError, match=message):
        FaultPlan().load([raw])
