"""Which delivery flows a fact concerns, and under which business key their effects are unique."""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from hub.flows.declared import Catalog
from hub.flows.models import DeliveryFlow

PREFIX = "RH"
_UNSHOWN = re.compile(r"[^A-Z0-9_-]")
_PLAIN = re.compile(r"[A-Z0-9_]+(-[A-Z0-9_]+)*")
_MARK_LENGTH = 13  # base32 characters: 65 bits
_SHORTEST_TEXT = 4


class KeyMissing(ValueError):  # noqa: N818 - reads as what happened
    """A fact does not hold a part of the business key; `returns-hub check` refuses flows that can do this."""


def matching(
    catalog: Catalog, fact_type: str, data: Mapping[str, Any], return_: Mapping[str, Any]
) -> list[DeliveryFlow]:
    """The delivery flows whose `fact` and `when` fit, in the order of their names."""
    flows = catalog.subscriptions.get(fact_type, ())
    return [flow for flow in flows if all(_holds(name, flow, data, return_) for name in flow.when)]


def business_key(catalog: Catalog, flow: DeliveryFlow, scope: Mapping[str, Any]) -> str:
    """The key under which one effect is unique at its target, at most the operation's `key_length` long.

    `RH-` and the parts, when they are capitals, digits, `_` and `-`, and short enough: `RH-CLM100`.
    Otherwise as much of them as fits, a point, and a mark made of their exact text:
    `RH-ACME-CLM100.4XK9QZ2B7CMNA`. A point is never in the first form, so neither can be taken for the
    other; capitals survive systems that turn everything into them. A natural key is the part itself.

    Args:
        catalog: Where the operation is declared.
        flow: Whose effect it is.
        scope: `{"fact": {data, …}, "return": {…}}`.

    Raises:
        KeyMissing: A part is not there.
    """
    parts = [_part(flow, part, scope) for part in flow.key]
    if flow.natural:
        return parts[0]
    return readable_key(parts, catalog.systems[flow.to.system].operations[flow.to.operation].key_length)


def readable_key(parts: Sequence[str], longest: int) -> str:
    """Join parts into a key of at most `longest` characters that no other parts can have."""
    text = "-".join(parts)
    # a hyphen inside an earlier part would let two different lists read alike
    plain = _PLAIN.fullmatch(text) and all("-" not in part for part in parts[:-1])
    key = f"{PREFIX}-{text}"
    if plain and len(key) <= longest:
        return key
    room = longest - len(PREFIX) - 1 - 1 - _MARK_LENGTH
    shown = _UNSHOWN.sub("", text.upper())[: max(room, 0)].rstrip("-")
    if len(shown) < _SHORTEST_TEXT:
        return f"{PREFIX}.{_mark(parts)}"
    return f"{PREFIX}-{shown}.{_mark(parts)}"


def _mark(parts: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(4) + encoded)
    # as many bytes as the mark shows: encoding all 32 takes three times as long
    return b32encode(digest.digest()[:10]).decode()[:_MARK_LENGTH]


def _part(flow: DeliveryFlow, part: str, scope: Mapping[str, Any]) -> str:
    if part.startswith("= "):
        return part.removeprefix("= ").strip()
    value = text_at(scope, part)
    if not value:
        raise KeyMissing(f"flow {flow.flow}: the key needs {part}, found nothing there")
    return value


def _holds(name: str, flow: DeliveryFlow, data: Mapping[str, Any], return_: Mapping[str, Any]) -> bool:
    found = text_at(data, name)
    return (text_at(return_, name) if found is None else found) in flow.when[name]


def text_at(tree: Mapping[str, Any], name: str) -> str | None:
    """The scalar at a dotted name as YAML writes it; None when there is none."""
    value: Any = tree
    for step in _steps(name):
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, dict | list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@lru_cache(maxsize=4096)  # as many names as all flows have
def _steps(name: str) -> tuple[str, ...]:
    return tuple(name.split("."))
