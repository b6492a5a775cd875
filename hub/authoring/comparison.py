"""What two versions of a mapping make of the same records, counted and grouped by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from hub.flows.samples import NOTHING, compared

Kind: TypeAlias = Literal["message", "effect", "receipt"]

EXAMPLES = 3
"""How many messages are shown of each kind of change."""

_POSITION = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Example:
    """One message in which a field changes; `NOTHING` where one side lacks it."""

    key: str
    before: Any
    after: Any


@dataclass(slots=True)
class Group:
    """The same change in several messages.

    Attributes:
        path: Field of the target, lists counted as one (`lines[].uom`).
        message: Why it fails, empty for a field that changes.
        messages: In how many messages.
        examples: The first of them.
    """

    path: str
    message: str = ""
    messages: int = 0
    examples: list[Example] = field(default_factory=list)

    def add(self, example: Example) -> None:
        """Count one more message."""
        self.messages += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)


@dataclass(slots=True)
class Then:
    """How what the version before makes of stored effects compares with what was really sent, or stated.

    Attributes:
        compared: Effects that were sent, or receipts that stated a fact.
        others: Those of them for which it makes something else now.
        versions: Those of the others that another version of the mapping had made.
        fields: Where, by field: `before` is what was sent.
    """

    compared: int = 0
    others: int = 0
    versions: int = 0
    fields: dict[str, Group] = field(default_factory=dict)


@dataclass(slots=True)
class Comparison:
    """What would change for one flow.

    Attributes:
        flow: The flow.
        kind: What was replayed: messages of an intake flow; effects of a delivery flow, whose documents are
            made anew; or receipts, which state facts anew.
        same: Messages that become the same.
        changed: Messages that become something else.
        newly_failing: Messages that would be dead letters now.
        newly_passing: Messages that would be no dead letters any more.
        still_failing: Messages that fail both ways.
        undecodable: Records that no mapping sees.
        fields: The changes, by field.
        failures: Why messages newly fail, by field and reason.
        mended: Why messages failed that newly pass.
        then: For effects and receipts: what was sent or stated beside what the version before makes.
    """

    flow: str
    kind: Kind = "message"
    same: int = 0
    changed: int = 0
    newly_failing: int = 0
    newly_passing: int = 0
    still_failing: int = 0
    undecodable: int = 0
    fields: dict[str, Group] = field(default_factory=dict)
    failures: dict[tuple[str, str], Group] = field(default_factory=dict)
    mended: dict[tuple[str, str], Group] = field(default_factory=dict)
    then: Then = field(default_factory=Then)

    @property
    def messages(self) -> int:
        """How many were replayed."""
        return self.same + self.changed + self.newly_failing + self.newly_passing + self.still_failing


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one version makes of a record.

    Attributes:
        value: The document, under an empty name, and what else the mapping gives, such as `key`.
        reasons: Path and message of everything that is wrong with it.
    """

    value: Any
    reasons: tuple[tuple[str, str], ...]


def count(result: Comparison, key: str, before: Outcome, after: Outcome) -> None:
    """Enter what two versions make of one record."""
    if before.reasons and after.reasons:
        result.still_failing += 1
    elif after.reasons:
        result.newly_failing += 1
        _reasons(result.failures, key, after)
    elif before.reasons:
        result.newly_passing += 1
        _reasons(result.mended, key, before)
    elif not changes(result.fields, key, before.value, after.value):
        result.same += 1
    else:
        result.changed += 1


def changes(groups: dict[str, Group], key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two results differ; where, goes to the groups."""
    seen: dict[str, Example] = {}
    for name in dict.fromkeys((*before, *after)):
        for one in compared(before.get(name, NOTHING), after.get(name, NOTHING), name):
            seen.setdefault(_POSITION.sub("[]", one.path), Example(key, one.expected, one.found))
    for path, example in seen.items():
        groups.setdefault(path, Group(path)).add(example)
    return bool(seen)


def _reasons(groups: dict[tuple[str, str], Group], key: str, outcome: Outcome) -> None:
    for path, message in {(_POSITION.sub("[]", path), message) for path, message in outcome.reasons}:
        groups.setdefault((path, message), Group(path, message)).add(Example(key, NOTHING, NOTHING))
