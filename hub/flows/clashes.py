"""Can what an expression gives stand where the target wants it?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from hub.flows.forms import Form, choices, nearest
from hub.flows.problems import Code, Severity
from hub.mapping.binding import BoundExpression
from hub.mapping.lookups import CANONICAL, Lookup
from hub.mapping.nodes import Constant, Literal

_MANY = 6
_WORDED = frozenset({"text", "null"})
_MENDS = {
    "integer": "| integer",
    "number": "| number",
    "boolean": "| boolean",
    "decimal": "| decimal",
    "date": "| date(format)",
    "moment": "| datetime(format, zone)",
}
_WORDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "decimal": "a decimal number",
    "date": "a date",
    "moment": "a time with offset",
    "text": "a text",
    "group": "a group",
    "list": "a list",
}
_WRITTEN: Mapping[str, Callable[[str], object]] = {
    "date": re.compile(r"\d{4}-\d\d-\d\d").fullmatch,
    "moment": re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)").fullmatch,
    "decimal": re.compile(r"-?\d+(\.\d+)?").fullmatch,
}


@dataclass(frozen=True, slots=True)
class Clash:
    """Why it cannot; `code`, `severity` and `hint` as in `Problem`."""

    code: Code
    message: str
    hint: str = ""
    severity: Severity = "error"


def clash(
    bound: BoundExpression,
    made: Form,
    target: Form,
    lookups: Mapping[str, Lookup],
    *,
    text_only: bool,
) -> Clash | None:
    """The first reason why a value does not fit.

    Args:
        bound: The expression.
        made: What it gives (of a list: its elements).
        target: What is wanted.
        lookups: The mapping's code tables.
        text_only: Whether the target's format knows texts only, so that numbers become them.
    """
    wanted = target.kinds - {"null"}
    if wanted == {"list"}:
        if bound.gives == "one" and made.kinds:
            return _clash("a list", made, "| values", made.sure)
        target = target.element
        wanted = target.kinds - {"null"}
    elif bound.gives == "many" and wanted and "list" not in wanted:
        return Clash(
            "type-clash", f"expected {_name(target)}, found a list", "end it with first, only or join"
        )
    if wanted == {"group"}:
        return _group(bound, made, target, lookups)
    return _scalar(bound, made, target, lookups, text_only=text_only) if target.scalar else None


def _scalar(
    bound: BoundExpression, made: Form, target: Form, lookups: Mapping[str, Lookup], *, text_only: bool
) -> Clash | None:
    """A single value is wanted."""
    if (wrong := _default(bound, target)) or not made.kinds:
        return wrong
    if made.kinds == {"group"} or bound.gives == "map":
        return _clash(_name(target), made, "| lookup(…)" if bound.gives == "map" else "", made.sure)
    by_words = _enum(bound, made, target, lookups) if target.values is not None else None
    return by_words or _kind(made, target, text_only) or _text(bound, made, target, lookups)


def _default(bound: BoundExpression, target: Form) -> Clash | None:
    """The default that an expression ends with, whatever its paths give."""
    for step in reversed(bound.steps):
        if step.function.name not in ("default", "optional"):
            return None
        texts = [one.value for one in step.call.arguments if isinstance(one, Literal)]
        for text in texts:
            listed = target.values is not None and text not in target.values and target.kinds <= _WORDED
            expected = choices(target.values or ()) if listed else target.refuses(text)
            if expected:
                near = nearest(text, target.values or ())
                hint = f"did you mean {near!r}?" if near else ""
                return Clash("unknown-constant", f"expected {expected}, found {text!r}", hint)
    return None


def _group(bound: BoundExpression, made: Form, target: Form, lookups: Mapping[str, Lookup]) -> Clash | None:
    if made.kinds and "group" not in made.kinds:
        return _clash(_name(target), made, "write its fields below it", made.sure)
    if bound.gives == "map" and CANONICAL in target.names:
        wanted = target.child(CANONICAL)
        given = made.child(CANONICAL)
        return _enum(bound, given, wanted, lookups) if wanted.values is not None else None
    return None


def _enum(bound: BoundExpression, made: Form, target: Form, lookups: Mapping[str, Lookup]) -> Clash | None:
    allowed = sorted(target.values or ())
    expected = choices(allowed)
    if made.values is None:
        if not made.kinds & {"text"} or (made.kinds == {"text"} and made.sure is False):
            return None
        severity: Severity = "error" if made.sure else "warning"
        hint = "| lookup(…) or | require(…)"
        return Clash("type-clash", f"expected {expected}, found any text", hint, severity)
    outside = made.values - set(allowed)
    if not outside:
        return None
    near = nearest(min(outside), allowed)
    told = _outside(bound, lookups, set(outside), expected, f"did you mean {near!r}?" if near else "")
    return told if made.sure else replace(told, severity="warning")


def _text(bound: BoundExpression, made: Form, target: Form, lookups: Mapping[str, Lookup]) -> Clash | None:
    """Constants and codes of tables against the target's rules for texts."""
    if made.kinds != {"text"} or made.values is None or not made.sure:
        return None
    for text in sorted(made.values):
        if expected := target.refuses(text):
            return _outside(bound, lookups, {text}, expected, "")
    return None


def _outside(
    bound: BoundExpression, lookups: Mapping[str, Lookup], outside: set[str], expected: str, hint: str
) -> Clash:
    """Texts that do not fit, and where they were written: here, or in a code table."""
    found = ", ".join(map(repr, sorted(outside)[:_MANY]))
    table = _table(bound, lookups)
    if outside <= _written(bound):
        return Clash("unknown-constant", f"expected {expected}, found {found}", hint)
    if table is None:
        return Clash("type-clash", f"expected {expected}, found {found}", hint)
    column = f"column {table.target} of {table.file}"
    return Clash("lookup-outside-target", f"expected {expected}, found {found} in {column}", hint)


def _kind(made: Form, target: Form, text_only: bool) -> Clash | None:  # noqa: FBT001 - as `clash` has it
    wanted = target.meaning or next(iter(target.kinds - {"null"}))
    if len(target.kinds - {"null"}) != 1 or target.values is not None:
        return None
    if wanted == "text":
        other = made.kinds <= {"integer", "boolean", "number"}
        return _clash("a text", made, "| trim", made.sure) if other and not text_only else None
    if wanted in _WRITTEN:
        return None if _says(made, wanted, text_only=text_only) else _wrong(wanted, made)
    fits = made.kinds <= ({"integer", "number"} if wanted == "number" else {wanted})
    # samples do not tell whole numbers from others
    fits = fits or (wanted == "integer" and made.kinds == {"number"} and not made.sure)
    return None if fits else _wrong(wanted, made)


def _says(made: Form, wanted: str, *, text_only: bool) -> bool:
    """Whether a text says a date, time or number; numbers do where everything becomes text."""
    if made.kinds == {"text"}:
        return made.meaning == wanted or (
            made.values is not None and made.sure and all(map(_WRITTEN[wanted], made.values))
        )
    return wanted == "decimal" and text_only and made.kinds <= {"integer", "number"}


def _wrong(wanted: str, made: Form) -> Clash:
    hint = _MENDS[wanted]
    if (wanted, made.meaning) in (("date", "moment"), ("moment", "date")):
        hint = "| date" if wanted == "date" else "| tz(zone)"
    return _clash(_WORDS[wanted], made, hint, made.sure)


def _clash(expected: str, made: Form, hint: str, sure: bool) -> Clash:  # noqa: FBT001 - internal
    found = _WORDS[made.meaning] if made.meaning in _WRITTEN and made.sure else _name(made)
    return Clash("type-clash", f"expected {expected}, found {found}", hint, "error" if sure else "warning")


def _name(form: Form) -> str:
    if form.meaning:
        return _WORDS[form.meaning]
    names = [word for kind, word in _WORDS.items() if kind in form.kinds]
    return " or ".join(names) or "something else"


def _table(bound: BoundExpression, lookups: Mapping[str, Lookup]) -> Lookup | None:
    for step in reversed(bound.steps):
        if step.function.name in ("lookup", "crosswalk"):
            first = step.call.arguments[0]
            return lookups.get(first.value) if isinstance(first, Literal) else None
    return None


def _written(bound: BoundExpression) -> set[str]:
    """The texts that stand in the expression itself: constants, defaults, allowed values."""
    written = {source.value for source in bound.expression.sources if isinstance(source, Constant)}
    for step in bound.steps:
        if step.function.name in ("default", "require"):
            written |= {one.value for one in step.call.arguments if isinstance(one, Literal)}
        if step.function.name in ("lookup", "crosswalk"):
            written |= {one.value for one in step.call.arguments[1:] if isinstance(one, Literal)}
    return written
