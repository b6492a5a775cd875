"""Python source made from names of our own.

Every name in it is made here (`v7`, `c12`); what an author wrote appears only as literals of `repr`
or as objects in the table of constants. Blocks can be left open, so that what a whole scope shares
is written at its beginning once it is known.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any, TypeAlias

from hub.mapping import faults, generate_runtime, limits
from hub.mapping.values import is_absent

FILE = "<mapping {}>"


@dataclass(frozen=True, slots=True)
class Owner:
    """The target that a line of generated code belongs to: its path and its expression as written."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class _Line:
    depth: int
    code: str
    owner: Owner


@dataclass(slots=True)
class Block:
    """Lines, and blocks that are still filled."""

    depth: int
    parts: list[_Line | Block] = field(default_factory=list)

    def lines(self) -> Iterator[_Line]:
        """All lines in order."""
        for part in self.parts:
            if isinstance(part, Block):
                yield from part.lines()
            else:
                yield part


Namespace: TypeAlias = dict[str, Any]

_OURS: Mapping[str, Any] = {
    **{
        name: getattr(generate_runtime, name)
        for name in (
            "InError",
            "NOT_PLAIN",
            "all_short",
            "any_present",
            "bare",
            "counted",
            "elements",
            "group",
            "grown",
            "holds",
            "many",
            "operand",
            "settle",
            "weighed",
            "whole",
        )
    },
    "is_absent": is_absent,
    **{name: getattr(limits, name) for name in ("measured", "new_meter", "tick")},
    **{name: getattr(faults, name) for name in ("fault", "remaining")},
    "__builtins__": {name: getattr(builtins, name) for name in ("dict", "len", "list", "str", "type")},
}
"""All that generated code can name beside its own variables and constants."""


class Writer:
    """Collects the source of one mapping."""

    def __init__(self) -> None:
        self._top = self._at = Block(0)
        self._depth = 0
        self._count = 0
        self._constants: Namespace = {}
        self.owner = Owner("", "")

    def name(self, prefix: str) -> str:
        """A new name."""
        self._count += 1
        return f"{prefix}{self._count}"

    def constant(self, value: Any) -> str:
        """The name of an object in the table of constants."""
        name = self.name("c")
        self._constants[name] = value
        return name

    def line(self, code: str, into: Block | None = None) -> None:
        """Write one line, at the end or into an open block."""
        block = self._at if into is None else into
        block.parts.append(_Line(self._depth if into is None else into.depth, code, self.owner))

    def block(self) -> Block:
        """Leave a block open here."""
        block = Block(self._depth)
        self._at.parts.append(block)
        return block

    @contextmanager
    def indented(self, head: str) -> Iterator[None]:
        """What is written inside stands under `head`."""
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    def finished(self, name: str) -> Generated:
        """Compile what was written."""
        lines = list(self._top.lines())
        source = "\n".join("    " * line.depth + line.code for line in lines) + "\n"
        code = compile(source, FILE.format(name), "exec", dont_inherit=True)
        names: Namespace = {**_OURS, **self._constants}
        functions = {
            part.co_name: FunctionType(part, names, part.co_name, (0,) * (part.co_argcount - 1))
            for part in code.co_consts
            if isinstance(part, CodeType)
        }
        return Generated(source, functions, tuple(line.owner for line in lines), code.co_filename)


@dataclass(frozen=True, slots=True)
class Generated:
    """Compiled functions.

    Attributes:
        source: Their source.
        functions: By name; each takes a document, and the one that makes documents its size in bytes (0).
        owners: Whom each line belongs to.
        file: How tracebacks call the source.
    """

    source: str
    functions: Mapping[str, FunctionType]
    owners: tuple[Owner, ...]
    file: str

    def owner_of(self, error: BaseException) -> Owner:
        """Whose line was running when an error was raised."""
        trace, line = error.__traceback__, 0
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.file:
                line = trace.tb_lineno
            trace = trace.tb_next
        return self.owners[line - 1] if line else Owner("", "")
