"""Mappings from and to XML, CSV and spreadsheets: where errors are, and how values leave."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors.codecs.registry import codec

Workshop = Any


@pytest.mark.parametrize(
    ("source", "body", "place"),
    [
        ("xml", b"<r>\n<i><q>1</q></i>\n<i>\n<q>x</q></i></r>", "line 3, r.i[1].q"),
        ("xml", b"<r>\n<i><q>1</q></i>\n<i n='7'/></r>", "line 3, r.i[1].q"),
    ],
)
def test_an_error_in_xml_names_the_line_and_the_path(
    workshop: Workshop, source: str, body: bytes, place: str
) -> None:
    [record] = codec(source).decode(body).records
    text = "lines:\n  each: r.i as item\n  map:\n    quantity: item.q | decimal\n"
    [error] = workshop.compile(text, source=f"{source}/shop.r").apply(record.tree).errors
    assert error.position == place


def test_an_error_in_a_spreadsheet_names_row_and_column(workshop: Workshop) -> None:
    body = codec("xlsx").encode([{"no": "1", "qty": "two"}])
    [record] = codec("xlsx").decode(body).records
    [error] = workshop.compile("quantity: qty | decimal", source="xlsx/shop.r").apply(record.tree).errors
    assert error.position == "row 2, column qty"


@pytest.mark.parametrize(
    ("target", "result"),
    [
        ("json/x.y", {"n": Decimal("2.50"), "i": 7, "t": "2.50", "b": True}),
        ("xlsx/x.y", {"n": Decimal("2.50"), "i": 7, "t": "2.50", "b": True}),
        ("csv/x.y", {"n": "2.50", "i": "7", "t": "2.50", "b": "true"}),
        ("xml/x.y", {"n": "2.50", "i": "7", "t": "2.50", "b": "true"}),
    ],
)
def test_numbers_leave_as_the_target_has_them(workshop: Workshop, target: str, result: Any) -> None:
    body = "n: n | number\ni: i | integer\nt: n | decimal\nb: b"
    value = workshop.value(body, {"n": "2.50", "i": "7", "b": True}, target=target)
    assert value == result
    assert [type(item) for item in value.values()] == [type(item) for item in result.values()]
