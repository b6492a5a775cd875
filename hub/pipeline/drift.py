"""drift: does a record still have the shape that its source is known to have?

What is known comes from the samples of the flow's mapping, which are in git, and from what was accepted
since, which is in the database. A flow that says nothing (`drift: off`) pays nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub import audit
from hub.flows.models import IntakeFlow
from hub.flows.samples import sample_trees
from hub.mapping.drift import Change
from hub.mapping.guard import Guard
from hub.mapping.shape import EMPTY, SourceShape, from_json, infer, merge, to_json
from hub.pipeline.context import Hub
from hub.pipeline.interpret import Failure, Interpreted
from hub.store.database import Connection, rows

SHOWN = 3
"""Changes that an alert names."""

LISTED = 50
"""Changes that an entry of the audit log lists."""


class Drifted(Exception):  # noqa: N818  # reads as what happened
    """A document of a strict flow has another shape than known. Nothing was burnt."""


@dataclass(slots=True)
class Drift:
    """What a batch had that was not known.

    Attributes:
        accepted: Shape of the records with changes that nobody minds.
        refused: Shape of the records with changes that somebody has to look at.
        changes: All changes, each once.
        records: How many records were refused.
    """

    accepted: SourceShape = EMPTY
    refused: SourceShape = EMPTY
    changes: dict[Change, None] = field(default_factory=dict)
    records: int = 0


def guard(hub: Hub, flow: IntakeFlow) -> Guard:
    """What is known of a flow's source now."""
    stored = hub.database.rows("source_shape", {"flow": flow.flow})
    digest = stored[0]["digest"] if stored else ""
    known = hub.guards.get(flow.flow)
    if known is None or known.digest != digest:
        mapping = hub.catalog.mappings[flow.map]
        file = hub.catalog.project_dir / mapping.plan.document.place.file
        samples = infer(_partners(tree) for _, tree in sample_trees(mapping, file))
        known = Guard(mapping, samples, _read(stored[0]["shape"]) if stored else EMPTY, digest)
        hub.guards[flow.flow] = known
    return known


_UNREAD = ("decode", "envelope")
"""Steps whose failures come before anybody looks at the shape."""


def judge(hub: Hub, flow: IntakeFlow, items: Sequence[Interpreted]) -> Drift | None:
    """Give records that drifted their failure; None when the flow does not ask or nothing changed.

    In a strict flow every change is one; elsewhere breaking ones are, and the others are accepted.
    """
    if flow.drift == "off" or not items:
        return None
    known, drift = guard(hub, flow), Drift()
    for item in items:
        if item.noted or item.record.tree is None or (item.failure and item.failure.step in _UNREAD):
            continue
        tree = _partners(item.record.tree)
        # where there are neither samples nor anything accepted, the first record is what is known
        changes = known.changes(tree) if known.known != EMPTY else ()
        if changes or known.known == EMPTY:
            _decide(known, drift, item, changes, strict=flow.drift == "strict")
    if drift.accepted != EMPTY:
        # it has learnt what nobody has noted yet: if that fails, it must be found again
        hub.guards.pop(flow.flow, None)
    return drift if drift != Drift() else None


def _decide(
    known: Guard, drift: Drift, item: Interpreted, changes: Sequence[Change], *, strict: bool
) -> None:
    shape = infer([_partners(item.record.tree)])
    drift.changes |= dict.fromkeys(changes)
    if changes and (strict or changes[0].breaking):
        errors = [_plain(change.error()) for change in changes]
        item.failure = Failure(step="drift", code=changes[0].kind, errors=errors, error_class="Drift")
        drift.refused = merge(drift.refused, shape)
        drift.records += 1
    else:
        drift.accepted = merge(drift.accepted, shape)
        known.learn(shape)


def note(hub: Hub, flow: IntakeFlow, drift: Drift | None) -> None:
    """Store what a batch taught us, and raise the alert that is due; a strict flow's comes with its stop."""
    if drift is None:
        return
    known = guard(hub, flow)
    with hub.database.transaction() as tx:
        row = rows(tx, "lock_source_shape", {"flow": flow.flow})[0]
        accepted, waiting = _read(row["shape"]), _read(row["pending"])
        before = merge(known.samples, accepted)
        first = before == EMPTY
        # somebody else may have noted the same meanwhile
        learnt = () if first else known.compare(before, drift.accepted)
        if drift.accepted != EMPTY and (learnt or first):
            accepted = merge(accepted, known.private(drift.accepted))
        if drift.records and known.compare(merge(known.known, waiting), drift.refused):
            waiting = merge(waiting, known.private(drift.refused))
        _keep(tx, flow.flow, accepted, waiting)
        if (drift.records and flow.drift != "strict") or (learnt and flow.drift == "quarantine"):
            rows(tx, "raise_alert", {"cause": f"drift {flow.flow}", "message": _alert(flow, drift)})
        if learnt or first:
            told = [_text(change) for change in learnt][:LISTED]
            audit.append(tx, [audit.Entry("hub", "shape learnt", flow.flow, {"changes": told})])


def stop(flow: IntakeFlow, source_key: str, drift: Drift | None) -> None:
    """Stop a document whose shape a strict flow does not know.

    Raises:
        Drifted: At least one record changed its shape.
    """
    if flow.drift == "strict" and drift is not None and drift.records:
        first = next(iter(drift.changes))
        raise Drifted(
            f"{flow.flow}: records of {source_key} have another shape than known ({drift.records} in this "
            f"batch), and the flow is strict; the document stays in the inbox. First: {_text(first)}. See: "
            f"returns-hub drift show {flow.flow}; accept it or mend the mapping, then: returns-hub resume "
            f"{flow.flow}"
        )


def pending(hub: Hub, flow: IntakeFlow) -> dict[str, Any]:
    """What waits to be accepted.

    Returns:
        `flow`, `drift` (its mode), `learnt_at`, `pending_since`, and `changes`, a tuple of `Change`.
    """
    stored = hub.database.rows("source_shape", {"flow": flow.flow})
    row = stored[0] if stored else {}
    return {
        "flow": flow.flow,
        "drift": flow.drift,
        "learnt_at": row.get("learnt_at"),
        "pending_since": row.get("pending_since"),
        "changes": _pending_changes(hub, flow, row.get("pending", "")),
    }


def listing(hub: Hub) -> list[dict[str, Any]]:
    """What is `pending` of each intake flow, with its `halted` documents and open dead `letters` of drift."""
    waiting = {row["flow"]: row for row in hub.database.rows("drift_waiting")}
    none = {"halted": 0, "letters": 0}
    return [
        {**pending(hub, flow), **{name: waiting.get(flow.flow, none)[name] for name in none}}
        for _, flow in sorted(hub.catalog.intake.items())
    ]


def accept(hub: Hub, flow: IntakeFlow, actor: str, reason: str = "") -> tuple[Change, ...]:
    """Take what is pending as known from now on; the changes that are accepted with it."""
    with hub.database.transaction() as tx:
        row = rows(tx, "lock_source_shape", {"flow": flow.flow})[0]
        changes = _pending_changes(hub, flow, row["pending"])
        if row["pending"]:
            _keep(tx, flow.flow, merge(_read(row["shape"]), _read(row["pending"])), EMPTY)
        rows(tx, "close_alert", {"cause": f"drift {flow.flow}"})
        detail = {"changes": [_text(change) for change in changes][:LISTED], "note": reason}
        audit.append(tx, [audit.Entry(actor, "shape accepted", flow.flow, detail)])
    return changes


def forget(hub: Hub, flow: IntakeFlow, actor: str) -> bool:
    """Know only the samples again: what was accepted and what is pending is dropped."""
    with hub.database.transaction() as tx:
        found = rows(tx, "forget_source_shape", {"flow": flow.flow})
        rows(tx, "close_alert", {"cause": f"drift {flow.flow}"})
        if found:
            audit.append(tx, [audit.Entry(actor, "shape forgotten", flow.flow)])
    return bool(found)


def _pending_changes(hub: Hub, flow: IntakeFlow, stored: str) -> tuple[Change, ...]:
    if not stored:
        return ()
    known = guard(hub, flow)
    return known.compare(known.known, _read(stored))


def _keep(tx: Connection, flow: str, accepted: SourceShape, pending_: SourceShape) -> None:
    shape, waiting = _written(accepted), _written(pending_)
    digest = hashlib.sha256(shape.encode()).hexdigest() if shape else ""
    rows(tx, "keep_source_shape", {"flow": flow, "shape": shape, "digest": digest, "pending": waiting})


def _written(shape: SourceShape) -> str:
    return "" if shape == EMPTY else json.dumps(to_json(shape), separators=(",", ":"))


def _read(stored: str) -> SourceShape:
    return from_json(json.loads(stored)) if stored else EMPTY


def _alert(flow: IntakeFlow, drift: Drift) -> str:
    changes = [_text(change) for change in drift.changes]
    more = f" (and {len(changes) - SHOWN} more)" if len(changes) > SHOWN else ""
    said = f"records refused: {drift.records}" if drift.records else "what is new was accepted"
    return (
        f"{flow.flow}: the source changed, {said}: {'; '.join(changes[:SHOWN])}{more}. "
        f"See: returns-hub drift show {flow.flow}"
    )


def _partners(tree: Any) -> Any:
    """A record without `document`, which is what came with it and not what the partner wrote."""
    if isinstance(tree, dict) and "document" in tree:
        return {name: value for name, value in tree.items() if name != "document"}
    return tree


def _plain(error: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(value) for name, value in error.items()}


def _text(value: object) -> str:
    """Text that a database takes, whatever a partner calls its fields."""
    return str(value).replace("\x00", "\\0").encode("utf-8", "backslashreplace").decode()
