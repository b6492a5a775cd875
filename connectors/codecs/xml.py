"""XML: one record per document, or one per repeated element inside it. Nothing outside it is ever read.

How a document becomes a tree (the same way back):

* An element is named by its local name; namespaces and their prefixes are dropped. The tree of a whole
  document has one key, its root: `{"ReturnOrder": {…}}`.
* An element with only text is that text, white space kept. An element with children or attributes is a group:
  children by name, attributes as `@name`, and `#text` for its own text beside them.
* What repeats under one parent is a list, in document order; what stands once is no list.
* An element without any text or attribute inside, or with `xsi:nil`, is absent. `xsi:type` stays as `@type`
  of an element with children; comments, processing instructions and other `xsi:` attributes are dropped.
* `@` of a group is the line on which its element begins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson
from lxml import etree

from connectors.codecs.base import NOTHING, Body, Decoded, Finding, Record, Tree, excerpt, whole
from connectors.codecs.xml_writer import write

MAX_BYTES: Final = 50_000_000
MAX_TAGS: Final = 2_000_000
"""Opening and closing tags: a tree of empty elements is many times larger than its text."""
MAX_DEPTH: Final = 100
LINE: Final = "@"
TEXT: Final = "#text"

_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_TRUE: Final = ("true", "1")


class XmlCodec:
    """Reads and writes XML.

    Option `records`: dotted path of element names from the root to the elements that are records
    (`Envelope.Body.returns.return`). The last may be missing (a page without records), the others not.
    Without the option the whole document is one record.

    A document type declaration is tolerated and never loaded; a document that declares entities is refused.
    """

    media_type = "application/xml"

    def decode(self, body: Body, options: Mapping[str, Any] = NOTHING) -> Decoded:
        """Read a document; what is no XML is one fatal record that names line and column."""
        return Decoded(records=_records(whole(body), str(options.get("records") or "")))

    def encode(self, tree: Tree, envelope: Mapping[str, Any] = NOTHING) -> bytes:
        """Write a tree as UTF-8; its one key is the root, order is that of the tree.

        Names may carry a prefix (`soap:Body`) that an `@xmlns:soap` of the element or one around it declares;
        `@xmlns` declares the default namespace. `envelope["doctype"]` is the system id of a document type
        declaration to write.
        """
        return write(tree, str(envelope.get("doctype") or ""))


class _BrokenError(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def _records(data: bytes, path: str) -> Iterator[Record]:
    try:
        root = _parse(data)
        trees = [_document(root)] if not path else [_member(one) for one in _members(root, path.split("."))]
    except _BrokenError as broken:
        digest = hashlib.sha256(data).hexdigest()
        yield Record(index=0, tree=None, digest=digest, findings=(broken.finding,))
        return
    for index, tree in enumerate(trees):
        content = orjson.dumps(_content(tree), option=orjson.OPT_SORT_KEYS)
        yield Record(index=index, tree=tree, digest=hashlib.sha256(content).hexdigest())


def _parse(data: bytes) -> etree._Element:
    tags = data.count(b"<")
    if len(data) > MAX_BYTES or tags > MAX_TAGS:
        found, expected = (
            f"{len(data)} bytes with {tags} tags",
            f"at most {MAX_BYTES} bytes with {MAX_TAGS} tags",
        )
        message = f"The document has {found}, read are {expected}."
        raise _BrokenError(Finding(code="xml.size", message=message, expected=expected, found=found))
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as problem:
        raise _BrokenError(_syntax(problem, data)) from problem
    dtd: Any = root.getroottree().docinfo.internalDTD  # its type hint lacks the entities
    declared = [str(entity.name) for entity in dtd.iterentities()] if dtd is not None else []
    if declared:
        message = f"The document declares entities, which are never expanded: {', '.join(declared[:5])}."
        raise _BrokenError(
            Finding(code="xml.entity", message=message, expected="no entities", found=declared[0])
        )
    return root


def _syntax(problem: etree.XMLSyntaxError, data: bytes) -> Finding:
    if not data.strip():
        message = "The file is empty: there is no XML document."
        return Finding(code="xml.syntax", message=message, expected="XML", found="nothing")
    line, column = problem.position
    place = f"line {line}, column {column}"
    reason = str(problem.msg).partition(", line ")[0].rstrip(".")
    lines = data.splitlines()
    found = lines[line - 1][max(column - 1, 0) :] if 0 < line <= len(lines) else b""
    return Finding(
        code="xml.syntax",
        message=f"The document is not well-formed XML: {reason} at {place}.",
        place=place,
        expected="XML",
        found=excerpt(found) or "end of document",
    )


def _document(root: etree._Element) -> Tree:
    value = _value(root, 1)
    return {} if value is None else {_local(root.tag): value}


def _member(element: etree._Element) -> Tree:
    """A record is always a group, so that paths into it start at its children."""
    value = _value(element, 1)
    if isinstance(value, dict):
        return value
    text = {} if value is None else {TEXT: value}
    return {LINE: element.sourceline, **text}


def _members(root: etree._Element, names: list[str]) -> list[etree._Element]:
    found = [root] if _local(root.tag) == names[0] else []
    around = [root]
    for depth, name in enumerate(names):
        if depth:
            around, found = found, [child for one in found for child in one if _local(child.tag) == name]
        if not found and (depth < len(names) - 1 or not depth):
            here = [root] if not depth else [child for one in around for child in one]
            there = ", ".join(dict.fromkeys(_local(one.tag) for one in here)) or "nothing"
            place = f"line {around[0].sourceline}"
            raise _BrokenError(
                Finding(
                    code="xml.records",
                    message=(
                        f"The records are missing: there is no element '{name}' of '{'.'.join(names)}' "
                        f"on {place}, found {excerpt(there, 200)}."
                    ),
                    place=place,
                    expected=f"an element '{name}'",
                    found=excerpt(there, 200),
                )
            )
    return found


def _value(element: etree._Element, depth: int) -> Tree:
    """Text, a group, or None when nothing is inside."""
    if depth > MAX_DEPTH:
        line = f"line {element.sourceline}"
        message = f"The document is nested more than {MAX_DEPTH} elements deep on {line}."
        raise _BrokenError(Finding(code="xml.depth", message=message, place=line))
    if element.get(f"{_XSI}nil") in _TRUE:
        return None
    children = len(element)
    group = _attributes(element) if element.attrib else {}
    if not children and not group:
        return _text(element.text)
    if not children:
        text = _text(element.text)
    else:
        for child in element:
            _add(group, _local(child.tag), _value(child, depth + 1))
        pieces = [element.text, *(child.tail for child in element)]
        text = " ".join(piece.strip() for piece in pieces if piece and not piece.isspace()) or None
    if text is not None:
        group[TEXT] = text
    return {LINE: element.sourceline, **group} if group else None


def _add(group: dict[str, Any], name: str, value: Tree) -> None:
    if value is None:
        return
    if name not in group:
        group[name] = value
    elif isinstance(group[name], list):
        group[name].append(value)
    else:
        group[name] = [group[name], value]


def _attributes(element: etree._Element) -> dict[str, Any]:
    """Attributes by local name; of two with the same one, that without namespace counts."""
    found: dict[str, Any] = {}
    for key, text in element.attrib.items():
        name = str(key)
        if name.startswith(_XSI) and (name != f"{_XSI}type" or not len(element)):
            continue
        if text and (not name.startswith("{") or f"@{_local(name)}" not in found):
            found[f"@{_local(name)}"] = str(text)
    return found


def _text(text: str | None) -> str | None:
    return text if text and not text.isspace() else None


def _local(tag: Any) -> str:
    return str(tag).rpartition("}")[2]


def _content(tree: Tree) -> Tree:
    """The tree without lines: what decides whether two records are the same."""
    if isinstance(tree, dict):
        return {name: _content(value) for name, value in tree.items() if name != LINE}
    return [_content(item) for item in tree] if isinstance(tree, list) else tree
