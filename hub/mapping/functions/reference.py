"""The reference of all functions, made from the registry, for `docs/mapping.md` and the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from hub.mapping.functions import FUNCTIONS, Function

GROUPS = ("text", "decimal", "dates", "codes", "structure", "ids", "guards")


def by_group() -> Iterator[tuple[str, list[Function]]]:
    """Groups in reading order, each with its functions by name."""
    for group in GROUPS:
        yield (
            group,
            sorted((one for one in FUNCTIONS.values() if one.group == group), key=lambda one: one.name),
        )


def markdown() -> str:
    """One table per group."""
    parts = []
    for group, functions in by_group():
        rows = [f"| `{one.signature}` | {_cell(one.doc)} | {_examples(one)} |" for one in functions]
        parts.append(
            "\n".join([f"**{group}**", "", "| function | what it does | example |", "|---|---|---|", *rows])
        )
    return "\n\n".join(parts) + "\n"


def _examples(function: Function) -> str:
    return "<br>".join(
        f"`{_cell(_shown(one.value))}` `{_cell(one.call)}` → `{_cell(_shown(one.result))}`"
        for one in function.examples
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, str | Decimal) else json.dumps(value)


if __name__ == "__main__":
    sys.stdout.write(markdown())
