"""Named functions that a connector adds to the mapping notation: `| sap_s4.alpha(18)`.

A quirk of one system that the notation's own functions cannot say is written here as a pure function
from text to text: no clock, no I/O, no state. A connector that has some declares them as `FUNCTIONS`
in its package's `functions.py` and is named in `PACKAGES`. The hub makes them callable in mappings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

PACKAGES = ("sap_s4",)
"""Connectors with a `functions.py`."""

_NAME = re.compile(r"([a-z][a-z0-9_]*)\.[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFunction:
    """A function under its connector's name.

    Attributes:
        name: `connector.function`.
        doc: What it does and what it refuses, one sentence or two.
        run: Text and the arguments of the call to text; empty text is nothing. A ValueError refuses the
            text, its message says what was expected and found.
        params: Names of the arguments, all of them needed.
        check: Refuses arguments with a ValueError when a mapping is compiled.
        examples: Value, call and result; at least one. The tests run them.
    """

    name: str
    doc: str
    run: Callable[..., str]
    examples: tuple[tuple[str, str, str], ...]
    params: tuple[str, ...] = ()
    check: Callable[..., None] | None = None


def declared() -> Iterator[NamedFunction]:
    """Every named function, by connector.

    Raises:
        ValueError: One that does not begin with its connector's name, or has no example.
    """
    for package in PACKAGES:
        module = import_module(f"connectors.{package}.functions")
        for function in module.FUNCTIONS:
            yield checked(package, function)


def checked(package: str, function: NamedFunction) -> NamedFunction:
    """The function itself, when it may be declared by a connector.

    Raises:
        ValueError: It does not begin with the connector's name, or has no example.
    """
    found = _NAME.fullmatch(function.name)
    if found is None or found[1] != package:
        raise ValueError(f"{package}: expected a name {package}.…, found {function.name!r}")
    if not function.examples:
        raise ValueError(f"{function.name}: expected at least one example, found none")
    return function
