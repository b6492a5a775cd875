"""Code tables: `codes/<vocabulary>.csv`, a column `canonical` and one column per system.

A cell may hold several codes, separated by blanks or `|`: all of them mean the row, and the first
is the one we send. `<X` is only understood, never sent; `>X` is only sent, never understood. Lines
that start with `#` are comments; columns that no mapping names (a title) are free text.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hub.mapping.yaml_strict import YamlError

CANONICAL = "canonical"
MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Lookup:
    """One direction through a code table.

    Attributes:
        name: As the mapping calls it.
        file: The CSV file as written in the mapping.
        column: Column of the codes that come in.
        target: Column of the codes that go out.
        entries: Code to code.
    """

    name: str
    file: str
    column: str
    target: str
    entries: dict[str, str]


@dataclass(frozen=True, slots=True)
class CodeTable:
    """A read CSV file: its rows with line numbers, and the digest of its bytes."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]
    digest: str

    def lookup(self, name: str, column: str, target: str) -> Lookup:
        """Compile one direction.

        Raises:
            YamlError: An unknown column, or a code that stands for two rows.
        """
        for wanted in (column, target):
            if wanted not in self.columns:
                expected = ", ".join(self.columns)
                raise YamlError(self.file, 1, 1, f"no column '{wanted}', expected one of: {expected}")
        entries: dict[str, str] = {}
        lines: dict[str, int] = {}
        for line, row in self.rows:
            sent = next(_codes(row[target], "<"), None)
            for code in _codes(row[column], ">"):
                if code in lines:
                    said = f"'{code}' in column {column} is already on line {lines[code]}"
                    raise YamlError(self.file, line, 1, f"{said}: write '>{code}' where it is only sent")
                lines[code] = line
                if sent is not None:
                    entries[code] = sent
        return Lookup(name, self.file, column, target, entries)


def read_table(file: Path, name: str) -> CodeTable:
    """Read a code table; `name` is how errors call it.

    Raises:
        YamlError: Unreadable, no header, no `canonical` column, or a row with the wrong width.
    """
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise YamlError(name, 1, 1, f"code table cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise YamlError(name, raw.count(b"\n", 0, error.start) + 1, 1, "code table is not UTF-8") from error
    if len(raw) > MAX_BYTES:
        raise YamlError(name, 1, 1, f"code table is larger than {MAX_BYTES} bytes")
    numbered = list(_rows(text, name))
    if not numbered or CANONICAL not in (columns := tuple(cell.strip() for cell in numbered[0][1])):
        raise YamlError(name, 1, 1, f"expected a header with the column '{CANONICAL}'")
    if len(set(columns)) != len(columns):
        raise YamlError(name, numbered[0][0], 1, "a column name is repeated")
    for line, cells in numbered[1:]:
        if len(cells) != len(columns):
            raise YamlError(name, line, 1, f"expected {len(columns)} cells, found {len(cells)}")
    rows = tuple((line, dict(zip(columns, cells, strict=True))) for line, cells in numbered[1:])
    return CodeTable(name, columns, rows, hashlib.sha256(raw).hexdigest())


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells) and not cells[0].startswith("#"):
                yield reader.line_num, cells
    except csv.Error as error:
        raise YamlError(name, reader.line_num, 1, f"not CSV: {error}") from error


def _codes(cell: str, excluded: str) -> Iterator[str]:
    """The codes of a cell without those marked with `excluded`; the other mark is taken off."""
    for code in cell.replace("|", " ").split():
        if not code.startswith(excluded):
            yield code.lstrip("<>")
