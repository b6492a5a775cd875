from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub.authoring.jsontext import pretty
from hub.authoring.library import chosen
from hub.authoring.suite import examined, rewrites
from hub.flows.samples import run_sample
from hub.mapping.compile import compile_file
from tests.unit.authoring.terminal import in_terminal

Project = Any
FILE = "mappings/shop/return_request.yaml"
EXPECTED = "mappings/shop/samples/one.expected.json"


def report_of(project: Project) -> Any:
    return examined(project.folder, project.folder / FILE)


def accept(project: Project) -> None:
    for one in rewrites(project.folder / FILE, report_of(project)):
        one.file.write_text(one.after, encoding="utf-8")


def test_an_expected_document_is_written_with_its_exact_numbers(project: Project) -> None:
    accept(project)
    text = (project.folder / EXPECTED).read_text(encoding="utf-8")
    assert json.loads(text)["lines"][0]["requested"] == "2.50"
    assert report_of(project).passed
    assert pretty({"n": Decimal("2.50")}) == '{\n  "n": 2.50\n}\n'


def test_a_result_other_than_expected_is_told_per_field(project: Project) -> None:
    accept(project)
    project.edit(EXPECTED, '"EA"', '"CS"')
    [run] = report_of(project).runs
    assert not run.passed
    assert [(one.path, one.expected, one.found) for one in run.differences] == [("lines[0].uom", "CS", "EA")]


def test_the_report_counts_fields_that_samples_never_fill_and_source_fields_never_read(
    project: Project,
) -> None:
    report = report_of(project)
    assert len(report.fields) == 11
    assert report.idle == ("lines[].reason_text",)
    assert len(report.source) == 6
    assert report.unused == ("colour",)


def test_two_rules_for_one_field_count_as_two(project: Project) -> None:
    project.edit(
        FILE,
        "  return_type:",
        "  references: [{type: = a, number: id}, {type: = b, number: b | optional}]\n  return_type:",
    )
    assert report_of(project).idle == ("references[].number", "lines[].reason_text")


def test_nothing_is_written_for_a_mapping_with_errors(project: Project) -> None:
    project.edit("mappings/shop/samples/one.json", "BROKEN", "ODD")
    assert rewrites(project.folder / FILE, report_of(project)) == []
    assert "'ODD'" in report_of(project).runs[0].problems[0]


def test_a_file_that_cannot_be_compiled_is_reported_with_its_places(project: Project) -> None:
    project.edit(FILE, "requested_at: created | datetime", "requested_at: created | datetme")
    assert report_of(project).ref == "shop.return_request@1"
    assert report_of(project).problems[0].startswith(f"{FILE}:11:27: datetme: unknown function")


def test_a_mapping_without_samples_fails(project: Project) -> None:
    project.edit(FILE, "samples: [one]\n", "")
    assert "expected at least one sample" in report_of(project).problems[0]
    assert not report_of(project).passed


def test_two_files_for_one_sample_are_refused(project: Project) -> None:
    project.write("mappings/shop/samples/one.csv", "id\n1\n")
    assert "found one.csv, one.json" in report_of(project).runs[0].problems[0]


def test_a_sample_is_decoded_with_the_options_of_its_resource(project: Project) -> None:
    project.write(
        "mappings/depot/system.yaml", "resources: {returns: {format: csv, options: {delimiter: ';'}}}\n"
    )
    project.write("mappings/depot/samples/a.csv", "no;qty\n7;1,5\n8;x\n")
    file = project.write(
        "mappings/depot/returns.yaml",
        "mapping: depot.returns@1\nfrom: csv/depot.returns\nto: json/x\nsamples: [a]\n"
        "map: {no: no, qty: qty | decimal(comma)}\n",
    )
    run = run_sample(compile_file(file, project.folder / "mappings"), file, "a")
    assert run.actual == [{"no": "7", "qty": "1.5"}, {"no": "8"}]
    assert run.errors == (
        "qty: expected a number, found 'x'   <- qty | decimal(comma)   (row 3, column qty)",
    )


def test_a_json_sample_of_another_format_is_the_decoded_tree(project: Project) -> None:
    file = project.write(
        "mappings/depot/notice.yaml",
        "mapping: depot.notice@1\nfrom: x12/180-004010\nto: json/x\nsamples: [t]\nmap: {no: BGN.02}\n",
    )
    project.write("mappings/depot/samples/t.json", '{"BGN": {"02": "77"}}')
    assert run_sample(compile_file(file, project.folder / "mappings"), file, "t").actual == {"no": "77"}


@pytest.mark.parametrize(
    "name", [FILE, "mappings/shop", "shop", "shop.return_request", "shop.return_request@1"]
)
def test_a_mapping_is_found_by_file_folder_system_or_reference(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(project.folder)
    assert chosen(project.folder, [name]) == [project.folder / FILE]


def test_a_name_that_means_no_mapping_is_answered_with_those_there_are(project: Project) -> None:
    with pytest.raises(LookupError, match=r"found 'quayside'; known: shop\.return_request@1"):
        chosen(project.folder, ["quayside"])


@pytest.mark.parametrize(
    ("name", "meant"), [("shp", "shop"), ("shopp", "shop"), ("shop.retrn_request", "shop.return_request")]
)
def test_a_misspelt_name_is_answered_with_what_was_meant_alone(
    project: Project, name: str, meant: str
) -> None:
    project.write(
        "mappings/depot/receipt.yaml", "mapping: depot.receipt@1\nfrom: json/x\nto: csv\nmap: {a: b}\n"
    )
    with pytest.raises(LookupError, match=rf"found '{name}'; did you mean {meant}\?$"):
        chosen(project.folder, [name])


def test_a_system_is_found_beside_a_folder_of_its_name_that_holds_no_mapping(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.folder / "shop/in").mkdir(parents=True)
    monkeypatch.chdir(project.folder)
    assert chosen(project.folder, ["shop"]) == [project.folder / FILE]
    assert "✓ 1 mapping, 1 sample passed" in project.run("test", "shop", "--update", "--yes")


def test_a_folder_without_mappings_is_an_error(project: Project) -> None:
    (project.folder / "sop/in").mkdir(parents=True)
    said = " ".join(project.run("test", "sop", code=1).split())
    assert "found sop, a folder without mappings; did you mean shop?" in said


def test_the_command_shows_differences_and_ends_with_1(project: Project) -> None:
    accept(project)
    project.edit(EXPECTED, '"EA"', '"CS"')
    said = project.run("test", code=1)
    assert "lines[0].uom" in said
    assert "1 of 1 mapping failed" in said


def test_update_shows_the_change_and_asks_only_people(project: Project) -> None:
    accept(project)
    project.edit(EXPECTED, '"EA"', '"CS"')
    assert "--update --yes" in project.run("test", "--update", code=1)
    assert '"CS"' in (project.folder / EXPECTED).read_text(encoding="utf-8")
    said = project.run("test", "shop", "--update", "--yes")
    assert '-      "uom": "CS",' in said
    assert '+      "uom": "EA",' in said
    assert "no sample fills lines[].reason_text" in said
    assert json.loads(project.run("test", "--json"))["passed"]


def test_the_old_text_stays_when_the_person_says_no(project: Project) -> None:
    accept(project)
    project.edit(EXPECTED, '"EA"', '"CS"')
    before = Path(project.folder / EXPECTED).read_text(encoding="utf-8")
    said = in_terminal(project, "test", "--update", typed="n\n")
    assert "write one.expected.json? [y/N]" in said
    assert Path(project.folder / EXPECTED).read_text(encoding="utf-8") == before
    assert "1 mapping, 1 sample passed" in in_terminal(project, "test", "--update", typed="y\n")
