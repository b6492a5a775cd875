"""A partner's column in a code table: begun with the codes of a sample whose meaning is plain."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.mapping.lookups import CANONICAL


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
    lines = file.read_text(encoding="utf-8").splitlines()
    header = next(number for number, line in enumerate(lines) if line and not line.startswith("#"))
    names = _cells(lines[header])
    if system in names:
        column = names.index(system)
        known = {code for line in lines[header + 1 :] for code in _codes(_cells(line)[column : column + 1])}
        return Column(None, (), tuple(code for code in codes if code not in known))
    at = names.index("title") if "title" in names else len(names)
    rows = {number: _cells(line) for number, line in enumerate(lines) if number > header and _is_row(line)}
    placed: dict[int, list[str]] = {}
    left = []
    for code in codes:
        number = _row_of(code, rows, names)
        if number is None:
            left.append(code)
        else:
            placed.setdefault(number, []).append(code)
    made = list(lines)
    for number, cells in rows.items():
        made[number] = _line([*cells[:at], " ".join(placed.get(number, ())), *cells[at:]])
    made[header] = _line([*names[:at], system, *names[at:]])
    if left:
        made.insert(header + 1, f"# {system}: to be written beside their meaning: {' '.join(left)}")
    meaning = names.index(CANONICAL)
    told = tuple(f"{code} = {rows[number][meaning]}" for number, found in placed.items() for code in found)
    return Column("\n".join(made) + "\n", told, tuple(left))


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
