"""Codecs by the name of their format."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from connectors.codecs.base import Codec
from connectors.codecs.delimited import DelimitedCodec
from connectors.codecs.edifact import guide as edifact
from connectors.codecs.edifact.codec import EdifactCodec
from connectors.codecs.json import JsonCodec
from connectors.codecs.segmented.guide import Guide
from connectors.codecs.spreadsheet import SpreadsheetCodec
from connectors.codecs.x12 import guide as x12
from connectors.codecs.x12.codec import X12Codec
from connectors.codecs.xml import XmlCodec

_PLAIN: Final[dict[str, Callable[[], Codec]]] = {
    "csv": DelimitedCodec,
    "json": JsonCodec,
    "json/items": lambda: JsonCodec(items="items"),
    "xlsx": SpreadsheetCodec,
    "xml": XmlCodec,
}


def formats() -> list[str]:
    """All formats there are, but for sets and messages that are read without a guide (`x12/850`)."""
    return [*_PLAIN, *x12.names(), *edifact.names()]


def known(format: str) -> bool:  # noqa: A002 - the word of system.yaml
    """Whether `codec` has a format."""
    return format in formats() or unguided(format)


def unguided(format: str) -> bool:  # noqa: A002 - as above
    """Whether a format names a set or message without its release, to be read without a guide."""
    return (x12.unguided(format) or edifact.unguided(format)) is not None


@lru_cache(maxsize=64)
def codec(format: str) -> Codec:  # noqa: A002 - the word of system.yaml
    """Return the codec of a format.

    Raises:
        KeyError: There is no such format; the message lists those there are.
    """
    if format in _PLAIN:
        return _PLAIN[format]()
    if format in x12.names() or x12.unguided(format):
        return X12Codec(format)
    if format in edifact.names() or edifact.unguided(format):
        return EdifactCodec(format)
    raise KeyError(f"There is no codec for '{format}'; known formats are {', '.join(formats())}")


def grammar(format: str) -> Guide | None:  # noqa: A002 - as above
    """The grammar of a format made of segments (X12, EDIFACT); None for any other."""
    if format in x12.names():
        return x12.load(format)
    return edifact.load(format) if format in edifact.names() else None
