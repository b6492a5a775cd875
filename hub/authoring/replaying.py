"""What another version of a mapping would make of what is stored; nothing is written.

Messages of intake flows are mapped anew from their stored bytes; what delivery flows sent, and the facts
their receipts stated, are made anew from the facts (`hub.authoring.resending`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from connectors.codecs.registry import codec
from hub.authoring import resending
from hub.authoring.comparison import Comparison, Kind, Outcome, count
from hub.flows.documents import RECEIPT
from hub.flows.models import DeliveryFlow, IntakeFlow
from hub.flows.samples import target_problems
from hub.mapping.compile import CompiledMapping
from hub.mapping.errors import MappingFailed
from hub.pipeline.context import Hub
from hub.pipeline.interpret import scope_of


@dataclass(frozen=True, slots=True)
class Replay:
    """A flow, and which of its mappings is compared."""

    flow: IntakeFlow | DeliveryFlow
    kind: Kind


def replays_of(hub: Hub, versions: Sequence[CompiledMapping], flow: str) -> list[Replay]:
    """The flows that use a mapping, or the one that is named.

    Raises:
        LookupError: There is none; the message names those there are.
    """
    known: dict[str, IntakeFlow | DeliveryFlow] = {**hub.catalog.intake, **hub.catalog.delivery}
    refs = {one.ref for one in versions}
    if flow and flow not in known:
        raise LookupError(f"expected a flow ({', '.join(sorted(known))}), found '{flow}'")
    if flow:
        return [Replay(known[flow], _kind(known[flow], versions))]
    found = [Replay(one, kind) for _, one in sorted(known.items()) for kind in _uses(one, refs)]
    if not found:
        raise LookupError(
            f"no flow takes in, sends or states anything through {' or '.join(sorted(refs))}: "
            f"say --flow with one of {', '.join(sorted(known))}"
        )
    return found


def compare(
    hub: Hub,
    replay: Replay,
    before: CompiledMapping,
    after: CompiledMapping,
    *,
    since: datetime | None,
    limit: int,
) -> Comparison:
    """Replay what a flow has stored, newest first, through two versions of a mapping.

    Args:
        hub: An open hub; only read from.
        replay: The flow, read and written with its systems' options of today.
        before: One version.
        after: The other.
        since: Only what is not older than this; None for all.
        limit: At most so many.
    """
    if isinstance(replay.flow, DeliveryFlow):
        make = resending.receipts if replay.kind == "receipt" else resending.effects
        return make(hub, replay.flow, before, after, since=since, limit=limit)
    result = Comparison(replay.flow.flow, "message")
    for key, scope in _scopes(hub, replay.flow, since, limit):
        if scope is None:
            result.undecodable += 1
        else:
            count(result, key, _outcome(before, scope), _outcome(after, scope))
    return result


def _uses(flow: IntakeFlow | DeliveryFlow, refs: set[str]) -> Iterator[Kind]:
    if flow.map in refs:
        yield "message" if isinstance(flow, IntakeFlow) else "effect"
    if isinstance(flow, DeliveryFlow) and flow.states and flow.states.map in refs:
        yield "receipt"


def _kind(flow: IntakeFlow | DeliveryFlow, versions: Sequence[CompiledMapping]) -> Kind:
    """A named flow may not use the mapping yet: then what it reads tells."""
    if isinstance(flow, IntakeFlow):
        return "message"
    if not any(one.source_type.endswith(RECEIPT) for one in versions):
        return "effect"
    if flow.states is None:
        raise LookupError(f"{flow.flow} states nothing of its receipts, so there is nothing to compare")
    return "receipt"


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


def _outcome(mapping: CompiledMapping, scope: Any) -> Outcome:
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
    return Outcome(value, tuple(reasons))


def _identity(mapping: CompiledMapping) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    if mapping.has_key:
        yield "key", mapping.key
    yield "match", lambda scope: [f"{kind}={value}" for kind, value in mapping.match(scope)]


def _split(problem: str) -> tuple[str, str]:
    path, colon, message = problem.partition(": ")
    return (path, message) if colon else ("", problem)
