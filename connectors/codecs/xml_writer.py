"""Trees to XML; `xml` says what a tree looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from lxml import etree

from connectors.codecs.base import EncodeError, Tree, excerpt

_MAX_DEPTH: Final = 100
_NAME: Final = re.compile(r"(?:(?P<prefix>[^\W\d][\w.-]*):)?(?P<local>[^\W\d][\w.-]*)")
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_RESERVED: Final = ("@", "#text")

Scope = Mapping[str | None, str]
"""Namespaces in scope by prefix; None is the default namespace."""


def write(tree: Tree, doctype: str = "") -> bytes:
    """Write a tree.

    Args:
        tree: `{root: …}`.
        doctype: System id of a document type declaration; none without one.

    Raises:
        EncodeError: Not one root, a name or text that XML cannot hold, a prefix that nothing declares, a list
            inside a list; names the place.
    """
    roots = [name for name in tree if name not in _RESERVED] if isinstance(tree, dict) else []
    if len(roots) != 1:
        found = ", ".join(map(str, roots)) or type(tree).__name__
        raise EncodeError(
            f"An XML document has one root element: expected an object of one key, found {found}"
        )
    name, value = roots[0], tree[roots[0]]
    if isinstance(value, list):
        raise EncodeError(f"{name}: expected one root element, found a list of {len(value)}")
    if '"' in doctype or "<" in doctype:
        raise EncodeError(f"A document type's address cannot hold quotes or <: {excerpt(doctype)}")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    if doctype:
        head += f'<!DOCTYPE {name} SYSTEM "{doctype}">\n'
    try:
        root = _element(None, name, value, name, {"xml": _XML})
        text: str = etree.tostring(root, encoding="unicode")
        return (head + text).encode()
    except EncodeError:
        raise
    except ValueError as problem:  # a name of letters that XML does not count as such
        raise EncodeError(f"This tree cannot be written as XML: {problem}") from problem


def _element(
    parent: etree._Element | None, name: str, value: Tree, path: str, scope: Scope
) -> etree._Element:
    if path.count(".") > _MAX_DEPTH:
        raise EncodeError(f"{path[:80]}…: nested more than {_MAX_DEPTH} elements deep")
    group = value if isinstance(value, dict) else {"#text": value}
    own = _namespaces(group)
    inner = {**scope, **own}
    nsmap: Any = own or None  # its type hint knows no default namespace
    tag = _qualified(name, path, inner, default=True)
    element = (
        etree.Element(tag, nsmap=nsmap) if parent is None else etree.SubElement(parent, tag, nsmap=nsmap)
    )
    for key, item in group.items():
        if item is None or _declares(key) or key == "@":
            continue
        below = f"{path}.{key}"
        if key == "#text":
            element.text = _text(item, below if isinstance(value, dict) else path)
        elif key.startswith("@"):
            element.set(_qualified(key[1:], below, inner, default=False), _text(item, below))
        else:
            _children(element, key, item, below, inner)
    return element


def _children(parent: etree._Element, name: str, value: Tree, path: str, scope: Scope) -> None:
    if not isinstance(value, list):
        _element(parent, name, value, path, scope)
        return
    for index, item in enumerate(value):
        if isinstance(item, list):
            raise EncodeError(f"{path}[{index}]: a list inside a list has no element of its own")
        if item is not None:
            _element(parent, name, item, f"{path}[{index}]", scope)


def _namespaces(group: Mapping[str, Any]) -> dict[str | None, str]:
    """What `@xmlns` and `@xmlns:prefix` of a group declare."""
    return {(key.partition(":")[2] or None): str(value) for key, value in group.items() if _declares(key)}


def _declares(key: str) -> bool:
    return key == "@xmlns" or key.startswith("@xmlns:")


def _qualified(name: str, path: str, scope: Scope, *, default: bool) -> str:
    found = _NAME.fullmatch(name)
    if found is None:
        raise EncodeError(f"{path}: {name!r} cannot name an element or attribute")
    prefix, local = found["prefix"], found["local"]
    if prefix is None and not default:
        return local
    namespace = scope.get(prefix, "")
    if prefix is not None and not namespace:
        raise EncodeError(
            f"{path}: the prefix '{prefix}' is not declared, expected '@xmlns:{prefix}' around it"
        )
    return f"{{{namespace}}}{local}" if namespace else local


def _text(value: Any, path: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value:f}"
    if not isinstance(value, str | int):
        raise EncodeError(f"{path}: expected a text or number, found {type(value).__name__}")
    text = str(value)
    wrong = next((char for char in text if not _allowed(char)), None)
    if wrong is not None:
        raise EncodeError(f"{path}: XML cannot hold the character U+{ord(wrong):04X} in {excerpt(text)!r}")
    return text


def _allowed(char: str) -> bool:
    if char < " ":
        return char in "\t\n\r"
    return not "\ud800" <= char <= "\udfff" and char not in "\ufffe\uffff"
