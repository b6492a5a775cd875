"""The inbox and the ledger: what arrived, and whether it is new.

A document is bytes as they came; a message is one record of it. Admission is decided by the database's own
unique index over (endpoint, source key, digest), so two workers with the same record agree without talking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from canonical.ids import uuid7
from connectors.base import Document
from hub.ids import digest
from hub.store.database import Connection, columns, rows

LEASE = timedelta(seconds=60)
"""How long a worker may go without a sign before another takes over its document."""


class LeaseLost(Exception):  # noqa: N818  # reads as what happened
    """Another worker took over; nothing of this transaction may stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A document this worker holds until its lease ends."""

    id: UUID
    flow: str
    endpoint: str
    source_key: str
    sha256: str
    attributes: Mapping[str, str]
    run_id: str
    fence: int
    progress: int
    received_at: datetime
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A message to admit; `state` as in the messages table."""

    id: UUID
    position: int
    source_key: str
    digest: str
    state: str
    return_id: UUID | None = None
    revises: UUID | None = None
    mapping: str = ""
    retry_at: datetime | None = None


def store_payloads(tx: Connection, bodies: Sequence[tuple[bytes, str]]) -> list[str]:
    """Keep (bytes, media type) by content; return their digests in order."""
    digests = [digest(body) for body, _ in bodies]
    distinct = {sha: (sha, media_type, body) for sha, (body, media_type) in zip(digests, bodies, strict=True)}
    # in order, so that two transactions storing the same bytes never wait for each other crosswise
    ordered = [distinct[sha] for sha in sorted(distinct)]
    if ordered:
        rows(tx, "store_payloads", columns(ordered, ("sha256", "media_type", "body")))
    return digests


def store_documents(
    tx: Connection, flow: str, endpoint: str, documents: Sequence[Document], run_id: str
) -> list[UUID]:
    """Put documents into the inbox; return the ids of those that were not there yet."""
    if not documents:
        return []
    digests = store_payloads(tx, [(document.body, document.media_type) for document in documents])
    new = [
        (uuid7(), document.source_key, sha, orjson.dumps(dict(document.attributes)).decode())
        for document, sha in zip(documents, digests, strict=True)
    ]
    params = columns(new, ("id", "source_key", "sha256", "attributes"))
    stored = rows(tx, "store_documents", {**params, "flow": flow, "endpoint": endpoint, "run_id": run_id})
    return [row["id"] for row in stored]


def claim_document(tx: Connection, flow: str, document_id: UUID | None = None) -> Claim | None:
    """Take the oldest open document of a flow (or the one named), None when there is none."""
    found = rows(tx, "claim_document", {"flow": flow, "document_id": document_id, "lease": LEASE})
    return Claim(**found[0]) if found else None


def admit(tx: Connection, claim: Claim, admissions: Sequence[Admission]) -> set[UUID]:
    """Insert messages; return the ids that are new, the rest are repeats."""
    if not admissions:
        return set()
    names = ("id", "position", "source_key", "digest", "state", "return_id", "revises", "mapping", "retry_at")
    params = columns([tuple(getattr(a, name) for name in names) for a in admissions], names)
    inserted = rows(
        tx,
        "admit_messages",
        {**params, "document_id": claim.id, "flow": claim.flow, "endpoint": claim.endpoint},
    )
    return {row["id"] for row in inserted}


def count_repeats(tx: Connection, endpoint: str, repeats: Sequence[tuple[str, str]]) -> None:
    """Note further arrivals of known (source key, digest) pairs on the messages they repeat."""
    if repeats:
        # in order, for the same reason as payloads
        params = columns(sorted(repeats), ("source_key", "digest"))
        rows(tx, "count_repeats", {**params, "endpoint": endpoint})


def advance(tx: Connection, claim: Claim, progress: int, settled: int, repeats: int) -> None:
    """Mark records of a document as settled.

    Raises:
        LeaseLost: The document belongs to another worker by now.
    """
    params = {"id": claim.id, "fence": claim.fence, "progress": progress, "lease": LEASE}
    if not rows(tx, "advance_document", {**params, "settled": settled, "repeats": repeats}):
        raise LeaseLost(f"document {claim.id}: fence {claim.fence} was taken over at record {progress}")


def finish(tx: Connection, claim: Claim, state: str) -> None:
    """Close a document as `done` or `halted`.

    Raises:
        LeaseLost: The document belongs to another worker by now.
    """
    if not rows(tx, "finish_document", {"id": claim.id, "fence": claim.fence, "state": state}):
        raise LeaseLost(f"document {claim.id}: fence {claim.fence} was taken over before it was finished")


def known(tx: Connection, endpoint: str, source_keys: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """What the ledger holds under these source keys, oldest first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows(tx, "known_messages", {"endpoint": endpoint, "source_keys": list(source_keys)}):
        found.setdefault(row["source_key"], []).append(row)
    return found


def settle_messages(
    tx: Connection, settled: Sequence[tuple[UUID, str, UUID | None, str, datetime | None]]
) -> None:
    """Move held or dead messages on: (id, state, return id, mapping, retry at)."""
    if settled:
        rows(tx, "settle_messages", columns(settled, ("id", "state", "return_id", "mapping", "retry_at")))
