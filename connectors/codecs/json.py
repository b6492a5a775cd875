"""JSON: one record per document, or one per item of a list inside it. Numbers stay exact."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import orjson

from connectors.codecs.base import (
    NOTHING,
    Body,
    Decoded,
    EncodeError,
    Finding,
    Record,
    Tree,
    excerpt,
    whole,
)


class JsonCodec:
    """Reads and writes JSON.

    Option `items`: dotted path to a list; each of its members becomes a record. The empty path is
    the document itself. Without the option the whole document is one record.

    Option `volatile`: names at the top of a record that say when it was told, not what (`updated_at`).
    They stay in the tree but not in the digest, so that the same thing told again is a repeat.
    """

    media_type = "application/json"

    def __init__(self, items: str | None = None) -> None:
        self._items = items

    def decode(self, body: Body, options: Mapping[str, Any] = NOTHING) -> Decoded:
        """Read a document; broken JSON is one fatal record that names line and column."""
        data = whole(body)
        items = options.get("items", self._items)
        volatile = options.get("volatile") or ()
        names = frozenset((volatile,) if isinstance(volatile, str) else volatile)
        return Decoded(records=_records(data, None if items is None else str(items), names))

    def encode(self, tree: Tree, envelope: Mapping[str, Any] = NOTHING) -> bytes:
        """Write a tree as UTF-8 JSON, decimals digit for digit; `envelope` has no meaning here."""
        del envelope
        try:
            return _dump(tree, _plain_decimal, 0)
        except (TypeError, ValueError, RecursionError) as problem:
            raise EncodeError(f"This tree cannot be written as JSON: {problem}") from problem


def _records(data: bytes, items: str | None, volatile: frozenset[str]) -> Iterator[Record]:
    try:
        tree = _parse(data)
        members = [tree] if items is None else _members(tree, items)
    except (_BrokenError, RecursionError) as problem:
        finding = (
            problem.finding
            if isinstance(problem, _BrokenError)
            else Finding(code="json.depth", message="The document is nested too deeply to be read.")
        )
        yield Record(index=0, tree=None, digest=hashlib.sha256(data).hexdigest(), findings=(finding,))
        return
    for index, member in enumerate(members):
        yield _record(index, member, items, volatile)


def _record(index: int, member: Tree, items: str | None, volatile: frozenset[str]) -> Record:
    stable = member
    if volatile and isinstance(member, dict):
        stable = {name: value for name, value in member.items() if name not in volatile}
    try:
        digest = hashlib.sha256(_dump(stable, _equal_decimal, orjson.OPT_SORT_KEYS)).hexdigest()
    except (TypeError, ValueError, RecursionError) as problem:
        place = "" if items is None else f"{items}[{index}]"
        finding = Finding(code="json.depth", message=f"This record cannot be held: {problem}.", place=place)
        digest = hashlib.sha256(f"{place}:{index}".encode()).hexdigest()
        return Record(index=index, tree=None, digest=digest, findings=(finding,))
    return Record(index=index, tree=member, digest=digest)


class _BrokenError(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def _parse(data: bytes) -> Tree:
    try:
        text = data.decode(json.detect_encoding(data))
    except UnicodeDecodeError as problem:
        message = f"The document is not text in {problem.encoding}: {problem.reason} at byte {problem.start}."
        raise _BrokenError(
            Finding(code="json.encoding", message=message, offset=problem.start, expected=problem.encoding)
        ) from problem
    text = text.removeprefix("\ufeff")
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except json.JSONDecodeError as problem:
        place = f"line {problem.lineno}, column {problem.colno}"
        if not text.strip():
            message = "The file is empty: there is no JSON document."
            raise _BrokenError(
                Finding(code="json.syntax", message=message, place=place, expected="JSON", found="nothing")
            ) from problem
        raise _BrokenError(
            Finding(
                code="json.syntax",
                message=f"The document is not JSON: {problem.msg} at {place}.",
                place=place,
                expected="JSON",
                found=excerpt(text[problem.pos :]) or "end of document",
                offset=len(text[: problem.pos].encode("utf-8", "surrogatepass")),
            )
        ) from problem
    except ValueError as problem:  # a constant such as NaN, or an integer of thousands of digits
        raise _BrokenError(
            Finding(code="json.number", message=f"The document holds no exact number: {problem}.")
        ) from problem


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")


def _members(tree: Tree, path: str) -> list[Tree]:
    found = tree
    for name in [part for part in path.split(".") if part]:
        if not isinstance(found, dict) or name not in found:
            keys = ", ".join(map(str, found)) if isinstance(found, dict) else _kind(found)
            raise _BrokenError(
                Finding(
                    code="json.items",
                    message=f"The list of records is missing: there is no '{name}' of '{path}'.",
                    place=path,
                    expected=f"a list at '{path}'",
                    found=excerpt(keys, 200),
                )
            )
        found = found[name]
    if not isinstance(found, list):
        message = f"'{path or 'the document'}' holds {_kind(found)} where the list of records is expected."
        raise _BrokenError(
            Finding(code="json.items", message=message, place=path, expected="a list", found=_kind(found))
        )
    return found


def _kind(value: Tree) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _dump(tree: Tree, decimal: Any, option: int) -> bytes:
    """Orjson where it can; integers beyond 64 bits and lone surrogates take the careful way."""
    try:
        return orjson.dumps(tree, default=decimal, option=option)
    except TypeError:
        return orjson.dumps(_careful(tree), default=decimal, option=option)


def _careful(tree: Tree) -> Tree:
    if isinstance(tree, dict):
        return {_text(key): _careful(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_careful(value) for value in tree]
    if isinstance(tree, str):
        return orjson.Fragment(json.dumps(tree))
    if isinstance(tree, int) and not isinstance(tree, bool):
        return orjson.Fragment(str(tree))
    return tree


def _text(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"the key {key!r} is not a text")
    return key.encode("utf-8", "backslashreplace").decode()


def _plain_decimal(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    raise TypeError(f"{value!r} ({type(value).__name__}) is no value of a tree")


def _equal_decimal(value: Any) -> orjson.Fragment:
    """The same text for 1.5, 1.50 and 15e-1, so that a resend in another spelling is the same content."""
    if not isinstance(value, Decimal) or not value.is_finite():
        raise TypeError(f"{value!r} ({type(value).__name__}) is no value of a tree")
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):  # only NaN and infinity have letters, refused above
        raise TypeError(f"{value!r} is not finite")
    number = "".join(map(str, digits)).rstrip("0").lstrip("0")
    if not number:
        return orjson.Fragment("0")
    zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    exponent += zeros
    minus = "-" if sign else ""
    small = 0 <= exponent < 19 - len(number)
    return orjson.Fragment(f"{minus}{number}{'0' * exponent}" if small else f"{minus}{number}e{exponent}")
