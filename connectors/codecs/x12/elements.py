"""Checking the elements of one segment against its definition.

Two ways that agree (a property test holds them together): `matcher` is one regular expression per segment
that accepts most good ones in a single step; `problems` is the full check that knows what is wrong.
What the expression does not accept is not wrong, it only has to be looked at.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from connectors.codecs.segmented.guide import Element, Note, SegmentDef
from connectors.codecs.segmented.problem import Problem, characters
from connectors.codecs.x12 import findings as codes
from connectors.codecs.x12.delimiters import Separators

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_INTEGER: Final = re.compile(r"-?\d+")
_DECIMAL: Final = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)  # linear, whatever is sent
_TIME: Final = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d\d{0,2})?", re.ASCII)
_DATE_PATTERN: Final = (
    r"(?:19|20)[0-9]{2}"
    r"(?:(?:0[13578]|1[02])(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)(?:0[1-9]|[12][0-9]|30)|02(?:0[1-9]|1[0-9]|2[0-8]))"
)
_TIME_PATTERN: Final = "(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9])?"

_PATTERNS: Final = {"DT": _DATE_PATTERN, "TM": _TIME_PATTERN}


@lru_cache(maxsize=4096)
def matcher(segment: SegmentDef, signs: Separators) -> Callable[[str], object]:
    """Return a function of a segment's text that gives None when it has to be looked at closely."""
    if not segment.known:
        return re.compile(".*", re.DOTALL).fullmatch
    mark = re.escape(signs.element)
    stop = "".join(re.escape(sign) for sign in signs if sign)
    pattern, optional = (
        "",
        True,
    )  # built from the last element to the first: what follows is inside what precedes
    for element in reversed(segment.elements):
        value = _value_pattern(element, stop)
        if element.mandatory:
            pattern = f"{mark}{value}{pattern}"
            optional = False
        else:
            pattern = f"{mark}(?:{value})?{pattern}"
        if optional:
            pattern = f"(?:{pattern})?"
    return re.compile(re.escape(segment.id) + pattern).fullmatch


def accepting(element: Element, signs: Separators) -> Callable[[str], object]:
    """The same for a single element without components."""
    stop = "".join(re.escape(sign) for sign in signs if sign)
    return re.compile(_value_pattern(element, stop)).fullmatch


def _value_pattern(element: Element, stop: str) -> str:
    low, high = element.low, element.high
    if element.components or element.repeat > 1 or (element.kind == "DT" and high != 8):  # noqa: PLR2004 - CCYYMMDD
        return r"(?!)"  # always looked at closely
    if element.codes:
        return "(?:" + "|".join(sorted(map(re.escape, element.codes))) + ")"
    if element.kind == "R":
        return _decimal_pattern(low, high)
    if element.kind.startswith("N"):
        return f"-?[0-9]{{{low},{high}}}"
    if element.kind in _PATTERNS:
        return _PATTERNS[element.kind]
    return f"[^{stop}\\x00-\\x1f\\x7f]{{{low},{high}}}"


def _decimal_pattern(low: int, high: int) -> str:
    whole = max(high - 5, 1)
    return f"-?[0-9]{{{low},{whole}}}" + (r"(?:\.[0-9]{1,5})?" if high - whole == 5 else "")  # noqa: PLR2004


def problems(segment: SegmentDef, values: list[str], signs: Separators) -> Iterator[Problem]:
    """Everything wrong with a segment; `values` are its elements, the first of them at position 1."""
    if not segment.known:
        return
    for position, element in enumerate(segment.elements, 1):
        value = values[position - 1] if position <= len(values) else ""
        yield from _element(position, element, value, signs)
    for position in range(len(segment.elements) + 1, len(values) + 1):
        if values[position - 1]:
            message = f"has {len(values)} elements, {len(segment.elements)} are defined"
            yield Problem(codes.ELEMENT_TOO_MANY, position, 0, "", message, "nothing", values[position - 1])
            break
    for note in segment.notes:
        yield from _related(note, segment, values)


def components(element: Element, value: str, signs: Separators) -> dict[str, str] | None:
    """The components of a composite by position; None when something is wrong with it."""
    if next(_composite(1, element, value, signs), None) is not None:
        return None
    parts = value.split(signs.component) if signs.component else [value]
    return {f"{at:02d}": part for at, part in enumerate(parts, 1) if part}


def _element(position: int, element: Element, value: str, signs: Separators) -> Iterator[Problem]:
    if not value:
        if element.mandatory:
            yield _missing(position, 0, element)
        return
    values = repeats(element, value, signs)
    if len(values) > element.repeat:
        message = f"repeats element {position:02d} {len(values)} times, at most {element.repeat} are allowed"
        yield Problem(codes.ELEMENT_TOO_MANY, position, 0, element.reference, message, _form(element), value)
    for one in values:
        if element.components:
            yield from _composite(position, element, one, signs)
        else:
            yield from _simple(position, 0, element, one, signs)


def repeats(element: Element, value: str, signs: Separators) -> list[str]:
    """The values of an element that may be there several times; any other has one."""
    return value.split(signs.repetition) if element.repeat > 1 and signs.repetition else [value]


def _composite(position: int, element: Element, value: str, signs: Separators) -> Iterator[Problem]:
    parts = value.split(signs.component) if signs.component else [value]
    for number, component in enumerate(element.components, 1):
        part = parts[number - 1] if number <= len(parts) else ""
        if part:
            yield from _simple(position, number, component, part, signs)
        elif component.mandatory:
            yield _missing(position, number, component)
    if len(parts) > len(element.components):
        message = (
            f"has {len(parts)} components in element {position:02d}, {len(element.components)} are defined"
        )
        yield Problem(codes.ELEMENT_TOO_MANY, position, 0, element.reference, message, _form(element), value)


def _missing(position: int, component: int, element: Element) -> Problem:
    what = f"component {component} of element {position:02d}" if component else f"element {position:02d}"
    message = f"lacks {what}, which is mandatory"
    return Problem(
        codes.ELEMENT_MISSING, position, component, element.reference, message, _form(element), "nothing"
    )


def _simple(
    position: int, component: int, element: Element, value: str, signs: Separators
) -> Iterator[Problem]:
    checks = (_wrong_sign(value, signs), _wrong_kind(element, value), _wrong_length(element, value))
    first = next((check for check in checks if check), None)
    if first is None and element.codes and value not in element.codes:
        first = codes.ELEMENT_CODE, "is not in the code list"
    if first is not None:
        where = f"element {position:02d}" + (f", component {component}" if component else "")
        message = f"{where} '{value}' {first[1]}"
        yield Problem(first[0], position, component, element.reference, message, _form(element), value)


def _wrong_sign(value: str, signs: Separators) -> tuple[str, str] | None:
    found = _CONTROL.search(value)
    if found:
        return codes.ELEMENT_CHARACTER, f"holds the control character 0x{ord(found[0]):02X}"
    for sign in (signs.component, signs.repetition, signs.segment, signs.element):
        if sign and sign in value:
            return codes.ELEMENT_CHARACTER, f"holds the delimiter '{sign}'"
    return None


def _wrong_kind(element: Element, value: str) -> tuple[str, str] | None:
    kind = element.kind
    if kind == "DT" and not _is_date(value):
        return codes.ELEMENT_DATE, "is not a date"
    if kind == "TM" and not _TIME.fullmatch(value):
        return codes.ELEMENT_TIME, "is not a time of day"
    if kind == "R" and not _DECIMAL.fullmatch(value):
        return codes.ELEMENT_CHARACTER, "is not a decimal number"
    if kind.startswith("N") and not (_INTEGER.fullmatch(value) and value.isascii()):
        return codes.ELEMENT_CHARACTER, "is not a whole number"
    return None


def _wrong_length(element: Element, value: str) -> tuple[str, str] | None:
    size = len(value)
    if element.kind == "R" or element.kind.startswith("N"):
        size -= value.count("-") + value.count(".")  # signs and points do not count
    if size < element.low:
        return codes.ELEMENT_TOO_SHORT, f"has {characters(size)}, at least {element.low} are needed"
    if size > element.high:
        return codes.ELEMENT_TOO_LONG, f"has {characters(size)}, at most {element.high} are allowed"
    return None


def _is_date(value: str) -> bool:
    if not (value.isascii() and value.isdigit() and len(value) in {6, 8}):
        return False
    year = int(value[:-4])
    month, day = int(value[-4:-2]), int(value[-2:])
    if len(value) == 6:  # noqa: PLR2004 - YYMMDD
        year += 2000
    return year >= 1 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]  # noqa: PLR2004 - months


def _form(element: Element) -> str:
    if element.components:
        return f"composite {element.reference}"
    listed = ", ".join(sorted(element.codes)[:40])
    return f"{element.kind} {element.low}/{element.high}" + (f": {listed}" if listed else "")


def _related(note: Note, segment: SegmentDef, values: list[str]) -> Iterator[Problem]:
    present = [position <= len(values) and bool(values[position - 1]) for position in note.positions]
    excluded = note.relation == "E" and sum(present) > 1
    broken = {
        "P": any(present) and not all(present),
        "R": not any(present),
        "E": excluded,
        "C": present[0] and not all(present[1:]),
        "L": present[0] and not any(present[1:]),
    }[note.relation]
    if not broken:
        return
    at = present.index(True, present.index(True) + 1) if excluded else present.index(False)
    position = note.positions[at]
    listed = ", ".join(f"{number:02d}" for number in note.positions)
    reference = segment.elements[position - 1].reference if position <= len(segment.elements) else ""
    words = {
        "P": "all or none of them",
        "R": "at least one of them",
        "E": "at most one of them",
        "C": "the others when the first is there",
        "L": "one of the others when the first is there",
    }[note.relation]
    code = codes.ELEMENT_EXCLUDED if excluded else codes.ELEMENT_CONDITIONAL
    found = values[position - 1] if excluded else "nothing"
    message = f"breaks the rule {note} about elements {listed}: {words}"
    yield Problem(code, position, 0, reference, message, words, found)
