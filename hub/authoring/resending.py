"""What another version of a mapping would have sent, or would have stated of receipts; nothing is written.

An effect keeps its request, but not what the request was made from. That is put together again: the fact it
follows from, and the return as the facts show it that were recorded before the request was made (before the
receipt was read, for receipts). What was not made yet is made from the return as it is now, as it would be.
Cross references and systems' options are those of today.

So the version before need not make what was really sent: `Then` counts where it does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from canonical.facts import Fact
from canonical.fold import fold
from canonical.validation import violations
from connectors.codecs.base import EncodeError
from connectors.codecs.registry import codec
from hub.authoring.comparison import Comparison, Outcome, changes, count
from hub.flows.models import DeliveryFlow
from hub.flows.samples import format_of
from hub.mapping.compile import CompiledMapping
from hub.mapping.paths import SEGMENT
from hub.pipeline.compose import INTERCHANGES
from hub.pipeline.context import Hub
from hub.pipeline.decide import NO_KEY, fact_tree, load_facts
from hub.pipeline.outgoing import moment, profile

_PAGE = 100
"""Effects whose returns are read at a time."""

_NUMBERS = {"control": 1, "group": 1}
"""In place of control numbers, of which none is taken."""


def effects(
    hub: Hub,
    flow: DeliveryFlow,
    before: CompiledMapping,
    after: CompiledMapping,
    *,
    since: datetime | None,
    limit: int,
) -> Comparison:
    """Compose a flow's effects anew with two versions of its mapping; see `replaying.compare`."""
    result = Comparison(flow.flow, "effect")
    for row, facts in _stored(hub, flow, since, limit, receipts=False):
        scope = _request_scope(row, facts)
        if scope is None:
            result.undecodable += 1
            continue
        key = row["business_key"]
        old, new = (_composed(hub, flow, one, scope) for one in (before, after))
        count(result, key, old, new)
        if row["request_sha256"]:
            [payload] = hub.database.rows("payload", {"sha256": row["request_sha256"]})
            sent = _read(hub, flow, before, payload["body"])
            again = (
                None if old.reasons else _read(hub, flow, before, _written(hub, flow, before, old.value[""]))
            )
            _then(result, key, sent, again, made_by=(row["mapping"], before))
    return result


def receipts(
    hub: Hub,
    flow: DeliveryFlow,
    before: CompiledMapping,
    after: CompiledMapping,
    *,
    since: datetime | None,
    limit: int,
) -> Comparison:
    """State the facts of a flow's receipts anew with two versions of a mapping; see `replaying.compare`."""
    result = Comparison(flow.flow, "receipt")
    for row, facts in _stored(hub, flow, since, limit, receipts=True):
        stated = next((one for one in facts if one.causation_id == str(row["id"])), None)
        scope = _receipt_scope(row, facts, stated)
        if scope is None:
            result.undecodable += 1
            continue
        key = row["business_key"]
        old, new = (_stated(one, scope) for one in (before, after))
        count(result, key, old, new)
        if stated is not None:
            again = None if old.reasons else old.value[""]
            _then(result, key, stated.data, again, made_by=(stated.mapping, before))
    return result


def _stored(
    hub: Hub, flow: DeliveryFlow, since: datetime | None, limit: int, *, receipts: bool
) -> Iterator[tuple[Mapping[str, Any], Sequence[Fact]]]:
    """Effects of a flow, newest first, with the facts of their returns in the order they were recorded."""
    params = {"flow": flow.flow, "since": since, "limit": limit, "receipts": receipts}
    found = hub.database.rows("resendable", params)
    for start in range(0, len(found), _PAGE):
        page = found[start : start + _PAGE]
        with hub.database.transaction() as tx:
            facts = load_facts(tx, {row["return_id"] for row in page})
        yield from ((row, facts.get(row["return_id"], ())) for row in page)


def _request_scope(row: Mapping[str, Any], facts: Sequence[Fact]) -> dict[str, Any] | None:
    """What a delivery mapping saw; None without the fact."""
    cause = _of_id(facts, row["fact_id"])
    if cause is None:
        return None
    made = row["request_at"]
    seen = facts if made is None else _before(facts, cause, made)
    return {"key": row["business_key"], "fact": fact_tree(cause), "return": fold(seen)}


def _receipt_scope(
    row: Mapping[str, Any], facts: Sequence[Fact], stated: Fact | None
) -> dict[str, Any] | None:
    """What a mapping of receipts saw; None without the fact that the effect follows from."""
    cause = _of_id(facts, row["fact_id"])
    if cause is None:
        return None
    seen = facts if stated is None else facts[: facts.index(stated)]
    receipt = row["receipt"]
    return {
        "receipt": receipt["body"],
        "reference": receipt["reference"],
        "fact": fact_tree(cause),
        "return": fold(seen),
        "now": receipt["at"],
    }


def _of_id(facts: Sequence[Fact], wanted: UUID) -> Fact | None:
    return next((one for one in facts if one.id == wanted), None)


def _before(facts: Sequence[Fact], cause: Fact, made: datetime) -> list[Fact]:
    """Facts up to a request's cause, what policies answered to it, and all that came before the request."""
    last = facts.index(cause)
    answer = str(cause.id)
    return [
        fact
        for number, fact in enumerate(facts)
        if number <= last or fact.causation_id == answer or fact.recorded_at <= made
    ]


def _composed(hub: Hub, flow: DeliveryFlow, mapping: CompiledMapping, scope: dict[str, Any]) -> Outcome:
    if scope["key"].startswith(NO_KEY):
        return Outcome({}, (("key", f"the fact lacks what the key is made of: {', '.join(flow.key)}"),))
    mapped = mapping.apply(scope)
    reasons = [(error.target_path, error.message) for error in mapped.errors]
    if not reasons:
        try:
            _written(hub, flow, mapping, mapped.value)
        except EncodeError as error:
            reasons.append(("", str(error)))
    return Outcome({"": mapped.value}, tuple(reasons))


def _stated(mapping: CompiledMapping, scope: dict[str, Any]) -> Outcome:
    mapped = mapping.apply(scope)
    reasons = [(error.target_path, error.message) for error in mapped.errors]
    if not reasons:
        name, _, version = mapping.target_type.partition("@")
        reasons = [(one.path, one.message) for one in violations(name, int(version), mapped.value)]
    return Outcome({"": mapped.value}, tuple(reasons))


def _written(hub: Hub, flow: DeliveryFlow, mapping: CompiledMapping, value: Any) -> bytes:
    return codec(format_of(mapping.target_type)).encode(value, _options(hub, flow, mapping))


def _options(hub: Hub, flow: DeliveryFlow, mapping: CompiledMapping) -> Mapping[str, Any]:
    if mapping.target_type.startswith(INTERCHANGES):
        date, time = moment()
        return {**profile(hub, flow.to.system), **_NUMBERS, "date": date, "time": time}
    return hub.encoding(flow.to.system, flow.to.operation)


def _read(hub: Hub, flow: DeliveryFlow, mapping: CompiledMapping, body: bytes) -> Any:
    """What stands in a written document, without its envelope."""
    decoded = codec(format_of(mapping.target_type)).decode(body, _options(hub, flow, mapping))
    trees = [_bare(record.tree) for record in decoded.records]
    return trees[0] if len(trees) == 1 else trees


def _bare(tree: Any) -> Any:
    """A tree without the numbers of its segments: one segment more changes all that follow."""
    if isinstance(tree, dict):
        return {name: _bare(child) for name, child in tree.items() if name != SEGMENT}
    return [_bare(child) for child in tree] if isinstance(tree, list) else tree


def _then(
    result: Comparison, key: str, sent: Any, again: Any, *, made_by: tuple[str, CompiledMapping]
) -> None:
    """Compare what was really sent or stated with what the version before makes now; None when it fails."""
    then, (made, before) = result.then, made_by
    then.compared += 1
    if again is None or changes(then.fields, key, {"": sent}, {"": again}):
        then.others += 1
        then.versions += made != f"{before.ref}+{before.digest[:12]}"
