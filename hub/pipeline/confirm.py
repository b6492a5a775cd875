"""confirm: what settled effects mean to their returns: receipts become facts, refusals dead letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import orjson

from canonical.facts import Fact
from canonical.ids import uuid7
from canonical.validation import violations
from hub import audit, deadletters
from hub.deadletters import DeadLetter
from hub.effects import Outcome
from hub.flows.models import DeliveryFlow
from hub.ids import digest
from hub.pipeline import answers, decide
from hub.pipeline.context import Hub
from hub.pipeline.decide import Stated, fact_tree, load_by_id
from hub.store.database import Connection, rows


def confirm(tx: Connection, hub: Hub, outcomes: Sequence[Outcome], run_id: str) -> set[str]:
    """Record what follows from outcomes that were ours to write, in their transaction.

    Returns:
        Targets that got new effects.
    """
    arrived = [outcome.effect for outcome in outcomes if outcome.state == "confirmed"]
    for target in {effect.target for effect in arrived}:
        answers.start_clocks(tx, hub, target, [effect.id for effect in arrived if effect.target == target])
    stated, letters = _read_receipts(tx, hub, [o for o in outcomes if o.state == "confirmed"], run_id)
    targets = decide.record(tx, hub, stated).targets
    letters += [_letter(outcome, run_id) for outcome in outcomes if outcome.state in ("refused", "parked")]
    _keep(tx, letters)
    audit.append(tx, [_entry(outcome) for outcome in outcomes if not outcome.unburnt])
    return targets


def restate(
    tx: Connection, hub: Hub, effect: Mapping[str, Any], letter: Mapping[str, Any]
) -> tuple[set[str], list[str]]:
    """State the fact of a confirmed effect from its stored receipt, with today's mapping.

    Args:
        letter: The dead letter that is replayed; a failure writes its successor, parked.

    Returns:
        Targets that got new effects, and the errors when the receipt still cannot be read.
    """
    item = _Confirmed(effect["id"], effect["flow"], effect["fact_id"], effect["return_id"], effect["receipt"])
    stated, failures = _state_all(tx, hub, [item])
    targets = decide.record(tx, hub, stated).targets
    for _, errors in failures:
        again = _receipt_letter(effect, errors, letter["run_id"])
        deadletters.write(tx, [replace(again, replays=letter["replays"] + 1)])
    return targets, [str(error["message"]) for _, errors in failures for error in errors]


@dataclass(frozen=True, slots=True)
class _Confirmed:
    """A confirmed effect and its receipt as it is stored."""

    effect_id: UUID
    flow: str
    fact_id: UUID | None
    return_id: UUID | None
    receipt: Mapping[str, Any]


def _read_receipts(
    tx: Connection, hub: Hub, confirmed: Sequence[Outcome], run_id: str
) -> tuple[list[Stated], list[DeadLetter]]:
    outcomes = {o.effect.id: o for o in confirmed if o.receipt is not None}
    items = [
        # through the stored form, so that stating it again later reads exactly the same
        _Confirmed(e.id, e.flow, e.fact_id, e.return_id, orjson.loads(o.stored))
        for o in outcomes.values()
        if o.receipt is not None and (e := o.effect)
    ]
    stated, failures = _state_all(tx, hub, items)
    letters = [
        _receipt_letter(asdict(outcomes[item.effect_id].effect), errors, run_id) for item, errors in failures
    ]
    return stated, letters


def _state_all(
    tx: Connection, hub: Hub, items: Sequence[_Confirmed]
) -> tuple[list[Stated], list[tuple[_Confirmed, list[dict[str, Any]]]]]:
    telling = [
        (item, flow) for item in items if (flow := hub.catalog.delivery.get(item.flow)) and flow.states
    ]
    if not telling:
        return [], []
    hub.references.refresh(partial(rows, tx))
    causes = load_by_id(tx, [item.fact_id for item, _ in telling if item.fact_id])
    ids = sorted({item.return_id for item, _ in telling if item.return_id})
    states = {row["return_id"]: row["state"] for row in rows(tx, "return_states", {"ids": ids})}
    stated: list[Stated] = []
    failures: list[tuple[_Confirmed, list[dict[str, Any]]]] = []
    for item, flow in telling:
        if item.fact_id not in causes or item.return_id is None:
            continue
        result = _state(hub, flow, item, causes[item.fact_id], states.get(item.return_id, {}))
        if isinstance(result, Fact):
            stated.append(Stated(result))
        else:
            failures.append((item, result))
    return stated, failures


def _state(
    hub: Hub, flow: DeliveryFlow, item: _Confirmed, cause: Fact, state: Mapping[str, Any]
) -> Fact | list[dict[str, Any]]:
    if flow.states is None:
        raise ValueError(f"flow {flow.flow} states nothing")
    mapping = hub.catalog.mappings[flow.states.map]
    scope = {
        "receipt": item.receipt["body"],
        "reference": item.receipt["reference"],
        "fact": fact_tree(cause),
        "return": state,
        "now": item.receipt["at"],
    }
    try:
        mapped = mapping.apply(scope)
    except Exception as error:  # noqa: BLE001  # the effect happened: this must become a letter, not a crash
        return [{"path": "", "message": f"mapping {mapping.ref} failed: {type(error).__name__}: {error}"}]
    if mapped.errors:
        return [{"path": e.target_path, "message": e.message, "source": e.source_path} for e in mapped.errors]
    wrong = violations(flow.states.fact, 1, mapped.value)
    if wrong:
        return [
            {"path": v.path, "message": v.message, "expected": v.expected, "found": v.found} for v in wrong
        ]
    now = datetime.now(UTC)
    return Fact(
        id=uuid7(),
        type=flow.states.fact,
        return_id=cause.return_id,
        source=f"{flow.to.system}/{flow.to.operation}",
        # an answer never precedes what it answers, even when the cause's clock was ahead
        occurred_at=max(now, cause.occurred_at),
        recorded_at=now,
        data=mapped.value,
        entity=cause.entity,
        site=cause.site,
        actor=flow.to.system,
        correlation_id=cause.correlation_id,
        causation_id=str(item.effect_id),
        mapping=f"{mapping.ref}+{mapping.digest[:12]}",
    )


def _letter(outcome: Outcome, run_id: str) -> DeadLetter:
    effect = outcome.effect
    errors = outcome.errors or [{"path": "", "code": outcome.code, "message": outcome.message}]
    return DeadLetter(
        flow=effect.flow,
        target=effect.target,
        step=outcome.step,
        error_class=outcome.error_class,
        code=outcome.code,
        errors=errors,
        summary=outcome.message,
        effect_id=effect.id,
        return_id=effect.return_id,
        run_id=run_id,
        mapping=effect.mapping,
    )


def _receipt_letter(
    effect: Mapping[str, Any], errors: Sequence[Mapping[str, Any]], run_id: str
) -> DeadLetter:
    return DeadLetter(
        flow=effect["flow"],
        target=effect["target"],
        step="receipt",
        error_class="Contract",
        code="receipt",
        errors=errors,
        summary=f"the effect happened, but its receipt cannot be read: {errors[0]['message']}",
        effect_id=effect["id"],
        return_id=effect["return_id"],
        run_id=run_id,
        mapping=effect["mapping"],
    )


def _keep(tx: Connection, letters: Sequence[DeadLetter]) -> None:
    before = deadletters.replayed_before(tx, [letter.effect_id for letter in letters if letter.effect_id])
    counted = [replace(x, replays=before.get(x.effect_id, 0)) if x.effect_id else x for x in letters]
    deadletters.write(tx, counted)


def _entry(outcome: Outcome) -> audit.Entry:
    effect, receipt = outcome.effect, outcome.receipt
    detail = {
        "operation": f"{effect.target}.{effect.operation}",
        "key": effect.business_key,
        "attempt": effect.attempts,
        "reference": receipt.reference if receipt else "",
        "class": outcome.error_class,
        "code": outcome.code,
        "request": digest(effect.request) if effect.request else "",
    }
    return audit.Entry("hub", f"effect {outcome.label}", str(effect.id), detail)
