"""Documents that somebody wants to see as a partner's EDI file: which format they have, in whose envelope."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.codecs.registry import grammar, known
from connectors.trees import parse_json
from hub.flows.draft import one_system
from hub.flows.systems import System

_STANDARDS = ("x12/", "edifact/")


@dataclass(frozen=True, slots=True)
class Documents:
    """Trees of one format."""

    format: str
    trees: list[Any]


def documents_of(project_dir: Path, file: Path, partner: str, form: str = "") -> Documents:
    """Read the trees of a file.

    Args:
        project_dir: Folder with `mappings/`.
        file: JSON: a tree, a list of trees, or lines of `{"format": …, "tree": …}` as `edi tree` prints
            them; `-` for what is piped in.
        partner: The system they are for; its operations tell the format where nothing else does.
        form: The format, where it is known.

    Raises:
        ValueError: The file is no such JSON, or nothing tells the format.
    """
    values = [one for value in _values(file) for one in (value if isinstance(value, list) else [value])]
    wrapped = [isinstance(one, dict) and "tree" in one for one in values]
    trees = [one["tree"] if inside else one for one, inside in zip(values, wrapped, strict=True)]
    told = dict.fromkeys(str(one["format"]) for one in values if isinstance(one, dict) and "format" in one)
    if any(tree is None for tree in trees) or not trees:
        raise ValueError(f"{file}: expected the trees of transactions, found none in at least one place")
    return Documents(form or _format(file, list(told), trees, one_system(project_dir, partner)), trees)


def envelope_of(project_dir: Path, partner: str) -> dict[str, Any]:
    """A partner's `edi:` section as writers take it.

    Raises:
        LookupError: There is no such system, or it has no such section.
    """
    edi = one_system(project_dir, partner).edi
    if edi is None:
        raise LookupError(f"mappings/{partner}/system.yaml: expected an edi: section, found none")
    return edi.writing()


def _values(file: Path) -> list[Any]:
    body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    try:
        return [parse_json(body)]
    except ValueError as whole:
        try:  # what `edi tree --json` prints of several
            return [parse_json(line) for line in body.splitlines() if line.strip()]
        except ValueError:
            raise ValueError(f"{file}: expected JSON, found something else: {whole}") from None


def _format(file: Path, told: list[str], trees: list[Any], system: System) -> str:
    offered = dict.fromkeys(
        one.format for one in system.operations.values() if one.format.startswith(_STANDARDS)
    )
    candidates = told or [one for one in offered if all(_fits(one, tree) for tree in trees)]
    if len(candidates) == 1 and known(candidates[0]):
        return candidates[0]
    found = ", ".join(candidates) or "none that fits"
    raise ValueError(f"{file}: expected one format, found {found}; name it: --format x12/180-004010")


def _fits(form: str, tree: Any) -> bool:
    """Whether a guide has all segments that a tree has at its root, and the tree all it must have."""
    guide = grammar(form)
    if guide is None or not isinstance(tree, dict):
        return False
    names = {name for name in tree if name != "@"}
    return names <= {node.id for node in guide.structure} and names >= {
        node.id for node in guide.structure if node.mandatory
    }
