"""Guards, identities and what may be missing."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_DNS, NAMESPACE_OID, NAMESPACE_URL, UUID, uuid5

import jsonschema_rs

from hub.mapping.functions.base import ArgumentRefused, Param, Run, function
from hub.mapping.values import ValueRefused, shown, text_of

_NAMESPACES = {"dns": NAMESPACE_DNS, "url": NAMESPACE_URL, "oid": NAMESPACE_OID}
_PATTERN_LENGTH = 200
_PATTERN_MEMORY = 200_000


@function(
    "optional",
    group="guards",
    makes="same",
    doc="The field is left out when nothing is present, instead of being an error.",
    examples=[("A", "optional", "A")],
)
def _optional() -> Run:
    return lambda value: value


@function(
    "default",
    group="guards",
    makes="same",
    doc="The text to use when nothing is present; functions after it apply to it too.",
    params=[Param("text")],
    examples=[("A", "default(B)", "A"), (None, "default(B)", "B")],
)
def _default(_text: str) -> Run:
    return lambda value: value


@function(
    "require",
    group="guards",
    makes="same",
    doc="Refuses any value but those listed; without a list, refuses text that is only blanks.",
    params=[Param("text", needed=False, many=True)],
    examples=[("EA", "require(EA, CA)", "EA")],
)
def _require(*allowed: str) -> Run:
    known = frozenset(allowed)

    def run(value: Any) -> Any:
        text = text_of(value)
        if known and text not in known:
            raise ValueRefused(f"expected one of {', '.join(allowed)}, found {shown(value)}")
        if not text.strip():
            raise ValueRefused("expected a text, found only blanks")
        return value

    return run


@function(
    "match",
    group="guards",
    makes="same",
    cost=250,
    doc=(
        "Refuses a value that the pattern does not match as a whole. Patterns run in linear time: "
        "no look-around, no back-references, at most 200 characters."
    ),
    params=[Param("pattern")],
    examples=[("R12345", "match('[A-Z][0-9]{5}')", "R12345")],
)
def _match(pattern: str) -> Run:
    if len(pattern) > _PATTERN_LENGTH:
        raise ArgumentRefused(
            f"expected a pattern of at most {_PATTERN_LENGTH} characters, found {len(pattern)}"
        )
    _compiled(pattern)  # alone first: an unbalanced parenthesis must not close ours
    matches = _compiled(f"^(?:{pattern})$").is_valid

    def run(value: Any) -> Any:
        if not matches(text_of(value)):
            raise ValueRefused(f"expected to match {pattern}, found {shown(value)}")
        return value

    return run


def _compiled(pattern: str) -> jsonschema_rs.Validator:
    """The linear-time engine behind JSON Schema's `pattern`, with bounded memory."""
    options = jsonschema_rs.RegexOptions(size_limit=_PATTERN_MEMORY)
    try:
        return jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=options)
    except (jsonschema_rs.ValidationError, ValueError):
        raise ArgumentRefused(f"expected a pattern without look-around, found '{pattern}'") from None


@function(
    "uuid5",
    group="ids",
    cost=400,
    doc="The UUID that always belongs to this text in a namespace: dns, url, oid, or a UUID.",
    params=[Param("namespace")],
    examples=[("rma-7", "uuid5(url)", "15136097-5322-51ea-92aa-89028ada57e9")],
)
def _uuid5(namespace: str) -> Run:
    try:
        space = _NAMESPACES.get(namespace) or UUID(namespace)
    except ValueError:
        raise ArgumentRefused(f"expected dns, url, oid or a UUID, found '{namespace}'") from None
    return lambda value: str(uuid5(space, text_of(value)))
