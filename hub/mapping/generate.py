"""A plan to Python functions: one that makes the whole document, one per `key` and `match`.

The code notes what is in error, for the interpreter to explain, and goes on. It is written from the
syntax tree; `docs/adr/0005-generated-mapping-code.md` says why, and `Generated.source` shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from hub.mapping.faults import Spot
from hub.mapping.generate_expressions import Bound, Expressions, Made, Scope, is_list_field
from hub.mapping.generate_runtime import GiveUp
from hub.mapping.generate_source import Generated, Owner, Writer
from hub.mapping.limits import LIGHT, VISIT, WORK
from hub.mapping.nodes import Group, Leaf, Listing, Repeat, Target
from hub.mapping.plan import Plan, cost, is_constant

__all__ = ["Generated", "GiveUp", "generate"]

_DOCUMENT = "document"
_MEASURED = 4
"""Bytes of a record that are measured in the time of one unit of work."""


def text_function(number: int) -> str:
    """Name of the function of the `key` and `match` expressions, counted in the order of `Plan.texts`."""
    return f"text{number}"


def generate(plan: Plan) -> Generated:
    """Write and compile the functions of a plan."""
    writer = Writer()
    kind = plan.document.target_type
    keeps = kind == "json" or kind.startswith("json/")
    targets = _Targets(plan, writer, Expressions(writer, keeps))
    with writer.indented(f"def {_DOCUMENT}(d, size=0):"):
        writer.line("bad = 0")
        scope = _start(writer, f"{cost(plan, plan.document.target)} + size // {_MEASURED}")
        made = targets.target(plan.document.target, scope, _Place()).code
        writer.owner = Owner("", "")
        writer.line(f"if bad: raise InError(meter[4], {made})")
        writer.line(f"if meter[0] < {WORK - LIGHT}: measured({made})")
        writer.line(f"return {made}")
    texts = Expressions(writer, keeps_numbers=False)
    for number, expression in enumerate(plan.texts):
        with writer.indented(f"def {text_function(number)}(d):"):
            scope = _start(writer, str(plan.texts[expression].cost))
            writer.owner = Owner("", expression.text)
            writer.line(f"return {texts.leaf(plan.texts[expression], scope).code}")
    return writer.finished(f"{plan.document.name}@{plan.document.version}")


def _start(writer: Writer, spent: str) -> Scope:
    writer.line(f"meter = new_meter({spent})")
    group = writer.name("e")
    writer.line(f"{group} = d if type(d) is dict else bare(meter, d)")
    return Scope({None: Bound(group, "d", writer.block())})


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the target code is written.

    Attributes:
        parts: The path, cut where the number of a list's element belongs.
        indices: The code of these numbers.
    """

    parts: tuple[str, ...] = ("",)
    indices: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """With nothing for the numbers: `lines[].reason`."""
        return "[]".join(self.parts)

    def field(self, name: str) -> _Place:
        *before, last = self.parts
        return _Place((*before, f"{last}.{name}" if self.path else name), self.indices)

    def item(self, index: str) -> _Place:
        return _Place((*self.parts, ""), (*self.indices, index))


@dataclass(frozen=True, slots=True)
class _Targets:
    """Writes target fields, groups and lists; every method returns the code of the value.

    A value that is sure is None only after a fault: then the name `bad` is true.
    """

    plan: Plan
    writer: Writer
    expressions: Expressions
    skips: bool = False
    """Whether what is left of an element may be skipped when its faults are not listed any more."""

    def target(self, target: Target, scope: Scope, place: _Place) -> Made:
        if isinstance(target, Group):
            return self._group(target, scope, place)
        if isinstance(target, Leaf):
            return self._leaf(target, scope, place)
        name = self.writer.name("m")
        self.writer.line(f"{name} = []")
        items = target.items if isinstance(target, Listing) else (target,)
        for number, item in enumerate(items):
            self._append(item, name, scope, place, first=number == 0)
        self.writer.line(f"{name} = {name} or None")
        return Made(name, is_constant(target))

    def _leaf(self, leaf: Leaf, scope: Scope, place: _Place) -> Made:
        self.writer.owner = Owner(place.path, leaf.expression.text)
        bound = self.plan.fields[leaf.expression]
        known = self.expressions.known(bound, scope)
        if known is not None:
            return known
        with self.writer.indented("try:"):
            made = self.expressions.leaf(bound, scope)
        with self._noted(Spot(bound, items=False, parts=place.parts, repeats=scope.repeats), scope, place):
            self.writer.line(f"{made.code} = None")
        return made

    @contextmanager
    def _noted(
        self, spot: Spot, scope: Scope, place: _Place, head: str = "except NOT_PLAIN:"
    ) -> Iterator[None]:
        """Note a fault, and write what else is to be done."""
        with self.writer.indented(head):
            self.writer.line("bad = 1")
            yield
            turns, indices = _tuple(scope.turns), _tuple(place.indices)
            note = f"fault(meter, {self.writer.constant(spot)}, {turns}, {indices})"
            self.writer.line(f"if {note}: continue" if self.skips else note)

    def _group(self, group: Group, scope: Scope, place: _Place) -> Made:
        """A dict literal of all fields, from which absent ones are taken out again."""
        write = self.writer.line
        made = [
            (field, self.target(target, scope, place.field(field)), is_constant(target))
            for field, target in group.fields
        ]
        name = self.writer.name("d")
        write(f"{name} = {{{', '.join(f'{field!r}: {value.code}' for field, value, _ in made)}}}")
        for field, value, _ in made:
            if not value.sure:
                write(f"if {value.code} is None: del {name}[{field!r}]")
        stays = not place.path or is_constant(group)
        constants = None if stays else frozenset(field for field, _, constant in made if constant)
        write(f"if bad: {name} = remaining({name}, {self.writer.constant(constants)})")
        sources = [value for _, value, constant in made if not constant]
        if stays or any(value.sure for value in sources):
            return Made(name, sure=True)
        absent = " and ".join(f"{value.code} is None" for value in sources)
        write(f"if {absent}: {name} = None")
        return Made(name, sure=False)

    def _append(self, item: Target, into: str, scope: Scope, place: _Place, *, first: bool) -> None:
        """Write one item of a list, or all elements of an `each`."""
        if not isinstance(item, Repeat):
            self._append_one(item, into, scope, place.item(f"len({into})"))
            return
        start = ""
        if not first:
            start = self.writer.name("n")
            self.writer.line(f"{start} = len({into})")
        self._repeat(item, into, scope, place, start)

    def _append_one(self, item: Target, into: str, scope: Scope, place: _Place) -> None:
        made = self.target(item, scope, place)
        if made.code.isidentifier():
            self.writer.line(f"if {'bad and ' if made.sure else ''}{made.code} is None: pass")
            self.writer.line(f"else: {into}.append({made.code})")
        else:
            self.writer.line(f"{into}.append({made.code})")

    def _repeat(self, repeat: Repeat, into: str, scope: Scope, place: _Place, start: str) -> None:
        write, name = self.writer.line, self.writer.name
        self.writer.owner = owner = Owner(place.path, repeat.source.expression.text)
        bound = self.plan.sources[repeat.source.expression]
        spot = Spot(bound, items=True, parts=place.parts, repeats=scope.repeats)
        values = self._items(spot, scope, place)
        item, number, left = name("e"), name("n"), name("w")
        write(f"{left} = meter[0] = meter[0] - {VISIT + cost(self.plan, repeat.body)} * len({values})")
        write(f"if {left} < meter[1]: tick(meter)")
        write(f"{number} = 0")
        turn = number
        if repeat.where:
            turn = name("n")
            write(f"{turn} = 0")
        inner = replace(
            scope,
            position=number,
            repeats=(*scope.repeats, repeat),
            turns=(*scope.turns, turn, number),
        )
        index = place.item(f"{start} + {number} - 1" if start else f"{number} - 1")
        with self.writer.indented(f"for {item} in {values}:"):
            targets = replace(self, skips=not _repeats(repeat.body))
            targets.element(repeat, into, inner, index, item)
        self.writer.owner = owner
        if is_list_field(bound) and not bound.optional:
            with self._noted(spot, scope, place, f"if not {number} and not any_present({values}):"):
                pass

    def _items(self, spot: Spot, scope: Scope, place: _Place) -> str:
        """The name of what an `each` goes through."""
        if is_list_field(spot.bound):
            return self.expressions.items(spot.bound, scope).code
        with self.writer.indented("try:"):
            values = self.expressions.items(spot.bound, scope)
        with self._noted(spot, scope, place):
            self.writer.line(f"{values.code} = ()")
        if not values.sure:
            self.writer.line(f"if {values.code} is None: {values.code} = ()")
        return values.code

    def element(self, repeat: Repeat, into: str, scope: Scope, place: _Place, item: str) -> None:
        """The body of the loop: what an element must be, `where`, and what is made of it."""
        write, (turn, number) = self.writer.line, scope.turns[-2:]
        group = self.writer.name("e")
        write(f"if type({item}) is dict: {group} = {item}")
        write(f"elif is_absent({item}): continue")
        write(f"else: {group} = bare(meter, {item})")
        element = Bound(group, item, self.writer.block())
        inner = replace(scope, bound={**scope.bound, repeat.name: element})
        if turn != number:
            write(f"{turn} += 1")
        for condition in repeat.where:
            write(f"if not {self.expressions.condition(condition, inner)}: continue")
        write(f"{number} += 1")
        self._append_one(repeat.body, into, inner, place)
        write("if meter[0] < meter[1]: tick(meter)")


def _repeats(target: Target) -> bool:
    """Whether a target has an `each` of its own."""
    if isinstance(target, Leaf | Repeat):
        return isinstance(target, Repeat)
    children = [child for _, child in target.fields] if isinstance(target, Group) else target.items
    return any(map(_repeats, children))


def _tuple(codes: tuple[str, ...]) -> str:
    return f"({', '.join(codes)},)" if codes else "()"
