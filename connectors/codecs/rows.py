"""What formats of rows and columns share when they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.codecs.base import EncodeError, Tree


def rows_of(tree: Tree) -> list[Mapping[str, Any]]:
    """The rows of a document: `{rows: […]}`, a list of rows, or a single row.

    What stands beside `rows` is a column that has the same value in every row.

    Raises:
        EncodeError: A row that is not an object of columns.
    """
    shared: Mapping[str, Any] = {}
    if isinstance(tree, dict) and isinstance(tree.get("rows"), list):
        shared = {name: value for name, value in tree.items() if name != "rows"}
        tree = tree["rows"]
    rows = tree if isinstance(tree, list) else [tree]
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise EncodeError(f"rows[{number}] is {type(row).__name__}, expected an object of columns")
    return [{**shared, **row} for row in rows] if shared else rows


def columns_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns in the order they first appear; "@" is none."""
    return [name for name in dict.fromkeys(name for row in rows for name in row) if name != "@"]
