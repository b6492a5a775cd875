"""A fact: what one source states about one return. Append-only; corrections are facts too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One statement about one return.

    Attributes:
        id: UUIDv7, unique per recorded statement.
        type: Unversioned type, e.g. `receipt.recorded`; see `canonical.vocabulary.FACT_TYPES`.
        version: Major version of the data's schema, from 1.
        return_id: The return it is about (UUIDv5, see `canonical.ids.return_id`).
        source: Endpoint that stated it, e.g. `wms/receipts`, or `hub/policy`.
        occurred_at: When it happened out there, with offset.
        recorded_at: When the hub stored it, with offset.
        data: JSON-compatible body, valid against `schemas/<type>.v<version>.json`; quantities and
            money are decimal strings.
        actor: System, policy or person that acted; `actor_kind` is system, human or model.
        correlation_id: Id of the message that began the chain; `causation_id` the direct cause.
        mapping: `name@major+digest` that produced `data`, when a mapping did.
        raw_sha256: Digest of the raw document it was read from, when there was one.
        corrects: Id of the fact that this one replaces.
    """

    id: UUID
    type: str
    return_id: UUID
    source: str
    occurred_at: datetime
    recorded_at: datetime
    data: Mapping[str, Any]
    version: int = 1
    entity: str = ""
    site: str = ""
    actor: str = ""
    actor_kind: str = "system"
    correlation_id: str = ""
    causation_id: str = ""
    mapping: str = ""
    raw_sha256: str = ""
    corrects: UUID | None = None
