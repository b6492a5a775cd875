from __future__ import annotations

from typing import Any

from hub.mapping.coverage import Unused, coverage

Workshop = Any

SCHEMA = {
    "type": "object",
    "required": ["id", "lines", "when"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string"},
        "when": {"type": "string"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
        "party": {"$ref": "common.json#/$defs/party"},
    },
    "$defs": {
        "line": {
            "allOf": [{"$ref": "common.json#/$defs/base"}],
            "required": ["sku"],
            "properties": {"sku": {"type": "string"}, "reason": {"type": "object", "required": ["code"]}},
        }
    },
}
COMMON = {
    "$defs": {
        "base": {"required": ["quantity"], "properties": {"quantity": {}}},
        "party": {"required": ["role"], "properties": {"role": {"$ref": "#/$defs/role"}}},
        "role": {"type": "string"},
    }
}


def test_source_fields_that_nobody_reads_are_listed_once_with_an_example(workshop: Workshop) -> None:
    compiled = workshop.compile(
        """
        a: 'x.k, x.other'
        l: {each: l as line, where: line.on=y, map: {q: line.q, b: "line.N[t=B].v | optional"}}
        """,
        head="key: id\n",
    )
    tree = {
        "@": 1,
        "id": "1",
        "x": {"k": "1", "other": "2", "more": "3", "none": None},
        "l": [
            {"@": 2, "on": "y", "q": "1", "note": "n1", "N": [{"t": "B", "v": "1"}, {"t": "C", "v": "2"}]},
            {"@": 3, "on": "y", "q": "2", "note": "n2"},
        ],
    }
    assert coverage(compiled, tree).unused == (
        Unused("x.more", "'3'", 1),
        Unused("l.note", "'n1'", 2),
        Unused("l.N.t", "'C'", 1),
        Unused("l.N.v", "'2'", 1),
    )


def test_what_copy_takes_over_is_read(workshop: Workshop) -> None:
    compiled = workshop.compile("{a: x | copy, b: \"z | concat('-', y)\"}")
    assert coverage(compiled, {"x": {"p": "1", "q": ["2"]}, "y": "3", "z": "4"}).unused == ()


def test_required_target_fields_that_are_not_filled_are_listed(workshop: Workshop) -> None:
    compiled = workshop.compile(
        """
        id: id
        wehn: id
        party: {name: id}
        lines:
          - {each: l as line, map: {reason: line | copy}}
          - {sku: id, quantity: id}
        """
    )
    report = coverage(compiled, {"id": "1", "l": []}, SCHEMA, {"common.json": COMMON})
    assert report.missing == ("when", "party.role", "lines[].sku", "lines[].quantity")
    assert report.unknown == ("wehn",)


def test_a_schema_that_refers_to_itself_ends(workshop: Workshop) -> None:
    schema: dict[str, Any] = {"$ref": "#"}
    assert coverage(workshop.compile("a: b"), {"b": "1"}, schema).missing == ()
    tree = {"properties": {"a": {"$ref": "#"}}, "required": ["z"]}
    assert coverage(workshop.compile("a: {a: {a: b}}"), {"b": "1"}, tree).missing == ("z", "a.z", "a.a.z")
