"""How failed messages become dead letters."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from hub import audit, deadletters, ledger
from hub.deadletters import DeadLetter
from hub.pipeline.interpret import Interpreted
from hub.store.database import Connection


def write(
    tx: Connection,
    dead: Sequence[tuple[UUID, Interpreted]],
    *,
    flow: str,
    document_id: UUID,
    run_id: str,
    mapping: str,
    replays: int = 0,
) -> None:
    """Write the letters of (message id, failed interpretation), with decoded trees and audit entries."""
    if not dead:
        return
    trees = [tree_bytes(item.record.tree) for _, item in dead]
    digests = iter(ledger.store_payloads(tx, [(tree, "application/json") for tree in trees if tree]))
    written: list[DeadLetter] = []
    for (message_id, item), tree in zip(dead, trees, strict=True):
        failure = item.failure
        if failure is None:
            raise ValueError(f"message {message_id} did not fail")
        written.append(
            DeadLetter(
                flow=flow,
                step=failure.step,
                error_class=failure.error_class,
                code=failure.code,
                errors=failure.errors,
                summary=failure.summary,
                message_id=message_id,
                document_id=document_id,
                run_id=run_id,
                tree_sha256=next(digests) if tree else None,
                mapping=mapping,
                replays=replays,
            )
        )
    deadletters.write(tx, written)
    audit.append(
        tx, [audit.Entry("hub", "message dead", str(x.message_id), {"summary": x.summary}) for x in written]
    )


def tree_bytes(tree: Any) -> bytes:
    """A decoded tree as JSON for people and replay; decimals as text. Empty when nothing was decoded."""
    if tree is None:
        return b""
    try:
        return orjson.dumps(tree, default=_text, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # lone surrogates and the like: still better shown than lost
        return repr(tree).encode("utf-8", "backslashreplace")


def _text(value: Any) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)
