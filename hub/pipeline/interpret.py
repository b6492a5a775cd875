"""From a decoded record to a fact or to all reasons why not: key, map, validate, match. No database.

Everything here is pure but for `Config` of a missing file at load, so it can be replayed at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from canonical import ids
from canonical.validation import violations
from connectors.codecs.base import Finding, Record
from hub.flows.catalog import Catalog
from hub.flows.models import IntakeFlow

UNNAMED = "sha256:"
"""How the name of a record begins that has no key: its digest follows."""

_EMPTY = sha256(b"").hexdigest()

# when a fact happened, by type; the first present wins
_OCCURRED = ("requested_at", "received_at", "inspected_at", "occurred_at", "updated_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a record cannot pass: where it failed, and every error found there."""

    step: str
    code: str
    errors: Sequence[Mapping[str, Any]]
    error_class: str = "Contract"

    @property
    def summary(self) -> str:
        """The first error in one sentence, with how many more there are."""
        first = self.errors[0]
        more = f" (and {len(self.errors) - 1} more)" if len(self.errors) > 1 else ""
        place, message = str(first.get("path") or ""), str(first["message"])
        said = not place or message.lower().startswith(place.lower())
        return f"{'' if said else f'{place}: '}{message}{more}"


@dataclass(slots=True, kw_only=True)
class Interpreted:
    """What a record says; `failure` is why it cannot be a fact, `noted` that it is an acknowledgement."""

    record: Record
    source_key: str
    data: dict[str, Any] = field(default_factory=dict)
    match: Sequence[tuple[str, str]] = ()
    occurred_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    failure: Failure | None = None
    order: Mapping[str, Any] | None = None
    held: str = ""
    noted: bool = False

    def return_id(self, flow: IntakeFlow, system: str, matched: Mapping[tuple[str, str], UUID]) -> UUID:
        """The return this record is about: its origin's, the matched one, or one of its own."""
        origin = self.data.get("origin")
        if origin:
            return ids.return_id(flow.entity, origin["system"], origin["id"])
        for key in self.match:
            if key in matched:
                return matched[key]
        # nothing known matches: an unmatched receipt, and whatever else names the same number joins it
        name = self.match[-1][1] if self.match else self.source_key
        return ids.return_id(flow.entity, system, name)


def scope_of(record: Record, attributes: Mapping[str, str]) -> Any:
    """What an intake mapping sees: the decoded tree, and what came with its document as `document`."""
    if not attributes or not isinstance(record.tree, dict):
        return record.tree
    return {**record.tree, "document": attributes}


def key_of(catalog: Catalog, flow: IntakeFlow, record: Record, attributes: Mapping[str, str]) -> str:
    """The source's own name of a record; a record that has none is named by its content.

    Empty files all have the same content, and each is news of its own: the file names them too.
    """
    if record.tree is not None and not _fatal(record.findings):
        try:
            key = catalog.mappings[flow.map].key(scope_of(record, attributes))
        except Exception:  # noqa: BLE001  # whatever it is, `interpret` reports it as an error of the mapping
            key = ""
        if key and "\x00" not in key:
            return key
    if record.digest == _EMPTY:
        return f"{UNNAMED}{record.digest} {attributes.get('name', '')}@{attributes.get('modified', '')}"
    return f"{UNNAMED}{record.digest}"


def interpret(
    catalog: Catalog, flow: IntakeFlow, record: Record, source_key: str, attributes: Mapping[str, str]
) -> Interpreted:
    """Map and validate one record; never raises for anything a partner can send."""
    result = Interpreted(record=record, source_key=source_key)
    fatal = _fatal(record.findings)
    if record.tree is None or fatal:
        code = fatal[0].code if fatal else "undecodable"
        result.failure = Failure(step="decode", code=code, errors=[_found(f) for f in record.findings])
        return result
    try:
        _map(catalog, flow, result, scope_of(record, attributes))
    except Exception as error:  # noqa: BLE001  # one killer record must not take its batch down
        fault = {"path": "", "message": f"mapping {flow.map} failed: {type(error).__name__}: {error}"}
        result.failure = Failure(step="map", code="internal_error", errors=[fault])
    return result


def _map(catalog: Catalog, flow: IntakeFlow, result: Interpreted, scope: Any) -> None:
    mapping = catalog.mappings[flow.map]
    if result.source_key.startswith(UNNAMED):
        # asking again tells which error the key had
        try:
            empty = not mapping.key(scope)
            message = f"the record has no key ({mapping.ref})" if empty else "the key holds a NUL character"
        except Exception as error:  # noqa: BLE001  # reported as it is
            message = str(error)
        result.failure = Failure(step="key", code="no_key", errors=[{"path": "key", "message": message}])
        return
    mapped = mapping.apply(scope)
    if mapped.errors:
        result.failure = Failure(step="map", code="mapping", errors=[_field(e) for e in mapped.errors])
        return
    result.data = mapped.value
    result.match = mapping.match(scope)
    wrong = violations(fact_type(catalog, flow), 1, mapped.value)
    if wrong:
        errors = [
            {"path": v.path, "message": v.message, "expected": v.expected, "found": v.found} for v in wrong
        ]
        result.failure = Failure(step="validate", code="schema", errors=errors)
    elif b"\\u0000" in orjson.dumps(mapped.value):
        fault = {"path": "", "message": "the record holds a NUL character, which no text may"}
        result.failure = Failure(step="validate", code="nul", errors=[fault])
    else:
        result.occurred_at = _occurred(mapped.value)


def fact_type(catalog: Catalog, flow: IntakeFlow) -> str:
    """The fact type that an intake flow states: its mapping's target without the version."""
    return str(catalog.mappings[flow.map].target_type).partition("@")[0]


def _occurred(data: Mapping[str, Any]) -> datetime:
    for name in _OCCURRED:
        if data.get(name):
            # facts are kept in UTC, so that folding them again from the database gives the same bytes
            return datetime.fromisoformat(data[name]).astimezone(UTC)
    return datetime.now(UTC)


def _fatal(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.fatal]


def _found(finding: Finding) -> dict[str, Any]:
    return {
        "path": finding.place,
        "code": finding.code,
        "message": finding.message,
        "expected": finding.expected,
        "found": finding.found,
        "position": finding.place,
    }


def _field(error: Any) -> dict[str, Any]:
    return {
        "path": error.target_path,
        "message": error.message,
        "source": error.source_path,
        "expression": error.expression,
        "found": error.found,
        "position": error.position,
    }
