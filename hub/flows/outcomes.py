"""What an expression gives, proved from what its sources are and what its functions do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from hub.flows.forms import ANY, MOMENT, TEXT, Form, Lost, follow, group
from hub.mapping.binding import BoundExpression, Step
from hub.mapping.lookups import CANONICAL, Lookup
from hub.mapping.nodes import Constant, Literal, Path, Position, Source

Scope = Mapping[str | None, Form]
"""The document under None, and the elements of `each` by their names."""

_INTEGER = Form(kinds=frozenset({"integer"}))
_NUMBER = Form(kinds=frozenset({"number"}))
_BOOLEAN = Form(kinds=frozenset({"boolean"}))
_DECIMAL = replace(TEXT, meaning="decimal")
_DATE = replace(TEXT, meaning="date")

_GIVES: Mapping[str, Form] = {
    **dict.fromkeys(("concat", "join", "pad", "replace", "slice", "split", "unpad", "uuid5"), TEXT),
    **dict.fromkeys(("format_date", "to_odata_date"), TEXT),
    **dict.fromkeys(("decimal", "scale", "round", "sum", "product"), _DECIMAL),
    **dict.fromkeys(("datetime", "epoch", "odata_date", "tz"), MOMENT),
    **dict.fromkeys(("integer", "count"), _INTEGER),
    "number": _NUMBER,
    "boolean": _BOOLEAN,
    "date": _DATE,
}
"""Functions whose result does not depend on what goes in."""

_CASES: Mapping[str, Callable[[str], str]] = {"lower": str.lower, "upper": str.upper, "trim": str.strip}
_SAME = frozenset({"optional", "first", "only", "values", "flatten", "unique", "copy", "match"})


def outcome(bound: BoundExpression, scope: Scope, lookups: Mapping[str, Lookup]) -> Form:
    """The form of the value that an expression gives; `ANY` when that cannot be told.

    Of a list it is the form of the elements.
    """
    form = union(source_form(source, scope) for source in bound.expression.sources)
    for step in bound.steps:
        form = _after(step, form, lookups)
    return form


def source_form(source: Source, scope: Scope) -> Form:
    """The form of what one path finds."""
    if isinstance(source, Position):
        return _INTEGER
    if isinstance(source, Constant):
        return _constant(source.value)
    found = follow(source, scope.get(source.variable, ANY))
    return ANY if isinstance(found, Lost) else found.element


def union(forms: Iterable[Form]) -> Form:
    """What a value is that comes from one of several places."""
    found = list(forms)
    if len(found) == 1:
        return found[0]
    if not all(form.kinds for form in found):
        return ANY
    closed = [form.values for form in found if form.values is not None]
    meanings = {form.meaning for form in found}
    return Form(
        kinds=frozenset().union(*(form.kinds for form in found)),
        values=frozenset().union(*closed) if len(closed) == len(found) else None,
        meaning=meanings.pop() if len(meanings) == 1 else "",
        sure=all(form.sure for form in found),
    )


def paths_of(bound: BoundExpression) -> Iterable[Path]:
    """All paths that an expression reads, operands included."""
    operands = (operand for step in bound.steps for operand in step.operands)
    return (one for one in (*bound.expression.sources, *operands) if isinstance(one, Path))


def _after(step: Step, form: Form, lookups: Mapping[str, Lookup]) -> Form:
    name, arguments = step.function.name, _texts(step)
    if name == "default":
        return _defaulted(form, arguments[0])
    if name in ("lookup", "crosswalk"):
        return _looked_up(name, lookups[arguments[0]], arguments[1:])
    if name == "require" and arguments:
        return replace(TEXT, values=frozenset(arguments))
    if name in _CASES:
        folded = None if form.values is None else frozenset(map(_CASES[name], form.values))
        return replace(TEXT, values=folded, sure=form.sure or folded is None)
    if name in _SAME or name == "require":
        return form.element
    return _GIVES.get(name, ANY)


def _defaulted(form: Form, text: str) -> Form:
    """A default for a number or a time counts as one: it is checked where it goes as text."""
    given = _constant(text)
    both = union((form, given))
    return replace(both, meaning=form.meaning) if _reads_as(text, form.meaning) else both


def _reads_as(text: str, meaning: str) -> bool:
    return meaning == "decimal" and text.replace(".", "", 1).isdigit()


def _looked_up(name: str, lookup: Lookup, defaults: list[str]) -> Form:
    known = _known(lookup.entries)
    code = TEXT if known is None else replace(TEXT, values=frozenset((*known, *defaults)))
    if name == "lookup":
        return code
    fields = {"scheme": _constant(lookup.column), "code": TEXT, CANONICAL: code, "raw": TEXT}
    return group(fields, required=fields)


def _known(entries: Mapping[str, str]) -> Iterable[str] | None:
    """The codes that a table gives; None for a cross reference, whose entries are in the database."""
    return entries.values() if isinstance(entries, dict) else None


def _texts(step: Step) -> list[str]:
    return [argument.value for argument in step.call.arguments if isinstance(argument, Literal)]


def _constant(text: str) -> Form:
    return replace(TEXT, values=frozenset({text}), meaning="decimal" if _reads_as(text, "decimal") else "")
