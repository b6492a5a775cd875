"""Plain trees out of JSON answers: exact numbers, dotted paths, no floats."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import NoReturn

from connectors.base import Tree

MISSING = object()
"""What `at` gives back where nothing is, so that null stays tellable from absent."""


def parse_json(body: bytes) -> Tree:
    """Decode JSON with every fraction as `Decimal`.

    Raises:
        ValueError: the bytes are not JSON (NaN and Infinity included), or not UTF-8.
    """
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"expected a number, found {name}, which JSON does not know")


def at(tree: Tree, path: str) -> Tree:
    """Follow a dotted path (`result.items`, `errors.0.code`); `MISSING` where it leads nowhere.

    A key that itself holds dots (`@odata.nextLink`) is found when it stands as a whole.
    """
    if isinstance(tree, dict) and path in tree:
        return tree[path]
    for step in path.split("."):
        if isinstance(tree, dict):
            tree = tree.get(step, MISSING)
        elif isinstance(tree, list) and step.isdigit() and int(step) < len(tree):
            tree = tree[int(step)]
        else:
            return MISSING
    return tree


def text_at(tree: Tree, path: str) -> str | None:
    """The scalar at `path` as text; None when absent, null, empty or not a scalar."""
    found = at(tree, path)
    if isinstance(found, bool) or not isinstance(found, str | int | Decimal):
        return None
    return str(found) or None
