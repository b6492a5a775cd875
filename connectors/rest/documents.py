"""What REST pages and answers hold; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256

from connectors.base import Document, Tree
from connectors.errors import Config
from connectors.rest.settings import Failure, Resource
from connectors.trees import MISSING, at, text_at


@dataclass(frozen=True, slots=True)
class Page:
    """A decoded page: its records, and what leads to the next page, None on the last."""

    items: Sequence[Tree]
    next: str | None


def page(tree: Tree, resource: Resource) -> Page:
    """Find the records and the way on.

    Raises:
        Config: the page has no list where `items` points.
    """
    items = at(tree, resource.items) if resource.items else tree
    if not isinstance(items, list):
        found = "nothing" if items is MISSING else type(items).__name__
        place = repr(resource.items) if resource.items else "the top"
        raise Config(
            f"page of {resource.path}: expected a list of records at {place}, found {found}",
            code="items_missing",
        )
    return Page(items, text_at(tree, resource.next) if resource.next else None)


def document(resource: str, body: bytes, media_type: str) -> Document:
    """A page as a document: the same bytes are the same document, whenever they are read."""
    return Document(
        source_key=sha256(body).hexdigest(),
        body=body,
        media_type=media_type or "application/json",
        attributes={"resource": resource},
    )


def failure_inside(tree: Tree, rule: Failure) -> tuple[str, str] | None:
    """The partner's (words, code) when a success envelope carries a failure, else None."""
    found = at(tree, rule.path)
    if isinstance(found, Decimal | int) and not isinstance(found, bool) and isinstance(rule.equals, str):
        found = str(found)
    if found is MISSING or type(found) is not type(rule.equals) or found != rule.equals:
        return None
    words = text_at(tree, rule.message) if rule.message else None
    code = text_at(tree, rule.code) if rule.code else None
    return words or f"{rule.path} is {found!r}", code or "failed_inside"
