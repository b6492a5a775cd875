from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs import spreadsheet
from connectors.codecs.base import EncodeError, Record
from connectors.codecs.spreadsheet import SpreadsheetCodec

XLSX = SpreadsheetCodec()


def records(body: bytes, **options: Any) -> list[Record]:
    return list(XLSX.decode(body, options).records)


def trees(body: bytes, **options: Any) -> list[Any]:
    found = records(body, **options)
    assert [record.findings for record in found if record.findings] == []
    return [record.tree for record in found]


def finding_of(body: bytes, **options: Any) -> Any:
    [record] = records(body, **options)
    assert record.tree is None
    return record.findings[0]


def book(*sheets: tuple[str, Sequence[Sequence[Any]]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets:
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def rewritten(body: bytes, part: str, old: str, new: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            text = source.read(name)
            if name == part:
                assert old.encode() in text
                text = text.replace(old.encode(), new.encode())
            target.writestr(name, text)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def test_rows_are_records_named_by_the_header_with_their_number() -> None:
    body = book(("Returns", [[], ["Return No", "Qty"], ["R1", 2], [], [None, "  "], ["R2", None]]))
    assert trees(body) == [
        {"@": 3, "Return No": "R1", "Qty": "2"},
        {"@": 5, "Qty": "  "},
        {"@": 6, "Return No": "R2"},
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (0.1 + 0.2, "0.3"),
        (2.50, "2.5"),
        (4006381333931, "4006381333931"),
        (1e20, "100000000000000000000"),
        (1.5e-7, "0.00000015"),
        (-19.99, "-19.99"),
        (True, "true"),
        ("007", "007"),
        (date(2026, 11, 1), "2026-11-01"),
        (datetime(2026, 11, 1, 9, 30), "2026-11-01T09:30:00"),  # noqa: DTZ001 - a spreadsheet knows no zone
        (time(9, 30), "09:30:00"),
    ],
)
def test_a_cell_is_the_text_of_what_was_typed(value: Any, text: str) -> None:
    assert trees(book(("S", [["v"], [value]]))) == [{"@": 2, "v": text}]


def test_a_long_number_keeps_its_fifteen_digits_and_no_artefact_of_floating_point() -> None:
    body = rewritten(book(("S", [["v"], [0.5]])), SHEET, "<v>0.5</v>", "<v>0.10000000000000001</v>")
    assert trees(body) == [{"@": 2, "v": "0.1"}]


def test_sheet_and_header_row_are_options() -> None:
    body = book(("Cover", [["Supplier returns"]]), ("Lines", [["Week", "45"], ["sku", "qty"], ["A", 1]]))
    assert trees(body, sheet="Lines", header_row="2") == [{"@": 3, "sku": "A", "qty": "1"}]
    assert finding_of(body, sheet="Line").message == "There is no sheet 'Line', the file has: Cover, Lines."
    assert finding_of(body, header_row="7").message == "The sheet has no header row: it is empty there."
    assert finding_of(body, header_row="two").message == "header_row is a row's number, found 'two'."


def test_rows_of_one_return_are_one_record_when_grouped() -> None:
    body = book(("S", [["rma", "sku"], ["R1", "A"], ["R2", "B"], ["R1", "C"]]))
    assert trees(body, group_by="rma") == [
        {"@": 2, "rma": "R1", "rows": [{"@": 2, "sku": "A"}, {"@": 4, "sku": "C"}]},
        {"@": 3, "rma": "R2", "rows": [{"@": 3, "sku": "B"}]},
    ]
    assert "has no column order" in finding_of(body, group_by="order").message


def test_formulas_give_the_value_last_shown_and_none_is_an_error_not_an_empty_cell() -> None:
    body = book(("S", [["a", "sum"], [1, "=1+1"], [2, None]]))
    broken, good = records(body)
    assert broken.findings[0].place == "row 2, column B"
    assert "a formula whose value was not saved" in broken.findings[0].message
    assert good.tree == {"@": 3, "a": "2"}
    computed = rewritten(body, SHEET, "<v></v>", "<v>2</v>") if b"<v></v>" in part(body) else None
    computed = computed or rewritten(body, SHEET, "<v />", "<v>2</v>")
    assert trees(computed)[0] == {"@": 2, "a": "1", "sum": "2"}


def part(body: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(body)) as file:
        return file.read(SHEET)


def test_a_row_with_an_error_or_a_stray_cell_does_not_stop_the_others() -> None:
    error, stray, good = records(book(("S", [["a", "b"], ["#N/A", 1], [1, 2, 3], [4, 5]])))
    assert error.findings[0].message == "The cell at row 2, column A shows the error #N/A."
    assert stray.findings[0].message == "The cell at row 3, column C stands under no column name."
    assert good.tree == {"@": 4, "a": "4", "b": "5"}
    assert error.digest != stray.digest


@pytest.mark.parametrize("header", [["a", "a"], ["a", None, "b"], ["@", "a"]])
def test_a_header_names_each_column_once(header: list[Any]) -> None:
    finding = finding_of(book(("S", [header, [1, 2, 3]])))
    assert (finding.code, finding.place) == ("xlsx.header", "row 1")


def test_the_digest_is_of_the_row_not_of_its_place() -> None:
    first = records(book(("S", [["a", "b"], [1, "x"]])))[0].digest
    assert records(book(("S", [["b", "a"], ["y", 9], ["x", 1.0]])))[1].digest == first


def test_what_is_no_spreadsheet_is_one_broken_record() -> None:
    assert finding_of(b"a,b\n1,2\n").code == "xlsx.syntax"
    assert finding_of(book(("S", [["a"], [1]]))[:-30]).code == "xlsx.syntax"
    body = rewritten(book(("S", [["a"], [1]])), SHEET, "<sheetData>", "<sheetData><row r='x'>")
    assert finding_of(body).code == "xlsx.syntax"


def test_declarations_inside_are_refused() -> None:
    body = rewritten(
        book(("S", [["a"], [1]])), SHEET, "<worksheet", '<!DOCTYPE w [<!ENTITY e "x">]><worksheet'
    )
    assert finding_of(body).code == "xlsx.entity"


def test_a_file_that_unpacks_to_too_much_is_refused_before_it_is_read() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/workbook.xml", b" " * (spreadsheet.MAX_BYTES + 1))
    assert len(out.getvalue()) < 100_000
    assert finding_of(out.getvalue()).code == "xlsx.size"


def test_more_cells_than_a_sheet_should_have_are_refused_before_they_are_read() -> None:
    body = XLSX.encode([{"a": "1"}])
    assert (
        finding_of(rewritten(body, SHEET, "</row>", "<c/>" * spreadsheet.MAX_CELLS + "</row>")).code
        == "xlsx.size"
    )


def test_too_many_rows_are_refused_even_if_only_the_last_is_filled() -> None:
    far = spreadsheet.MAX_ROWS * 10 + 7
    body = rewritten(
        XLSX.encode([{"a": 1}]), SHEET, '<row r="2"><c r="A2">', f'<row r="{far}"><c r="A{far}">'
    )
    assert finding_of(body).code == "xlsx.size"


@given(st.binary(max_size=200), st.integers(0, 3000))
def test_no_input_raises(noise: bytes, at: int) -> None:
    body = XLSX.encode([{"a": "1"}])
    at %= len(body)
    for damaged in (noise, body[:at] + noise + body[at + len(noise) :]):
        assert all(record.tree is not None or record.findings for record in records(damaged))


def test_numbers_are_number_cells_and_a_text_is_never_a_formula() -> None:
    rows = [{"sku": "=1+1", "qty": Decimal("2.50"), "ok": True}, {"sku": "007", "note": " <é>\n"}]
    body = XLSX.encode({"rows": rows}, {"sheet": "Returns & more"})
    sheet = openpyxl.load_workbook(io.BytesIO(body))["Returns & more"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["sku", "qty", "ok", "note"],
        ["=1+1", 2.5, True, None],
        ["007", None, None, " <é>\n"],
    ]
    assert sheet["A2"].data_type == "s"
    assert XLSX.encode({"rows": rows}, {"sheet": "Returns & more"}) == body


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ([["a"]], r"rows\[0\] is list"),
        ({"rows": ["a"]}, r"rows\[0\] is str"),
        ([{"a": {"b": 1}}], "A2: a cell holds a text or number, found dict"),
        ([{"a": 1.5}], "A2: a cell holds a text or number, found float"),
        ([{"a": Decimal("1.234567890123456")}], "A2: a number cell keeps 15 digits"),
        ([{"a": "1"}, {"a": "1\x00"}], r"A3: a cell cannot hold the character U\+0000"),
        ([{"a": "x" * 32_768}], "A2: a cell cannot hold 32768 characters"),
    ],
)
def test_what_a_cell_cannot_hold_is_refused_with_its_place(tree: Any, message: str) -> None:
    with pytest.raises(EncodeError, match=message):
        XLSX.encode(tree)


def test_a_sheets_name_is_checked() -> None:
    with pytest.raises(EncodeError, match="A sheet's name"):
        XLSX.encode([], {"sheet": "a/b"})


NAMES = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=6)
CELLS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cn")), min_size=1, max_size=20
).filter(
    lambda text: "x005F_" not in text  # openpyxl takes it for the escape of an underscore
)


@given(st.lists(st.dictionaries(NAMES, CELLS, min_size=1, max_size=4), min_size=1, max_size=4))
def test_what_is_written_is_read_again(rows: list[dict[str, str]]) -> None:
    assert trees(XLSX.encode(rows)) == [{"@": at, **row} for at, row in enumerate(rows, 2)]
