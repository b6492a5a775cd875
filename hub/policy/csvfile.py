"""Reading a decision table's CSV file, all faults at once."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from hub.policy.cells import TYPES, Cell, CellError, Value, parse, value_of

OTHERWISE = "otherwise"
"""Name of the mandatory last rule, which has no conditions."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_VERSIONED = re.compile(r"([a-z][a-z0-9_]*)@([1-9][0-9]*)")
_HEADERS = 3
_DIGITS = 12  # of a number in a condition; the engine compares floats, exact up to 15


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a table file; `line` and `column` count from 1, as a spreadsheet does."""

    line: int
    column: int
    message: str


class TableError(ValueError):
    """A file that is no valid decision table; `faults` holds everything that is wrong with it."""

    def __init__(self, path: Path, faults: Sequence[Fault]) -> None:
        self.path = path
        self.faults = tuple(faults)
        super().__init__(
            "\n".join(f"{path}:{fault.line}:{fault.column}: {fault.message}" for fault in self.faults)
        )


@dataclass(frozen=True, slots=True)
class Column:
    """An input or output; `kind` is text, bool or number."""

    name: str
    kind: str
    required: bool
    position: int  # in the file, from 1


@dataclass(frozen=True, slots=True)
class Rule:
    """A row: a condition per input, a value per output."""

    name: str
    line: int
    cells: tuple[Cell, ...]
    texts: tuple[str, ...]  # the conditions as written
    outputs: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table file, read and checked."""

    name: str
    major: str
    digest: str
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    rules: tuple[Rule, ...]


def read(path: Path) -> Sheet:
    """Read a table file.

    Raises:
        TableError: It is no valid table.
        OSError: It cannot be read.
    """
    body = path.read_bytes()
    reading = _Reading(path)
    rows = reading.rows(body)
    if len(rows) <= _HEADERS:
        line = rows[-1][0] if rows else 1
        reading.fault(
            line, 1, "expected a title row, three header rows (rule, role, type) and rules below them"
        )
        raise TableError(path, reading.faults)
    major = reading.title(*rows[0])
    columns = reading.columns(rows[1], rows[2], rows[3])
    if reading.faults:
        raise TableError(path, reading.faults)
    inputs = tuple(column for role, column in columns if role == "in")
    outputs = tuple(column for role, column in columns if role == "out")
    rules = tuple(reading.rule(line, row, inputs, outputs) for line, row in rows[4:])
    reading.check_names(rules)
    reading.check_last(rules)
    if reading.faults:
        raise TableError(path, reading.faults)
    return Sheet(path.stem, major, hashlib.sha256(body).hexdigest(), inputs, outputs, rules)


class _Reading:
    """One pass over a file; collects faults instead of stopping at the first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[Fault] = []

    def fault(self, line: int, column: int, message: str) -> None:
        self.faults.append(Fault(line, column, message))

    def rows(self, body: bytes) -> list[tuple[int, list[str]]]:
        """Rows that are neither empty nor remarks (first cell begins with #), with line numbers."""
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise TableError(
                self.path, [Fault(1, 1, f"expected UTF-8, found byte {error.start} to be none")]
            ) from None
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows: list[tuple[int, list[str]]] = []
        try:
            rows.extend(
                (reader.line_num, [cell.strip() for cell in row])
                for row in reader
                if any(cell.strip() for cell in row) and not row[0].startswith("#")
            )
        except csv.Error as error:
            raise TableError(self.path, [Fault(reader.line_num, 1, f"expected CSV, found {error}")]) from None
        return rows

    def title(self, line: int, row: list[str]) -> str:
        """`table,<file name>@<major>`: returns the major version."""
        found = _VERSIONED.fullmatch(row[1]) if len(row) > 1 and row[0] == "table" else None
        if not found or found.group(1) != self.path.stem:
            self.fault(
                line, 2, f"expected table,{self.path.stem}@1 in the first row, found {','.join(row)!r}"
            )
            return "0"
        return found.group(2)

    def columns(
        self, names: tuple[int, list[str]], roles: tuple[int, list[str]], kinds: tuple[int, list[str]]
    ) -> list[tuple[str, Column]]:
        for (line, row), word in ((names, "rule"), (roles, "role"), (kinds, "type")):
            if row[0] != word:
                self.fault(line, 1, f"expected {word!r} in the first column, found {row[0]!r}")
        columns: list[tuple[str, Column]] = []
        width = len(_trimmed(names[1]))
        for at in range(1, width):
            column = self._column(names, roles, kinds, at)
            if any(column[1].name == other.name for _, other in columns):
                self.fault(names[0], at + 1, f"expected each column once, found {column[1].name!r} again")
            columns.append(column)
        for wanted, word in (("in", "input"), ("out", "output")):
            if all(role != wanted for role, _ in columns):
                self.fault(roles[0], 1, f"expected at least one {word} column ({wanted}), found none")
        return columns

    def _column(
        self,
        names: tuple[int, list[str]],
        roles: tuple[int, list[str]],
        kinds: tuple[int, list[str]],
        at: int,
    ) -> tuple[str, Column]:
        name, role, kind = (_cell(row, at) for _, row in (names, roles, kinds))
        if not _NAME.fullmatch(name):
            self.fault(names[0], at + 1, f"expected a column name such as order_found, found {name!r}")
        if role not in ("in", "out"):
            self.fault(roles[0], at + 1, f"{name}: expected in or out, found {role!r}")
        words = kind.split()
        if not words or words[0] not in TYPES or words[1:] not in ([], ["required"]):
            self.fault(
                kinds[0],
                at + 1,
                f"{name}: expected {', '.join(TYPES)}, with or without 'required', found {kind!r}",
            )
            return role, Column(name, "text", required=False, position=at + 1)
        return role, Column(name, words[0], required=len(words) > 1, position=at + 1)

    def rule(
        self, line: int, row: list[str], inputs: tuple[Column, ...], outputs: tuple[Column, ...]
    ) -> Rule:
        if not _NAME.fullmatch(row[0]):
            self.fault(line, 1, f"expected a rule name such as too_old, found {row[0]!r}")
        width = 1 + len(inputs) + len(outputs)
        if extra := _trimmed(row)[width:]:
            self.fault(line, width + 1, f"expected {width} columns, found {extra[0]!r} beyond them")
        texts = tuple(_cell(row, column.position - 1) for column in inputs)
        cells = [self._condition(line, column, text) for column, text in zip(inputs, texts, strict=True)]
        values = {
            column.name: self._value(line, column, _cell(row, column.position - 1)) for column in outputs
        }
        present = {name: value for name, value in values.items() if value is not None}
        return Rule(row[0], line, tuple(cells), texts, present)

    def _condition(self, line: int, column: Column, text: str) -> Cell:
        try:
            cell = parse(text, column.kind)
        except CellError as error:
            self.fault(line, column.position, f"{column.name}: {error}")
            return parse("", column.kind)
        if any(
            isinstance(mark, Decimal) and len(mark.as_tuple().digits) > _DIGITS for mark in cell.landmarks
        ):
            self.fault(
                line, column.position, f"{column.name}: expected at most {_DIGITS} digits, found {text!r}"
            )
        if column.required and text == "absent":
            self.fault(line, column.position, f"{column.name}: is required, so 'absent' can never be true")
        return cell

    def _value(self, line: int, column: Column, text: str) -> Value:
        if not text:
            if column.required:
                self.fault(
                    line, column.position, f"{column.name}: a {column.kind} is required, found nothing"
                )
            return None
        try:
            return value_of(text, column.kind)
        except CellError as error:
            self.fault(line, column.position, f"{column.name}: {error}")
            return None

    def check_names(self, rules: tuple[Rule, ...]) -> None:
        seen: dict[str, int] = {}
        for rule in rules:
            if rule.name in seen:
                self.fault(
                    rule.line,
                    1,
                    f"expected each rule name once, found {rule.name!r} of line {seen[rule.name]} again",
                )
            seen.setdefault(rule.name, rule.line)

    def check_last(self, rules: tuple[Rule, ...]) -> None:
        """A case nobody thought of must have an answer, and the answer must be written down."""
        last = rules[-1]
        if last.name != OTHERWISE:
            self.fault(
                last.line,
                1,
                f"expected the last rule to be {OTHERWISE!r} without conditions, found {last.name!r}",
            )
        elif any(last.texts):
            self.fault(
                last.line,
                1,
                f"expected {OTHERWISE!r} to have no conditions, found {', '.join(filter(None, last.texts))}",
            )


def _trimmed(row: list[str]) -> list[str]:
    """The row without the empty cells that spreadsheets append."""
    end = len(row)
    while end and not row[end - 1]:
        end -= 1
    return row[:end]


def _cell(row: list[str], at: int) -> str:
    return row[at] if at < len(row) else ""
