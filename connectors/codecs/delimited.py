"""Delimited text (CSV): a header row, then one record per row."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from connectors.codecs import grouping
from connectors.codecs.base import NOTHING, Body, Decoded, EncodeError, Finding, Record, Tree, excerpt, whole
from connectors.codecs.rows import columns_of, rows_of


class DelimitedCodec:
    """Reads and writes rows of named columns.

    A tree is `{"@": line, column: text, …}`; "@" is the line of the file on which the row begins (the
    header is usually line 1), empty cells are absent, every value is text.

    Options: `delimiter` (default ","), `charset` (default UTF-16 if it is marked so, else UTF-8, else
    Windows-1252); `group_by`, a column or a list of columns, for partners that write a row per line: rows
    with the same value in the first one are one record
    `{"@": line, <these columns>, rows: [{"@": line, <all others>}]}`.
    """

    media_type = "text/csv"

    def decode(self, body: Body, options: Mapping[str, Any] = NOTHING) -> Decoded:
        """Read rows; a row that does not fit the header is a fatal record of its own."""
        return Decoded(records=_records(whole(body), options))

    def encode(self, tree: Tree, envelope: Mapping[str, Any] = NOTHING) -> bytes:
        """Write `{rows: […]}`, a list of rows or one row; columns in the order they first appear.

        What stands beside `rows` is written in every row. Options: `delimiter`, `charset` (default UTF-8).
        """
        rows = rows_of(tree)
        columns = columns_of(rows)
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=str(envelope.get("delimiter", ",")), lineterminator="\r\n")
        writer.writerow(columns)
        writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
        charset = str(envelope.get("charset", "utf-8"))
        try:
            return out.getvalue().encode(charset)
        except (UnicodeEncodeError, LookupError) as problem:
            raise EncodeError(f"These rows cannot be written in {charset}: {problem}") from problem


def _cell(value: Any) -> str:
    if isinstance(value, dict | list):
        raise EncodeError(f"A cell holds {type(value).__name__}, expected a plain value: {value!r}")
    return "" if value is None else str(value)


def _records(data: bytes, options: Mapping[str, Any]) -> Iterator[Record]:
    rows = _rows(_decode(data, options.get("charset")), str(options.get("delimiter", ",")))
    header, problem = _header(rows)
    problem = problem or grouping.unknown(grouping.columns_of(options), header, "header")
    if problem is not None:
        yield Record(index=0, tree=None, digest=hashlib.sha256(data).hexdigest(), findings=(problem,))
        return
    found = (_record(index, line, cells, header, last=last) for index, (line, cells, last) in _marked(rows))
    columns = grouping.columns_of(options)
    yield from grouping.grouped(found, columns) if columns else found


def _decode(data: bytes, charset: Any) -> str:
    if charset:
        return data.decode(str(charset), "replace").removeprefix("\ufeff")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")  # what a spreadsheet program calls Unicode text
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | Finding]]:
    """Each row that is not blank, with the line it begins on; what cannot be split is a finding."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            cut = f" {grouping.CUT}" if "end of data" in str(problem) else ""  # a quote that stays open
            message = f"Line {line} cannot be split into columns: {problem}.{cut}"
            yield line, Finding(code="csv.syntax", message=message, place=f"line {line}")
            continue
        if any(cells):
            yield line, cells


def _marked(
    rows: Iterator[tuple[int, list[str] | Finding]],
) -> Iterator[tuple[int, tuple[int, list[str] | Finding, bool]]]:
    """Each row with its number from 0, and whether it is the last one."""
    row, index = next(rows, None), 0
    while row is not None:
        after = next(rows, None)
        yield index, (*row, after is None)
        row, index = after, index + 1


def _header(rows: Iterator[tuple[int, list[str] | Finding]]) -> tuple[list[str], Finding | None]:
    line, cells = next(rows, (1, []))
    if isinstance(cells, Finding):
        return [], cells
    names = [cell.strip() for cell in cells]
    wrong = [name or "(no name)" for at, name in enumerate(names) if name in {"", "@"} or name in names[:at]]
    if any(names) and not wrong:
        return names, None
    return [], Finding(
        code="csv.header",
        message=(
            f"The header row does not name each column once: {', '.join(wrong)}."
            if any(names)
            else "The file is empty: there is no header row."
        ),
        place=f"line {line}",
        expected="a row of distinct column names",
        found=excerpt(",".join(names), 200) or "nothing",
    )


def _record(index: int, line: int, cells: list[str] | Finding, header: list[str], *, last: bool) -> Record:
    said = cells if isinstance(cells, list) else [cells.message.removesuffix(f" {grouping.CUT}")]
    content_bytes = "\x1f".join(said)
    if isinstance(cells, list) and len(cells) != len(header):
        cut = f" {grouping.CUT}" if last and len(cells) < len(header) else ""
        cells = Finding(
            code="csv.columns",
            message=f"Line {line} has {len(cells)} columns, the header names {len(header)}.{cut}",
            place=f"line {line}",
            expected=f"{len(header)} columns",
            found=f"{len(cells)}: {excerpt(','.join(cells), 200)}",
        )
    if isinstance(cells, Finding):
        digest = hashlib.sha256(content_bytes.encode()).hexdigest()
        return Record(index=index, tree=None, digest=digest, findings=(cells,))
    content = {name: cell for name, cell in zip(header, cells, strict=True) if cell}
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return Record(index=index, tree={"@": line, **content}, digest=digest)
