"""The published schemas: sound, described, closed, and equal to the vocabulary."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from canonical import validation, vocabulary
from canonical.lines import BUCKETS, CHILDREN
from canonical.testing import statements

SCHEMAS = validation.schemas()
ENUMS = [each for each in vars(vocabulary).values() if isinstance(each, type) and issubclass(each, StrEnum)]
VOCABULARIES = {frozenset(enum): enum for enum in ENUMS if enum is not StrEnum}
SUBSETS = {
    frozenset(vocabulary.ClaimStatus) - {"none"},  # a claim that is stated is at least opened
    frozenset(vocabulary.FACT_TYPES),
    frozenset({"cancelled", "closed"}),  # how a return ended
}


def named(node: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema object in a schema, with its place."""
    if isinstance(node, dict):
        if "type" in node or "$ref" in node:
            yield place, node
        for key, value in node.items():
            yield from named(value, f"{place}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from named(value, f"{place}/{index}")


EVERY = [each for (name, major), schema in SCHEMAS.items() for each in named(schema, f"{name}.v{major}")]


def test_every_fact_type_has_a_schema_of_its_version_and_little_else_has() -> None:
    facts = {(name, known.version) for name, known in vocabulary.FACT_TYPES.items()}
    assert set(SCHEMAS) == facts | {("common", 1), ("order", 1), ("return", 1)}


@pytest.mark.parametrize("key", sorted(SCHEMAS), ids=str)
def test_every_schema_is_a_valid_2020_12_schema_whose_id_is_its_file(key: tuple[str, int]) -> None:
    schema = SCHEMAS[key]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == validation.schema_id(*key)


def test_every_reference_resolves() -> None:
    registry = Registry().with_resources(
        [(schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()]
    )
    for place, node in EVERY:
        if "$ref" in node:
            base = validation.schema_id(*place.split("/")[0].rsplit(".v", 1))
            assert registry.resolver(base).lookup(node["$ref"]).contents, place


def test_every_property_is_described() -> None:
    silent = [
        f"{place}/{name}"
        for place, node in EVERY
        for name, value in node.get("properties", {}).items()
        if not value.get("description") and "description" not in _target(place, value)
    ]
    assert silent == []


def _target(place: str, value: dict[str, Any]) -> dict[str, Any]:
    """What a reference points to."""
    name, _, definition = value.get("$ref", "").partition("#/$defs/")
    schema = SCHEMAS["common", 1] if name or place.startswith("common") else _schema(place)
    found: dict[str, Any] = schema["$defs"].get(definition, {}) if "$defs" in schema else {}
    return found


def _schema(place: str) -> dict[str, Any]:
    name, _, major = place.split("/", maxsplit=1)[0].rpartition(".v")
    return SCHEMAS[name, int(major)]


def test_every_object_is_closed_except_ext() -> None:
    open_ones = [
        place
        for place, node in EVERY
        if "properties" in node and node.get("additionalProperties") is not False
    ]
    assert open_ones == []
    free = {place for place, node in EVERY if isinstance(node.get("additionalProperties"), dict)}
    assert {place.split("/")[2] for place in free} == {"ext", "plain", "plain_inner"}


def test_every_list_and_text_is_bounded() -> None:
    unbounded = [
        place
        for place, node in EVERY
        if (node.get("type") == "array" and "maxItems" not in node)
        or (node.get("type") == "string" and not {"maxLength", "pattern", "enum"} & set(node))
    ]
    assert unbounded == []


def test_no_schema_knows_floats() -> None:
    assert [place for place, node in EVERY if "number" in node.get("type", ())] == []


def test_every_enum_is_a_vocabulary() -> None:
    for place, node in EVERY:
        if "enum" in node:
            values = frozenset(node["enum"])
            assert len(values) == len(node["enum"]), place
            assert values in VOCABULARIES or values in SUBSETS, place


def test_every_vocabulary_is_used_in_a_schema() -> None:
    used = {frozenset(node["enum"]) for _, node in EVERY if "enum" in node}
    indirect = {frozenset(vocabulary.ClaimStatus) - {"none"}}
    assert [enum.__name__ for values, enum in VOCABULARIES.items() if values not in used | indirect] == []


def test_precedences_differ() -> None:
    precedences = [known.precedence for known in vocabulary.FACT_TYPES.values()]
    assert len(set(precedences)) == len(precedences)


def test_the_line_of_the_return_has_exactly_the_buckets_and_child_lists_of_the_fold() -> None:
    line = SCHEMAS["return", 1]["$defs"]["line"]
    properties = line["properties"]
    quantities = [name for name, value in properties.items() if value.get("$ref", "").endswith("/quantity")]
    assert quantities == list(BUCKETS)
    assert set(CHILDREN) | set(BUCKETS) <= set(line["required"])


def test_schema_files_end_with_a_newline_and_are_indented() -> None:
    for file in files("canonical").joinpath("schemas").iterdir():
        text = file.read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n", file.name


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(statements())
def test_the_strategies_for_tests_state_valid_facts_only(statement: tuple[str, dict[str, Any]]) -> None:
    type_, body = statement
    assert validation.violations(type_, 1, body) == []
