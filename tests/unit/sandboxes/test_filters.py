from __future__ import annotations

import sqlite3

import pytest

from sandboxes.erp.filters import FilterError, compile_filter

COLUMNS = {"A": "a", "B": "b", "D": "d"}
ROWS = [("x", "1.50", "/Date(0)/"), ("y", "2", "/Date(86400000)/"), ("o'z", None, "/Date(172800000)/")]


def select(condition: str) -> list[str]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (a, b, d)")
    connection.executemany("INSERT INTO t VALUES (?, ?, ?)", ROWS)
    sql, values = compile_filter(condition, COLUMNS)
    found = [row[0] for row in connection.execute(f"SELECT a FROM t WHERE {sql}", values)]  # noqa: S608 -- what is tested
    connection.close()
    return found


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("A eq 'x'", ["x"]),
        ("A eq 'x' or A eq 'y'", ["x", "y"]),
        ("A eq 'x' and B eq 2", []),
        ("A eq 'x' or A eq 'y' and B eq 2", ["x", "y"]),
        ("(A eq 'x' or A eq 'y') and B eq 2m", ["y"]),
        ("A eq 'o''z'", ["o'z"]),
        ("not (A eq 'x')", ["y", "o'z"]),
        ("B eq null", ["o'z"]),
        ("B ne null", ["x", "y"]),
        ("B gt 1.4", ["x", "y"]),
        ("D ge datetime'1970-01-02T00:00:00'", ["y", "o'z"]),
        ("((A eq 'x'))", ["x"]),
    ],
)
def test_filters_select_what_odata_says(condition: str, expected: list[str]) -> None:
    assert select(condition) == expected


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("A eq", "position 4: expected a literal, found 'the end'"),
        ("A is 'x'", "expected one of eq, ne"),
        ("C eq 'x'", "a known property instead of 'C'"),
        ("(A eq 'x'", r"expected '\)', found 'the end'"),
        ("A eq 'x' B eq 'y'", "position 9: expected the end or 'and'/'or'"),
        ("A eq 'x' ; drop table t", "found '; drop table t'"),
        ("D eq datetime'tomorrow'", "expected datetime'2026"),
        ("(" * 60 + "A eq 'x'" + ")" * 60, "at most 50 parentheses"),
    ],
)
def test_a_filter_that_cannot_be_understood_says_where_and_why(condition: str, message: str) -> None:
    with pytest.raises(FilterError, match=message):
        compile_filter(condition, COLUMNS)


def test_values_never_become_part_of_the_statement() -> None:
    sql, values = compile_filter("A eq 'x; drop table t'", COLUMNS)
    assert "drop" not in sql
    assert values == ["x; drop table t"]
