"""The promises of the fold, for any facts at all."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from canonical import validation
from canonical.facts import Fact
from canonical.fold import fold
from canonical.invariants import invariants
from canonical.testing import facts, histories

quick = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])

json_trees = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=True) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@quick
@given(histories(), st.data())
def test_any_order_and_any_duplication_give_the_same_return_to_the_byte(
    history: list[Fact], data: st.DataObject
) -> None:
    repeated = [
        *history,
        *data.draw(st.lists(st.sampled_from(history), max_size=6) if history else st.just([])),
    ]
    shuffled = data.draw(st.permutations(repeated))
    assert json.dumps(fold(iter(shuffled))) == json.dumps(fold(history))


@quick
@given(histories())
def test_every_return_is_valid_against_its_schema_and_keeps_the_invariants(history: list[Fact]) -> None:
    assert invariants(fold(history)) == []


@quick
@given(histories())
def test_facts_that_went_through_a_database_give_the_same_return(history: list[Fact]) -> None:
    stored = [
        replace(
            fact,
            data=json.loads(json.dumps(fact.data, sort_keys=True)),
            occurred_at=fact.occurred_at.astimezone(),
            recorded_at=fact.recorded_at.astimezone(),
        )
        for fact in history
    ]
    assert json.dumps(fold(stored), sort_keys=True) == json.dumps(fold(history), sort_keys=True)


@quick
@given(histories())
def test_the_fold_changes_no_fact_and_remembers_nothing_between_calls(history: list[Fact]) -> None:
    before = copy.deepcopy(history)
    first = json.dumps(fold(history))
    assert history == before
    assert json.dumps(fold(history)) == first


@quick
@given(histories())
def test_the_version_counts_distinct_facts(history: list[Fact]) -> None:
    assert fold(history * 2)["version"] == len(history)


@quick
@given(histories(most=5), facts(), json_trees, st.sampled_from(["", "return", "common", "no.such", None]))
def test_a_broken_fact_opens_a_case_and_leaves_the_rest_as_it_was(
    history: list[Fact], fact: Fact, tree: Any, fact_type: str | None
) -> None:
    assume(history and all(each.id != fact.id for each in history))
    broken = replace(fact, data=tree) if fact_type is None else replace(fact, type=fact_type)
    result = fold([*history, broken])
    assert [case["code"] for case in _cases_of(result, broken)] == ["unusable_fact"]
    assert invariants(result) == []
    without = {**result, "version": len(history), "cases": _other_cases(result, broken)}
    assert without == fold(history)


@quick
@given(histories(most=6), facts(), st.data())
def test_a_fact_with_one_garbled_value_never_raises(
    history: list[Fact], fact: Fact, data: st.DataObject
) -> None:
    body = json.loads(json.dumps(fact.data))
    place, key = data.draw(st.sampled_from(list(_places(body))))
    place[key] = data.draw(json_trees)
    result = fold([*history, replace(fact, data=body)])
    assert validation.violations("return", 1, result) == []


@quick
@given(histories(most=4), facts())
def test_a_fact_of_another_return_is_kept_out(history: list[Fact], fact: Fact) -> None:
    assume(len(history) > 1 and all(each.id != fact.id for each in history))
    stray = replace(fact, return_id=UUID(int=7))
    result = fold([*history, stray])
    assert [case["code"] for case in _cases_of(result, stray)] == ["foreign_fact"]
    assert {**result, "version": len(history), "cases": _other_cases(result, stray)} == fold(history)


@quick
@given(histories(most=6), facts(), facts())
def test_two_facts_under_one_id_open_a_case_whichever_comes_first(
    history: list[Fact], one: Fact, other: Fact
) -> None:
    other = replace(other, id=one.id)
    assume(one != other and all(each.id != one.id for each in history))
    result = fold([one, *history, other])
    assert "conflicting_fact" in [case["code"] for case in result["cases"]]
    assert json.dumps(result) == json.dumps(fold([other, *history, one]))


def test_no_facts_give_an_empty_return() -> None:
    result = fold([])
    assert (result["version"], result["status"]) == (0, "unmatched_receipt")
    assert (result["lines"], result["cases"]) == ([], [])
    assert invariants(result) == []


def _cases_of(return_: dict[str, Any], fact: Fact) -> list[dict[str, Any]]:
    return [case for case in return_["cases"] if case.get("fact_id") == str(fact.id)]


def _other_cases(return_: dict[str, Any], fact: Fact) -> list[dict[str, Any]]:
    return [case for case in return_["cases"] if case.get("fact_id") != str(fact.id)]


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(tree, dict | list):
        for key in list(tree) if isinstance(tree, dict) else range(len(tree)):
            yield tree, key
            yield from _places(tree[key])
