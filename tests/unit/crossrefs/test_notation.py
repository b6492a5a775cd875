"""`xref/name[…]` in a mapping: directions, the rows a caller gives, and what is said when one is missing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hub import crossrefs
from hub.crossrefs import Row
from hub.mapping.compile import CompiledMapping, compile_file
from hub.mapping.errors import InvalidMapping
from hub.mapping.lookups import References
from hub.mapping.reads import reads

TABLE = "canonical,acme,sap_s4,title\nC1,4711 <0815,10001,Smith\nC2,4712,,Jones\n"


class Project:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "xref").mkdir()
        self.table(TABLE)

    def table(self, text: str) -> None:
        (self.folder / "xref" / "customer.csv").write_text(text)

    def compile(
        self,
        lookup: str,
        source: str = "json/shop.orders",
        target: str = "order@1",
        references: References | None = None,
    ) -> CompiledMapping:
        text = (
            f"mapping: test.customer@1\nfrom: {source}\nto: {target}\n"
            f"lookups:\n  customer: {lookup}\nmap:\n  number: no | lookup(customer)\n"
        )
        file = self.folder / "test.yaml"
        file.write_text(text)
        return compile_file(file, self.folder, "test.yaml", references)

    def problems(self, lookup: str) -> list[str]:
        with pytest.raises(InvalidMapping) as caught:
            self.compile(lookup)
        return [str(problem) for problem in caught.value.problems]


def live(reference: str, column: str, target: str) -> Mapping[str, str]:
    """The rows of a running hub: C2 has no number in the ERP."""
    assert reference == "customer"
    return crossrefs.direction([Row("acme", "4711", "C1"), Row("acme", "4712", "C2")], column, target)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def number(mapping: CompiledMapping, code: str) -> Any:
    mapped = mapping.apply({"no": code})
    return mapped.errors[0].message if mapped.errors else mapped.value["number"]


def test_towards_us_all_codes_of_a_system_are_understood(project: Project) -> None:
    mapping = project.compile("xref/customer[acme]")
    assert [number(mapping, code) for code in ("4711", "0815", "4712")] == ["C1", "C1", "C2"]


def test_towards_a_partner_the_first_code_is_sent(project: Project) -> None:
    mapping = project.compile("xref/customer[acme]", source="return.requested@1", target="json/acme.order")
    assert number(mapping, "C1") == "4711"


def test_both_systems_can_be_named(project: Project) -> None:
    assert number(project.compile("xref/customer[acme -> sap_s4]"), "0815") == "10001"


@pytest.mark.parametrize(
    ("direction", "code", "row"),
    [
        ("acme -> canonical", "4 7", "acme '4 7' <ours>"),
        ("canonical -> acme", "C9", "acme <code> C9"),
        ("acme -> sap_s4", "99", "acme 99 <ours>"),
        ("acme -> sap_s4", "4712", "sap_s4 <code> C2"),
    ],
)
def test_a_missing_one_is_told_with_the_command_that_adds_it(
    project: Project, direction: str, code: str, row: str
) -> None:
    assert number(project.compile(f"xref/customer[{direction}]", references=live), code) == (
        f"'{code}' is not in cross reference xref/customer ({direction}); "
        f"to add it: returns-hub xref set customer {row}"
    )


def test_a_code_that_fits_no_command_line_stays_out_of_it(project: Project) -> None:
    mapping = project.compile("xref/customer[acme]", references=live)
    assert number(mapping, "x" * 81).endswith("set customer acme <code> <ours>")


def test_in_a_sample_the_file_is_what_lacks_a_row(project: Project) -> None:
    message = number(project.compile("xref/customer[acme]"), "99")
    assert message.endswith("(acme -> canonical); to add it: a row of mappings/xref/customer.csv")


def test_the_caller_may_give_the_rows_and_change_them(project: Project) -> None:
    asked: list[tuple[str, str, str]] = []
    rows: dict[str, str] = {}

    def references(*direction: str) -> Mapping[str, str]:
        asked.append((direction[0], direction[1], direction[2]))
        return rows

    mapping = project.compile("xref/customer[acme]", references=references)
    assert asked == [("customer", "acme", "canonical")]
    assert "is not in cross reference" in number(mapping, "4711")
    rows["4711"] = "C7"
    assert number(mapping, "4711") == "C7"


def test_rows_do_not_change_the_digest_of_a_mapping(project: Project) -> None:
    before = project.compile("xref/customer[acme]").digest
    project.table(TABLE + "C3,4713,,\n")
    assert project.compile("xref/customer[acme]").digest == before


def test_a_number_that_is_not_there_yet_is_no_new_code_of_the_source(project: Project) -> None:
    (project.folder / "codes").mkdir()
    (project.folder / "codes" / "customer.csv").write_text(TABLE)
    for lookup, knows in (("xref/customer[acme]", False), ("codes/customer.csv[acme]", True)):
        [read] = reads(project.compile(lookup).plan)
        assert (read.knows is not None) == knows


@pytest.mark.parametrize(
    ("lookup", "problem"),
    [
        ("xref/custmer[acme]", "xref/custmer.csv:1:1: code table cannot be read: No such file or directory"),
        ("xref/customer[d365]", "no column 'd365', expected one of: canonical, acme, sap_s4, title"),
        ("xref/customer.csv[acme]", "expected codes/table.csv[column] or [from -> to], or xref/name with"),
        ("xref/Customer[acme]", "expected codes/table.csv[column]"),
    ],
)
def test_what_does_not_exist_is_refused_before_any_document(
    project: Project, lookup: str, problem: str
) -> None:
    assert problem in project.problems(lookup)[0]


def test_a_code_that_means_two_of_ours_is_refused(project: Project) -> None:
    project.table("canonical,acme\nC1,4711\nC2,4711\n")
    assert "'4711' in column acme is already on line 2" in project.problems("xref/customer[acme]")[0]
