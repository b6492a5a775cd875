"""What samples say when they do not become what they must."""

from __future__ import annotations

from connectors.codecs.base import Finding
from hub.flows.samples import NOTHING, differences


def test_a_whole_document_is_cut_in_the_message_after_its_path() -> None:
    document = {"lines": [{"sku": "4711", "quantity": "2"}] * 40}
    [said] = differences({"returns": document}, {"returns": NOTHING})
    assert said.startswith("returns: expected {'lines': [{'sku': '4711'")
    assert said.endswith("…, found nothing")
    assert len(said) <= 300


def test_a_short_value_is_shown_whole() -> None:
    assert list(differences({"uom": "EA"}, {"uom": "CS"})) == ["uom: expected 'EA', found 'CS'"]


def test_a_place_that_begins_the_message_is_not_said_twice() -> None:
    assert Finding(code="c", message="Line 4 is short.", place="line 4").said == "Line 4 is short."
    assert Finding(code="c", message="It is short.", place="line 4").said == "line 4: It is short."
    assert Finding(code="c", message="It is short.").said == "It is short."
