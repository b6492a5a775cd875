"""replay: let one dead letter try again, or set it aside for good. Pressing it twice changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hub import audit
from hub.pipeline import confirm
from hub.pipeline.again import settle_again
from hub.pipeline.context import Hub
from hub.pipeline.settle import HOLD
from hub.store.database import Connection, rows

OPEN = ("open", "parked")


class NotOpen(LookupError):  # noqa: N818  # reads as what happened
    """There is no such dead letter, or somebody settled it already."""


def replay(hub: Hub, dead_letter_id: UUID, actor: str, note: str = "") -> dict[str, Any]:
    """Try a dead letter again with the mapping as it is now.

    A message goes back to its stored bytes; an effect goes back to its target, which is asked by business key
    before anything is repeated; a receipt that could not be read is read again. What fails again is parked.

    Returns:
        `state` after the replay (admitted, revision, held, parked for messages; waiting or confirmed for
        effects), `targets` that have something to do now, and `problem` when it failed again.

    Raises:
        NotOpen: The letter does not exist or is settled.
    """
    letter = _look(hub, dead_letter_id)
    if letter["kind"] == "message":
        return _replay_message(hub, letter, actor, note)
    with hub.database.transaction() as tx:
        _settle(tx, letter, "replayed", actor, note)
        if letter["step"] == "receipt":
            return _replay_receipt(tx, hub, letter)
        # a document that was refused is made anew; one whose outcome is unknown is sent again as it was
        # (an acknowledgement or advice has no flow that could make it anew)
        remap = letter["class"] in ("Contract", "Refused") and letter["flow"] in hub.catalog.delivery
        reopened = rows(tx, "reopen_effect", {"id": letter["effect_id"], "remap": remap})
        return {"state": "waiting", "targets": [row["target"] for row in reopened]}


def _replay_message(hub: Hub, letter: Mapping[str, Any], actor: str, note: str) -> dict[str, Any]:
    message = hub.database.rows("message", {"id": letter["message_id"]})[0]
    again = settle_again(
        hub,
        hub.catalog.intake[message["flow"]],
        # a message whose enrichment is down now is held from now on
        [{**message, "retry_at": datetime.now(UTC) + HOLD}],
        expected=("dead", "parked"),
        run_id=letter["run_id"],
        replays=letter["replays"] + 1,
        first=lambda tx: _settle(tx, letter, "replayed", actor, note),
    )
    result: dict[str, Any] = {"state": next(iter(again.states), ""), "targets": sorted(again.targets)}
    if again.failures:
        result["problem"] = again.failures[message["id"]]
    return result


def _replay_receipt(tx: Connection, hub: Hub, letter: Mapping[str, Any]) -> dict[str, Any]:
    effect = rows(tx, "effect", {"id": letter["effect_id"]})[0]
    targets, errors = confirm.restate(tx, hub, effect, letter)
    result: dict[str, Any] = {"state": effect["state"], "targets": sorted(targets)}
    return {**result, "problem": errors[0]} if errors else result


def discard(hub: Hub, dead_letter_id: UUID, actor: str, note: str) -> dict[str, Any]:
    """Set a dead letter aside with a reason. Nothing is deleted; a message sent again later is new again.

    Raises:
        NotOpen: The letter does not exist or is settled.
        ValueError: There is no reason.
    """
    if not note.strip():
        raise ValueError("a discarded message needs a reason")
    letter = _look(hub, dead_letter_id)
    with hub.database.transaction() as tx:
        _settle(tx, letter, "discarded", actor, note)
        if letter["message_id"]:
            rows(tx, "discard_message", {"id": letter["message_id"]})
        else:
            rows(tx, "cancel_effect", {"id": letter["effect_id"]})
    return {"state": "discarded", "targets": []}


def _look(hub: Hub, dead_letter_id: UUID) -> Mapping[str, Any]:
    found = hub.database.rows("dead_letter", {"id": dead_letter_id})
    if not found:
        raise NotOpen(f"there is no dead letter {dead_letter_id}")
    if found[0]["state"] not in OPEN:
        raise NotOpen(
            f"dead letter {dead_letter_id} is {found[0]['state']} already (by {found[0]['settled_by']})"
        )
    return found[0]


def _settle(tx: Connection, letter: Mapping[str, Any], state: str, actor: str, note: str) -> None:
    params = {"id": letter["id"], "state": state, "actor": actor, "note": note}
    if not rows(tx, "settle_dead_letter", params):
        # pressed twice: the other one won, and this transaction leaves nothing behind
        raise NotOpen(f"dead letter {letter['id']} was settled meanwhile")
    detail = {"letter": str(letter["id"]), "note": note, "summary": letter["summary"]}
    subject = str(letter["message_id"] or letter["effect_id"])
    audit.append(tx, [audit.Entry(actor, f"dead letter {state}", subject, detail)])
