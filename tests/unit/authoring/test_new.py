from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from hub.authoring import looks
from hub.authoring.codes import add_column
from hub.authoring.payload import recognise
from hub.authoring.targets import fields_of
from hub.authoring.words import likeness
from hub.settings import PROJECT_DIR

Project = Any
CSV = """\
return_no;return_date;customer_no;article;quantity;unit;reason;remark
R-1;01.11.2026;C-7;4711;2;PCE;damaged;wet
R-1;01.11.2026;C-7;4712;1,5;KG;WRONG;
R-2;02.11.2026;C-8;4711;1;PCE;damaged;
"""


@pytest.fixture
def copied(project: Project) -> Project:
    """The project's own code tables, systems and policies."""
    shutil.rmtree(project.folder / "mappings")
    for folder in ("mappings", "policies", "dags/flows"):
        shutil.copytree(PROJECT_DIR / folder, project.folder / folder)
    project.write("first.csv", CSV)
    return project


def begin(project: Project, *options: str) -> str:
    project.run("new", "system", "nordwind", "--connector", "files", "--from-sample", "first.csv")
    said: str = project.run("new", "mapping", "nordwind.returns", "--from-sample", "first.csv", *options)
    return said


def text(project: Project, name: str) -> str:
    return str((project.folder / name).read_text(encoding="utf-8"))


def test_a_sample_becomes_a_mapping_that_needs_only_what_nobody_can_know(copied: Project) -> None:
    said = begin(copied, "--zone", "Europe/Berlin")
    assert "returns-hub new codes return_reason nordwind WRONG=…" in said
    mapping = text(copied, "mappings/nordwind/returns.yaml")
    for line in (
        "key:     return_no",
        "requested_at: return_date | datetime(%d.%m.%Y, Europe/Berlin)",
        "each: rows as line",
        "sku: line.article",
        "requested: line.quantity | decimal(comma)",
        "uom: line.unit | lookup(unit)",
        "reason: line.reason | crosswalk(reason)",
        "reason_text: line.remark | optional",
    ):
        assert line in mapping
    shown = copied.run("map", "mappings/nordwind/returns.yaml", code=1)
    assert shown.count("✗") == 2  # in the table and below it
    assert "'WRONG' is not in lookup 'reason'" in shown


def test_codes_that_mean_themselves_are_placed_and_comments_stay(copied: Project) -> None:
    before = text(copied, "mappings/codes/return_reason.csv")
    begin(copied)
    after = text(copied, "mappings/codes/return_reason.csv")
    [row] = [line for line in after.splitlines() if line.startswith("damaged,")]
    assert row.split(",")[-2] == "damaged"
    assert "# nordwind: to be written beside their meaning: WRONG" in after
    assert next(line for line in before.splitlines() if line.startswith("#")) in after


def test_a_complete_mapping_and_its_flow_pass_the_check(copied: Project) -> None:
    begin(copied)
    copied.run("new", "codes", "return_reason", "nordwind", "WRONG=wrong_item")
    copied.run("test", "nordwind", "--update", "--yes")
    copied.run("new", "flow", "nordwind_in", "--system", "nordwind", "--map", "nordwind.returns")
    said = copied.run("check")
    assert "error" not in said


def test_nothing_is_overwritten(copied: Project) -> None:
    begin(copied)
    before = {path: path.read_bytes() for path in copied.folder.rglob("*") if path.is_file()}
    again = ("--from-sample", "first.csv")
    for command in (
        ("new", "system", "nordwind", "--connector", "files"),
        ("new", "mapping", "nordwind.returns", *again),
        ("new", "flow", "erp_rma", "--system", "nordwind", "--map", "nordwind.returns"),
    ):
        said = " ".join(copied.run(*command, code=1).split())
        assert said.startswith("✗ nothing is overwritten")  # and no name of a class
    assert {path: path.read_bytes() for path in copied.folder.rglob("*") if path.is_file()} == before


def test_what_could_not_be_placed_is_a_todo_in_words_and_the_mapping_still_runs(copied: Project) -> None:
    copied.write("odd.json", '{"nr": 1, "zeile": [{"x": "1"}], "colour": "red"}')
    said = copied.run("new", "mapping", "depot.returns", "--from-sample", "odd.json")
    assert "TODO requested_at: When it was asked for." in said
    mapping = text(copied, "mappings/depot/returns.yaml")
    assert "# TODO lines.requested: How much is to come back." in mapping
    assert "# requested: <field> | decimal" in mapping
    assert "#   colour   'red'" in mapping or "# colour 'red'" in mapping
    shown = copied.run("map", "mappings/depot/returns.yaml", code=1)
    assert "requested_at: return.requested@1 requires it and no rule fills it" in shown


@pytest.mark.parametrize("connector", ["files", "inbox", "odata", "rest", "sap_s4", "sftp"])
def test_every_connector_has_a_first_system_file_that_it_takes(copied: Project, connector: str) -> None:
    copied.run("new", "system", f"new_{connector}", "--connector", connector)
    assert f"connector: {connector}" in text(copied, f"mappings/new_{connector}/system.yaml")


def test_an_unknown_connector_target_or_name_is_answered_with_what_there_is(copied: Project) -> None:
    assert "expected a connector of files, inbox" in copied.run(
        "new", "system", "x", "--connector", "ftp", code=1
    )
    begin(copied)
    said = copied.run(
        "new", "mapping", "nordwind.x", "--from-sample", "first.csv", "--to", "return.wanted@1", code=1
    )
    assert "return.requested@1" in said
    assert "expected a system's name" in copied.run("new", "system", "No", "--connector", "files", code=1)


def test_options_that_a_sample_needs_must_stand_in_the_system_first(copied: Project) -> None:
    said = copied.run("new", "mapping", "nordwind.returns", "--from-sample", "first.csv", code=1)
    assert "returns-hub new system nordwind" in said


def test_only_values_that_the_target_does_not_know_are_a_todo(copied: Project) -> None:
    for name, value in (("one", "CREDIT"), ("two", "money")):
        copied.write(f"{name}.json", f'{{"id": "1", "resolution": "{value}", "lines": [{{"sku": "A"}}]}}')
        said = copied.run("new", "mapping", f"{name}.returns", "--from-sample", f"{name}.json")
        assert "requested_resolution: resolution | lower" in text(copied, f"mappings/{name}/returns.yaml")
        assert ("'money' must become one of credit" in said) is (name == "two")


def test_a_page_of_json_gives_its_first_record_as_sample(copied: Project) -> None:
    record = '{"return_id": "1", "created": "2026-11-01T10:00:00Z", "items": [{"sku": "A", "qty": 1.50}]}'
    copied.write("page.json", f'{{"total": 1, "data": [{record}]}}')
    copied.run("new", "system", "shop2", "--connector", "rest", "--from-sample", "page.json")
    assert "items: data" in text(copied, "mappings/shop2/system.yaml")
    copied.run("new", "mapping", "shop2.returns", "--from-sample", "page.json")
    assert '"qty": 1.50' in text(copied, "mappings/shop2/samples/page.json")
    assert "requested: line.qty | decimal" in text(copied, "mappings/shop2/returns.yaml")


def test_x12_is_recognised_by_its_set_and_version() -> None:
    found = recognise(PROJECT_DIR / "mappings/acme_edi/samples/two_lines.edi")
    assert (found.format, found.plain) == ("x12/180-004010", False)


def test_a_set_without_a_guide_is_refused_with_those_there_are(tmp_path: Path) -> None:
    body = (PROJECT_DIR / "mappings/acme_edi/samples/two_lines.edi").read_text(encoding="utf-8")
    file = tmp_path / "a.edi"
    file.write_text(body.replace("ST*180", "ST*999"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"expected one of x12/180-004010.*, found x12/999-004010"):
        recognise(file)


def test_edifact_is_recognised_by_its_message(tmp_path: Path) -> None:
    file = tmp_path / "a.edi"
    file.write_text("UNB+UNOA:2+A:14+B:14+261102:0915+1'UNH+1+ORDERS:D:96A:UN'", encoding="utf-8")
    with pytest.raises(ValueError, match="found edifact/orders-d96a"):
        recognise(file)


def test_xml_is_recognised(tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    file.write_text("<return><no>1</no></return>", encoding="utf-8")
    assert recognise(file).format == "xml"


def test_rows_are_grouped_only_when_a_number_repeats(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("return_no,article\nR1,A\nR2,B\n", encoding="utf-8")
    assert recognise(file).options == {}
    file.write_text("return_no,day,article\nR1,1,A\nR1,1,B\n", encoding="utf-8")
    assert recognise(file).options == {"group_by": ["return_no", "day"]}


FLAT = """\
devolucion,pedido,fecha,cliente,nombre,referencia,cantidad,unidad,motivo,precio
D-1,P-1,2026-11-03,C-7,Tienda Uno,A-1,2,PZA,ROTO,9.50
D-2,P-1,2026-11-03,C-8,Tienda Dos,A-1,1,PZA,ROTO,9.50
D-3,P-2,2026-11-04,C-8,Tienda Dos,A-2,1.5,KG,MAL,3.00
"""


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (FLAT, None),  # the same article, order or price is not the same return
        ("return_no,day\nR1,1\nR2,1\nR1,1\n", None),  # not in rows that follow each other
        ("fecha,articulo\n2026-11-03,A\n2026-11-03,B\n", None),  # a day is no return
        ("cliente,articulo\nC1,A\nC1,B\n", None),
        ("kopf,kunde,menge\nX1,C1,1\nX1,C1,1\nX2,C1,1\n", ["kopf", "kunde"]),
        ("x,order_no,qty\n1,O1,1\n2,O1,2\n", ["order_no"]),
    ],
)
def test_rows_are_one_return_only_with_a_clear_head(
    tmp_path: Path, text: str, columns: list[str] | None
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(text, encoding="utf-8")
    assert recognise(file).options.get("group_by") == columns


def begin_flat(project: Project, body: str) -> tuple[str, str]:
    """The mapping of a flat file, and what was said."""
    project.write("flat.csv", body)
    project.run("new", "system", "sur", "--connector", "files", "--from-sample", "flat.csv")
    said = project.run(
        "new", "mapping", "sur.returns", "--from-sample", "flat.csv", "--zone", "Europe/Madrid"
    )
    return text(project, "mappings/sur/returns.yaml"), said


def test_a_flat_file_in_another_language_becomes_a_mapping(copied: Project) -> None:
    mapping, said = begin_flat(copied, FLAT)
    for line in (
        "key:     devolucion",
        "requested_at: fecha | datetime(%Y-%m-%d, Europe/Madrid)",
        "each: referencia as line",
        "requested: cantidad | decimal",
        "uom: unidad | lookup(unit)",
        "reason: motivo | crosswalk(reason)",
        "unit_price: precio | decimal",
        "lookups:",
        "  unit: codes/unit.csv[sur]",
    ):
        assert line in mapping
    assert "returns-hub new codes unit sur PZA=…" in said
    assert "is it always each?" not in said


def test_names_that_say_nothing_are_placed_by_their_values_and_to_be_checked(copied: Project) -> None:
    mapping, said = begin_flat(copied, "devolucion,a,b,c,d,e,f,g,h,i\n" + FLAT.split("\n", 1)[1])
    assert "requested_at: b | datetime(%Y-%m-%d, Europe/Madrid)   # TODO" in mapping
    assert "uom: g | lookup(unit)" in mapping
    assert "requested: f | decimal" in mapping
    assert "TODO lines.requested: f was taken for its values ('2'): is it right?" in said
    assert "is it always each?" not in said


def test_of_two_columns_that_look_alike_none_is_taken(copied: Project) -> None:
    mapping, said = begin_flat(copied, "return_no,a,b,c\nR1,2026-11-03,2026-11-04,KG\n")
    assert "requested_at: a" not in mapping
    assert "TODO requested_at: When it was asked for." in said


def test_a_guessed_grouping_is_said_to_be_a_guess(copied: Project) -> None:
    new = ("new", "system", "nordwind", "--connector", "files", "--from-sample", "first.csv")
    assert "check group_by, a guess: all rows of a file with the same return_no" in copied.run(*new)
    copied.write("flat.csv", FLAT)
    said = copied.run("new", "system", "sur", "--connector", "files", "--from-sample", "flat.csv")
    assert "group_by" not in said


@pytest.mark.parametrize(
    ("values", "calls"),
    [
        (["2026-11-01T10:00:00+01:00"], "datetime"),
        (["2026-11-01T10:00:00"], "tz(UTC)"),
        (["/Date(1793491200000)/"], "odata_date"),
        ([1793491200], "epoch"),
        ([1793491200500], "epoch(ms)"),
        (["01.11.2026", "30.11.2026"], "datetime(%d.%m.%Y, UTC)"),
        (["11/01/2026", "11/30/2026"], "datetime(%m/%d/%Y, UTC)"),
        (["03/11/2026"], "datetime(%m/%d/%Y, UTC)"),
        (["20261101"], "datetime(%Y%m%d, UTC)"),
        (["3.11.26", "30.11.26"], "datetime(%d.%m.%y, UTC)"),
        (["3/11/2026", "3/30/2026"], "datetime(%m/%d/%Y, UTC)"),
        (["3/30/26"], "datetime(%m/%d/%y, UTC)"),
        (["3.11.2026 9:05"], "datetime(%d.%m.%Y %H:%M, UTC)"),
        (["2026-1-5"], "datetime(%Y-%m-%d, UTC)"),
        (["2026111"], None),
        (["soon"], None),
    ],
)
def test_the_form_of_times_is_found_in_the_values(values: list[Any], calls: str | None) -> None:
    assert looks.moment(values, "UTC") == calls


def test_where_day_and_month_could_be_either_the_zone_decides_and_it_is_asked() -> None:
    assert looks.moment(["03/11/2026"], "Europe/Paris") == "datetime(%d/%m/%Y, Europe/Paris)"
    assert looks.moment(["03/11/2026 10:30"], "Europe/Paris") == "datetime(%d/%m/%Y %H:%M, Europe/Paris)"
    assert looks.moment(["11/03/2026"], "America/Chicago") == "datetime(%m/%d/%Y, America/Chicago)"
    assert looks.moment(["11/30/2026"], "Europe/Paris") == "datetime(%m/%d/%Y, Europe/Paris)"
    assert looks.day(["03/11/2026"], "Europe/Paris") == "date(%d/%m/%Y)"
    assert looks.twofold(["03/11/2026", "04/11/2026"])
    assert looks.day(["2026-1-5"]) == "date(%Y-%m-%d)"
    assert looks.twofold(["3/11/2026"])
    assert not any(map(looks.twofold, (["03/11/2026", "13/11/2026"], ["11/11/2026"], ["01.02.2026"], [""])))
    assert not any(map(looks.twofold, (["3/3/2026"], ["3/13/2026"], ["3.11.26"])))


def test_the_form_of_numbers_and_flags_is_found_in_the_values() -> None:
    assert looks.number(["1", "2.5"]) == "decimal"
    assert looks.number(["1", "1.234,5"]) == "decimal(comma)"
    assert looks.number(["one"]) is None
    assert looks.flag(["Y", "n"]) == "boolean"
    assert looks.flag(["J", "N"]) == "boolean(J, N)"
    assert looks.flag(["maybe"]) is None


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("sku", "Artikel-Nr"),
        ("requested", "ReturnQty"),
        ("reason", "Grund"),
        ("id", "RMANumber"),
        ("uom", "Unit Of Measure"),
        ("id", "Devolución"),
        ("sku", "REFERENCIA"),
        ("requested", "Quantité"),
        ("uom", "unità di misura"),
        ("reason", "MOTIVO"),
        ("customer_name", "Naam"),
        ("unit_price", "Stückpreis"),
        ("requested_at", "Fecha"),
    ],
)
def test_names_in_other_words_and_languages_are_known(field: str, name: str) -> None:
    assert likeness(field, name) >= 0.84


def test_unlike_names_are_not_alike() -> None:
    assert [likeness("sku", name) for name in ("colour", "return_no", "quantity", "")] == [0, 0, 0, 0]


def test_a_code_that_two_rows_have_is_left_to_a_person(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("canonical,a,b,title\nx,1,2,X\ny,2,3,Y\n", encoding="utf-8")
    column = add_column(file, "new", ["1", "2", "x"])
    assert column.placed == ("1 = x", "x = x")
    assert column.left == ("2",)
    assert "x,1,2,1 x,X" in str(column.text)


def test_codes_are_written_beside_their_meaning_and_leave_the_note(copied: Project) -> None:
    begin(copied)
    file = "mappings/codes/return_reason.csv"
    assert "# nordwind: to be written" in text(copied, file)
    for _ in range(2):  # saying it twice changes nothing more
        copied.run("new", "codes", "return_reason", "nordwind", "WRONG=wrong_item", "MIX=wrong_item")
    [row] = [line for line in text(copied, file).splitlines() if line.startswith("wrong_item,")]
    assert row.split(",")[-2] == "WRONG MIX"
    assert "# nordwind: to be written" not in text(copied, file)
    for pair, says in (
        ("WRONG=damaged", "means wrong_item already"),
        ("X=broken", "expected a meaning of"),
        ("X", "expected CODE=meaning"),
    ):
        said = copied.run("new", "codes", "return_reason", "nordwind", pair, code=1)
        assert says in " ".join(said.split())


def test_a_column_that_is_there_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("canonical,a\nx,1\n", encoding="utf-8")
    column = add_column(file, "a", ["1", "9"])
    assert (column.text, column.left) == (None, ("9",))


def test_every_target_with_a_schema_can_be_begun() -> None:
    for target in ("return.requested@1", "receipt.recorded@1", "inspection.recorded@1", "shipment.updated@1"):
        assert fields_of(target)


def test_a_date_that_could_be_two_is_asked_about(copied: Project) -> None:
    copied.write("first.csv", CSV.replace("01.11.2026", "01/11/2026").replace("02.11.2026", "02/11/2026"))
    said = begin(copied, "--zone", "Europe/Paris")
    assert "TODO requested_at: '01/11/2026': is it the day first, or the month (%d and %m)?" in said
    assert "datetime(%d/%m/%Y, Europe/Paris)" in text(copied, "mappings/nordwind/returns.yaml")


@pytest.mark.parametrize(
    ("days", "form"), [(("1.11.26", "2.11.26"), "%d.%m.%y"), (("3/31/2026", "4/1/2026"), "%m/%d/%Y")]
)
def test_days_and_months_without_a_leading_zero_are_proposed_and_mapped(
    copied: Project, days: tuple[str, str], form: str
) -> None:
    first, second = days
    copied.write("first.csv", CSV.replace("01.11.2026", first).replace("02.11.2026", second))
    begin(copied, "--zone", "America/Chicago")
    assert f"datetime({form}, America/Chicago)" in text(copied, "mappings/nordwind/returns.yaml")
    copied.run("new", "codes", "return_reason", "nordwind", "WRONG=wrong_item")
    assert "✓ 2 valid return.requested@1" in copied.run("map", "nordwind.returns")


def test_an_unknown_zone_is_refused_before_anything_is_written(copied: Project) -> None:
    copied.run("new", "system", "nordwind", "--connector", "files", "--from-sample", "first.csv")
    options = ("--from-sample", "first.csv", "--zone", "Paris")
    said = copied.run("new", "mapping", "nordwind.returns", *options, code=1)
    assert "or a zone (Europe/Berlin), found 'Paris'" in " ".join(said.split())
    assert not (copied.folder / "mappings/nordwind/returns.yaml").exists()


def test_it_is_said_where_meanings_stand(copied: Project) -> None:
    assert "(meanings: the first column of mappings/codes/return_reason.csv)" in begin(copied)
