"""Facts in CloudEvents 1.0 envelopes, and back without loss."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from canonical.facts import Fact
from canonical.validation import schema_id

_PREFIX: Final = "returns."
_MEDIA_TYPE: Final = "application/json"
_TEXTS: Final = {  # extension attributes are lower case letters and digits only
    "entity": "entity",
    "site": "site",
    "actor": "actor",
    "actorkind": "actor_kind",
    "correlationid": "correlation_id",
    "causationid": "causation_id",
    "mapping": "mapping",
    "rawsha256": "raw_sha256",
}


class EventError(ValueError):
    """An envelope that is no fact of ours; the message names attribute, expected and found."""


def to_event(fact: Fact) -> dict[str, Any]:
    """The fact as a CloudEvents 1.0 object in JSON format; empty attributes are left out."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(fact.id),
        "source": fact.source,
        "type": f"{_PREFIX}{fact.type}.v{fact.version}",
        "subject": str(fact.return_id),
        "time": fact.occurred_at.isoformat(),
        "datacontenttype": _MEDIA_TYPE,
        "dataschema": schema_id(fact.type, fact.version),
        "recordedat": fact.recorded_at.isoformat(),
    }
    for attribute, field in _TEXTS.items():
        if value := getattr(fact, field):
            event[attribute] = value
    if fact.corrects is not None:
        event["corrects"] = str(fact.corrects)
    event["data"] = fact.data
    return event


def from_event(event: Mapping[str, Any]) -> Fact:
    """The fact inside an envelope; attributes that are not ours are ignored. Its data is not validated.

    Raises:
        EventError: An attribute is missing or malformed.
    """
    if event.get("specversion") != "1.0":
        raise EventError(f"specversion: expected '1.0', found {event.get('specversion')!r}")
    type_, version = _type(_text(event, "type"))
    data = event.get("data")
    if not isinstance(data, Mapping):
        raise EventError(f"data: expected an object, found {type(data).__name__}")
    texts = {field: _text(event, attribute) for attribute, field in _TEXTS.items() if attribute in event}
    return Fact(
        id=_uuid(event, "id"),
        type=type_,
        version=version,
        return_id=_uuid(event, "subject"),
        source=_text(event, "source"),
        occurred_at=_time(event, "time"),
        recorded_at=_time(event, "recordedat"),
        data=data,
        corrects=_uuid(event, "corrects") if "corrects" in event else None,
        **{"actor_kind": "", **texts},
    )


def _text(event: Mapping[str, Any], attribute: str) -> str:
    value = event.get(attribute)
    if not isinstance(value, str) or not value:
        raise EventError(f"{attribute}: expected text, found {value!r}")
    return value


def _type(value: str) -> tuple[str, int]:
    name, _, version = value.removeprefix(_PREFIX).rpartition(".v")
    if not value.startswith(_PREFIX) or not name or not (version.isascii() and version.isdigit()):
        raise EventError(f"type: expected '{_PREFIX}<fact type>.v<major>', found {value!r}")
    return name, int(version)


def _uuid(event: Mapping[str, Any], attribute: str) -> UUID:
    value = _text(event, attribute)
    try:
        return UUID(value)
    except ValueError as error:
        raise EventError(f"{attribute}: expected a UUID, found {value!r}") from error


def _time(event: Mapping[str, Any], attribute: str) -> datetime:
    value = _text(event, attribute)
    try:
        time = datetime.fromisoformat(value)
    except ValueError as error:
        raise EventError(f"{attribute}: expected an RFC 3339 time, found {value!r}") from error
    if time.tzinfo is None:
        raise EventError(f"{attribute}: expected a time with offset, found {value!r}")
    return time
