"""Authors and partners are not trusted with the machine: bounded work, bounded output."""

from __future__ import annotations

import time
from typing import Any

import pytest

from hub.mapping.notation import parse_expression
from hub.mapping.limits import WORK

Workshop = Any


def test_nested_each_over_the_same_list_stops_at_a_bound(workshop: Workshop) -> None:
    body = "l: {each: l as a, map: {m: {each: l as b, map: {n: {each: l as c, map: {v: c.v}}}}}}"
    tree = {"l": [{"v": "1"}] * 200}
    started = time.process_time()
    errors = workshop.compile(body).apply(tree).errors
    assert any("makes more work than one record may" in error.message for error in errors)
    assert len(errors) < 500
    assert time.process_time() - started < 30


@pytest.mark.parametrize(
    "expression",
    [
        "__class__.__mro__",
        "v.__class__",
        "v.__init__.__globals__",
        "v.format",
        "v.real",
    ],
)
def test_paths_see_the_documents_keys_and_never_attributes(field: Any, expression: str) -> None:
    assert field(expression, {"v": "x"}) == "nothing present"


@pytest.mark.parametrize("text", ["{0.__class__}", "%(x)s", "{{ 7*7 }}", "${HOME}", "`id`", "$(id)"])
def test_text_is_never_a_template(field: Any, text: str) -> None:
    assert field(f"= '{text}' | concat('{text}')", {}) == text + text


def test_a_pattern_that_makes_backtracking_engines_hang_runs_in_linear_time(field: Any) -> None:
    started = time.process_time()
    assert "expected to match" in field("v | match('(a+)+b')", {"v": "a" * 50_000})
    assert time.process_time() - started < 5


def test_text_grows_within_a_bound_whatever_functions_are_chained(field: Any) -> None:
    assert "at most 4096 may be made" in field("v | concat(v, v, v, v)", {"v": "x" * 1000})
    chain = " | ".join(["replace(x, xxxxxxxx)"] * 8)
    assert "at most 4096 may be made" in field(f"v | {chain}", {"v": "x" * 50})
    assert "at most 4096 may be made" in field("v | join('-')", {"v": ["x" * 1000] * 5})


def test_a_deep_document_is_walked_without_recursion(field: Any) -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = {"a": deep}
    assert "expected a single value" in field("a.a.a", deep)
    assert "32 levels" in field("a | copy", deep)


def test_huge_numbers_do_not_become_huge_text(field: Any) -> None:
    assert "at most 40 digits" in field("v | decimal", {"v": "1E99"})
    assert "more than 40 digits" in field("v | trim", {"v": 10**5000})
    assert "expected a number" in field("v | decimal", {"v": 10**5000})
    assert "digits" in field("v", {"v": 10**5000})


def test_a_long_expression_parses_in_linear_time() -> None:
    started = time.process_time()
    for _ in range(200):
        parse_expression("a" * 1990)
    assert time.process_time() - started < 2
