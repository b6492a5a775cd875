"""Stored documents as OData V2 JSON, and its error body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandboxes.erp.entities import EntitySet
from sandboxes.erp.store import Stored

ROOT = "/sap/opu/odata/sap"


def key_of(entity: EntitySet, stored: Stored) -> str:
    """The key predicate: `('1')`, or `(Year='2026',Number='1')` when the number repeats every year."""
    if entity.year:
        year = stored.header[entity.year]
        return f"({entity.year}='{year}',{entity.number}='{stored.number}')"
    return f"('{stored.number}')"


def address(base: str, entity: EntitySet, stored: Stored) -> str:
    """The absolute address of a document."""
    return f"{base}{ROOT}/{entity.path}{key_of(entity, stored)}"


def document(base: str, entity: EntitySet, stored: Stored, *, expand: bool) -> dict[str, Any]:
    """One entity as it stands under `d`; items are inlined when expanded, else deferred."""
    uri = address(base, entity, stored)
    header = dict.fromkeys(entity.properties) | stored.header
    metadata = {"id": uri, "uri": uri, "type": f"{entity.service}.{entity.name}Type"}
    if expand:
        items: Any = {"results": [item(entity, one) for one in stored.items]}
    else:
        items = {"__deferred": {"uri": f"{uri}/{entity.items}"}}
    return {"__metadata": metadata, **header, entity.items: items}


def item(entity: EntitySet, stored: Mapping[str, Any]) -> dict[str, Any]:
    """One item with all properties of its type."""
    return dict.fromkeys(entity.item_properties) | dict(stored)


def error(code: str, message: str, target: str = "") -> dict[str, Any]:
    """The V2 error body."""
    detail = {"code": code, "message": message, "propertyref": target, "severity": "error", "target": target}
    return {
        "error": {
            "code": code,
            "message": {"lang": "en", "value": message},
            "innererror": {"application": {"component_id": "SBX"}, "errordetails": [detail]},
        }
    }
