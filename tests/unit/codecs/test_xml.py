from __future__ import annotations

import socket
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs.base import EncodeError, Record
from connectors.codecs.xml import MAX_BYTES, MAX_DEPTH, MAX_TAGS, XmlCodec

XML = XmlCodec()


def records(body: bytes, **options: Any) -> list[Record]:
    return list(XML.decode(body, options).records)


def tree_of(body: bytes) -> Any:
    [record] = records(body)
    assert record.findings == ()
    return record.tree


def finding_of(body: bytes, **options: Any) -> Any:
    [record] = records(body, **options)
    assert record.tree is None
    return record.findings[0]


def test_elements_attributes_and_text_become_a_tree_without_namespaces() -> None:
    body = b"""<?xml version="1.0"?>
<!-- made by hand -->
<r:Return xmlns:r="urn:r" xmlns="urn:d" id="7" xml:lang="de">
  <number>RA-1</number>
  <r:total currency="USD">5.00</r:total>
  <note> two
 lines </note>
  <line no="1"><sku>A</sku></line>
  <line no="2"><sku>B</sku></line>
</r:Return>"""
    assert tree_of(body) == {
        "Return": {
            "@": 3,
            "@id": "7",
            "@lang": "de",
            "number": "RA-1",
            "total": {"@": 5, "@currency": "USD", "#text": "5.00"},
            "note": " two\n lines ",
            "line": [{"@": 8, "@no": "1", "sku": "A"}, {"@": 9, "@no": "2", "sku": "B"}],
        }
    }


def test_what_holds_nothing_is_absent() -> None:
    assert tree_of(b"<a><b/><c> </c><d><e/></d><f g=''/><h>x</h></a>") == {"a": {"@": 1, "h": "x"}}
    assert tree_of(b"<a/>") == {}


def test_schema_instance_attributes_say_nil_and_type() -> None:
    xsi = b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    body = b"<a %s xsi:schemaLocation='u v'><b xsi:nil='true'/><c xsi:type='xsd:int'>1</c></a>" % xsi
    assert tree_of(body) == {"a": {"@": 1, "c": "1"}}
    assert tree_of(b"<a %s xsi:type='n:Sale'><b>1</b></a>" % xsi)["a"]["@type"] == "n:Sale"


def test_text_beside_children_is_kept_and_cdata_is_text() -> None:
    assert tree_of(b"<a>one <b>2</b> three</a>") == {"a": {"@": 1, "b": "2", "#text": "one three"}}
    assert tree_of(b"<a><![CDATA[1 < 2]]></a>") == {"a": "1 < 2"}


def test_records_are_the_elements_at_a_path() -> None:
    body = b"<page><returns>\n<return><id>1</id></return>\n<return><id>2</id></return></returns></page>"
    found = records(body, records="page.returns.return")
    assert [record.tree for record in found] == [{"@": 2, "id": "1"}, {"@": 3, "id": "2"}]
    assert [record.index for record in found] == [0, 1]


def test_a_page_without_records_is_fine_another_document_is_not() -> None:
    assert records(b"<page><returns/></page>", records="page.returns.return") == []
    finding = finding_of(b"<page>\n<error>no</error></page>", records="page.returns.return")
    assert finding.message == (
        "The records are missing: there is no element 'returns' of 'page.returns.return' on line 1, "
        "found error."
    )
    assert finding_of(b"<fault/>", records="page.returns.return").found == "fault"


def test_the_digest_is_of_the_content_not_of_its_lines_or_prefixes() -> None:
    first = records(b"<a><b>1</b></a>")[0].digest
    assert records(b"<x:a xmlns:x='u'>\n\n  <b>1</b></x:a>")[0].digest == first
    assert records(b"<a><b>2</b></a>")[0].digest != first


def test_broken_xml_is_told_with_line_and_column() -> None:
    finding = finding_of(b"<a>\n  <b>1</c>\n</a>")
    assert (finding.code, finding.place) == ("xml.syntax", "line 2, column 11")
    assert "Opening and ending tag mismatch: b line 2 and c" in finding.message
    assert finding_of(b"").code == "xml.syntax"


def test_a_document_type_is_tolerated_and_never_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/InvoiceDetail.dtd"
        body = f'<!DOCTYPE cXML SYSTEM "{address}"><cXML payloadID="1"/>'.encode()
        assert tree_of(body) == {"cXML": {"@": 1, "@payloadID": "1"}}
        server.setblocking(False)  # noqa: FBT003  # the socket's own signature
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>',
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]><a/>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY e "x">]><a b="&e;"/>'.encode("utf-16"),
    ],
)
def test_a_document_that_declares_entities_is_refused(body: bytes) -> None:
    assert finding_of(body).code == "xml.entity"


def test_bombs_and_depth_are_refused() -> None:
    levels = b"".join(b'<!ENTITY e%d "%s">' % (i, b"&e%d;" % (i - 1) * 10) for i in range(1, 9))
    bomb = b'<!DOCTYPE a [<!ENTITY e0 "%s">%s]><a b="&e8;"/>' % (b"x" * 100, levels)
    assert finding_of(bomb).code in {"xml.syntax", "xml.entity"}
    deep = b"<a>" * (MAX_DEPTH + 1) + b"x" + b"</a>" * (MAX_DEPTH + 1)
    assert finding_of(deep).code == "xml.depth"
    assert finding_of(b"<a>" * 10_000 + b"</a>" * 10_000).code == "xml.syntax"


def test_a_document_of_more_tags_than_a_tree_should_have_is_refused_before_it_is_parsed() -> None:
    assert finding_of(b"<a>" + b"<b/>" * MAX_TAGS + b"</a>").code == "xml.size"
    assert finding_of(b"<a>" + b" " * MAX_BYTES + b"</a>").code == "xml.size"


@given(st.binary(max_size=80) | st.text("<>&;/a!=\"' \n[]-?", max_size=60).map(str.encode))
def test_no_input_raises(body: bytes) -> None:
    assert all(record.tree is not None or record.findings for record in records(body))


def test_a_tree_is_written_with_its_namespaces_attributes_and_order() -> None:
    tree = {
        "soap:Envelope": {
            "@xmlns:soap": "urn:soap",
            "soap:Body": {
                "add": {
                    "@xmlns": "urn:ns",
                    "@soap:role": "x",
                    "qty": Decimal("2.50"),
                    "ok": True,
                    "no": 7,
                    "none": None,
                    "tag": ["a", {"@id": "1", "#text": "<b>"}],
                }
            },
        }
    }
    assert XML.encode(tree).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<soap:Envelope xmlns:soap="urn:soap"><soap:Body><add xmlns="urn:ns" soap:role="x"><qty>2.50</qty>'
        '<ok>true</ok><no>7</no><tag>a</tag><tag id="1">&lt;b&gt;</tag></add></soap:Body></soap:Envelope>'
    )


def test_a_document_type_is_written_when_the_partner_wants_one() -> None:
    written = XML.encode({"cXML": {"@payloadID": "1"}}, {"doctype": "http://xml.example/cXML.dtd"})
    assert b'<!DOCTYPE cXML SYSTEM "http://xml.example/cXML.dtd">\n<cXML payloadID="1"/>' in written


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"a": "1", "b": "2"}, "expected an object of one key, found a, b"),
        ([], "found list"),
        ({"a": [1]}, "a: expected one root element, found a list of 1"),
        ({"a": {"b c": "1"}}, "a.b c: 'b c' cannot name"),
        ({"a": {"x:b": "1"}}, "a.x:b: the prefix 'x' is not declared, expected '@xmlns:x'"),
        ({"a": {"b": [["1"]]}}, r"a.b\[0\]: a list inside a list"),
        ({"a": {"b": "1\x00"}}, r"a.b: XML cannot hold the character U\+0000"),
        ({"a": {"@b": {"c": "1"}}}, "a.@b: expected a text or number, found dict"),
        ({"a": {"b": 1.5}}, "a.b: expected a text or number, found float"),
        ({"a": {"²": "1"}}, "cannot"),
    ],
)
def test_what_xml_cannot_hold_is_refused_with_its_place(tree: Any, message: str) -> None:
    with pytest.raises(EncodeError, match=message):
        XML.encode(tree)


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,6}", fullmatch=True).filter(lambda name: name != "xmlns")
TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn")) | st.sampled_from("\t\n\r"), min_size=1
).filter(lambda text: not text.isspace())


def groups(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    children = st.dictionaries(NAMES, inner | st.lists(inner, min_size=2, max_size=3), min_size=1, max_size=4)
    attributes = st.dictionaries(NAMES.map(lambda name: f"@{name}"), TEXTS, max_size=2)
    leaf = st.tuples(attributes, TEXTS).map(
        lambda pair: {**pair[0], "#text": pair[1]} if pair[0] else pair[1]
    )
    return st.tuples(attributes, children).map(lambda pair: {**pair[0], **pair[1]}) | leaf


TREES = st.recursive(TEXTS, groups, max_leaves=12)


@given(st.dictionaries(NAMES, TREES, min_size=1, max_size=1))
def test_what_is_written_is_read_again(tree: dict[str, Any]) -> None:
    assert without_lines(tree_of(XML.encode(tree))) == tree


def without_lines(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: without_lines(value) for name, value in tree.items() if name != "@"}
    return [without_lines(item) for item in tree] if isinstance(tree, list) else tree
