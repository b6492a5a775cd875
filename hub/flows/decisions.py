"""Do decision tables speak our vocabulary, and can each of their rules fire?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from canonical.vocabulary import (
    Condition,
    Disposition,
    InventoryStatus,
    Outcome,
    Reason,
    ResponseReason,
    ReturnType,
)
from hub.flows.draft import Draft
from hub.flows.forms import nearest
from hub.flows.problems import Problem
from hub.policy.authorization import MIXED
from hub.policy.tables import Column, DecisionTable, Rule

_VOCABULARY: Mapping[str, Mapping[str, Iterable[str]]] = {
    "authorization": {
        "outcome": Outcome,
        "response_reason": ResponseReason,
        "reason": [*Reason, MIXED],
        "return_type": ReturnType,
    },
    "disposition": {
        "disposition": Disposition,
        "inventory_status": InventoryStatus,
        "condition": Condition,
        "reason": Reason,
    },
}

_COLUMNS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "authorization": (
        frozenset(
            {
                "order_found",
                "days_since_order",
                "all_lines_on_order",
                "quantity_within_order",
                "reason",
                "return_type",
                "channel",
                "value",
            }
        ),
        frozenset({"outcome", "message"}),
    ),
    "disposition": (
        frozenset({"matched", "over_authorized", "condition", "reason", "hazmat"}),
        frozenset({"disposition", "inventory_status", "credit", "message"}),
    ),
}
"""Inputs that the policy offers, of which all must be columns; and outputs that it needs."""


def decisions(found: Draft) -> Iterator[Problem]:
    """Yield unknown words, missing columns and unreachable rules of the decision tables."""
    for name, table in found.tables.items():
        file = found.relative(table.path)
        yield from _columns(file, table)
        for column, words in _VOCABULARY.get(name, {}).items():
            yield from _words(file, table, column, {str(word) for word in words})
        for rule, earlier in table.unreachable():
            message = f"{rule.name} can never fire: {earlier.name} on line {earlier.line} takes all its cases"
            yield Problem(file, rule.line, 1, message, "unreachable-rule")


def _columns(file: str, table: DecisionTable) -> Iterator[Problem]:
    if table.name not in _COLUMNS:
        return
    inputs, outputs = _COLUMNS[table.name]
    for kind, known, exact, columns in (
        ("input", inputs, True, table.inputs),
        ("output", outputs, False, table.outputs),
    ):
        places = {column.name: column.position for column in columns}
        for name in sorted(known - places.keys()):
            yield Problem(file, 3, 1, f"expected an {kind} column {name!r}, found none", "missing-column")
        for name in sorted(places.keys() - known) if exact else ():
            message = f"expected input columns {', '.join(sorted(known))}, found {name!r}"
            near = nearest(name, known - places.keys())
            hint = f"did you mean {near!r}?" if near else ""
            yield Problem(file, 3, places[name], message, "unknown-input", hint=hint)


def _words(file: str, table: DecisionTable, name: str, words: set[str]) -> Iterator[Problem]:
    for rule in table.rules:
        for column, value in _values(table, rule, name):
            if value not in words:
                message = f"{name}: expected one of {', '.join(sorted(words))}, found {value!r}"
                near = nearest(value, words)
                hint = f"did you mean {near!r}?" if near else ""
                yield Problem(file, rule.line, column.position, message, "unknown-word", hint=hint)


def _values(table: DecisionTable, rule: Rule, name: str) -> Iterator[tuple[Column, str]]:
    """The words that a rule uses in a column: those its condition lists, or the one it answers."""
    for column, cell in zip(table.inputs, rule.cells, strict=True):
        if column.name == name:
            yield from ((column, str(mark)) for mark in cell.landmarks)
    for column in table.outputs:
        if column.name == name and column.name in rule.outputs:
            yield column, str(rule.outputs[column.name])
