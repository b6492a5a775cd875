"""trace: any number a person has in hand, to the whole way of the returns behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from hub.pipeline.context import Hub

_SHORTEST = 4
"""What is shorter stands in too many texts to be looked for in the errors of dead letters."""


def find(hub: Hub, key: str) -> dict[str, Any]:
    """Find what a business key names.

    Args:
        key: RMA, purchase order, claim, serial, receipt, document or control number, or a return id; white
            space around it is ignored.

    Returns:
        `key`, `return_ids` in no particular order, and `messages` that reached no return, also those whose
        dead letter only names the key; each with `document_key`, `dead_letter_id` and `reason`.
    """
    value = key.strip()
    hits = hub.database.rows("returns_by_key", {"values": sorted({value, value.upper(), value.lower()})})
    hits += _by_id(hub, value)
    messages = hub.database.rows("find_messages", {"value": value})
    known = {message["id"] for message in messages}
    messages += [message for message in _named_by_letters(hub, value) if message["id"] not in known]
    found = {hit["return_id"]: None for hit in hits} | {
        m["return_id"]: None for m in messages if m["return_id"]
    }
    return {
        "key": value,
        "return_ids": list(found),
        "messages": [message for message in messages if not message["return_id"]],
    }


def _named_by_letters(hub: Hub, value: str) -> list[dict[str, Any]]:
    if len(value) < _SHORTEST:
        return []
    # a number within a longer one is another number
    whole = re.compile(rf"(?<![\w-]){re.escape(value)}(?![\w-])")
    return [
        {name: cell for name, cell in row.items() if name != "errors"}
        for row in hub.database.rows("find_letters", {"value": value})
        if any(whole.search(str(text)) for error in row["errors"] for text in error.values())
    ]


def _by_id(hub: Hub, value: str) -> list[dict[str, Any]]:
    try:
        return_id = UUID(value)
    except ValueError:
        return []
    return hub.database.rows("return_states", {"ids": [return_id]})


def trace(hub: Hub, key: str) -> dict[str, Any]:
    """The way of every return behind a key, from raw bytes to confirmed effects.

    Returns:
        `key`, `returns` [{return, messages, facts, effects (with attempts and interchanges), dead_letters}]
        and `messages` that reached no return.
    """
    found = find(hub, key)
    return {
        "key": found["key"],
        "returns": [trace_return(hub, return_id) for return_id in found["return_ids"]],
        "messages": found["messages"],
    }


def trace_return(hub: Hub, return_id: UUID) -> dict[str, Any]:
    """Everything the hub holds about one return; empty lists where there is nothing."""
    params = {"return_id": return_id}
    projected = hub.database.rows("trace_return", params)
    attempts: dict[UUID, list[Mapping[str, Any]]] = {}
    for attempt in hub.database.rows("trace_attempts", params):
        attempts.setdefault(attempt["effect_id"], []).append(attempt)
    sent: dict[UUID, list[Mapping[str, Any]]] = {}
    for interchange in hub.database.rows("trace_interchanges", params):
        sent.setdefault(interchange["effect_id"], []).append(interchange)
    effects = [
        {
            **effect,
            "attempts_made": attempts.get(effect["id"], []),
            "interchanges": sent.get(effect["id"], []),
        }
        for effect in hub.database.rows("trace_effects", params)
    ]
    return {
        "return": projected[0]["state"] if projected else {},
        "messages": hub.database.rows("trace_messages", params),
        "facts": hub.database.rows("facts_of", {"ids": [return_id]}),
        "effects": effects,
        "dead_letters": hub.database.rows("trace_dead_letters", params),
    }
