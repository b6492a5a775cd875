"""The envelope of an outgoing interchange: the partner's profile with fresh control numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hub.pipeline.context import Hub
from hub.store.database import Connection, rows


def fresh_envelope(tx: Connection, hub: Hub, system: str) -> dict[str, Any]:
    """Profile, date, time and newly issued numbers for one document.

    The numbers are taken in the transaction that stores the document, so that a rollback gives them back.
    """
    return {
        **profile(hub, system),
        "control": take(tx, system, "interchange"),
        "group": take(tx, system, "group"),
        **now(),
    }


def profile(hub: Hub, system: str) -> dict[str, Any]:
    """A partner's `edi:` section as codecs read it."""
    edi = hub.catalog.systems[system].edi
    if edi is None:
        raise LookupError(f"mappings/{system}/system.yaml: expected an edi: section, found none")
    fields = edi.model_dump()
    fields["test"] = fields.pop("usage", "P")
    return fields


def take(tx: Connection, system: str, kind: str, count: int = 1) -> int:
    """The first of `count` fresh control numbers of a kind: no gap, no reuse, takers queue."""
    params = {"system": system, "kind": kind, "count": count}
    return int(rows(tx, "take_control_numbers", params)[0]["first"])


def now() -> dict[str, str]:
    """Date and time as envelopes write them, in UTC."""
    moment = datetime.now(UTC)
    return {"date": f"{moment:%Y%m%d}", "time": f"{moment:%H%M}"}
