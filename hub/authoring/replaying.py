"""What another version of a mapping would make of the messages that are stored; nothing is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from connectors.codecs.registry import codec
from hub.flows.models import IntakeFlow
from hub.flows.samples import NOTHING, compared, target_problems
from hub.mapping.compile import CompiledMapping
from hub.mapping.errors import MappingFailed
from hub.pipeline.context import Hub
from hub.pipeline.interpret import scope_of

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
class Comparison:
    """What would change for one flow.

    Attributes:
        flow: The flow.
        same: Messages that become the same.
        changed: Messages that become something else.
        newly_failing: Messages that would be dead letters now.
        newly_passing: Messages that would be no dead letters any more.
        still_failing: Messages that fail both ways.
        undecodable: Records that no mapping sees.
        fields: The changes, by field.
        failures: Why messages newly fail, by field and reason.
        mended: Why messages failed that newly pass.
    """

    flow: str
    same: int = 0
    changed: int = 0
    newly_failing: int = 0
    newly_passing: int = 0
    still_failing: int = 0
    undecodable: int = 0
    fields: dict[str, Group] = field(default_factory=dict)
    failures: dict[tuple[str, str], Group] = field(default_factory=dict)
    mended: dict[tuple[str, str], Group] = field(default_factory=dict)

    @property
    def messages(self) -> int:
        """How many were replayed."""
        return self.same + self.changed + self.newly_failing + self.newly_passing + self.still_failing


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one version makes of a record: a document with its key, or reasons."""

    value: Any
    reasons: tuple[tuple[str, str], ...]


def flows_of(hub: Hub, versions: Sequence[CompiledMapping], flow: str) -> list[IntakeFlow]:
    """The intake flows that use a mapping, or the one that is named.

    Raises:
        LookupError: There is none; the message names those there are.
    """
    intake = hub.catalog.intake
    if flow:
        if flow not in intake:
            raise LookupError(f"expected an intake flow ({', '.join(sorted(intake))}), found '{flow}'")
        return [intake[flow]]
    refs = {one.ref for one in versions}
    found = [one for _, one in sorted(intake.items()) if one.map in refs]
    if not found:
        known = ", ".join(sorted(intake))
        raise LookupError(f"no intake flow uses {' or '.join(sorted(refs))}: say --flow with one of {known}")
    return found


def compare(
    hub: Hub,
    flow: IntakeFlow,
    before: CompiledMapping,
    after: CompiledMapping,
    *,
    since: datetime | None,
    limit: int,
) -> Comparison:
    """Replay a flow's stored messages, newest first, through two versions of its mapping.

    Args:
        hub: An open hub; only read from.
        flow: The flow whose messages are replayed, decoded as it decodes them now.
        before: One version.
        after: The other.
        since: Only messages that came after this; None for all.
        limit: At most so many.
    """
    result = Comparison(flow.flow)
    for key, scope in _scopes(hub, flow, since, limit):
        if scope is None:
            result.undecodable += 1
        else:
            _count(result, key, _outcome(before, scope), _outcome(after, scope))
    return result


def _scopes(
    hub: Hub, flow: IntakeFlow, since: datetime | None, limit: int
) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """Each stored message's own key with what a mapping sees of it; None for what cannot be decoded."""
    options = hub.decoding(flow.read.system, flow.read.resource)
    read = codec(str(options.get("format", "json")))
    found = hub.database.rows("replayable", {"flow": flow.flow, "since": since, "limit": limit})
    for _, group in groupby(found, key=lambda row: row["document_id"]):
        wanted = {row["position"]: row for row in group}
        first = next(iter(wanted.values()))
        [payload] = hub.database.rows("payload", {"sha256": first["sha256"]})
        for record in read.decode(payload["body"], options).records:
            if row := wanted.pop(record.index, None):
                tree = None if any(one.fatal for one in record.findings) else record.tree
                yield row["source_key"], None if tree is None else scope_of(record, row["attributes"])
        # what the options of today do not find any more
        yield from ((row["source_key"], None) for row in wanted.values())


def _outcome(mapping: CompiledMapping, scope: Any) -> _Outcome:
    mapped = mapping.apply(scope)
    reasons = [(error.target_path, error.message) for error in mapped.errors]
    value = {"": mapped.value}
    for name, make in _identity(mapping):
        try:
            value[name] = make(scope)
        except MappingFailed as error:
            reasons += [(one.target_path, one.message) for one in error.errors]
    if not reasons:
        reasons = [_split(problem) for problem in target_problems(mapping.target_type, mapped.value)]
    return _Outcome(value, tuple(reasons))


def _identity(mapping: CompiledMapping) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    if mapping.has_key:
        yield "key", mapping.key
    yield "match", lambda scope: [f"{kind}={value}" for kind, value in mapping.match(scope)]


def _split(problem: str) -> tuple[str, str]:
    path, colon, message = problem.partition(": ")
    return (path, message) if colon else ("", problem)


def _count(result: Comparison, key: str, before: _Outcome, after: _Outcome) -> None:
    if before.reasons and after.reasons:
        result.still_failing += 1
    elif after.reasons:
        result.newly_failing += 1
        _reasons(result.failures, key, after)
    elif before.reasons:
        result.newly_passing += 1
        _reasons(result.mended, key, before)
    elif not _changes(result, key, before, after):
        result.same += 1
    else:
        result.changed += 1


def _changes(result: Comparison, key: str, before: _Outcome, after: _Outcome) -> bool:
    seen: dict[str, Example] = {}
    for name in dict.fromkeys((*before.value, *after.value)):
        old, new = before.value.get(name, NOTHING), after.value.get(name, NOTHING)
        for one in compared(old, new, name):
            seen.setdefault(_POSITION.sub("[]", one.path), Example(key, one.expected, one.found))
    for path, example in seen.items():
        result.fields.setdefault(path, Group(path)).add(example)
    return bool(seen)


def _reasons(groups: dict[tuple[str, str], Group], key: str, outcome: _Outcome) -> None:
    for path, message in {(_POSITION.sub("[]", path), message) for path, message in outcome.reasons}:
        groups.setdefault((path, message), Group(path, message)).add(Example(key, NOTHING, NOTHING))
