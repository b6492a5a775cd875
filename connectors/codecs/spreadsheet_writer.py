"""Rows to an .xlsx file: one sheet, texts and numbers, no styles, the same bytes for the same rows.

The five parts are written here because a library would add the clock, and read a text that begins with `=` as
a formula.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from connectors.codecs.base import EncodeError, Tree, excerpt
from connectors.codecs.rows import columns_of, rows_of

_MAX_DIGITS: Final = 15
_MAX_TEXT: Final = 32_767
_MAX_ROWS: Final = 1_048_576
_MAX_COLUMNS: Final = 16_384
_LETTERS: Final = 26
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SHEET_NAME: Final = re.compile(r"[^\[\]:*?/\\]{1,31}")

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OPEN: Final = "http://schemas.openxmlformats.org"
_MAIN: Final = f"{_OPEN}/spreadsheetml/2006/main"
_RELATED: Final = f"{_OPEN}/officeDocument/2006/relationships"
_PACKAGE: Final = f"{_OPEN}/package/2006"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def write(tree: Tree, sheet: str) -> bytes:
    """Write rows.

    Args:
        tree: `{rows: […]}`, a list of rows, or one row; values are texts, numbers, booleans or None.
        sheet: Name of the sheet.

    Raises:
        EncodeError: A cell or sheet name that a spreadsheet cannot hold; names the place.
    """
    if not _SHEET_NAME.fullmatch(sheet):
        raise EncodeError(f"A sheet's name has 1 to 31 characters without []:*?/\\, found {excerpt(sheet)!r}")
    rows = rows_of(tree)
    columns = columns_of(rows)
    if len(rows) >= _MAX_ROWS or len(columns) > _MAX_COLUMNS:
        raise EncodeError(f"A sheet holds {_MAX_ROWS} rows of {_MAX_COLUMNS} columns, found {len(rows)} rows")
    table: list[Sequence[Any]] = [columns, *([row.get(name) for name in columns] for row in rows)]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in _parts(sheet, "".join(_lines(table))):
            file.writestr(zipfile.ZipInfo(name, _EPOCH), (_HEAD + text).encode(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _parts(sheet: str, lines: str) -> Iterator[tuple[str, str]]:
    types = (
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    )
    sheets = f'<sheets><sheet name={quoteattr(sheet)} sheetId="1" r:id="r1"/></sheets>'
    yield "[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types">{types}</Types>'
    yield "_rels/.rels", _related("officeDocument", "xl/workbook.xml")
    yield "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATED}">{sheets}</workbook>'
    yield "xl/_rels/workbook.xml.rels", _related("worksheet", "worksheets/sheet1.xml")
    rows = f"<sheetData>{lines}</sheetData>"
    yield "xl/worksheets/sheet1.xml", f'<worksheet xmlns="{_MAIN}">{rows}</worksheet>'


def _related(kind: str, target: str) -> str:
    link = f'<Relationship Id="r1" Type="{_RELATED}/{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{link}</Relationships>'


def _lines(table: Sequence[Sequence[Any]]) -> Iterator[str]:
    for number, cells in enumerate(table, 1):
        written = "".join(
            _cell(f"{letters(column)}{number}", value)
            for column, value in enumerate(cells, 1)
            if value is not None and value != ""
        )
        yield f'<row r="{number}">{written}</row>'


def _cell(place: str, value: Any) -> str:
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | Decimal):
        number = Decimal(value)
        if not number.is_finite() or len(number.normalize().as_tuple().digits) > _MAX_DIGITS:
            raise EncodeError(f"{place}: a number cell keeps {_MAX_DIGITS} digits, write {value} as text")
        return f'<c r="{place}"><v>{number:f}</v></c>'
    if not isinstance(value, str):
        raise EncodeError(f"{place}: a cell holds a text or number, found {type(value).__name__}")
    wrong = _ILLEGAL.search(value)
    if wrong or len(value) > _MAX_TEXT:
        found = f"the character U+{ord(wrong.group()):04X}" if wrong else f"{len(value)} characters"
        raise EncodeError(f"{place}: a cell cannot hold {found}")
    text = escape(value, {"\r": "&#13;"})
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def letters(column: int) -> str:
    """A column's letters: 1 is A, 27 is AA."""
    text = ""
    while column:
        column, rest = divmod(column - 1, _LETTERS)
        text = chr(ord("A") + rest) + text
    return text
