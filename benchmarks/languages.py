"""What other languages do with the same document: JSONata in Python and in Rust, JMESPath, JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import jmespath
import jsonata  # type: ignore[import-untyped]  # ships no types
import jsonatapy
import jsonschema_rs
import orjson

Tree: TypeAlias = dict[str, Any]
Maps: TypeAlias = Callable[[Tree], Any]

_FOLDER = Path(__file__).parent / "thirty_fields"
_BEYOND_JMESPATH = {
    "": ("kind", "status", "ordered", "freight"),
    "sold_to": ("number", "name", "email", "country"),
    "ship_from": ("zone",),
    "lines": ("line_no", "text"),
}
"""It has no functions on text, no rounding and no positions: these fields stay as they came, or out."""


def languages() -> Mapping[str, Maps]:
    """A compiled expression of each language, by the name of its measure."""
    jsonata_text = _read("shipment.jsonata")
    return {
        "mapping_jsonatapy": jsonatapy.compile(jsonata_text).evaluate,
        "mapping_jsonata_python": jsonata.Jsonata(jsonata_text).evaluate,
        "mapping_jmespath": jmespath.compile(_read("shipment.jmespath")).search,
    }


def agree(name: str, theirs: Tree, ours: Tree) -> bool:
    """Whether a language made the same document, as far as the language goes."""
    if name != "mapping_jmespath":
        return theirs == ours
    return _within_jmespath(theirs) == _within_jmespath(ours)


def schema() -> Callable[[Tree], bool]:
    """Whether a document fits the schema of the target, by jsonschema-rs."""
    return jsonschema_rs.validator_for(orjson.loads(_read("shipment.schema.json"))).is_valid


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _within_jmespath(tree: Tree) -> Tree:
    kept = {name: value for name, value in tree.items() if name not in _BEYOND_JMESPATH[""]}
    for group in ("sold_to", "ship_from"):
        kept[group] = _without(kept[group], _BEYOND_JMESPATH[group])
    kept["lines"] = [_without(line, _BEYOND_JMESPATH["lines"]) for line in kept["lines"]]
    return kept


def _without(group: Tree, names: tuple[str, ...]) -> Tree:
    return {name: value for name, value in group.items() if name not in names}
