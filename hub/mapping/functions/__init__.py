"""The closed set of functions of the notation, and what connectors add under their names."""

from hub.mapping.functions import codes, dates, guards, named, numbers, structure, text
from hub.mapping.functions.base import FUNCTIONS, Example, Function, Param

__all__ = [
    "FUNCTIONS",
    "Example",
    "Function",
    "Param",
    "codes",
    "dates",
    "guards",
    "named",
    "numbers",
    "structure",
    "text",
]
