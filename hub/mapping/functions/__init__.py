"""The closed set of functions of the notation."""

from hub.mapping.functions import codes, dates, guards, numbers, structure, text
from hub.mapping.functions.base import FUNCTIONS, Example, Function, Param

__all__ = [
    "FUNCTIONS",
    "Example",
    "Function",
    "Param",
    "codes",
    "dates",
    "guards",
    "numbers",
    "structure",
    "text",
]
