"""The notation of mappings as a JSON Schema: keys, expressions, lists, and the functions there are."""

from __future__ import annotations

from typing import Any

from canonical.vocabulary import FACT_TYPES
from connectors.codecs.registry import formats
from hub.mapping.functions import FUNCTIONS

_QUOTED = """'(?:[^']|'')*'|"(?:[^"]|"")*\""""
_SELECTOR = f"\\[(?:[^\\]'\"]|{_QUOTED})*\\]"
_NAME = f"(?:[^\\s.,|()\\[\\]=!'\"]+|{_QUOTED})"
_STEP = f"{_NAME}\\s*(?:{_SELECTOR}\\s*)*"
_PATH = f"{_STEP}(?:\\.\\s*{_STEP})*"
_PATHS = f"{_PATH}(?:,\\s*{_PATH})*"
_CALL = f"\\|\\s*(?:{'|'.join(sorted(FUNCTIONS))})(?![A-Za-z0-9_])(?:[^|'\"]|{_QUOTED})*"
_CONSTANT = f"=\\s*(?:{_QUOTED}|[^|]*)\\s*"
_SCALARS = ["string", "number", "boolean"]


def mapping_schema() -> dict[str, Any]:
    """The schema of a mapping file."""
    return {
        "description": "How one document type becomes another. See docs/mapping.md.",
        "type": "object",
        "properties": _keys(),
        "required": ["mapping", "from", "to", "map"],
        "additionalProperties": False,
        "$defs": _definitions(),
    }


def _keys() -> dict[str, Any]:
    return {
        "mapping": {
            "description": "Name and major version; raise the number when the meaning of the result changes.",
            "type": "string",
            "pattern": "^[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)+@[1-9][0-9]{0,3}$",
            "examples": ["acme.return_notice@1"],
        },
        "title": {"description": "For people.", "type": _SCALARS},
        "doc": {"description": "For people, at length.", "type": _SCALARS},
        "from": _type("The document type that comes in."),
        "to": _type("The document type that goes out."),
        "samples": {
            "description": "samples/<name>.<ext> must become samples/<name>.expected.json.",
            "type": "array",
            "items": {"type": _SCALARS, "pattern": "^[A-Za-z0-9_-]+$"},
        },
        "key": {
            "description": "The source's own identity of the record; intake mappings need it.",
            "$ref": "#/$defs/expression",
        },
        "match": {
            "description": "Which return a later fact belongs to.",
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "type": {
                        "type": "string",
                        "pattern": "^(= *)?(rma_number|(reference|external_id)\\.[a-z][a-z0-9_]*)$",
                    },
                    "value": {"$ref": "#/$defs/expression"},
                },
                "required": ["type", "value"],
                "additionalProperties": False,
            },
        },
        "lookups": {
            "description": "Code tables and cross references by name.",
            "type": "object",
            "additionalProperties": {
                "type": "string",
                "pattern": "^[A-Za-z0-9_/-]+(\\.csv)?\\[ *\\w+ *(-> *\\w+ *)?\\]$",
                "examples": [
                    "codes/unit.csv[x12]",
                    "codes/unit.csv[x12 -> sap_s4]",
                    "xref/customer[acme -> sap_s4]",
                ],
            },
        },
        "map": {"description": "The target, field by field.", "$ref": "#/$defs/fields"},
    }


def _type(description: str) -> dict[str, Any]:
    facts = [f"{name}@{fact.version}" for name, fact in FACT_TYPES.items()]
    return {
        "description": description,
        "type": "string",
        "minLength": 1,
        "examples": [*facts, "order@1", *formats(), "json/shop.returns"],
    }


def _definitions() -> dict[str, Any]:
    target = {
        "anyOf": [
            {"$ref": "#/$defs/expression"},
            {"$ref": "#/$defs/list"},
            {"$ref": "#/$defs/each"},
            {"$ref": "#/$defs/fields"},
        ]
    }
    return {
        "target": target,
        "expression": {
            "description": "path, fallback | function | function(argument), or = constant.\n\n"
            + _functions(),
            "type": _SCALARS,
            "minLength": 1,
            "pattern": f"^\\s*(?:{_CONSTANT}|{_PATHS})(?:{_CALL})*$",
        },
        "list": {
            "description": "A list written out; an item with `each` contributes all its elements.",
            "type": "array",
            "items": {"$ref": "#/$defs/target"},
            "minItems": 1,
        },
        "each": {
            "description": "One element per element of the source.",
            "type": "object",
            "properties": {
                "each": {
                    "description": "path as name",
                    "type": "string",
                    "pattern": "\\bas +[A-Za-z_][A-Za-z0-9_]*$",
                },
                "where": {
                    "description": "Which elements are kept: path=text, path=a|b, path!=text, or path.",
                    "type": ["string", "array"],
                    "items": {"type": "string"},
                },
                "map": {"$ref": "#/$defs/target"},
            },
            "required": ["each", "map"],
            "additionalProperties": False,
        },
        "fields": {
            "description": "Target fields by name.",
            "type": "object",
            "minProperties": 1,
            "not": {"required": ["each"]},
            "additionalProperties": {"$ref": "#/$defs/target"},
        },
    }


def _functions() -> str:
    return "\n".join(f"{function.signature}: {function.doc}" for function in FUNCTIONS.values())
