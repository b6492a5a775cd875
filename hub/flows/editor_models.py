"""Our models as editors need them: described keys, and scalars in any spelling YAML has for them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from canonical.vocabulary import FACT_TYPES
from connectors.codecs.registry import formats
from connectors.registry import CONNECTORS
from hub.flows.models import DeliveryFlow, Enrichment, IntakeFlow, Place, Reject, States, Target
from hub.flows.partner_profile import Acks, AcksExpected, AcksSent, Control, Delimiters, Edi
from hub.flows.systems import Limits, Operation, System

_MODELS: tuple[type[BaseModel], ...] = (
    Acks, AcksExpected, AcksSent, Control, Delimiters, DeliveryFlow, Edi, Enrichment, IntakeFlow, Limits,
    Operation, Place, Reject, States, System, Target,
)  # fmt: skip
_ENTRY = re.compile(r"^    (\w+): (.+(?:\n        .+)*)", re.MULTILINE)
_LIMITS = ("exclusiveMinimum", "minimum", "maximum")
_SCALAR = ["string", "number", "boolean"]
_DURATION = {"type": "string", "pattern": "^[1-9][0-9]{0,5} (second|minute|hour|day)s?$"}
_KNOWN: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("DeliveryFlow", "fact"): {"enum": sorted(FACT_TYPES)},
    ("States", "fact"): {"enum": sorted(FACT_TYPES)},
    ("System", "connector"): {"enum": sorted(CONNECTORS)},
    ("Operation", "format"): {"examples": formats()},
    ("IntakeFlow", "every"): {"examples": ["15 seconds", "5 minutes"]},
    ("IntakeFlow", "cron"): {"examples": ["0 6 * * *"]},
}
"""What a key can be, beyond its type."""

_COMMON = {
    "flow": "Name, which is the file's.",
    "owner": "Who answers for it.",
    "doc": "What it is for, in words.",
    "tags": "Tags for Airflow.",
    "format": "How documents are written; one of `examples`.",
    "repeat": "What happens when the operation is called again with the same key.",
    "key_length": "Most characters of a business key.",
    "concurrency": "Calls at a time.",
    "per_second": "Calls per second.",
    "title": "For people.",
    "limits": "How much is asked of it at once.",
}
"""What keys mean whose models say nothing about them."""

_ENRICHMENT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "order": {
            "type": "string",
            "pattern": "^[a-z][a-z0-9_]*\\..+$",
            "description": "What is asked: <system>.<resource>",
        },
    },
    "required": ["order", "by", "map"],
    "additionalProperties": False,
}


def of_model(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model as a YAML file of it is written."""
    made: dict[str, Any] = model.model_json_schema()
    definitions = made.pop("$defs", {})
    schema = _described(made, model)
    by_name = {each.__name__: each for each in _MODELS}
    found = {name: _described(part, by_name[name]) for name, part in definitions.items()}
    if "Enrichment" in found:
        found["Enrichment"] = _as_written(found["Enrichment"])
    return {**schema, "$defs": found} if found else schema


def attributes(model: type[BaseModel]) -> dict[str, str]:
    """What the docstrings of a model and its bases say of each attribute."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        doc = inspect.cleandoc(base.__doc__ or "")
        for name, text in _ENTRY.findall(doc.partition("Attributes:")[2]):
            found[name] = " ".join(text.split())
    return found


def _described(schema: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    told = attributes(model)
    names = {(field.alias or name): name for name, field in model.model_fields.items()}
    properties = {}
    for key, part in schema.get("properties", {}).items():
        name = names.get(key, key)
        entry = _loosened(part)
        entry.update(_KNOWN.get((model.__name__, name), {}))
        if description := told.get(name) or _COMMON.get(name):
            entry = {"description": description, **entry}
        properties[key] = entry
    made = {
        "type": "object",
        "description": inspect.cleandoc(model.__doc__ or "").partition("\n")[0],
        "properties": properties,
        "required": schema.get("required", []),
    }
    return {**made, "additionalProperties": schema.get("additionalProperties", True)}


def _as_written(enrichment: dict[str, Any]) -> dict[str, Any]:
    """`{order: system.resource, by, map}` is read into more attributes than it is written with."""
    properties = dict(enrichment["properties"])
    written = {**_ENRICHMENT["properties"], "by": properties["by"], "map": properties["map"]}
    return {**_ENRICHMENT, "description": enrichment["description"], "properties": written}


def _loosened(part: Any) -> dict[str, Any]:
    """A property as editors read it; `null` stands for a key that is left out, so it goes."""
    branches = [branch for branch in part.get("anyOf", ()) if branch.get("type") != "null"]
    if len(branches) == 1:
        return _loosened({**branches[0], **({"default": part["default"]} if part.get("default") else {})})
    if part.get("format") == "duration":
        return dict(_DURATION)
    if part.get("type") == "array" and "minLength" in part:  # one text stands for a list of one
        items = _loosened(part["items"])
        return {"anyOf": [items, {"type": "array", "items": items, "minItems": 1}]}
    kept = {key: value for key, value in part.items() if key not in ("title", "default", "format", *_LIMITS)}
    for key in ("items", "additionalProperties"):
        if isinstance(kept.get(key), dict):
            kept[key] = _loosened(kept[key])
    return _scalar(kept, part)


def _scalar(kept: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """A single value: a text, or what YAML 1.2 makes of it when it looks like a number or truth value."""
    type_ = kept.get("type")
    rest = {key: value for key, value in kept.items() if key not in ("type", "const", "enum")}
    words = [kept["const"]] if "const" in kept else kept.get("enum", ())
    if type_ == "boolean":
        return {**rest, "enum": [True, False, "true", "false"]}
    if words:
        return {**rest, "enum": [*words, *(int(word) for word in words if str(word).isdigit())]}
    if type_ in ("integer", "number"):
        limits: dict[str, Any] = {key: part[key] for key in _LIMITS if key in part}
        return {**rest, **limits, "type": [type_, "string"], "pattern": "^[0-9.]+$"}
    # a pattern of ours begins with a letter, so no number fits it
    return {**kept, "type": list(_SCALAR)} if type_ == "string" and "pattern" not in kept else kept
