from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.policy.cells import CellError, Interval, OneOf, Presence, parse


@pytest.mark.parametrize(
    ("text", "kind", "expression"),
    [
        ("", "text", ""),
        ("A, B", "text", '"A", "B"'),
        ('"a, b", c', "text", '"a, b", "c"'),
        ("not A", "text", '$ != null and $ not in ["A"]'),
        ("absent", "text", "null"),
        ("present", "number", "$ != null"),
        ("true", "bool", "true"),
        ("5, 7.50", "number", "5, 7.50"),
        ("> 5000", "number", "$ != null and $ > 5000"),
        ("<= -1.5", "number", "$ != null and $ <= -1.5"),
        ("0..365", "number", "$ != null and $ >= 0 and $ <= 365"),
    ],
)
def test_a_cell_becomes_an_engine_expression(text: str, kind: str, expression: str) -> None:
    assert parse(text, kind).expression == expression


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("maybe", "bool"),
        ("5 000", "number"),
        (">> 5", "number"),
        ("7..5", "number"),
        ("1e3", "number"),
        ("a,,b", "text"),
        ('"a', "text"),
        ("A", "number"),
        ("5..", "number"),
    ],
)
def test_a_cell_that_the_engine_would_silently_never_match_is_refused(text: str, kind: str) -> None:
    with pytest.raises(CellError, match="expected"):
        parse(text, kind)


def test_a_text_in_quotes_cannot_become_code() -> None:
    assert parse('"x\'); drop($)"', "text").expression == '"x\'); drop($)"'


@pytest.mark.parametrize(
    ("wide", "narrow", "kind", "covers"),
    [
        ("", "absent", "text", True),
        ("present", "A", "text", True),
        ("A, B", "A", "text", True),
        ("A", "A, B", "text", False),
        ("not A", "B, C", "text", True),
        ("not A", "not A, B", "text", True),
        ("not A", "A, B", "text", False),
        ("> 5", ">= 5", "number", False),
        (">= 5", "> 5", "number", True),
        ("> 5", "6, 7", "number", True),
        ("0..10", "2..3", "number", True),
        ("0..10", "> 3", "number", False),
        ("absent", "", "text", False),
        ("A", "", "text", False),
    ],
)
def test_covering(wide: str, narrow: str, kind: str, *, covers: bool) -> None:
    assert parse(wide, kind).covers(parse(narrow, kind)) is covers


numbers = st.decimals(min_value=-50, max_value=50, places=1)


def intervals() -> st.SearchStrategy[Interval]:
    return st.builds(
        lambda pair, low_closed, high_closed: Interval(min(pair), max(pair), low_closed, high_closed),
        st.tuples(numbers, numbers),
        st.booleans(),
        st.booleans(),
    )


@given(intervals(), intervals(), numbers)
def test_an_interval_that_covers_another_holds_its_numbers(
    wide: Interval, narrow: Interval, number: Decimal
) -> None:
    if wide.covers(narrow) and narrow.holds(number):
        assert wide.holds(number)


def test_forms_are_told_apart() -> None:
    assert parse("absent", "text") == Presence(present=False)
    assert parse('"absent"', "text") == OneOf(frozenset({"absent"}))
