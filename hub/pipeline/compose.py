"""compose: from a fact to the exact bytes that a partner will get, stored before they are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from connectors.codecs.base import EncodeError
from connectors.codecs.registry import codec
from hub import effects
from hub.effects import Effect, Outcome
from hub.flows.samples import format_of
from hub.pipeline import outgoing
from hub.pipeline.context import Hub
from hub.pipeline.decide import NO_KEY, fact_tree, load_by_id
from hub.store.database import Connection, rows

INTERCHANGES = ("x12/", "edifact/")
"""Formats whose documents travel in an envelope with numbers of ours."""


def compose(tx: Connection, hub: Hub, claimed: Sequence[Effect]) -> tuple[list[Effect], list[Outcome]]:
    """Give each claimed effect its request; those that have one from an earlier attempt keep it.

    Control numbers are taken in this transaction, so that a rollback gives them back.

    Returns:
        Effects ready to be sent, and the outcomes of those whose document can never be made.
    """
    ready = [effect for effect in claimed if effect.request is not None]
    todo = [effect for effect in claimed if effect.request is None]
    if not todo:
        return ready, []
    hub.references.refresh(partial(rows, tx))
    scopes = _scopes(tx, todo)
    failed: list[Outcome] = []
    composed: list[tuple[Effect, bytes, str, str]] = []
    for effect in todo:
        result = _compose_one(tx, hub, effect, scopes[effect.id])
        if isinstance(result, Outcome):
            failed.append(result)
        else:
            composed.append((effect, *result))
    effects.store_requests(tx, [(effect.id, body, kind, ref) for effect, body, kind, ref in composed])
    for effect, body, media_type, mapping in composed:
        ready.append(replace(effect, request=body, request_type=media_type, mapping=mapping))
    return sorted(ready, key=lambda effect: effect.seq), failed


def _scopes(tx: Connection, todo: Sequence[Effect]) -> dict[Any, dict[str, Any]]:
    facts = load_by_id(tx, [effect.fact_id for effect in todo if effect.fact_id])
    ids = sorted({effect.return_id for effect in todo if effect.return_id})
    states = {row["return_id"]: row["state"] for row in rows(tx, "return_states", {"ids": ids})}
    return {
        effect.id: {
            "key": effect.business_key,
            "fact": fact_tree(facts[effect.fact_id]) if effect.fact_id in facts else {},
            "return": states.get(effect.return_id, {}),
        }
        for effect in todo
    }


def _compose_one(
    tx: Connection, hub: Hub, effect: Effect, scope: dict[str, Any]
) -> tuple[bytes, str, str] | Outcome:
    flow = hub.catalog.delivery.get(effect.flow)
    if flow is None:
        return _contract(
            effect, "map", "flow_missing", [{"path": "", "message": f"flow {effect.flow} is gone"}]
        )
    if effect.business_key.startswith(NO_KEY):
        fault = {"path": "key", "message": f"the fact lacks what the key is made of: {', '.join(flow.key)}"}
        return _contract(effect, "key", "no_key", [fault])
    mapping = hub.catalog.mappings[flow.map]
    try:
        mapped = mapping.apply(scope)
    except Exception as error:  # noqa: BLE001  # one killer record must not take its batch down
        fault = {"path": "", "message": f"mapping {flow.map} failed: {type(error).__name__}: {error}"}
        return _contract(effect, "map", "internal_error", [fault])
    if mapped.errors:
        errors = [
            {
                "path": error.target_path,
                "message": error.message,
                "source": error.source_path,
                "expression": error.expression,
                "found": error.found,
            }
            for error in mapped.errors
        ]
        return _contract(effect, "map", "mapping", errors)
    form = format_of(mapping.target_type)
    writer = codec(form)
    try:
        # what cannot be written gives its numbers back
        with tx.transaction():
            envelope = _envelope(tx, hub, effect, form)
            body = writer.encode(mapped.value, envelope)
    except EncodeError as error:
        return _contract(effect, "encode", "encode", [{"path": "", "message": str(error)}])
    if form.startswith(INTERCHANGES):
        outgoing.record(tx, *outgoing.sent(effect.target, effect.id, form, envelope))
    return body, writer.media_type, f"{mapping.ref}+{mapping.digest[:12]}"


def _envelope(tx: Connection, hub: Hub, effect: Effect, form: str) -> Mapping[str, Any]:
    if form.startswith(INTERCHANGES):
        return outgoing.fresh_envelope(tx, hub, effect.target)
    return hub.encoding(effect.target, effect.operation)


def _contract(effect: Effect, step: str, code: str, errors: Sequence[dict[str, Any]]) -> Outcome:
    return Outcome(
        effect=effect,
        state="refused",
        error_class="Contract",
        code=code,
        message=str(errors[0]["message"]),
        errors=errors,
        step=step,
        unburnt=True,
    )
