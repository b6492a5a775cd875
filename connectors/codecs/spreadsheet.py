"""Spreadsheets (.xlsx): a header row, then one record per row, as CSV has them.

A tree is `{"@": row, column: text, …}`; "@" is the number of the row as the spreadsheet shows it, empty cells
are absent, every value is text: numbers as plain decimals with the 15 digits a spreadsheet keeps, dates as
`2026-11-01`, times as `2026-11-01T09:30:00` (a spreadsheet knows no zone), formulas as the value last shown.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final, NamedTuple

import openpyxl
import orjson

from connectors.codecs import grouping
from connectors.codecs.base import NOTHING, Body, Decoded, Finding, Record, Tree, excerpt, whole
from connectors.codecs.spreadsheet_writer import letters, write

MAX_BYTES: Final = 50_000_000
"""Of the unpacked file."""
MAX_ROWS: Final = 100_000
MAX_CELLS: Final = 2_000_000
MAX_PARTS: Final = 1_000

_DIGITS: Final = 15


class SpreadsheetCodec:
    """Reads and writes sheets of named columns.

    Options: `sheet`, its name (default: the first); `header_row`, the number of the row with the column names
    (default: the first that holds anything); `group_by`, as CSV has it. Blank rows are passed over.
    """

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def decode(self, body: Body, options: Mapping[str, Any] = NOTHING) -> Decoded:
        """Read rows; a row with an error in a cell is a fatal record of its own."""
        return Decoded(records=_records(whole(body), options))

    def encode(self, tree: Tree, envelope: Mapping[str, Any] = NOTHING) -> bytes:
        """Write `{rows: […]}`, a list of rows or one row; columns in the order they first appear.

        What stands beside `rows` is written in every row.
        Numbers become number cells, everything else text; `envelope["sheet"]` names the sheet.
        """
        return write(tree, str(envelope.get("sheet") or "Sheet1"))


class _BrokenError(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class _Row(NamedTuple):
    number: int
    texts: list[str]
    problem: Finding | None


def _records(data: bytes, options: Mapping[str, Any]) -> Iterator[Record]:
    try:
        header, rows = _table(_rows(data, options), options.get("header_row"))
        records = _grouped([_record(index, row, header) for index, row in enumerate(rows)], header, options)
    except _BrokenError as broken:
        digest = hashlib.sha256(data).hexdigest()
        records = [Record(index=0, tree=None, digest=digest, findings=(broken.finding,))]
    yield from records


def _grouped(records: list[Record], header: list[str], options: Mapping[str, Any]) -> list[Record]:
    columns = grouping.columns_of(options)
    problem = grouping.unknown(columns, header, "header")
    if problem is not None:
        raise _BrokenError(problem)
    return list(grouping.grouped(records, columns)) if columns else records


def _rows(data: bytes, options: Mapping[str, Any]) -> list[_Row]:
    """The rows of the wanted sheet that are not blank."""
    if not data:
        raise _broken("xlsx.syntax", "The file is empty: there is no spreadsheet.")
    try:
        return _filled(data, options.get("sheet"), formulas=_unpacked(data))
    except _BrokenError:
        raise
    except Exception as problem:  # a broken part makes zipfile, zlib and openpyxl raise whatever they meet
        reason = excerpt(str(problem), 200)
        raise _broken("xlsx.syntax", f"The document cannot be read as .xlsx: {reason}.") from problem


def _unpacked(data: bytes) -> bool:
    """Whether there are formulas; refuses what is too large or declares entities."""
    formulas, cells = False, 0
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        parts = file.infolist()
        size = sum(part.file_size for part in parts)
        if size > MAX_BYTES or len(parts) > MAX_PARTS:
            found = f"{size} bytes in {len(parts)} parts"
            expected = f"at most {MAX_BYTES} bytes in {MAX_PARTS} parts"
            raise _broken("xlsx.size", f"The spreadsheet unpacks to {found}, read are {expected}.")
        for part in parts:
            if part.filename.endswith((".xml", ".rels")):
                text = file.read(part)
                if b"<!DOCTYPE" in text or b"\0" in text:
                    raise _broken("xlsx.entity", f"{part.filename} holds declarations, which are not read.")
                formulas = formulas or b"<f" in text
                cells += text.count(b"<c")
    if cells > MAX_CELLS:
        raise _broken("xlsx.size", f"The spreadsheet has {cells} cells, read are at most {MAX_CELLS}.")
    return formulas


def _filled(data: bytes, wanted: Any, *, formulas: bool) -> list[_Row]:
    shown = _sheet(data, wanted, values=True)
    written = _sheet(data, wanted, values=False) if formulas else None
    found = []
    for cells in shown:
        behind = next(written, ()) if written is not None else ()
        number = next((cell.row for cell in cells if getattr(cell, "row", None)), 0)
        row = _row(number, cells, behind)
        if any(row.texts) or row.problem:
            found.append(row)
        if len(found) > MAX_ROWS or number > MAX_ROWS * 10:
            raise _broken("xlsx.size", f"The sheet has more than {MAX_ROWS} rows.", f"row {number}")
    return found


def _sheet(data: bytes, wanted: Any, *, values: bool) -> Iterator[Sequence[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=values, keep_links=False)
    names = [sheet.title for sheet in book.worksheets]
    name = str(wanted) if wanted else next(iter(names), "")
    if name not in names:
        there = ", ".join(names) or "none"
        raise _broken("xlsx.sheet", f"There is no sheet '{name}', the file has: {there}.", found=there)
    sheet: Any = book[name]
    sheet.reset_dimensions()  # what the file says about its size may be wrong
    rows: Iterator[Sequence[Any]] = sheet.iter_rows()
    return rows


def _row(number: int, cells: Sequence[Any], behind: Sequence[Any]) -> _Row:
    texts: list[str] = []
    problem = None
    for column, cell in enumerate(cells):
        text = _text(cell.value, getattr(cell, "number_format", ""))
        error = f"shows the error {text}" if cell.data_type == "e" else ""
        if cell.value is None and column < len(behind) and behind[column].data_type == "f":
            error = "holds a formula whose value was not saved"
        if error and problem is None:
            place = f"row {number}, column {letters(column + 1)}"
            message = f"The cell at {place} {error}."
            problem = Finding(code="xlsx.cell", message=message, place=place, expected="a value", found=text)
        texts.append(text)
    return _Row(number, texts, problem)


def _text(value: Any, number_format: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _plain(value)
    if isinstance(value, datetime):
        dated = value.time() == time.min and "h" not in number_format.lower()
        return value.date().isoformat() if dated else value.isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _plain(value: float) -> str:
    """Spreadsheets keep 15 digits; what binary floating point adds behind them was never typed."""
    number = Decimal(f"{value:.{_DIGITS}g}")
    return f"{number:f}" if number.is_finite() else str(value)


def _table(rows: list[_Row], header_row: Any) -> tuple[list[str], list[_Row]]:
    """The column names, and the rows below them."""
    try:
        wanted = int(header_row) if header_row else None
    except ValueError as problem:
        raise _broken("xlsx.header", f"header_row is a row's number, found '{header_row}'.") from problem
    at = next((at for at, row in enumerate(rows) if wanted is None or row.number == wanted), None)
    if at is None:
        where = f"row {wanted}" if wanted else ""
        raise _broken(
            "xlsx.header", "The sheet has no header row: it is empty there.", where, found="nothing"
        )
    names = [text.strip() for text in rows[at].texts]
    while names and not names[-1]:
        names.pop()
    wrong = [name or "(no name)" for at, name in enumerate(names) if name in {"", "@"} or name in names[:at]]
    if wrong:
        message = f"The header row does not name each column once: {', '.join(wrong)}."
        raise _broken("xlsx.header", message, f"row {rows[at].number}", found=excerpt(", ".join(names), 200))
    return names, rows[at + 1 :]


def _record(index: int, row: _Row, header: list[str]) -> Record:
    problem = row.problem
    beyond = [column for column, text in enumerate(row.texts) if text and column >= len(header)]
    if beyond and problem is None:
        place = f"row {row.number}, column {letters(beyond[0] + 1)}"
        problem = Finding(
            code="xlsx.columns",
            message=f"The cell at {place} stands under no column name.",
            place=place,
            expected=f"{len(header)} columns",
            found=excerpt(row.texts[beyond[0]], 200),
        )
    if problem is not None:
        content = "\x1f".join([*row.texts, problem.code])
        digest = hashlib.sha256(content.encode()).hexdigest()
        return Record(index=index, tree=None, digest=digest, findings=(problem,))
    tree = {name: text for name, text in zip(header, row.texts, strict=False) if text}
    digest = hashlib.sha256(orjson.dumps(tree, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return Record(index=index, tree={"@": row.number, **tree}, digest=digest)


def _broken(code: str, message: str, place: str = "", found: str = "") -> _BrokenError:
    return _BrokenError(Finding(code=code, message=message, place=place, found=found))
