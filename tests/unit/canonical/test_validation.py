"""Validation: every error at once, with its place, and in agreement with the reference implementation."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema.validators import extend
from referencing import Registry, Resource

from canonical import validation
from canonical.testing import statements
from canonical.validation import Violation, is_valid, violations

REQUEST: dict[str, Any] = {
    "origin": {"system": "acme", "id": "CLAIM1"},
    "return_type": "customer",
    "channel": "edi",
    "requested_at": "2026-11-01T09:00:00+01:00",
    "lines": [
        {
            "line_no": 1,
            "item": {"sku": "A"},
            "requested": "2",
            "uom": "EA",
            "reason": {"scheme": "x12.1293", "code": "DR", "canonical": "defective"},
        }
    ],
}


def changed(**changes: Any) -> dict[str, Any]:
    """The request with values at dotted places replaced (`__` for a dot, digits for list positions)."""
    tree = copy.deepcopy(REQUEST)
    for place, value in changes.items():
        *path, last = [int(part) if part.isdigit() else part for part in place.split("__")]
        node: Any = tree
        for part in path:
            node = node[part]
        node[last] = value
    return tree


def test_a_valid_document_has_no_violations() -> None:
    assert violations("return.requested", 1, REQUEST) == []


def test_all_violations_come_at_once_with_place_expected_and_found() -> None:
    broken = changed(
        lines__0__requested="1e5",
        lines__0__uom="each",
        lines__0__reason__canonical="nonsense",
        lines__0__item={},
        requested_at="2026-11-01",
        colour="red",
    )
    del broken["channel"]
    found = {each.path: each for each in violations("return.requested", 1, broken)}
    assert sorted(found) == [
        "channel",
        "colour",
        "lines[0].item",
        "lines[0].reason.canonical",
        "lines[0].requested",
        "lines[0].uom",
        "requested_at",
    ]
    assert found["channel"] == Violation("channel", "is required", "a value", "nothing")
    assert found["colour"] == Violation("colour", "is not known here", "nothing", '"red"')
    assert found["lines[0].requested"].expected == "plain decimal such as 12.5"
    assert found["lines[0].requested"].found == '"1e5"'
    assert found["lines[0].item"].expected == "at least one of sku, gtin, customer_item, supplier_item"
    assert "defective" in found["lines[0].reason.canonical"].expected
    assert found["requested_at"].expected == "time with offset such as 2026-11-01T09:30:00+01:00"


@pytest.mark.parametrize(
    "quantity",
    [
        "-1",
        "1e3",
        "1.",
        ".5",
        "01",
        "",
        " 1",
        "1 ",
        "1,5",
        "NaN",
        "Infinity",
        "+1",
        "1\n",
        "1.1234567",
        "٣",
        1,
        1.5,
    ],
)
def test_a_quantity_is_a_plain_decimal_that_is_not_negative(quantity: Any) -> None:
    assert not is_valid("return.requested", 1, changed(lines__0__requested=quantity))


@pytest.mark.parametrize("quantity", ["0", "1", "10", "0.5", "2.000", "999999999999999.999999"])
def test_plain_decimals_are_quantities(quantity: str) -> None:
    assert is_valid("return.requested", 1, changed(lines__0__requested=quantity))


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-01T09:00:00",
        "2026-11-01",
        "2026-02-30T09:00:00Z",
        "2026-11-01T24:00:00Z",
        "2026-11-01T23:59:60Z",
        "2026-11-01t09:00:00z",
        "2026-11-01T09:00:00+0100",
    ],
)
def test_a_time_has_an_offset_and_stands_in_the_calendar(moment: str) -> None:
    found = violations("return.requested", 1, changed(requested_at=moment))
    assert [each.path for each in found] == ["requested_at"]


def test_empty_text_is_no_value() -> None:
    found = violations("return.requested", 1, changed(lines__0__reason_text=""))
    assert [(each.path, each.expected) for each in found] == [
        ("lines[0].reason_text", "at least 1 characters")
    ]


def test_ext_takes_anything_but_fractions_by_system() -> None:
    assert is_valid("return.requested", 1, changed(ext={"acme": {"BGN09": ["x", {"deep": 1}]}}))
    assert not is_valid("return.requested", 1, changed(ext={"acme": {"BGN09": 1.5}}))
    assert not is_valid("return.requested", 1, changed(ext={"ACME corp": {}}))
    assert not is_valid("return.requested", 1, changed(ext={"acme": "text"}))


@pytest.mark.parametrize(
    "found", [{1: 2}, {"a": {1, 2}}, {"a": Decimal("1.5")}, {"a": b"x"}, {"a": object()}]
)
def test_what_is_not_json_is_a_violation_and_no_exception(found: Any) -> None:
    assert violations("return.requested", 1, changed(ext={"acme": found})) != []


def test_bottomless_nesting_is_a_violation_and_no_crash() -> None:
    tree: dict[str, Any] = {}
    for _ in range(100_000):
        tree = {"a": tree}
    assert violations("return.requested", 1, changed(ext={"acme": tree})) != []


def test_unknown_types_and_versions_are_violations() -> None:
    assert violations("return.requested", 2, REQUEST)[0].found == "return.requested 2"
    assert "return.requested 1" in violations("no.such", 1, {})[0].expected


def test_any_mapping_can_be_validated() -> None:
    assert violations("return.requested", 1, MappingProxyType(REQUEST)) == []


def test_long_values_are_shown_short() -> None:
    found = violations("return.requested", 1, changed(channel="X" * 5000))
    assert len(found[0].found) == 80


def _iso(parse: Any) -> Any:
    def check(value: Any) -> bool:
        if isinstance(value, str):
            parse(value)
        return True

    return check


@cache
def reference(type_: str) -> Any:
    """The reference validator, with `$` as ECMA 262 means it: the very end, not before a last newline."""

    def pattern(_: Any, regex: str, value: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
        if isinstance(value, str) and not re.search(regex.replace("$", r"\Z"), value, re.ASCII):
            yield jsonschema.ValidationError(f"{value!r} does not match {regex!r}")

    schemas = validation.schemas()
    registry: Registry[Any] = Registry().with_resources(
        [(schema["$id"], Resource.from_contents(schema)) for schema in schemas.values()]
    )
    checker = jsonschema.FormatChecker(())
    checker.checks("date-time", ValueError)(_iso(datetime.fromisoformat))
    checker.checks("date", ValueError)(_iso(date.fromisoformat))
    validator = extend(jsonschema.Draft202012Validator, {"pattern": pattern})
    return validator(schemas[type_, 1], registry=registry, format_checker=checker)


def expected_places(type_: str, data: Any) -> set[str]:
    """Places of all errors by the reference implementation, as `violations` names them."""
    places = set()
    for error in reference(type_).iter_errors(data):
        place = list(error.absolute_path)
        if error.validator == "required":
            missing = set(error.validator_value) - set(error.instance)
            places |= {_path([*place, name]) for name in missing}
        elif error.validator == "additionalProperties":
            places |= {
                _path([*place, name]) for name in set(error.instance) - set(error.schema["properties"])
            }
        elif error.validator == "pattern" and "propertyNames" in error.absolute_schema_path:
            places.add(_path(place))
        else:
            places.add(_path(place))
    return places


def _path(parts: list[Any]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".") or "$"


SPOILERS = st.one_of(
    st.sampled_from(
        ["", "1\n", "1.5", "-1", "EA", "ea", "A", "٣", "é", "2026-02-30T00:00:00Z", "2026-11-01"]
    ),
    st.sampled_from([0, 1, -1, 1.0, 1.5, 10**30, True, None]),
    st.sampled_from([[], {}, [1], {"a": 1}, [{}], {"acme": {"x": [1.5]}}, {"Acme": {}}]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(statements(), st.data())
def test_it_agrees_with_the_reference_implementation(
    statement: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    type_, body = statement[0], json.loads(json.dumps(statement[1]))
    for _ in range(data.draw(st.integers(0, 3))):
        _spoil(body, data)
    expected = expected_places(type_, body)
    assert {each.path for each in violations(type_, 1, body)} == expected
    assert is_valid(type_, 1, body) == (not expected)


def _spoil(body: dict[str, Any], data: st.DataObject) -> None:
    """Change, drop or add one value somewhere."""
    places = list(_places(body))
    if not places:
        return
    place, key = data.draw(st.sampled_from(places))
    how = data.draw(st.sampled_from(["change", "drop", "add"]))
    if how == "change":
        place[key] = copy.deepcopy(data.draw(SPOILERS))
    elif how == "drop":
        del place[key]
    elif isinstance(place, dict):
        name = data.draw(st.sampled_from(["extra", "line_no", "ext", "quantity"]))
        place[name] = copy.deepcopy(data.draw(SPOILERS))


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(tree, dict | list):
        for key in list(tree) if isinstance(tree, dict) else range(len(tree)):
            yield tree, key
            yield from _places(tree[key])


def test_regular_expressions_run_in_linear_time() -> None:
    """The engine that is chosen refuses what could backtrack; a schema that needs it would not compile."""
    options = jsonschema_rs.RegexOptions()
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.Draft202012Validator({"pattern": "(?=a)b"}, pattern_options=options)
