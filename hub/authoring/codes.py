"""A partner's column in a code table: begun with the codes of a sample whose meaning is plain."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.mapping.lookups import CANONICAL

_NOTE = "# {}: to be written beside their meaning: "


@dataclass(frozen=True, slots=True)
class Column:
    """What became of a partner's codes.

    Attributes:
        text: The table with the column in it; None when the table had it before.
        placed: Codes that stand beside their meaning now, as `PCE = EA`.
        left: Codes that a person must write beside their meaning.
    """

    text: str | None
    placed: tuple[str, ...]
    left: tuple[str, ...]


def add_column(file: Path, system: str, codes: Sequence[str]) -> Column:
    """A code table with a column for a system, before the title; comments and all else stay as they are.

    A code is placed when it is a row's canonical name, or when other systems have it in exactly one row.
    """
    table = _Table(file)
    if system in table.names:
        known = table.codes_of(system)
        return Column(None, (), tuple(code for code in codes if code not in known))
    table.add(system)
    placed, left = [], []
    for code in codes:
        number = _row_of(code, table.rows, table.names)
        if number is None:
            left.append(code)
        else:
            placed.append(f"{code} = {table.put(number, system, code)}")
    table.note(system, left)
    return Column(table.text(), tuple(placed), tuple(left))


def place(file: Path, system: str, meanings: Mapping[str, str]) -> str:
    """A code table with more codes of a system, each beside its meaning.

    Args:
        file: The table.
        system: Its column, which is added where there is none.
        meanings: Canonical name by code.

    Raises:
        LookupError: A meaning is not in the table; the message lists those that are.
        ValueError: A code has another meaning already.
    """
    table = _Table(file)
    table.add(system)
    for code, meaning in meanings.items():
        number = table.row_of(meaning)
        other = next((row for row in table.rows if code in table.codes(row, system)), number)
        if other != number:
            said = table.rows[other][table.names.index(CANONICAL)]
            raise ValueError(f"{file.name}: '{code}' of {system} means {said} already, not {meaning}")
        if other not in table.rows or code not in table.codes(number, system):
            table.put(number, system, code)
    table.note(system, [code for code in table.noted(system) if code not in meanings])
    return table.text()


def known_codes(file: Path) -> frozenset[str]:
    """Every code of every system in a code table, the canonical names too; empty when there is no table."""
    if not file.is_file():
        return frozenset()
    table = _Table(file)
    return frozenset(code for name in table.names if name != "title" for code in table.codes_of(name))


class _Table:
    """A code table as text: rows can be changed, comments and all else stay."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines = file.read_text(encoding="utf-8").splitlines()
        self.header = next(at for at, line in enumerate(self.lines) if _is_row(line))
        self.names = _cells(self.lines[self.header])
        self._notes: dict[int, str] = {}
        self._note = ""
        self.rows = {
            at: _cells(line) for at, line in enumerate(self.lines) if at > self.header and _is_row(line)
        }

    def add(self, system: str) -> None:
        """A column before the title, where there is none of that name."""
        if system in self.names:
            return
        at = self.names.index("title") if "title" in self.names else len(self.names)
        self.names.insert(at, system)
        for cells in self.rows.values():
            cells.insert(at, "")

    def codes(self, row: int, system: str) -> list[str]:
        """A system's codes in a row."""
        return _codes([self.rows[row][self.names.index(system)]])

    def codes_of(self, system: str) -> set[str]:
        """All codes of a system."""
        return {code for row in self.rows for code in self.codes(row, system)}

    def row_of(self, meaning: str) -> int:
        """The row of a canonical name."""
        at = self.names.index(CANONICAL)
        found = [row for row, cells in self.rows.items() if cells[at] == meaning]
        if not found:
            known = ", ".join(cells[at] for cells in self.rows.values())
            raise LookupError(f"{self.file.name}: expected a meaning of {known}; found '{meaning}'")
        return found[0]

    def put(self, row: int, system: str, code: str) -> str:
        """Write a code into a row; returns what it means there."""
        cells, at = self.rows[row], self.names.index(system)
        cells[at] = f"{cells[at]} {code}".strip()
        return cells[self.names.index(CANONICAL)]

    def noted(self, system: str) -> list[str]:
        """The codes that the comment of a system leaves to a person."""
        start = _NOTE.format(system)
        return next((line.removeprefix(start).split() for line in self.lines if line.startswith(start)), [])

    def note(self, system: str, codes: Sequence[str]) -> None:
        """Leave codes to a person in a comment under the header; none of them: no comment."""
        start = _NOTE.format(system)
        self._notes = {at: "" for at, line in enumerate(self.lines) if line.startswith(start)}
        self._note = f"{start}{' '.join(codes)}" if codes else ""

    def text(self) -> str:
        """The file."""
        made = []
        for at, line in enumerate(self.lines):
            if at in self._notes:
                continue
            cells = self.names if at == self.header else self.rows.get(at)
            made.append(line if cells is None else _line(cells))
            if at == self.header and self._note:
                made.append(self._note)
        return "\n".join(made) + "\n"


def _row_of(code: str, rows: dict[int, list[str]], names: Sequence[str]) -> int | None:
    same = code.casefold().replace(" ", "_")
    meaning = names.index(CANONICAL)
    for columns in ([meaning], [at for at, name in enumerate(names) if name != "title"]):
        found = [
            number
            for number, cells in rows.items()
            if any(same == one.casefold() for one in _codes([cells[at] for at in columns if at < len(cells)]))
        ]
        if len(found) == 1:
            return found[0]
    return None


def _codes(cells: Sequence[str]) -> list[str]:
    return [code.lstrip("<>") for cell in cells for code in cell.replace("|", " ").split()]


def _is_row(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _cells(line: str) -> list[str]:
    return next(csv.reader([line]), [])


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()
