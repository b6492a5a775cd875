"""A mapping file's YAML to its syntax tree; every problem of the file is collected, not the first."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hub.mapping import yaml_strict
from hub.mapping.errors import InvalidMapping
from hub.mapping.functions import FUNCTIONS
from hub.mapping.nodes import (
    Condition,
    Group,
    Leaf,
    Listing,
    LookupSpec,
    MappingDocument,
    Repeat,
    Target,
)
from hub.mapping.notation import NotationError, parse_condition, parse_each, parse_expression
from hub.mapping.yaml_strict import Node, YamlError

_OPERAND_FUNCTIONS = frozenset(name for name, function in FUNCTIONS.items() if function.has_operands)
_REQUIRED = ("mapping", "from", "to", "map")
_ALLOWED = ("title", "doc", "samples", "lookups", "key", "match")
_IDENTITY = re.compile(r"([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+)@([1-9][0-9]{0,3})")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SAMPLE = re.compile(r"[A-Za-z0-9_-]+")
_MATCH_TYPE = re.compile(r"rma_number|(?:reference|external_id)\.[a-z][a-z0-9_]*")
_LOOKUP = re.compile(
    r"(xref/[a-z][a-z0-9_]*|(?!xref/)[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*\.csv)"
    r"\[\s*(\w+)\s*(?:->\s*(\w+)\s*)?\]"
)
_RESERVED = {"position", "as"}

_Parsed = TypeVar("_Parsed")


def read_document(path: Path, name: str | None = None) -> MappingDocument:
    """Read a mapping file; `name` is how errors call it.

    Raises:
        InvalidMapping: With every problem found.
    """
    try:
        root = yaml_strict.load(path, name)
    except YamlError as error:
        raise InvalidMapping([error]) from error
    return parse_document(root)


def parse_document(root: Node) -> MappingDocument:
    """The syntax tree of a loaded mapping file.

    Raises:
        InvalidMapping: With every problem found.
    """
    builder = _Builder()
    document = builder.document(root)
    if builder.problems or document is None:
        raise InvalidMapping(builder.problems)
    return document


class _Builder:
    """Turns nodes into the tree and collects problems on the way."""

    def __init__(self) -> None:
        self.problems: list[YamlError] = []

    def document(self, root: Node) -> MappingDocument | None:
        self.problems += root.key_problems(_ALLOWED, _REQUIRED)
        fields = root.value
        if not isinstance(fields, dict) or any(key not in fields for key in _REQUIRED):
            return None
        identity = self._matched(
            fields["mapping"], _IDENTITY, "a name and major version such as acme.returns@1"
        )
        target = self._target(fields["map"], ())
        if not isinstance(target, Group):
            if target is not None:
                self.problems.append(fields["map"].error("expected a map of target fields"))
            target = Group(())
        return MappingDocument(
            name=identity.group(1) if identity else "",
            version=int(identity.group(2)) if identity else 0,
            title=self._text(fields.get("title")) or self._text(fields.get("doc")),
            source_type=self._text(fields["from"]),
            target_type=self._text(fields["to"]),
            samples=self._samples(fields.get("samples")),
            lookups=self._lookups(fields.get("lookups")),
            key=self._leaf(fields["key"], ()) if "key" in fields else None,
            match=self._match(fields.get("match")),
            target=target,
            place=root.place,
        )

    def _target(self, node: Node, names: tuple[str, ...]) -> Target | None:
        if isinstance(node.value, str):
            return self._leaf(node, names)
        if isinstance(node.value, list):
            if not node.value:
                self.problems.append(node.error("expected at least one item, found an empty list"))
            items = [self._target(item, names) for item in node.value]
            return Listing(tuple(item for item in items if item is not None))
        if "each" in node.value:
            return self._repeat(node, names)
        if not node.value:
            self.problems.append(node.error("expected at least one field, found an empty map"))
        fields = [(key, self._target(child, names)) for key, child in node.value.items()]
        return Group(tuple((key, target) for key, target in fields if target is not None))

    def _repeat(self, node: Node, names: tuple[str, ...]) -> Repeat | None:
        problems = node.key_problems(("where",), ("each", "map"))
        self.problems += problems
        if problems or not isinstance(node.value, dict):
            return None
        each = node.value["each"]
        parsed = self._parsed(each, lambda text: parse_each(text, names, _OPERAND_FUNCTIONS))
        if parsed is None:
            return None
        expression, name = parsed
        if not _NAME.fullmatch(name) or name in _RESERVED:
            self.problems.append(each.error(f"'{name}' cannot name an element"))
        if name in names:
            self.problems.append(each.error(f"the name '{name}' is already in use around this 'each'"))
        inner = (*names, name)
        body = self._target(node.value["map"], inner)
        where = self._where(node.value.get("where"), inner)
        return None if body is None else Repeat(Leaf(expression, each), name, where, body)

    def _where(self, node: Node | None, names: tuple[str, ...]) -> tuple[Condition, ...]:
        if node is None:
            return ()
        nodes = node.value if isinstance(node.value, list) else [node]
        parsed = [self._parsed(one, lambda text: parse_condition(text, names)) for one in nodes]
        return tuple(condition for condition in parsed if condition is not None)

    def _leaf(self, node: Node, names: tuple[str, ...]) -> Leaf | None:
        parsed = self._parsed(node, lambda text: parse_expression(text, names, _OPERAND_FUNCTIONS))
        return None if parsed is None else Leaf(parsed, node)

    def _parsed(self, node: Node, parse: Callable[[str], _Parsed]) -> _Parsed | None:
        try:
            return parse(node.text())
        except NotationError as error:
            self.problems.append(node.error(f"{error.message} in: {node.text()[:80]}", error.at))
        except YamlError as error:
            self.problems.append(error)
        return None

    def _text(self, node: Node | None) -> str:
        if node is None:
            return ""
        try:
            return node.text()
        except YamlError as error:
            self.problems.append(error)
            return ""

    def _matched(self, node: Node, pattern: re.Pattern[str], expected: str) -> re.Match[str] | None:
        text = self._text(node)
        found = pattern.fullmatch(text)
        if text and not found:
            self.problems.append(node.error(f"expected {expected}, found '{text[:60]}'"))
        return found

    def _items(self, node: Node | None) -> list[Node]:
        try:
            return node.items() if node is not None else []
        except YamlError as error:
            self.problems.append(error)
            return []

    def _samples(self, node: Node | None) -> tuple[str, ...]:
        found = [
            self._matched(item, _SAMPLE, "a sample's name without extension") for item in self._items(node)
        ]
        return tuple(match.group() for match in found if match)

    def _lookups(self, node: Node | None) -> tuple[LookupSpec, ...]:
        if node is None:
            return ()
        self.problems += node.key_problems()
        specs = []
        for name, item in node.value.items() if isinstance(node.value, dict) else ():
            expected = "codes/table.csv[column] or [from -> to], or xref/name with either"
            found = self._matched(item, _LOOKUP, expected)
            if found:
                specs.append(LookupSpec(name, found.group(1), found.group(2), found.group(3), item))
        return tuple(specs)

    def _match(self, node: Node | None) -> tuple[tuple[str, Leaf], ...]:
        pairs = []
        for item in self._items(node):
            problems = item.key_problems((), ("type", "value"))
            self.problems += problems
            if problems or not isinstance(item.value, dict):
                continue
            kind = self._match_type(item.value["type"])
            leaf = self._leaf(item.value["value"], ())
            if leaf and kind:
                pairs.append((kind, leaf))
        return tuple(pairs)

    def _match_type(self, node: Node) -> str:
        """The identity type, as plain text or as a constant (`= rma_number`)."""
        text = self._text(node).removeprefix("=").strip()
        if text and not _MATCH_TYPE.fullmatch(text):
            expected = "rma_number, reference.<type> or external_id.<system>"
            self.problems.append(node.error(f"expected {expected}, found '{text[:60]}'"))
        return text
