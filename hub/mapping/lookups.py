"""Code tables (`codes/<vocabulary>.csv`) and cross references: a column `canonical`, one column per system.

A cell may hold several codes, separated by blanks or `|`: all of them mean the row, and the first
is the one we send. `<X` is only understood, never sent; `>X` is only sent, never understood. Lines
that start with `#` are comments; columns that no mapping names (a title) are free text.

A cross reference (`xref/<name>`) has the same layout in `xref/<name>.csv`, but that file only names its
systems and holds the rows that samples need: a running hub gives those of its database (`References`).
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from hub.mapping.yaml_strict import YamlError

CANONICAL = "canonical"
MAX_BYTES = 1_000_000
XREF = "xref/"

References: TypeAlias = Callable[[str, str, str], Mapping[str, str]]
"""Reference, column, target: the entries of a cross reference as they are at every moment."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """One direction through a code table or cross reference.

    Attributes:
        name: As the mapping calls it.
        file: The CSV file, or `xref/<name>`, as written in the mapping.
        column: Column of the codes that come in.
        target: Column of the codes that go out.
        entries: Code to code; only `get` and `in` are used.
        ours: For a cross reference between two systems: what comes in to `canonical`.
        live: Whether the rows are those of a running hub, not of the cross reference's file.
    """

    name: str
    file: str
    column: str
    target: str
    entries: Mapping[str, str]
    ours: Mapping[str, str] | None = None
    live: bool = False

    @property
    def reference(self) -> str:
        """Name of the cross reference; empty for a code table."""
        return self.file.removeprefix(XREF) if self.file.startswith(XREF) else ""


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


def cross_reference(
    table: CodeTable, name: str, column: str, target: str, references: References | None
) -> Lookup:
    """Compile one direction through a cross reference; without `references` its file's own rows serve.

    Raises:
        YamlError: An unknown column, or a code that stands for two rows.
    """
    seed = table.lookup(name, column, target)
    found = replace(seed, file=table.file.removesuffix(".csv"), entries=MappingProxyType(dict(seed.entries)))
    if references is None:
        return found
    entries = references(found.reference, column, target)
    between = CANONICAL not in (column, target)
    ours = references(found.reference, column, CANONICAL) if between else None
    return replace(found, entries=entries, ours=ours, live=True)


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells) and not cells[0].startswith("#"):
                yield reader.line_num, cells
    except csv.Error as error:
        raise YamlError(name, reader.line_num, 1, f"not CSV: {error}") from error


def cell_codes(cell: str) -> list[str]:
    """The codes of a cell with their marks."""
    return cell.replace("|", " ").split()


def _codes(cell: str, excluded: str) -> Iterator[str]:
    """The codes of a cell without those marked with `excluded`; the other mark is taken off."""
    for code in cell_codes(cell):
        if not code.startswith(excluded):
            yield code.lstrip("<>")
