"""Walking a tree in the order of its guide, and what envelopes of both formats say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from connectors.codecs.segmented.guide import Node, SegmentDef

Values: TypeAlias = Callable[[SegmentDef, dict[str, Any], str], list[str]]
"""The elements of one segment of a tree as texts, given where it is."""


def segments(
    tree: dict[str, Any], nodes: Sequence[Node], values: Values, wrong: list[str], path: str = ""
) -> Iterator[tuple[SegmentDef, list[str]]]:
    """The segments of a tree in the guide's order; what has no place there is added to `wrong`."""
    known = {node.id for node in nodes}
    strangers = [name for name in tree if name not in known and not name.isdigit() and name != "@"]
    wrong += [f"{path}{name} has no place there in the guide" for name in strangers]
    for node in nodes:
        given = tree.get(node.id)
        if given is None:
            continue
        many = given if isinstance(given, list) else [given]
        for at, one in enumerate(many):
            place = f"{path}{node.id}" + (f"[{at}]" if isinstance(given, list) else "")
            if not isinstance(one, dict):
                wrong.append(f"{place} must be an object of elements, found {type(one).__name__}")
                continue
            yield node.segment, values(node.segment, one, place)
            yield from segments(one, node.children, values, wrong, f"{place}.")


def loose(tree: dict[str, Any], values: Values, wrong: list[str]) -> Iterator[tuple[SegmentDef, list[str]]]:
    """The segments of a tree that was read without a guide, in the order that their "@" tells."""
    found: list[tuple[int, str, dict[str, Any], str]] = []
    for name, given in tree.items():
        if name == "@":
            continue
        for at, one in enumerate(given if isinstance(given, list) else [given]):
            place = f"{name}[{at}]" if isinstance(given, list) else name
            if not isinstance(one, dict):
                wrong.append(f"{place} must be an object of elements, found {type(one).__name__}")
                continue
            number = one.get("@")
            if not isinstance(number, int):
                wrong.append(f"{place} needs its number in '@': without a guide nothing else tells the order")
                continue
            found.append((number, name, one, place))
    for _, name, one, place in sorted(found, key=lambda each: each[0]):
        segment = SegmentDef(id=name, known=False)
        yield segment, values(segment, one, place)


def date(envelope: Mapping[str, Any], wrong: list[str]) -> str:
    """The envelope's date, CCYYMMDD."""
    text = str(envelope.get("date", "")).replace("-", "")
    if len(text) != 8 or not text.isdigit():  # noqa: PLR2004 - CCYYMMDD
        wrong.append(f"date '{text}' must be CCYYMMDD")
    return text


def time(envelope: Mapping[str, Any], wrong: list[str]) -> str:
    """The envelope's time, HHMM or HHMMSS."""
    text = str(envelope.get("time", "")).replace(":", "")
    if len(text) not in {4, 6} or not text.isdigit():
        wrong.append(f"time '{text}' must be HHMM or HHMMSS")
    return text
