import pytest

from connectors.codecs.base import Codec
from connectors.codecs.registry import codec, formats, grammar


@pytest.mark.parametrize(
    "name",
    ["json", "json/items", "csv", "xlsx", "xml", "x12/180-004010", "x12/997-004010", "edifact/retann-d96a"],
)
def test_each_promised_format_has_a_codec(name: str) -> None:
    assert isinstance(codec(name), Codec)
    assert name in formats()


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"no codec for 'x12/998-004010'; known formats are csv, json"):
        codec("x12/998-004010")


def test_formats_made_of_segments_have_a_grammar() -> None:
    found = {name: guide.set for name in formats() if (guide := grammar(name))}
    assert {"x12/812-004010": "812", "edifact/retins-d96a": "RETINS"}.items() <= found.items()
    assert set(found) == {name for name in formats() if name.startswith(("x12/", "edifact/"))}
