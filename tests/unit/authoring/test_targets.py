"""`returns-hub map` says what a target requires, for every kind of target whose form is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hub.authoring.fields import unfilled, unknown
from hub.flows.schema_forms import of_schema
from hub.mapping.compile import compile_file
from hub.mapping.nodes import Group

Project = Any

SCHEMA = {
    "type": "object",
    "required": ["number", "lines"],
    "properties": {
        "number": {"type": "string", "maxLength": 10},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
        "contact": {"type": "object", "required": ["mail"], "properties": {"mail": {}, "name": {}}},
        "depot": {"type": "object", "required": ["code"], "properties": {"code": {}}},
    },
    "$defs": {
        "line": {"type": "object", "required": ["sku", "quantity"], "properties": {"sku": {}, "quantity": {}}}
    },
}

HEAD = "mapping: depot.tell@1\nfrom: return.authorized@1\nto: {}\nsamples: [told]\nmap:\n"

SCOPE = {
    "key": "K-1",
    "fact": {"id": "1", "occurred_at": "2026-11-01T10:00:00Z", "data": {"rma_number": "60000017"}},
    "return": {
        "origin": {"id": "R-17"},
        "lines": [{"item": {"sku": "4711"}, "authorized": "2", "uom": "EA"}],
    },
}

X12 = """\
  BGN: {"01": = 11, "03": = 20261101}
  N9: [{"02": fact.data.rma_number}]
  BLI:
    each: return.lines as line
    map: {"03": line.authorized, "04": line.uom}
"""

EDIFACT = """\
  BGM: {"01": {"03": = 9}, "03": = 9}
  RFF: [{"01": {"02": return.origin.id}}]
"""


def depot(project: Project, target: str, body: str) -> str:
    """A delivery mapping with one sample; returns its file."""
    project.write("mappings/depot/samples/told.json", json.dumps(SCOPE))
    file = "mappings/depot/tell.yaml"
    project.write(file, HEAD.format(target) + body)
    return file


def told(project: Project, file: str) -> Any:
    return json.loads(project.run("map", file, "--json", code=1))


def test_the_schema_of_a_delivery_tells_what_is_required_of_what_is_begun(project: Project) -> None:
    project.write("mappings/depot/schemas/depot.tell.schema.json", json.dumps(SCHEMA))
    body = "  contact: {name: key}\n  lines: {each: return.lines as line, map: {sku: line.item.sku}}\n"
    file = depot(project, "json/depot.tell", body)
    found = told(project, file)
    # nothing of depot is begun: it may be left out as a whole
    assert found["missing"] == ["number", "contact.mail", "lines[].quantity"]
    assert found["target_known"]
    assert "fact.data.rma_number" in [one["path"] for one in found["documents"][0]["unused"]]
    said = project.run("map", file, code=1)
    assert "✗ lines[].quantity: json/depot.tell requires it and no rule fills it" in said


def test_a_required_group_that_is_not_begun_is_told_by_what_it_must_hold(project: Project) -> None:
    project.write("mappings/depot/schemas/depot.tell.schema.json", json.dumps(SCHEMA))
    file = depot(project, "json/depot.tell", "  number: key\n")
    assert told(project, file)["missing"] == ["lines[].sku", "lines[].quantity"]


def test_a_result_outside_the_schema_of_its_target_is_refused(project: Project) -> None:
    project.write("mappings/depot/schemas/depot.tell.schema.json", json.dumps(SCHEMA))
    body = "  number: = 12345678901\n  lines: [{sku: = A, quantity: = 1}]\n"
    [document] = told(project, depot(project, "json/depot.tell", body))["documents"]
    assert document["refused"] == [
        'number: "12345678901" is longer than 10 characters (schemas/depot.tell.schema.json)'
    ]


def test_without_a_schema_it_is_told_that_nothing_was_proved_and_where_it_would_stand(
    project: Project,
) -> None:
    file = depot(project, "json/depot.tell", "  number: key\n")
    found = json.loads(project.run("map", file, "--json"))
    assert (found["target_known"], found["missing"]) == (False, [])
    said = " ".join(project.run("map", file).split())
    assert "nothing says which fields json/depot.tell must have" in said
    assert "its JSON Schema would be schemas/depot.tell.schema.json beside the mapping" in said


def test_a_guide_of_x12_tells_mandatory_elements_of_the_segments_that_are_begun(project: Project) -> None:
    file = depot(project, "x12/180-004010", X12)
    assert told(project, file)["missing"] == ["BGN.02", "N9[].01", "BLI[].01", "BLI[].02"]
    assert "✗ BGN.02: x12/180-004010 requires it and no rule fills it" in project.run("map", file, code=1)


def test_a_mandatory_segment_that_is_not_begun_is_told_by_its_mandatory_elements(project: Project) -> None:
    found = told(project, depot(project, "x12/180-004010", '  N9: [{"01": = RZ, "02": key}]\n'))
    assert found["missing"] == ["BGN.01", "BGN.02", "BGN.03"]


def test_a_guide_of_edifact_tells_mandatory_components(project: Project) -> None:
    assert told(project, depot(project, "edifact/retins-d96a", EDIFACT))["missing"] == ["RFF[].01.01"]
    found = told(project, depot(project, "edifact/retann-d96a", '  BGM: {"02": key}\n'))
    assert found["missing"] == ["UNS.01"]


def test_a_rule_that_may_leave_a_required_element_out_is_told(project: Project) -> None:
    body = X12.replace('"03": = 20261101', '"02": fact.data.note | optional, "03": = 20261101')
    found = told(project, depot(project, "x12/180-004010", body))
    assert "BGN.02" not in found["missing"]
    assert [one["code"] for one in found["problems"]] == ["required-optional", "unknown-source-field"]


@pytest.mark.parametrize(
    ("body", "missing", "others"),
    [
        ("  id: id\n  wehn: id\n  party: {name: id}\n", ["when", "party.role"], ["wehn", "party.name"]),
        ("  id: id\n  when: id\n  lines: [{each: l as x, map: {reason: x | copy}}, {sku: id}]\n",
         ["lines[].sku", "lines[].quantity", "lines[].quantity"], []),
        ("  id: id\n  when: id\n  self: {self: {id: id}}\n", ["self.id", "self.when", "self.self.when"], []),
    ],
)  # fmt: skip
def test_fields_are_told_where_they_would_stand(
    tmp_path: Path, body: str, missing: list[str], others: list[str]
) -> None:
    form = of_schema(
        {
            "type": "object",
            "required": ["id", "when"],
            "properties": {
                "id": {"type": "string"},
                "when": {"type": "string"},
                "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
                "party": {"required": ["role"], "properties": {"role": {"type": "string"}}},
                "self": {"$ref": "#"},
            },
            "$defs": {
                "line": {
                    "allOf": [{"required": ["quantity"], "properties": {"quantity": {}}}],
                    "required": ["sku"],
                    "properties": {"sku": {}, "reason": {"type": "object", "required": ["code"]}},
                }
            },
        }
    )
    file = tmp_path / "shop/one.yaml"
    file.parent.mkdir()
    file.write_text(f"mapping: shop.one@1\nfrom: json/shop\nto: json/erp\nmap:\n{body}", encoding="utf-8")
    target = compile_file(file, tmp_path).plan.document.target
    assert list(unfilled(target, form)) == missing
    assert list(unknown(target, form)) == others


def test_a_schema_that_requires_itself_ends() -> None:
    form = of_schema({"properties": {"a": {"$ref": "#"}}, "required": ["a"]})
    [path] = unfilled(Group(()), form)
    assert path.startswith("a.a.a")
