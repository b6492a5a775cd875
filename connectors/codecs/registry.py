"""Codecs by the name of their format."""

from __future__ import annotations

from functools import lru_cache

from connectors.codecs.base import Codec
from connectors.codecs.delimited import DelimitedCodec
from connectors.codecs.json import JsonCodec
from connectors.codecs.spreadsheet import SpreadsheetCodec
from connectors.codecs.x12 import guide
from connectors.codecs.x12.codec import X12Codec
from connectors.codecs.xml import XmlCodec


def formats() -> list[str]:
    """All formats there are."""
    return ["csv", "json", "json/items", "xlsx", "xml", *guide.names()]


@lru_cache(maxsize=64)
def codec(format: str) -> Codec:  # noqa: A002 - the word of system.yaml
    """Return the codec of a format.

    Raises:
        KeyError: There is no such format; the message lists those there are.
    """
    if format == "json":
        return JsonCodec()
    if format == "json/items":
        return JsonCodec(items="items")
    if format == "csv":
        return DelimitedCodec()
    if format == "xlsx":
        return SpreadsheetCodec()
    if format == "xml":
        return XmlCodec()
    if format in guide.names():
        return X12Codec(format)
    raise KeyError(f"There is no codec for '{format}'; known formats are {', '.join(formats())}")
