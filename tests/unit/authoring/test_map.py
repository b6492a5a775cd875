from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from hub.authoring.showing import show
from tests.unit.authoring.terminal import in_terminal

Project = Any
FILE = "mappings/shop/return_request.yaml"
SAMPLE = "mappings/shop/samples/one.json"


def lines_of(text: str) -> dict[str, str]:
    """The lines of the table by their field."""
    return {line.split()[0]: line for line in text.splitlines() if line.strip()}


@pytest.mark.parametrize("columns", [100, 160])
def test_each_field_is_one_line_that_fits_the_terminal(project: Project, columns: int) -> None:
    said = in_terminal(project, "map", FILE, columns=columns)
    assert max(map(len, said.splitlines())) <= columns
    lines = lines_of(said)
    assert re.split(r"\s{2,}", lines["lines[0].item.sku"].strip()) == [
        "lines[0].item.sku",
        "4711",
        "item.sku ' 4711 ' → trim",
    ]
    assert "BROKEN = damaged" in lines["lines[0].reason"]
    assert "left out" in lines["lines[0].reason_text"]
    assert "= customer" in lines["return_type"]
    assert "not read  colour 'red'" in said
    assert "✓ 1 valid return.requested@1" in said


def test_long_values_are_cut_and_never_wrap_a_column(project: Project) -> None:
    project.edit(SAMPLE, "R-17", "R-" + "1" * 200)
    said = in_terminal(project, "map", FILE, columns=80)
    assert max(map(len, said.splitlines())) <= 80
    assert "…" in lines_of(said)["origin.id"]


def test_an_error_names_target_and_source_and_ends_with_1(project: Project) -> None:
    project.edit(SAMPLE, "BROKEN", "ODD")
    said = project.run("map", FILE, code=1)
    assert "✗ lines[0].reason: 'ODD' is not in lookup 'reason'" in said
    assert "<- item.reason | crosswalk(reason)" in said
    assert "items[0].reason" in said


def test_required_fields_without_a_rule_and_unknown_fields_are_told(project: Project) -> None:
    project.edit(FILE, "  channel: = portal\n", "  chanel: = portal\n")
    said = project.run("map", FILE, code=1)
    assert "channel: return.requested@1 requires it and no rule fills it" in said
    assert "return.requested@1 has no field chanel   did you mean 'channel'? there are origin, " in said


def test_an_optional_path_that_no_record_has_is_told_with_what_was_meant(project: Project) -> None:
    project.edit(FILE, "item.remark | optional", "item.resaon | optional")
    said = project.run("map", FILE)
    assert (
        "! item.resaon: no sample of json/shop.returns has 'resaon' in item   did you mean 'reason'?" in said
    )


def test_a_fact_without_a_key_is_told_before_any_flow_takes_it(project: Project) -> None:
    project.edit(FILE, "key: id\n", "")
    assert "✗ shop.return_request@1: expected key:" in project.run("map", FILE, code=1)
    assert "shop.return_request@1: expected key:" in project.run("check", code=1)


def test_what_the_schema_of_the_target_refuses_is_an_error(project: Project) -> None:
    project.edit(FILE, "return_type: = customer", "return_type: = friend")
    assert "return_type: " in project.run("map", FILE, code=1)


def test_errors_are_followed_by_what_to_do_about_them(project: Project) -> None:
    project.edit(FILE, "channel: = portal", "channel: portal")
    project.edit(SAMPLE, "BROKEN", "PERDU")
    project.edit(SAMPLE, "2.50", '"2,5"')
    said = project.run("map", FILE, code=1)
    for hint in (
        "→ returns-hub new codes return_reason shop PERDU=…",
        'a fixed text is written "= portal"',
        "→ a decimal comma: decimal(comma)",
    ):
        assert hint in said
    assert len(json.loads(project.run("map", FILE, "--json", code=1))["hints"]) == 3


def test_open_questions_are_counted_with_their_lines_and_are_no_error(project: Project) -> None:
    project.edit(FILE, "channel: = portal", "# TODO channel: which one?\n  channel: = portal  # TODO so?")
    said = f"2 TODO are open in {FILE}, lines 10 and 11"
    assert f"! {said}" in project.run("map", FILE)
    assert json.loads(project.run("map", FILE, "--json"))["todo"] == [10, 11]
    assert f"note {said}" in project.run("check", code=1)
    project.edit(FILE, "# TODO channel: which one?", "# which one?")
    assert f"note 1 TODO is open in {FILE}, line 11" in project.run("check", code=1)
    project.edit(FILE, "  # TODO so?", "")
    assert "TODO" not in project.run("map", FILE) + project.run("check", code=1)


def test_an_unknown_lookup_is_answered_with_the_lines_to_write(project: Project) -> None:
    project.edit(FILE, 'lookups: {reason: "codes/return_reason.csv[shop]"}\n', "")
    said = project.run("map", FILE, code=1)
    assert "write 'lookups:' and, under it, '  reason: codes/return_reason.csv[shop]'" in said


def test_a_prefix_narrows_the_fields(project: Project) -> None:
    said = project.run("map", FILE, "--field", "lines[0].item")
    assert "lines[0].item.sku" in said
    assert "requested_at" not in said
    assert "no field begins with 'line.'" in project.run("map", FILE, "--field", "line.")
    project.edit(SAMPLE, "BROKEN", "ODD")
    said = project.run("map", FILE, "--field", "channel", code=1)
    assert "ODD" not in said
    assert "✗ errors of other fields: 1" in said


def test_a_path_is_a_sample_and_an_unknown_name_is_answered_with_those_there_are(project: Project) -> None:
    other = project.write("incoming.json", (project.folder / SAMPLE).read_text().replace("R-17", "R-18"))
    assert "key R-18" in project.run("map", FILE, "--sample", str(other))
    assert "there are: one" in " ".join(project.run("map", FILE, "-s", "two", code=1).split())


def test_machines_get_every_step(project: Project) -> None:
    [document] = json.loads(project.run("map", FILE, "--json"))["documents"]
    sku = next(one for one in document["fields"] if one["target"] == "lines[0].item.sku")
    assert sku == {
        "target": "lines[0].item.sku",
        "expression": "item.sku | trim",
        "source": "item.sku",
        "position": "items[0].sku",
        "found": " 4711 ",
        "steps": [{"call": "trim", "value": "4711"}],
        "value": "4711",
        "error": None,
    }
    assert document["unused"] == [{"path": "colour", "example": "'red'", "times": 1}]


def test_a_record_without_its_key_is_an_error(project: Project) -> None:
    project.edit(FILE, "key: id", "key: number")
    [document] = show(project.folder, project.folder / FILE, "").documents
    assert [str(error) for error in document.errors] == ["key: nothing present   <- number   (number)"]


@pytest.fixture
def watching(project: Project) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(  # noqa: S603 - the command under test
        [str(Path(sys.executable).with_name("returns-hub")), "map", FILE, "--watch"],
        cwd=project.folder,
        env=project.environment() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.wait()


def seen(stream: IO[str] | None) -> str:
    """One picture: everything up to the line that waits for the next save."""
    assert stream is not None
    said = ""
    for line in stream:
        said += line
        if "waiting for the next save" in line:
            return said
    raise AssertionError(f"ended while waiting for a picture: {said}")


@pytest.mark.timeout(60)
def test_watching_shows_each_save_survives_broken_yaml_and_ends_on_ctrl_c(
    project: Project, watching: subprocess.Popen[str]
) -> None:
    assert "✓ 1 valid" in seen(watching.stdout)
    project.edit(FILE, "  channel: = portal", "  channel: = portal\n channel: x")
    assert f"{FILE}:11:2: not YAML" in seen(watching.stdout)
    project.edit(FILE, "\n channel: x", "")
    assert "✓ 1 valid" in seen(watching.stdout)
    project.edit(SAMPLE, "R-17", "R-99")
    assert "key R-99" in seen(watching.stdout)
    project.edit("mappings/codes/return_reason.csv", "BROKEN", "KAPUTT")
    assert "'BROKEN' is not in lookup" in seen(watching.stdout)
    os.kill(watching.pid, signal.SIGINT)
    assert watching.wait(30) == 0


def test_a_mapping_is_found_by_its_name_and_a_misspelt_one_is_answered_with_what_was_meant(
    project: Project,
) -> None:
    assert "✓ 1 valid return.requested@1" in project.run("map", "shop.return_request")
    for wrong in ("shop.return_requst", "mappings/shop/return_requst.yaml"):
        said = " ".join(project.run("map", wrong, code=1).split())
        assert (
            f"expected a mapping's file or name, found '{wrong}'; did you mean shop.return_request?" in said
        )
