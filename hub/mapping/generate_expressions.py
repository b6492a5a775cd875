"""The code of one expression: reading its sources, then its functions written out or called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hub.mapping.binding import BoundExpression
from hub.mapping.generate_inline import Chain, chained
from hub.mapping.generate_runtime import GiveUp, Pipeline, pipeline
from hub.mapping.generate_source import Block, Writer
from hub.mapping.generate_walks import walker
from hub.mapping.limits import VALUE, new_meter
from hub.mapping.nodes import Condition, Constant, Path, Position, Repeat, Source
from hub.mapping.values import ValueRefused

_UNKNOWN: Final = object()
_LITERALS = (str, bool, int, type(None))


@dataclass(frozen=True, slots=True)
class Made:
    """Code of a value: a name or a literal.

    Attributes:
        code: To be written where the value is wanted.
        sure: Whether it is never None.
    """

    code: str
    sure: bool


@dataclass(frozen=True, slots=True)
class Bound:
    """A name of `each`, or the document.

    Attributes:
        group: Name of the dict that paths start at.
        item: Name of the element as it is.
        start: Where what the whole scope shares is written.
        shared: Names of groups below it that paths go through.
    """

    group: str
    item: str
    start: Block
    shared: dict[tuple[str, ...], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression can see.

    Attributes:
        bound: The document under None, and the elements of the surrounding `each` by name.
        position: Name of the innermost element's number.
        repeats: The surrounding `each`, from the outermost.
        turns: For each of them two names: of the element's number, and of its number among those kept.
    """

    bound: Mapping[str | None, Bound]
    position: str = ""
    repeats: tuple[Repeat, ...] = ()
    turns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expressions:
    """Writes expressions.

    Attributes:
        writer: Where to.
        keeps_numbers: Whether the target takes numbers and truth values as they are.
    """

    writer: Writer
    keeps_numbers: bool

    def leaf(self, bound: BoundExpression, scope: Scope) -> Made:
        """The value of a target field, of a `key` or a `match`."""
        known = self.known(bound, scope)
        if known is not None:
            return known
        source = bound.expression.sources[0]
        sure = not bound.optional
        if isinstance(source, Constant | Position):
            run = self.writer.constant(pipeline(bound, found=False))
            return Made(self._piped(bound, run, self._constant(bound, source, scope) or "", scope), sure)
        settled = bound.takes == "one" and len(bound.expression.sources) > 1
        run = self.writer.constant(pipeline(bound, found=not settled))
        if bound.takes == "many":
            return Made(self._of_many(bound, run, self._listed(bound, scope), scope), sure)
        if bound.takes != "one":
            return Made(self._piped(bound, run, self._whole(bound, scope), scope), sure)
        found = self._found(bound, scope)
        return Made(self._written_out(bound, run, found, scope), sure)

    def items(self, bound: BoundExpression, scope: Scope) -> Made:
        """What an `each` goes through: a list, not sure to be there when it is optional."""
        source = bound.expression.sources[0]
        if isinstance(source, Path) and is_list_field(bound):
            return self._field_items(source, scope)
        found = self._constant(bound, source, scope)
        run = pipeline(bound, found=found is None, counted=False)
        if found is None and bound.takes == "many":
            found = f"counted(meter, {self._listed(bound, scope)}, {bound.weight})"
        found = found or self._found(bound, scope)
        return Made(self._piped(bound, self.writer.constant(run), found, scope), not bound.optional)

    def condition(self, condition: Condition, scope: Scope) -> str:
        """Code that tells whether a `where` holds."""
        path = condition.path
        start = scope.bound[path.variable]
        general = f"holds(meter, {self.writer.constant(condition)}, {start.item})"
        if not path.steps or _has_selectors(path):
            return general
        name = self.writer.name("x")
        test = name if condition.values is None else f"{name} in {condition.values!r}"
        test = f"not {test}" if condition.negated else test
        *names, last = [step.name for step in path.steps]
        group = self._shared(start, tuple(names))
        given = f"{group} is not None and " if names else ""
        read = f"{given}type({name} := {group}.get({last!r})) is str and {name}"
        return f"({test} if {read} else {general})"

    def known(self, bound: BoundExpression, scope: Scope) -> Made | None:
        """The value of a field that no document is needed for."""
        source = bound.expression.sources[0]
        if isinstance(source, Path):
            return None
        if isinstance(source, Position) and not bound.steps and type(bound.finish(1)) is int:
            return Made(scope.position, sure=True)
        known = _before_running(bound, pipeline(bound, found=False), source)
        return Made(repr(known), sure=True) if type(known) in _LITERALS and known is not None else None

    def _constant(self, bound: BoundExpression, source: Source, scope: Scope) -> str | None:
        if isinstance(source, Path):
            return None
        code = scope.position if isinstance(source, Position) else repr(source.value)
        return f"[{code}]" if bound.takes == "many" else code

    def _field_items(self, path: Path, scope: Scope) -> Made:
        name, start = self.writer.name("l"), scope.bound[path.variable]
        self.writer.line(f"{name} = {start.group}.get({path.steps[0].name!r})")
        with self.writer.indented(f"if type({name}) is not list:"):
            self.writer.line(f"{name} = elements(meter, {name})")
        return Made(name, sure=True)

    def _of_many(self, bound: BoundExpression, run: str, found: str, scope: Scope) -> str:
        """Nothing and the usual few texts written out, the pipeline for everything else."""
        operands = self._operands(bound, scope)
        name = self.writer.name("v")
        absent = _before_running(bound, pipeline(bound), None)
        known = f"{found} is None" if absent is not _UNKNOWN else ""
        if known:
            self.writer.line(f"if {known}: {name} = {absent!r}")
        named = tuple(step.function.name for step in bound.steps if step.function.name != "optional")
        few = f"{found}[0]" if named == ("first",) else found if named == ("values",) else None
        if few is not None:
            head = "elif" if known else f"if {found} is not None and"
            single = f"len({found}) == 1 and type({found}[0]) is str and len({found}[0]) <= {VALUE}"
            self.writer.line(f"{head} ({single} or all_short({found})): {name} = {few}")
        counted = f"counted(meter, {found}, {bound.weight})"
        piped = f"{name} = {run}({', '.join(['meter', counted, *operands])})"
        self.writer.line(f"else: {piped}" if known or few is not None else piped)
        return name

    def _piped(self, bound: BoundExpression, run: str, found: str, scope: Scope) -> str:
        name = self.writer.name("v")
        arguments = ", ".join(["meter", found, *self._operands(bound, scope)])
        self.writer.line(f"{name} = {run}({arguments})")
        return name

    def _operands(self, bound: BoundExpression, scope: Scope) -> list[str]:
        """The code of every operand of all functions, each settled."""
        return [
            repr(operand) if isinstance(operand, str) else self._operand(operand, scope)
            for step in bound.steps
            for operand in step.operands
        ]

    def _operand(self, operand: Source, scope: Scope) -> str:
        if isinstance(operand, Position):
            return scope.position
        if isinstance(operand, Constant):
            return repr(operand.value)
        name = self.writer.name("o")
        self.writer.line(f"{name} = {self._read(operand, scope)}")
        with self.writer.indented(f"if type({name}) is not str or not {name}:"):
            self.writer.line(f"{name} = operand(meter, {name})")
        return name

    def _written_out(self, bound: BoundExpression, run: str, found: str, scope: Scope) -> str:
        """The functions written out for short plain text, the pipeline for everything else."""
        operands = self._operands(bound, scope)
        paths = [code for code in operands if code.isidentifier()]
        chain = Chain(self.writer, found, self.writer.name("v"), list(paths))
        arguments = ", ".join(["meter", found, *operands])
        if not chained(bound, chain):
            self.writer.line(f"{chain.to} = {run}({arguments})")
            return chain.to
        conditions = [f"type({found}) is str", f"0 < len({found}) <= {VALUE}"]
        conditions += [f"type({path}) is str and {path}" for path in paths]
        with self.writer.indented(f"if {' and '.join([*conditions, *chain.conditions])}:"):
            finished = chain.is_text or self.keeps_numbers
            finish = f"{chain.at} = {self.writer.constant(bound.finish)}({chain.at})"
            self.writer.line("pass" if finished or bound.gives == "map" else finish)
        absent = _before_running(bound, pipeline(bound), None)
        if absent is not _UNKNOWN:
            with self.writer.indented(f"elif {found} is None:"):
                self.writer.line(
                    "pass" if absent is None and chain.at == found else f"{chain.at} = {absent!r}"
                )
        with self.writer.indented("else:"):
            self.writer.line(f"{chain.at} = {run}({arguments})")
        return chain.at

    def _found(self, bound: BoundExpression, scope: Scope) -> str:
        """What the first source with a value has; settled when there are several sources."""
        name = self.writer.name("x")
        sources = bound.expression.sources
        needed = len(sources) == 1 and not _may_do_without(bound)
        self.writer.line(f"{name} = {self._read(sources[0], scope, needed=needed)}")
        if sources[1:]:
            self._settled(name)
        for source in sources[1:]:
            with self.writer.indented(f"if {name} is None:"):
                self.writer.line(f"{name} = {self._read(source, scope)}")
                self._settled(name)
        return name

    def _settled(self, name: str) -> None:
        with self.writer.indented(f"if type({name}) is not str or not {name}:"):
            self.writer.line(f"{name} = settle(meter, {name})")

    def _listed(self, bound: BoundExpression, scope: Scope) -> str:
        """All values of the first source that has one."""
        name = self.writer.name("x")
        for number, source in enumerate(bound.expression.sources):
            if isinstance(source, Path):
                code = f"many(meter, {self._read(source, scope)})"
                if not _is_field(source):  # matches: a list among them is one value
                    code = self._matches(source, scope)
            else:
                code = self._constant(bound, source, scope) or ""
            self._first_or(name, code, number)
        return name

    def _whole(self, bound: BoundExpression, scope: Scope) -> str:
        name = self.writer.name("x")
        for number, source in enumerate(bound.expression.sources):
            code = self._constant(bound, source, scope)
            if isinstance(source, Path):
                start = scope.bound[source.variable].item
                code = f"whole(meter, {start}, {self.writer.constant(source)})"
            self._first_or(name, code or "", number)
        return name

    def _first_or(self, name: str, code: str, number: int) -> None:
        if number == 0:
            self.writer.line(f"{name} = {code}")
            return
        with self.writer.indented(f"if {name} is None:"):
            self.writer.line(f"{name} = {code}")

    def _matches(self, path: Path, scope: Scope, *, one: bool = False) -> str:
        start = scope.bound[path.variable].item
        found = f"{self.writer.constant(walker(path, one=one))}(meter, {start})"
        if path.selectors or not path.steps:
            return found
        return f"({found} if {path.steps[0].name!r} in {scope.bound[path.variable].group} else None)"

    def _read(self, source: Source, scope: Scope, *, needed: bool = False) -> str:
        """Code that reads a source once: a value, a list of matches, or None.

        Args:
            source: What to read.
            scope: What is known where.
            needed: Whether the document is in error without it: then a KeyError may say so.
        """
        if not isinstance(source, Path):
            return scope.position if isinstance(source, Position) else repr(source.value)
        start = scope.bound[source.variable]
        if _has_selectors(source):
            return self._qualified(source, scope)
        if not source.steps:
            return start.item
        *names, last = [step.name for step in source.steps]
        group = self._shared(start, tuple(names))
        look = f"{group}[{last!r}]" if needed else f"{group}.get({last!r})"
        return (
            f"{look} if {group} is not None else {self._matches(source, scope, one=True)}" if names else look
        )

    def _qualified(self, path: Path, scope: Scope) -> str:
        """`line[01=UP|SK].02` looked up where the item is a group with a text there, else walked."""
        found = self._matches(path, scope, one=True)
        if len(path.selectors) != 1 or len(path.steps) != 1 or path.steps[0].selectors:
            return found
        (selector,) = path.selectors
        if len(selector.path) != 1 or selector.negated:
            return found
        start, name = scope.bound[path.variable], self.writer.name("x")
        group = start.group
        told = (
            f"{start.item} is {group} and type({name} := {group}.get({selector.path[0]!r})) is str and {name}"
        )
        chosen = f"{told} and {name} in {selector.values!r}"
        return f"{group}.get({path.steps[0].name!r}) if {chosen} else {found}"

    def _shared(self, start: Bound, names: tuple[str, ...]) -> str:
        """The group that a path goes through, read once where its scope begins; None: there are several."""
        if not names:
            return start.group
        if names not in start.shared:
            outer = self._shared(start, names[:-1])
            name = start.shared[names] = self.writer.name("g")
            guard = f" if {outer} is not None else None" if names[:-1] else ""
            write = self.writer.line
            write(f"{name} = {outer}.get({names[-1]!r}){guard}", start.start)
            write(f"if type({name}) is not dict: {name} = group(meter, {name}){guard}", start.start)
        return start.shared[names]


def is_list_field(bound: BoundExpression) -> bool:
    """Whether an `each` goes through a list just as it stands in the source."""
    source, *others = bound.expression.sources
    plain = not others and all(step.function.name == "optional" for step in bound.steps)
    return plain and isinstance(source, Path) and _is_field(source)


def _is_field(path: Path) -> bool:
    """Whether a path is one name below its start."""
    return len(path.steps) == 1 and not path.selectors and not path.steps[0].selectors


def _may_do_without(bound: BoundExpression) -> bool:
    """Whether something other than an error comes of nothing."""
    return bound.optional or any(
        step.function.name == "default" or step.function.on_absent for step in bound.steps
    )


def _has_selectors(path: Path) -> bool:
    return bool(path.selectors) or any(step.selectors for step in path.steps)


def _before_running(bound: BoundExpression, run: Pipeline, source: Source | None) -> Any:
    """What comes of a constant or of nothing, when no document and no table is needed to tell."""
    if isinstance(source, Position | Path) or any(step.operands or step.lookups for step in bound.steps):
        return _UNKNOWN
    value: Any = None if source is None else [source.value] if bound.takes == "many" else source.value
    try:
        known = run(new_meter(), value)
    except (GiveUp, ValueRefused):
        return _UNKNOWN
    return known if type(known) in _LITERALS else _UNKNOWN
