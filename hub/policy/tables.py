"""Decision tables: CSV files that people edit, run by zen-engine, first matching rule wins.

A table is checked once when it is loaded and its inputs are checked before every decision, because
the engine itself lets a misspelt cell, a missing input or a number given as text fall through in
silence. Nothing numeric comes back from the engine: it only names the rule, and the rule's outputs
are the values that were parsed from the file. The layout is described in `docs/policies.md`.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

from zen import ZenEngine

from hub.policy.cells import Cell, Value
from hub.policy.csvfile import OTHERWISE, Column, Rule, Sheet, read

__all__ = ["OTHERWISE", "Column", "Decision", "DecisionTable", "InputError", "Rule", "load"]

_MEMORY = 4096
"""Remembered answers per table: one per combination of input classes, not per input value."""

_OTHER_TEXT = "\0"
"""Stands for every text that no cell of the column names."""


class InputError(ValueError):
    """Inputs that a table cannot judge: missing, unknown or of the wrong type."""


@dataclass(frozen=True)
class Decision:
    """What a table answered.

    Attributes:
        outputs: Output name to str, bool or Decimal; outputs left empty in the rule are absent.
        rule: Name of the rule that fired, `otherwise` when none of the conditions held.
    """

    outputs: dict[str, Value]
    rule: str
    _trace: Callable[[], dict[str, Any]] = field(repr=False, compare=False)

    @cached_property
    def trace(self) -> dict[str, Any]:
        """JSON-compatible evidence, made when it is asked for.

        It holds table, version, digest, rule, its line in the file, the inputs as text and the conditions
        that were met.
        """
        return self._trace()


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTable:
    """A loaded table; immutable and safe to share between threads.

    `version` is what facts record: the major version in the file and the digest of its content.
    `conditioned` names the inputs on which some rule has a condition.
    """

    name: str
    version: str
    digest: str
    path: Path
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    rules: tuple[Rule, ...]
    conditioned: frozenset[str]
    _match: Callable[[tuple[Value, ...]], int] = field(repr=False, compare=False)
    _landmarks: tuple[tuple[Any, ...], ...] = field(repr=False, compare=False)

    def decide(self, inputs: Mapping[str, str | bool | int | Decimal | None]) -> Decision:
        """Answer for `inputs`: name to value, None or left out when unknown.

        Raises:
            InputError: An input is required and missing, not of the table, or of the wrong type;
                all such faults are listed.
        """
        values = self._checked(inputs)
        return self._answer(values, self.rules[self._match(self._classes(values))])

    def decide_each(
        self, inputs: Mapping[str, str | bool | int | Decimal | None], name: str, alternatives: Sequence[str]
    ) -> list[Decision]:
        """Answer for `inputs` with each of some texts as the input `name`; the others are looked at once.

        Returns:
            An answer per rule that fired, each for the first text that it fired for, in their order.

        Raises:
            InputError: As `decide`.
        """
        values = self._checked({**inputs, name: alternatives[0]})
        at = [column.name for column in self.inputs].index(name)
        classes = self._classes(values)
        fired: dict[int, str] = {}
        for text in alternatives:
            kind = _representative(text, self._landmarks[at])
            fired.setdefault(self._match((*classes[:at], kind, *classes[at + 1 :])), text)
        return [
            self._answer((*values[:at], text, *values[at + 1 :]), self.rules[rule])
            for rule, text in fired.items()
        ]

    def _classes(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        return tuple(
            _representative(value, marks) for value, marks in zip(values, self._landmarks, strict=True)
        )

    def _answer(self, values: tuple[Value, ...], rule: Rule) -> Decision:
        return Decision(dict(rule.outputs), rule.name, partial(self._trace, rule, values))

    def unreachable(self) -> list[tuple[Rule, Rule]]:
        """Rules that can never fire, each with the earlier rule that takes all its cases."""
        pairs = []
        for position, rule in enumerate(self.rules):
            for earlier in self.rules[:position]:
                if all(mine.covers(its) for mine, its in zip(earlier.cells, rule.cells, strict=True)):
                    pairs.append((rule, earlier))
                    break
        return pairs

    def _checked(self, inputs: Mapping[str, str | bool | int | Decimal | None]) -> tuple[Value, ...]:
        known = [column.name for column in self.inputs]
        faults = [
            f"{name!r} is not an input of the table; expected {', '.join(known)}"
            for name in inputs
            if name not in known
        ]
        values: list[Value] = []
        for column in self.inputs:
            value = inputs.get(column.name)
            if value is None and column.required:
                faults.append(f"{column.name}: a {column.kind} is required, found nothing")
            elif value is not None and not _is(value, column.kind):
                faults.append(
                    f"{column.name}: expected {column.kind}, found {type(value).__name__} {value!r}"
                )
            values.append(_exact(value))
        if faults:
            raise InputError(f"decision table {self.name}: " + "; ".join(faults))
        return tuple(values)

    def _trace(self, rule: Rule, values: tuple[Value, ...]) -> dict[str, Any]:
        return {
            "table": self.name,
            "version": self.version,
            "digest": self.digest,
            "rule": rule.name,
            "line": rule.line,
            "inputs": {
                column.name: _text(value)
                for column, value in zip(self.inputs, values, strict=True)
                if value is not None
            },
            "conditions": {
                column.name: text for column, text in zip(self.inputs, rule.texts, strict=True) if text
            },
        }


def load(path: Path) -> DecisionTable:
    """Read and compile a table.

    Raises:
        TableError: The file is no valid table; lists every fault with line and column.
        OSError: The file cannot be read.
    """
    sheet = read(path)
    return DecisionTable(
        name=sheet.name,
        version=f"{sheet.major}+{sheet.digest[:12]}",
        digest=sheet.digest,
        path=path,
        inputs=sheet.inputs,
        outputs=sheet.outputs,
        rules=sheet.rules,
        conditioned=frozenset(
            column.name
            for at, column in enumerate(sheet.inputs)
            if any(rule.texts[at] for rule in sheet.rules)
        ),
        _match=_matcher(sheet),
        _landmarks=tuple(_landmarks(sheet, position) for position in range(len(sheet.inputs))),
    )


def _matcher(sheet: Sheet) -> Callable[[tuple[Value, ...]], int]:
    """The engine behind a memory: input classes to the index of the first matching rule."""
    decision = ZenEngine().create_decision(json.dumps(_document(sheet)))
    names = [column.name for column in sheet.inputs]

    @lru_cache(maxsize=_MEMORY)
    def match(values: tuple[Value, ...]) -> int:
        inputs = {
            name: float(value) if isinstance(value, Decimal) else value
            for name, value in zip(names, values, strict=True)
        }
        answer = decision.evaluate(inputs, {"trace": True})
        return int(answer["trace"]["table"]["traceData"]["index"])

    return match


def _document(sheet: Sheet) -> dict[str, Any]:
    """The table as a JDM document: one decision-table node between input and output, no code nodes."""
    rules = [
        {
            "_id": rule.name,
            **{f"i{position}": cell.expression for position, cell in enumerate(rule.cells)},
            "rule": json.dumps(rule.name),
        }
        for rule in sheet.rules
    ]
    table = {
        "hitPolicy": "first",
        "inputs": [
            {"id": f"i{position}", "name": column.name, "field": column.name}
            for position, column in enumerate(sheet.inputs)
        ],
        "outputs": [{"id": "rule", "name": "rule", "field": "rule"}],
        "rules": rules,
    }
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "inputs", "type": "inputNode", "name": "inputs"},
            {"id": "table", "type": "decisionTableNode", "name": sheet.name, "content": table},
            {"id": "outputs", "type": "outputNode", "name": "outputs"},
        ],
        "edges": [
            {"id": "in", "sourceId": "inputs", "targetId": "table", "type": "edge"},
            {"id": "out", "sourceId": "table", "targetId": "outputs", "type": "edge"},
        ],
    }


def _landmarks(sheet: Sheet, position: int) -> tuple[Any, ...]:
    cells: list[Cell] = [rule.cells[position] for rule in sheet.rules]
    marks = {mark for cell in cells for mark in cell.landmarks}
    return tuple(sorted(marks, key=lambda mark: (str(type(mark)), mark)))


def _representative(value: Value, marks: tuple[Any, ...]) -> Value:
    """A value that every cell of the column judges the same as `value`.

    Between two numbers named in a column all numbers are alike, and so are all texts that no cell
    names. Deciding for a representative keeps the memory small, and exact: the engine compares
    a short number of ours instead of a float made from the partner's long one.
    """
    if isinstance(value, str):
        return value if value in marks else _OTHER_TEXT
    return _between(value, marks) if isinstance(value, Decimal) else value


def _between(value: Decimal, marks: tuple[Decimal, ...]) -> Decimal:
    after = bisect_left(marks, value)
    if value in marks[after : after + 1]:
        return marks[after]
    if not 0 < after < len(marks):
        return (marks[-1] + 1 if after else marks[0] - 1) if marks else Decimal(0)
    return (marks[after - 1] + marks[after]) / 2


def _exact(value: str | int | Decimal | None) -> Value:
    return value if value is None or isinstance(value, str | bool | Decimal) else Decimal(value)


def _is(value: object, kind: str) -> bool:
    if kind == "number":
        return type(value) is int or (isinstance(value, Decimal) and value.is_finite())
    return isinstance(value, bool if kind == "bool" else str)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)
