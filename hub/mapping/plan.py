"""A mapping ready to run: its tree, with every expression bound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath

from hub.mapping.binding import Binder, BoundExpression, is_canonical
from hub.mapping.errors import InvalidMapping
from hub.mapping.limits import VALUE, size_of
from hub.mapping.lookups import (
    CANONICAL,
    XREF,
    CodeTable,
    Lookup,
    References,
    cross_reference,
    read_table,
)
from hub.mapping.nodes import Constant, Expression, Group, Leaf, Listing, MappingDocument, Repeat, Target
from hub.mapping.yaml_strict import YamlError

MAX_NESTED = 8
"""How many `each` may stand inside each other."""

_AS_TEXT = "csv"


@dataclass(frozen=True, slots=True)
class Plan:
    """What both the interpreter and the compiler run.

    Attributes:
        document: The syntax tree.
        fields: Bound expressions of target fields.
        sources: Bound expressions of `each`.
        texts: Bound expressions of `key` and `match`.
        lookups: The code tables in use, by name.
        digests: Digest of each code table's file, sorted by file. Cross references have none: their rows
            change while the mapping stays the same.
    """

    document: MappingDocument
    fields: dict[Expression, BoundExpression]
    sources: dict[Expression, BoundExpression]
    texts: dict[Expression, BoundExpression]
    lookups: dict[str, Lookup]
    digests: tuple[tuple[str, str], ...]


def plan(document: MappingDocument, root: FilePath, references: References | None = None) -> Plan:
    """Read the code tables under `root` and bind every expression.

    Args:
        document: The syntax tree.
        root: The `mappings` folder.
        references: Gives the entries of cross references; without it those of `xref/<name>.csv` serve.

    Raises:
        InvalidMapping: With every problem found.
    """
    problems: list[YamlError] = []
    lookups, digests = _lookups(document, root, references, problems)
    if problems:
        raise InvalidMapping(problems)
    binder = Binder(lookups, document.target_type)
    made = Plan(document, {}, {}, {}, lookups, digests)
    for leaf, items in leaves(document.target):
        _bind(binder, leaf, made.sources if items else made.fields, problems, items=items)
    texts = Binder(lookups, _AS_TEXT)
    for text in [document.key, *(leaf for _, leaf in document.match)]:
        if text is not None:
            _bind(texts, text, made.texts, problems)
    problems = problems or [*_unused_lookups(document, made), *_too_nested(document.target, 0)]
    if problems:
        raise InvalidMapping(problems)
    return made


def leaves(target: Target) -> Iterator[tuple[Leaf, bool]]:
    """Every expression of a target; the flag says that it feeds an `each`."""
    if isinstance(target, Leaf):
        yield target, False
    elif isinstance(target, Repeat):
        yield target.source, True
        yield from leaves(target.body)
    else:
        children = [child for _, child in target.fields] if isinstance(target, Group) else target.items
        for child in children:
            yield from leaves(child)


def is_constant(target: Target) -> bool:
    """Whether nothing in a target comes from the source."""
    if isinstance(target, Leaf):
        optional = any(call.name == "optional" for call in target.expression.calls)
        return isinstance(target.expression.sources[0], Constant) and not optional
    if isinstance(target, Group):
        return all(is_constant(child) for _, child in target.fields)
    return isinstance(target, Listing) and all(is_constant(item) for item in target.items)


def cost(plan_: Plan, target: Target) -> int:
    """What a target costs once, in units of `hub.mapping.limits`; what its `each` costs is not counted."""
    if isinstance(target, Leaf):
        source = target.expression.sources[0]
        constant = size_of(source.value) if isinstance(source, Constant) else 0
        return plan_.fields[target.expression].cost + constant
    if isinstance(target, Group):
        return VALUE + sum(size_of(name) + cost(plan_, child) for name, child in target.fields)
    if isinstance(target, Listing):
        return VALUE + sum(cost(plan_, item) for item in target.items)
    return VALUE


def _bind(
    binder: Binder,
    leaf: Leaf,
    into: dict[Expression, BoundExpression],
    problems: list[YamlError],
    *,
    items: bool = False,
) -> None:
    try:
        into[leaf.expression] = binder.bind(leaf, items=items)
    except YamlError as error:
        problems.append(error)


def _lookups(
    document: MappingDocument, root: FilePath, references: References | None, problems: list[YamlError]
) -> tuple[dict[str, Lookup], tuple[tuple[str, str], ...]]:
    outward = is_canonical(document.source_type) and not is_canonical(document.target_type)
    lookups: dict[str, Lookup] = {}
    tables: dict[str, CodeTable] = {}
    for spec in document.lookups:
        ours = (CANONICAL, spec.column) if outward else (spec.column, CANONICAL)
        column, target = ours if spec.target is None else (spec.column, spec.target)
        shared = spec.file.startswith(XREF)
        file = f"{spec.file}.csv" if shared else spec.file
        try:
            table = tables[file] = tables.get(file) or read_table(root / file, file)
            lookups[spec.name] = (
                cross_reference(table, spec.name, column, target, references)
                if shared
                else table.lookup(spec.name, column, target)
            )
        except YamlError as error:
            problems.append(spec.node.error(f"lookup '{spec.name}': {error}"))
    digests = ((file, table.digest) for file, table in tables.items() if not file.startswith(XREF))
    return lookups, tuple(sorted(digests))


def _too_nested(target: Target, depth: int) -> Iterator[YamlError]:
    if isinstance(target, Repeat):
        if depth == MAX_NESTED:
            yield target.source.node.error(f"more than {MAX_NESTED} 'each' inside each other")
        else:
            yield from _too_nested(target.body, depth + 1)
    elif not isinstance(target, Leaf):
        children = [child for _, child in target.fields] if isinstance(target, Group) else target.items
        for child in children:
            yield from _too_nested(child, depth)


def _unused_lookups(document: MappingDocument, made: Plan) -> list[YamlError]:
    used = {
        argument.value
        for bound in (*made.fields.values(), *made.sources.values(), *made.texts.values())
        for step in bound.steps
        for param, argument in zip(step.function.params, step.call.arguments, strict=False)
        if param.kind == "lookup" and hasattr(argument, "value")
    }
    return [
        spec.node.error(f"lookup '{spec.name}' is not used")
        for spec in document.lookups
        if spec.name not in used
    ]
