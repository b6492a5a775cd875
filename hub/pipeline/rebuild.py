"""rebuild: make the projection anew from the facts. The facts are the truth; this proves it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import orjson

from canonical.fold import fold
from hub.pipeline.context import Hub
from hub.pipeline.decide import load_facts, project
from hub.store.database import Connection, rows

PAGE = 500


def rebuild(hub: Hub, *, write: bool = True) -> dict[str, int]:
    """Fold every return again from its facts.

    Args:
        write: False only compares.

    Returns:
        `returns` folded, and how many were `changed`: 0 when the projection was right, bit for bit.
    """
    totals = {"returns": 0, "changed": 0}
    after = UUID(int=0)
    while True:
        with hub.database.transaction() as tx:
            ids = [row["return_id"] for row in rows(tx, "all_returns", {"after": after, "limit": PAGE})]
            if not ids:
                return totals
            after = ids[-1]
            totals["returns"] += len(ids)
            totals["changed"] += _rebuild_page(tx, ids, write=write)


def _rebuild_page(tx: Connection, ids: Sequence[UUID], *, write: bool) -> int:
    rows(tx, "lock_returns", {"ids": list(ids)})
    stored = {row["return_id"]: row["state"] for row in rows(tx, "return_states", {"ids": list(ids)})}
    folded = {return_id: fold(facts) for return_id, facts in load_facts(tx, ids).items()}
    changed = {
        return_id: state for return_id, state in folded.items() if _bytes(state) != _bytes(stored[return_id])
    }
    if changed and write:
        project(tx, changed)
    return len(changed)


def _bytes(state: object) -> bytes:
    return orjson.dumps(state, option=orjson.OPT_SORT_KEYS)
