from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.functions import NamedFunction
from hub.mapping.functions import FUNCTIONS, Example, Function, named
from hub.mapping.functions.reference import GROUPS
from hub.mapping.values import ValueRefused, decimal_of, plain

HEAD = "lookups: {reason: 'codes/reason.csv[x12]', unit: 'codes/unit.csv[x12]'}\n"
WIDE = "20261101".translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
"""Digits that `str.isdigit` likes and no partner means."""

Field = Callable[..., Any]

EXAMPLES = [(one.name, example) for one in FUNCTIONS.values() for example in one.examples]


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_every_documented_example_is_true(field: Field, name: str, example: Example) -> None:
    assert name in example.call
    result = field(f"v | {example.call}", {"v": example.value}, target="json/x")
    assert result == example.result
    assert type(result) is type(example.result)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda function: function.name)
def test_every_function_is_documented_and_has_an_example(function: Function) -> None:
    assert function.group in (*GROUPS, named.GROUP)
    assert (function.group == named.GROUP) == ("." in function.name)
    assert function.doc.endswith(".")
    assert function.examples or any(param.kind == "lookup" for param in function.params)


@pytest.mark.parametrize(
    ("call", "value", "message"),
    [
        ("decimal", "1,5", "expected a number, found '1,5'"),
        ("decimal", "NaN", "expected a number, found 'NaN'"),
        ("decimal", "1_000", "expected a number, found '1_000'"),
        ("decimal", " 1", "expected a number, found ' 1'"),
        ("decimal", "٣", "expected a number, found '٣'"),
        ("decimal", True, "expected a number, found 'true'"),
        ("decimal", 1.5, "expected a number, found a binary float 1.5"),
        ("decimal", "1E99", "expected a number of at most 40 digits on each side of the point"),
        ("decimal", Decimal("1E+999999"), "expected a number of at most 40 digits on each side of the point"),
        ("integer", "2.5", "expected a whole number, found '2.5'"),
        ("boolean", "maybe", "expected one of true, yes, y, 1, false, no, n, 0, found 'maybe'"),
        ("boolean(X, Y)", "x", "expected one of X, Y, found 'x'"),
        ("date(%Y%m%d)", "2026111", "expected a date as %Y%m%d, found '2026111'"),
        ("date(%Y%m%d)", "2026111 ", "expected a date as %Y%m%d, found '2026111 '"),
        ("date(%d.%m%Y)", "3.12026", "expected a date as %d.%m%Y, found '3.12026'"),
        ("date(%d0%m.%Y)", "303.2026", "expected a date as %d0%m.%Y, found '303.2026'"),
        ("date(%d.%m.%y)", "3.1.6", "expected a date as %d.%m.%y, found '3.1.6'"),
        ("datetime(%d.%m.%Y %H:%M, UTC)", "3.1.2026 9:5", "found '3.1.2026 9:5'"),
        ("date(%d.%m.%Y)", "0.1.2026", "'0.1.2026' is no date"),
        ("date(%Y%m%d)", "20260230", "'20260230' is no date: day is out of range for month"),
        ("date(%Y%m%d)", WIDE, f"expected a date as %Y%m%d, found '{WIDE}'"),
        ("date", "01.11.2026", "expected a date or time such as 2026-11-01T10:00:00Z, found '01.11.2026'"),
        (
            "datetime",
            "2026-11-01",
            "found '2026-11-01': say the zone that it is meant in, such as tz(Europe/Madrid)",
        ),
        ("datetime", "2026-11-01T25:00:00Z", "'2026-11-01T25:00:00Z' is no date: hour must be in 0..23"),
        (
            "tz(America/Chicago)",
            "2026-03-08T02:30:00",
            "does not exist in America/Chicago: the clocks were put forward",
        ),
        ("odata_date", "2026-11-01", "expected /Date(milliseconds)/, found '2026-11-01'"),
        ("odata_date", "/Date(999999999999999)/", "is beyond the calendar"),
        ("to_odata_date", "2026-11-01T10:00:00", "expected a time with offset, found '2026-11-01T10:00:00'"),
        ("format_date(%H)", "2026-11-01", "expected a date with a time, found '2026-11-01'"),
        ("epoch", "1e20", "is beyond the calendar"),
        ("only", ["A", "B"], "expected one value, found 2 values ('A', 'B')"),
        ("trim", {"a": "1", "b": "2"}, "expected a single value, found a group (a, b)"),
        ("require(EA, CA)", "XX", "expected one of EA, CA, found 'XX'"),
        ("require", "  ", "expected a text, found only blanks"),
        ("match('[A-Z]+')", "a1", "expected to match [A-Z]+, found 'a1'"),
        ("match('[A-Z]+')", "AB\n", "expected to match [A-Z]+, found 'AB\\n'"),
        ("replace(a, bbbb)", "a" * 2000, "a text of 8000 characters, at most 4096 may be made"),
        ("copy", {"a": 1.5}, "a group with the binary float 1.5"),
        ("optional", 1.5, "expected a single value, found the binary float 1.5"),
        ("lookup(unit)", "XX", "'XX' is not in lookup 'unit' (codes/unit.csv, x12 -> canonical)"),
        ("crosswalk(reason)", "QQ", "'QQ' is not in lookup 'reason' (codes/reason.csv, x12 -> canonical)"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_expected_and_found(
    field: Field, call: str, value: Any, message: str
) -> None:
    head = HEAD if "lookup" in call or "cross" in call else ""
    head = head.replace("reason: 'codes/reason.csv[x12]', ", "") if "lookup" in call else head
    head = head.replace(", unit: 'codes/unit.csv[x12]'", "") if "cross" in call else head
    assert message in field(f"v | {call}", {"v": value}, head=head)


@pytest.mark.parametrize(
    ("expression", "tree", "result"),
    [
        ("v | datetime(%Y%m%d%H%M%z)", {"v": "202611011030-0600"}, "2026-11-01T10:30:00-06:00"),
        ("v | datetime(%y%m%d, +01:00)", {"v": "261101"}, "2026-11-01T00:00:00+01:00"),
        ("v | date(%d.%m.%y)", {"v": "3.1.26"}, "2026-01-03"),
        ("v | date(%d.%m.%y)", {"v": "03.1.26"}, "2026-01-03"),
        ("v | date(%m/%d/%Y)", {"v": "3/11/2026"}, "2026-03-11"),
        ("v | date(%Y-%m-%d)", {"v": "2026-3-1"}, "2026-03-01"),
        ("v | date(%d%%%m%%%Y)", {"v": "3%1%2026"}, "2026-01-03"),
        ("v | datetime(%d.%m.%Y %H:%M, UTC)", {"v": "3.1.2026 9:05"}, "2026-01-03T09:05:00Z"),
        ("v | date(%Y%j)", {"v": "2026305"}, "2026-11-01"),
        ("v | tz(America/Chicago)", {"v": "2026-11-01T01:30:00"}, "2026-11-01T01:30:00-05:00"),
        ("v | odata_date | date", {"v": "/Date(-1)/"}, "1969-12-31"),
        ("v | split('-', 3) | default(none)", {"v": "A-B"}, "none"),
        ("v | trim | default(x)", {"v": "   "}, "x"),
        ("v | default(1.50) | decimal | scale(2)", {}, "150"),
        ("v.q | product(v.p) | round(2)", {"v": {"q": 3, "p": Decimal("0.335")}}, "1.01"),
        ("l.q | sum | default(0)", {"l": []}, "0"),
        ("l.q | sum", {"l": [{"q": "1"}, {"q": "2.50"}]}, "3.50"),
        ("l | default(a) | join('-')", {}, "a"),
        ("l | values | unpad | join(' ')", {"l": ["01", "002"]}, "1 2"),
        ("l | values | split('-', 2) | join(' ')", {"l": ["a-b", "c"]}, "b"),
        ("a | concat('/', b.c, '!')", {"a": "x", "b": {"c": 7}}, "x/7!"),
        ("a | concat('/', b.c) | optional", {"a": "x"}, None),
        ("a | concat('/', b.c)", {"a": "x"}, "nothing present at b.c, an operand of concat"),
        ("a | slice(-2)", {"a": "x"}, "x"),
        ("l | count", {}, 0),
        ("l | unique | count", {"l": ["a", "a"]}, 1),
        ("v | copy", {"v": [{"q": Decimal("1.50"), "n": None}]}, [{"q": "1.50"}]),
        ("v | copy", {"v": ["a"]}, ["a"]),
        ("v | match('(a+)+')", {"v": "a" * 5000}, "a" * 5000),
    ],
)
def test_functions_work_together(field: Field, expression: str, tree: Any, result: Any) -> None:
    assert field(expression, tree) == result


def test_a_crosswalk_keeps_the_partners_code(field: Field) -> None:
    head = "lookups: {reason: 'codes/reason.csv[x12]'}\n"
    assert field("v | crosswalk(reason)", {"v": "DA "}, head=head) == {
        "scheme": "x12",
        "code": "DA",
        "canonical": "damaged",
        "raw": "DA ",
    }
    unknown = field("v | crosswalk(reason, other)", {"v": "QQ"}, head=head)
    assert unknown == {"scheme": "x12", "code": "QQ", "canonical": "other", "raw": "QQ"}


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_a_decimals_text_is_the_same_number_without_exponent(number: Decimal) -> None:
    text = plain(number)
    assert decimal_of(text) == number
    assert "E" not in text.upper()
    assert not text.startswith("+")


@given(st.datetimes(min_value=datetime(1971, 1, 1)))  # noqa: DTZ001 - hypothesis wants local times
def test_odata_dates_go_there_and_back(moment: datetime) -> None:
    to_odata = FUNCTIONS["to_odata_date"].bind()
    from_odata = FUNCTIONS["odata_date"].bind()
    text = moment.replace(microsecond=0).isoformat() + "Z"
    assert from_odata(to_odata(text)) == text


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("v | sap_s4.alpha(10)", "0000004711"),
        ("v | trim | sap_s4.alpha(6) | concat('/', v)", "004711/4711"),
        ("l | values | sap_s4.alpha(3) | join(' ')", "007 A"),
        ("v | sap_s4.alpha(3)", "expected at most 3 characters, found '4711'"),
    ],
)
def test_a_connectors_function_is_called_by_its_full_name(field: Field, expression: str, result: str) -> None:
    assert field(expression, {"v": "4711", "l": ["7", "A"]}) == result


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("sap_s4.alpha", "expected 1 argument, found 0"),
        ("sap_s4.alpha(0)", "expected a length from 1 to 40, found '0'"),
        ("sap_s4.beta", "unknown function"),
        ("alpha(3)", "unknown function"),
        ("sap_s4.", "expected a name after the dot"),
    ],
)
def test_a_wrong_call_of_a_connectors_function_is_refused(workshop: Any, call: str, problem: str) -> None:
    text = f"mapping: a.b@1\nfrom: json/x\nto: json/y\nmap:\n  f: v | {call}\n"
    assert problem in workshop.problems(text)[0]


def test_what_a_connectors_function_gives_is_checked() -> None:
    def declared(run: Callable[[str], Any]) -> Callable[[str], Any]:
        function = NamedFunction(name="a.b", doc="", run=run, examples=())
        return named.adapted(function).bind()

    with pytest.raises(ValueRefused, match=r"a\.b gave a int, expected a text"):
        declared(len)("x")
    with pytest.raises(ValueRefused, match="at most 4096 may be made"):
        declared(lambda text: text * 5000)("x")
    assert declared(str.upper)("x") == "X"
