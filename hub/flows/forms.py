"""What is known about a value before any document is seen: which fields, which kinds, which texts.

JSON Schemas, EDI guides and samples all become `Form`s, so that one walk serves every format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from hub.mapping.nodes import Path, Selector, Step

SCALARS = frozenset({"text", "number", "integer", "boolean"})
_SHOWN = 8
_DEEPEST = 32


def _any(_name: str = "") -> Form:
    return ANY


def anything(_text: str) -> str:
    """Refuses nothing."""
    return ""


@dataclass(frozen=True, slots=True)
class Form:
    """A value that is to come.

    Attributes:
        kinds: Of text, number, integer, boolean, null, group, list; empty when anything may stand there.
        names: Fields of a group.
        required: Those of `names` that are always there.
        closed: Whether no other names are possible.
        child: The form of a field.
        item: The form of a list's elements.
        values: The only texts it can be; None when it is open.
        meaning: What a text says: `moment`, `date`, `decimal`, or nothing special.
        sure: Whether a schema or guide says so; samples only show what was seen.
        refuses: What is expected instead of a text, or nothing when the text can stand there.
    """

    kinds: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    required: frozenset[str] = frozenset()
    closed: bool = False
    child: Callable[[str], Form] = _any
    item: Callable[[], Form] = _any
    values: frozenset[str] | None = None
    meaning: str = ""
    sure: bool = True
    refuses: Callable[[str], str] = anything

    @property
    def element(self) -> Form:
        """Itself, or what a list holds: paths go through lists."""
        form = self
        for _ in range(_DEEPEST):  # a schema can say that a list holds lists like itself
            if form.kinds - {"null"} != {"list"}:
                return form
            form = form.item()
        return ANY

    @property
    def scalar(self) -> bool:
        """Whether it is surely a single value."""
        return bool(self.kinds) and self.kinds <= SCALARS | {"null"}


ANY = Form()
"""Nothing is known."""

TEXT = Form(kinds=frozenset({"text"}))
MOMENT = Form(kinds=frozenset({"text"}), meaning="moment")


def group(fields: dict[str, Form], *, required: Iterable[str] = (), sure: bool = True) -> Form:
    """A group with exactly these fields."""
    return Form(
        kinds=frozenset({"group"}),
        names=tuple(fields),
        required=frozenset(required),
        closed=True,
        child=lambda name: fields.get(name, ANY),
        sure=sure,
    )


def extended(form: Form, more: dict[str, Form]) -> Form:
    """A group with fields added."""
    return Form(
        kinds=form.kinds,
        names=tuple(dict.fromkeys((*form.names, *more))),
        required=form.required,
        closed=form.closed,
        child=lambda name: more[name] if name in more else form.child(name),
        sure=form.sure,
    )


@dataclass(frozen=True, slots=True)
class Lost:
    """Where a path leaves what is known.

    Attributes:
        name: The step that leads nowhere.
        before: The names that led there.
        known: What could have been written instead; empty below a single value.
        sure: Whether a schema or guide says so.
        values: For a selector: the texts it can never find; `name` is then the selector's path.
    """

    name: str
    before: tuple[str, ...]
    known: tuple[str, ...]
    sure: bool
    values: tuple[str, ...] = ()

    @property
    def hint(self) -> str:
        """What was probably meant, or what there is."""
        wrong = self.values[0] if self.values else self.name
        near = nearest(wrong, self.known)
        if near:
            return f"did you mean {near!r}?"
        if not self.known:
            return f"{'.'.join(self.before)} is a single value" if self.before else ""
        more = ", …" if len(self.known) > _SHOWN else ""
        # in the order of the source: its reader looks for it there
        return f"there are {', '.join(self.known[:_SHOWN])}{more}"


def choices(values: Iterable[str]) -> str:
    """`one of open, done`; of many only the first."""
    listed = sorted(values)
    rest = f", … ({len(listed)} in all)" if len(listed) > _SHOWN else ""
    return f"one of {', '.join(listed[:_SHOWN])}{rest}"


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that somebody who wrote `name` probably meant, or nothing."""
    by_folded = {each.casefold(): each for each in known}
    padded = name.rjust(2, "0")
    if name.isdigit() and padded in by_folded:  # BGN.3 for BGN.03
        return by_folded[padded]
    found = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    begun = [each for each in by_folded if each.startswith(f"{name.casefold()}_")]  # rma for rma_number
    return by_folded[(found or begun)[0]] if found or begun else ""


def follow(path: Path, start: Form) -> Form | Lost:
    """The form of what a path finds, its variable's form given."""
    return walk(start, path.selectors, path.steps, (path.variable,) if path.variable else ())


def walk(
    start: Form, selectors: Sequence[Selector], steps: Sequence[Step], before: tuple[str, ...] = ()
) -> Form | Lost:
    """The form at the end of some steps, or the first step that leads nowhere."""
    form = start.element
    for selector in selectors:
        if lost := _never(form, selector, before):
            return lost
    for step in steps:
        if lost := _unknown(form, step.name, before):
            return lost
        before = (*before, step.name)
        form = form.child(step.name) if "group" in form.kinds or form.names else ANY
        for selector in step.selectors:
            if lost := _never(form.element, selector, before):
                return lost
        if step is not steps[-1]:
            form = form.element
    return form


def _unknown(form: Form, name: str, before: tuple[str, ...]) -> Lost | None:
    if form.scalar:
        return Lost(name, before, (), form.sure)
    if form.closed and name not in form.names:
        return Lost(name, before, form.names, form.sure)
    return None


def _never(form: Form, selector: Selector, before: tuple[str, ...]) -> Lost | None:
    """A selector on a field that is not there, or for a text that the field can never be."""
    found = walk(form, (), [Step(name, ()) for name in selector.path], before)
    if isinstance(found, Lost):
        return found
    # a qualifier that no sample shows may well come tomorrow: only a schema's list is final
    if not found.sure or found.values is None:
        return None
    never = tuple(value for value in selector.values if value not in found.values)
    if not never:
        return None
    return Lost(".".join(selector.path), before, tuple(sorted(found.values)), sure=True, values=never)
