"""The syntax tree of a mapping: plain frozen data, no behaviour.

Everything that runs a mapping starts from this tree: the reference interpreter, the compiler and
the coverage report. Equal expressions are equal values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from hub.mapping.yaml_strict import Node, Place


@dataclass(frozen=True, slots=True)
class Selector:
    """`[01=RZ]`, `[01=RZ|PO]`, `[01!=RZ]`: keeps groups by the text at a path inside them."""

    path: tuple[str, ...]
    values: tuple[str, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One name of a path with its selectors."""

    name: str
    selectors: tuple[Selector, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """A path into the source.

    Attributes:
        text: As written.
        variable: The `each … as name` it starts at, or None for the document.
        selectors: Selectors on the named item itself.
        steps: The names that follow.
    """

    text: str
    variable: str | None
    selectors: tuple[Selector, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """`position`: the number of the kept element in the innermost `each`, from 1."""

    text: str = "position"


@dataclass(frozen=True, slots=True)
class Constant:
    """`= text`."""

    value: str

    @property
    def text(self) -> str:
        """As traces show it."""
        return f"= {self.value}"


@dataclass(frozen=True, slots=True)
class Literal:
    """A text argument; `at` is its offset in the expression."""

    value: str
    at: int


Argument: TypeAlias = Literal | Path | Position
Source: TypeAlias = Path | Position | Constant


@dataclass(frozen=True, slots=True)
class Call:
    """`| name(arguments)`; `at` is the offset of the name in the expression."""

    name: str
    arguments: tuple[Argument, ...]
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Expression:
    """A right side: sources in order of preference, then functions."""

    text: str
    sources: tuple[Source, ...]
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """`path=a|b`, `path!=a`, or `path` (something is there: `values` is None)."""

    text: str
    path: Path
    values: tuple[str, ...] | None
    negated: bool


@dataclass(frozen=True, slots=True)
class Leaf:
    """A target field with an expression; `node` is where it was written, no part of its meaning."""

    expression: Expression
    node: Node = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Group:
    """A target map."""

    fields: tuple[tuple[str, Target], ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A target list written out item by item; a `Repeat` in it contributes all its elements."""

    items: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`each: … as name`, `where:`, `map:`: a target list with one element per source item."""

    source: Leaf
    name: str
    where: tuple[Condition, ...]
    body: Target


Target: TypeAlias = Leaf | Group | Listing | Repeat


@dataclass(frozen=True, slots=True)
class LookupSpec:
    """`name: codes/x.csv[column]` or `name: codes/x.csv[from -> to]`; None: decided by direction.

    A cross reference is `xref/x` in place of `codes/x.csv`.
    """

    name: str
    file: str
    column: str
    target: str | None
    node: Node


@dataclass(frozen=True, slots=True)
class MappingDocument:
    """A whole mapping file.

    Attributes:
        name: Without the version (`acme.return_notice`).
        version: Major version, from 1.
        title: For people.
        source_type: The `from:` document type.
        target_type: The `to:` document type.
        samples: Names of the sample files.
        lookups: Code tables by name.
        key: The source's own identity of the record.
        match: Pairs of identity type and expression that tell which return a later fact belongs to.
        target: The body of `map:`.
        place: Where the file starts.
    """

    name: str
    version: int
    title: str
    source_type: str
    target_type: str
    samples: tuple[str, ...]
    lookups: tuple[LookupSpec, ...]
    key: Leaf | None
    match: tuple[tuple[str, Leaf], ...]
    target: Group
    place: Place
