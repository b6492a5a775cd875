"""What OData answers hold, V2 and V4 alike; pure.

Records come out *plain*: V2's `{"results": […]}` is a list, `__metadata`, `__deferred` and V4's
`@odata.…` notes are gone, so that one mapping reads both versions. Values stay as they were
(`/Date(…)/`, decimals as text in V2, `Decimal` in V4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from connectors.base import Document, Tree
from connectors.errors import Contract
from connectors.trees import MISSING, at, parse_json, text_at

Follow = Callable[[str], list[Tree]]
"""Fetches the records behind a next link."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of an entity set, records still as they came."""

    rows: list[Tree]
    next: str | None


def page(tree: Tree) -> Page:
    """Read a page of either version.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(tree, dict) and isinstance(tree.get("value"), list):
        return Page(tree["value"], text_at(tree, "@odata.nextLink"))
    inner = tree.get("d") if isinstance(tree, dict) else None
    if isinstance(inner, list):  # V2 before paging was invented
        return Page(inner, None)
    if isinstance(inner, dict) and isinstance(inner.get("results"), list):
        return Page(inner["results"], text_at(inner, "__next"))
    raise ValueError("expected an entity set (d.results or value), found something else")


def entity(tree: Tree) -> Tree:
    """Read a single record of either version.

    Raises:
        ValueError: it is none.
    """
    inner = tree.get("d", tree) if isinstance(tree, dict) else None
    if isinstance(inner, dict):
        return inner
    raise ValueError("expected one entity, found something else")


def plain(tree: Tree, follow: Follow) -> Tree:
    """A record without protocol notes; lists that the server cut are completed through `follow`."""
    if isinstance(tree, list):
        return [plain(item, follow) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if isinstance(tree.get("results"), list):
        link = text_at(tree, "__next")
        return [plain(item, follow) for item in tree["results"] + (follow(link) if link else [])]
    record: dict[str, Tree] = {}
    for name, value in tree.items():
        if name.startswith(("__", "@")) or "@odata." in name:
            continue
        if isinstance(value, dict) and "__deferred" in value:
            continue
        link = text_at(tree, f"{name}@odata.nextLink")
        record[name] = plain(value + follow(link) if link and isinstance(value, list) else value, follow)
    return record


def problem(body: bytes) -> tuple[str, str]:
    """The partner's (words, code) in an error answer; both empty when it follows neither version.

    V2: `{"error": {"code", "message": {"value"}, "innererror": {"errordetails": […]}}}`,
    V4: `{"error": {"code", "message", "details": […]}}`. Details that only repeat are left out.
    """
    try:
        error = at(parse_json(body), "error")
    except ValueError:
        return "", ""
    if not isinstance(error, dict):
        return "", ""
    main = text_at(error, "message.value") or text_at(error, "message") or ""
    details = at(error, "innererror.errordetails")
    if not isinstance(details, list):
        details = at(error, "details")
    words = [
        main,
        *(text_at(item, "message") or "" for item in (details if isinstance(details, list) else ())),
    ]
    return "; ".join(dict.fromkeys(word for word in words if word)), text_at(error, "code") or ""


def carry_key(body: bytes, field: str, key: str) -> None:
    """Insist that a document carries its business key: what lacks it could never be found again.

    Raises:
        Contract: it is no JSON object, or `field` holds anything but `key`.
    """
    try:
        found = at(parse_json(body), field)
    except ValueError as error:
        raise Contract(
            f"expected a document in JSON, found none: {error}", code="document_undecodable"
        ) from None
    if found != key:
        shown = "nothing" if found is MISSING else repr(found)
        raise Contract(
            f"expected the business key {key!r} in {field}, found {shown}", code="key_not_in_document"
        )


def document(resource: str, body: bytes) -> Document:
    """A page as a document: the same bytes are the same document, whenever they are read."""
    return Document(
        source_key=sha256(body).hexdigest(),
        body=body,
        media_type="application/json",
        attributes={"resource": resource},
    )
