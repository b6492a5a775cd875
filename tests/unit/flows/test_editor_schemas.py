"""What editors check with, held against what `check` accepts and refuses."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from hub.flows.editor_schemas import (
    dumped,
    editor_schemas,
    header_of,
    without_header,
    write,
    yaml_files,
)
from hub.mapping import yaml_strict
from tests.unit.flows.conftest import PROJECT
from tests.unit.flows.small import FLOW, SHOP, SHOP_MAPPING, SHOP_SYSTEM, edited, shop

MAPPING, SYSTEM, FLOWS = editor_schemas()


class Core(yaml.SafeLoader):
    """YAML 1.2 as editors read it: `35` and `true` are no texts, but `on` and `NO` are."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML keeps them on the class


for tag, pattern, first in (
    ("bool", "true|false", "tf"),
    ("null", "null|~|", ["n", "~", ""]),
    ("int", "[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?[0-9]+\.[0-9]*", "-+0123456789"),
):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))


def schema_of(file: Path) -> str:
    if "flows" in file.parts:
        return FLOWS
    return SYSTEM if file.name == "system.yaml" else MAPPING


def refused(name: str, tree: Any) -> Iterator[str]:
    for error in Draft202012Validator(editor_schemas()[name]).iter_errors(tree):
        yield f"{error.json_path}: {error.message[:200]}"


@pytest.mark.parametrize("name", [MAPPING, SYSTEM, FLOWS])
def test_a_published_schema_is_what_the_code_says(name: str) -> None:
    """Run `python -m hub.flows.editor_schemas` to write it again."""
    Draft202012Validator.check_schema(editor_schemas()[name])
    assert (PROJECT / name).read_text("utf-8") == dumped(editor_schemas()[name])


FILES = [pytest.param(file, id=f"{file.parent.name}/{file.name}") for file in yaml_files(PROJECT)]


@pytest.mark.parametrize("file", FILES)
def test_every_yaml_file_fits_its_schema_as_we_and_as_editors_read_it(file: Path) -> None:
    name = schema_of(file)
    assert list(refused(name, yaml_strict.load(file).plain())) == []
    assert list(refused(name, yaml.load(file.read_text("utf-8"), Core))) == []  # noqa: S506 - a safe loader


def test_every_yaml_file_tells_editors_its_schema() -> None:
    """Run `python -m hub.flows.editor_schemas` to add the missing lines."""
    assert [path.relative_to(PROJECT).as_posix() for path in without_header(PROJECT)] == []


def test_the_way_to_the_schema_leads_there() -> None:
    for file in yaml_files(PROJECT):
        _, _, way = header_of(PROJECT, file).partition("$schema=")
        assert (file.parent / way).is_file()


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    project = shop(tmp_path)
    (project / "mappings" / "codes" / "unit.csv").write_text("canonical\nEA\n")
    changed = {path.relative_to(project).as_posix() for path in write(project)}
    assert changed == {MAPPING, SYSTEM, FLOWS, SHOP, FLOW, "mappings/shop/system.yaml"}
    assert (
        project / SHOP
    ).read_text() == "# yaml-language-server: $schema=../mapping.schema.json\n" + SHOP_MAPPING
    assert write(project) == []
    assert without_header(project) == []


@pytest.mark.parametrize(
    ("name", "text", "before", "after", "place"),
    [
        (MAPPING, SHOP_MAPPING, "samples:", "sample:", "$"),
        (MAPPING, SHOP_MAPPING, "shop.return_request@1", "shop.return_request", "$.mapping"),
        (MAPPING, SHOP_MAPPING, "created | datetime", "created | datetme", "$.map"),
        (MAPPING, SHOP_MAPPING, "created | datetime", "created |", "$.map"),
        (MAPPING, SHOP_MAPPING, "items as item", "items", "$.map"),
        (MAPPING, SHOP_MAPPING, "each: items as item", "eech: items as item", "$.map"),
        (
            MAPPING,
            SHOP_MAPPING,
            "codes/return_reason.csv[shop]",
            "codes/return_reason.csv",
            "$.lookups.reason",
        ),
        (MAPPING, SHOP_MAPPING, "to:      return.requested@1\n", "", "$"),
        (SYSTEM, SHOP_SYSTEM, "connector: inbox", "connector: inbocks", "$.connector"),
        (SYSTEM, SHOP_SYSTEM, "title: A shop\n", "", "$"),
        (SYSTEM, SHOP_SYSTEM, "title:", "titel:", "$"),
    ],
)
def test_a_broken_file_is_refused_where_it_is_broken(
    name: str, text: str, before: str, after: str, place: str
) -> None:
    assert list(refused(name, yaml_strict.loads(text).plain())) == []
    broken = edited(text, before, after)
    errors = list(refused(name, yaml_strict.loads(broken).plain()))
    assert any(error.startswith(place) for error in errors), errors


@pytest.mark.parametrize(
    ("file", "before", "after", "place"),
    [
        ("acme_returns_in", "every:       15 seconds", "every:       now and then", "$.every"),
        ("acme_returns_in", "acknowledge: 997", "acknowledge: 998", "$.acknowledge"),
        ("acme_returns_in", "by: references.customer_po, ", "", "$.enrich[0]"),
        ("acme_returns_in", "entity: ", "entitty: ", "$"),
        ("erp_rma", "authorization.decided", "authorisation.decided", "$.fact"),
        ("erp_rma", "operation: create", "operatoin: create", "$.to"),
        ("erp_rma", "retry: ", "retri: ", "$"),
    ],
)
def test_a_broken_flow_is_refused_where_it_is_broken(file: str, before: str, after: str, place: str) -> None:
    text = (PROJECT / "dags" / "flows" / f"{file}.yaml").read_text("utf-8")
    errors = list(refused(FLOWS, yaml_strict.loads(edited(text, before, after)).plain()))
    assert any(error.startswith(place) for error in errors), errors


def test_the_schema_of_a_mapping_names_every_function() -> None:
    text = json.dumps(editor_schemas()[MAPPING])
    for line in ("crosswalk(table, default?): ", "values: All values as a list"):
        assert line in text
