"""Checking the elements of one segment against its definition.

Two ways that agree (a property test holds them together): `matcher` is one regular expression per segment
that accepts most good ones in a single step; `problems` is the full check that knows what is wrong.
What the expression does not accept is not wrong, it only has to be looked at. Texts have inner separators.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from connectors.codecs.edifact import findings as codes
from connectors.codecs.edifact.service import COMPONENT, ELEMENT, REPETITION
from connectors.codecs.segmented.guide import Element, SegmentDef
from connectors.codecs.segmented.problem import Problem, characters

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_NUMBER: Final = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?")
_FRACTION: Final = 5  # digits behind the mark that the short way accepts


@lru_cache(maxsize=4096)
def matcher(segment: SegmentDef) -> Callable[[str], object]:
    """Return a function of a segment's text that gives None when it has to be looked at closely."""
    if not segment.known:
        return re.compile("(?!)").fullmatch  # nobody knows what is a composite there
    inside = "".join(_row([_element_pattern(one) for one in segment.elements], segment.elements, ELEMENT))
    return re.compile(f"{re.escape(segment.id)}{inside}").fullmatch


def accepting(element: Element) -> Callable[[str], object]:
    """The same for a single element without components, or a component."""
    return re.compile(_value_pattern(element)).fullmatch


def _row(patterns: Sequence[str], elements: Sequence[Element], mark: str) -> str:
    """Values behind separators; those at the end may be left out from the first that may."""
    pattern, optional = "", True
    for value, element in zip(reversed(patterns), reversed(elements), strict=True):
        if element.mandatory:
            pattern, optional = f"{mark}{value}{pattern}", False
        else:
            pattern = f"{mark}(?:{value})?{pattern}"
        if optional:
            pattern = f"(?:{pattern})?"
    return pattern


def _element_pattern(element: Element) -> str:
    if not element.components:
        return _value_pattern(element)
    first, *others = element.components
    head = _value_pattern(first)
    head = head if first.mandatory else f"(?:{head})?"
    tail = _row([_value_pattern(one) for one in others], others, COMPONENT)
    # one that is mandatory must not be empty, whatever its components are
    return f"(?=[^{ELEMENT}{COMPONENT}]|{COMPONENT}+[^{ELEMENT}{COMPONENT}]){head}{tail}"


def _value_pattern(element: Element) -> str:
    low, high = element.low, element.high
    if element.codes:
        return "(?:" + "|".join(sorted(map(re.escape, element.codes))) + ")"
    if element.kind == "n":
        whole = max(high - _FRACTION, 1)
        if low == high or whole + _FRACTION != high:
            return f"-?[0-9]{{{low},{high}}}"
        return f"-?[0-9]{{{low},{whole}}}(?:[.,][0-9]{{1,{_FRACTION}}})?"
    digits = "0-9" if element.kind == "a" else ""
    return f"[^\\x00-\\x1f\\x7f{digits}]{{{low},{high}}}"


def problems(segment: SegmentDef, values: Sequence[str]) -> Iterator[Problem]:
    """Everything wrong with a segment; `values` are its elements, the first of them at position 1."""
    if not segment.known:
        for position, value in enumerate(values, 1):
            if REPETITION in value:
                yield _repeated(position, "", value)
                return
        return
    for position, element in enumerate(segment.elements, 1):
        value = values[position - 1] if position <= len(values) else ""
        yield from _element(position, element, value)
    for position in range(len(segment.elements) + 1, len(values) + 1):
        if values[position - 1]:
            message = f"has {len(values)} elements, {len(segment.elements)} are defined"
            yield Problem(
                codes.ELEMENT_TOO_MANY, position, 0, "", message, "nothing", shown(values[position - 1])
            )
            break


def _repeated(position: int, reference: str, value: str) -> Problem:
    message = f"repeats element {position:02d}, which may be there once"
    return Problem(codes.ELEMENT_REPEATED, position, 0, reference, message, "one value", shown(value))


def _element(position: int, element: Element, value: str) -> Iterator[Problem]:
    if REPETITION in value:
        yield _repeated(position, element.reference, value)
        return
    if not value.strip(COMPONENT):
        if element.mandatory:
            yield _missing(position, 0, element)
        return
    parts = value.split(COMPONENT)
    components = element.components or (element,)
    inside = bool(element.components)
    for number, component in enumerate(components, 1):
        text = parts[number - 1] if number <= len(parts) else ""
        if text:
            yield from _simple(position, number if inside else 0, component, text)
        elif component.mandatory:
            yield _missing(position, number if inside else 0, component)
    if any(parts[len(components) :]):
        message = f"has {len(parts)} components in element {position:02d}, {len(components)} are defined"
        yield Problem(
            codes.ELEMENT_TOO_MANY, position, 0, element.reference, message, _form(element), shown(value)
        )


def _missing(position: int, component: int, element: Element) -> Problem:
    what = f"component {component} of element {position:02d}" if component else f"element {position:02d}"
    message = f"lacks {what}, which is mandatory"
    return Problem(
        codes.ELEMENT_MISSING, position, component, element.reference, message, _form(element), "nothing"
    )


def _simple(position: int, component: int, element: Element, value: str) -> Iterator[Problem]:
    checks = (_wrong_sign(value), _wrong_kind(element, value), _wrong_length(element, value))
    first = next((check for check in checks if check), None)
    if first is None and element.codes and value not in element.codes:
        first = codes.ELEMENT_INVALID, "is not in the code list"
    if first is not None:
        where = f"element {position:02d}" + (f", component {component}" if component else "")
        message = f"{where} '{shown(value)}' {first[1]}"
        yield Problem(first[0], position, component, element.reference, message, _form(element), shown(value))


def _wrong_sign(value: str) -> tuple[str, str] | None:
    found = _CONTROL.search(value)
    if found is None:
        return None
    return codes.ELEMENT_CHARACTER, f"holds the control character 0x{ord(found[0]):02X}"


def _wrong_kind(element: Element, value: str) -> tuple[str, str] | None:
    if element.kind == "a" and any(char.isascii() and char.isdigit() for char in value):
        return codes.ELEMENT_TYPE, "holds digits where only letters may be"
    if element.kind != "n" or _NUMBER.fullmatch(value):
        return None
    if _NUMBER.fullmatch(f"0{value.lstrip('-')}"):
        return codes.ELEMENT_NO_DIGIT, "has no digit before the decimal mark"
    if not re.search(r"[^0-9.,-]", value):
        return codes.ELEMENT_DECIMAL, "is not a number"
    return codes.ELEMENT_TYPE, "is not a number"


def _wrong_length(element: Element, value: str) -> tuple[str, str] | None:
    size = len(value)
    if element.kind == "n":
        size -= value.count("-") + value.count(".") + value.count(",")  # signs and marks do not count
    if size < element.low:
        return codes.ELEMENT_TOO_SHORT, f"has {characters(size)}, at least {element.low} are needed"
    if size > element.high:
        return codes.ELEMENT_TOO_LONG, f"has {characters(size)}, at most {element.high} are allowed"
    return None


def _form(element: Element) -> str:
    if element.components:
        return f"composite {element.reference}"
    dots = ".." if element.low != element.high else ""
    listed = ", ".join(sorted(element.codes)[:40])
    return f"{element.kind}{dots}{element.high}" + (f": {listed}" if listed else "")


def shown(text: str) -> str:
    """Text with inner separators for a message: with the usual ones."""
    return text.replace(COMPONENT, ":").replace(ELEMENT, "+").replace(REPETITION, "*")
