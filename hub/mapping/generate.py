"""A plan to Python functions: one that makes the whole document, one per `key` and `match`.

The code answers the plain case and gives up as a whole otherwise. It is written from the syntax tree;
`docs/adr/0005-generated-mapping-code.md` says why, and `Generated.source` shows it.
"""

from __future__ import annotations

from dataclasses import dataclass

from hub.mapping.generate_expressions import Bound, Expressions, Made, Scope, is_list_field
from hub.mapping.generate_runtime import GiveUp
from hub.mapping.generate_source import Generated, Owner, Writer
from hub.mapping.limits import VISIT
from hub.mapping.nodes import Group, Leaf, Listing, Repeat, Target
from hub.mapping.plan import Plan, cost, is_constant

__all__ = ["Generated", "GiveUp", "generate"]

_DOCUMENT = "document"


def text_function(number: int) -> str:
    """Name of the function of the `key` and `match` expressions, counted in the order of `Plan.texts`."""
    return f"text{number}"


def generate(plan: Plan) -> Generated:
    """Write and compile the functions of a plan."""
    writer = Writer()
    kind = plan.document.target_type
    keeps = kind == "json" or kind.startswith("json/")
    targets = _Targets(plan, writer, Expressions(writer, keeps))
    with writer.indented(f"def {_DOCUMENT}(d):"):
        scope = _start(writer, cost(plan, plan.document.target))
        writer.line(f"return {targets.target(plan.document.target, scope, '').code}")
    texts = _Targets(plan, writer, Expressions(writer, keeps_numbers=False))
    for number, expression in enumerate(plan.texts):
        with writer.indented(f"def {text_function(number)}(d):"):
            scope = _start(writer, plan.texts[expression].cost)
            writer.owner = Owner("", expression.text)
            writer.line(f"return {texts.expressions.leaf(plan.texts[expression], scope).code}")
    return writer.finished(f"{plan.document.name}@{plan.document.version}")


def _start(writer: Writer, spent: int) -> Scope:
    writer.line("if type(d) is not dict: raise GiveUp")
    writer.line(f"meter = new_meter({spent})")
    return Scope({None: Bound("d", "d", writer.block())})


@dataclass(frozen=True, slots=True)
class _Targets:
    """Writes target fields, groups and lists; every method returns the code of the value."""

    plan: Plan
    writer: Writer
    expressions: Expressions

    def target(self, target: Target, scope: Scope, path: str) -> Made:
        if isinstance(target, Group):
            return self._group(target, scope, path)
        if isinstance(target, Leaf):
            self.writer.owner = Owner(path, target.expression.text)
            return self.expressions.leaf(self.plan.fields[target.expression], scope)
        name = self.writer.name("m")
        self.writer.line(f"{name} = []")
        for item in target.items if isinstance(target, Listing) else (target,):
            self._append(item, name, scope, path)
        self.writer.line(f"{name} = {name} or None")
        return Made(name, is_constant(target))

    def _group(self, group: Group, scope: Scope, path: str) -> Made:
        """A dict literal of all fields, from which absent ones are taken out again."""
        write = self.writer.line
        made = [
            (field, self.target(target, scope, f"{path}.{field}" if path else field), is_constant(target))
            for field, target in group.fields
        ]
        name = self.writer.name("d")
        write(f"{name} = {{{', '.join(f'{field!r}: {value.code}' for field, value, _ in made)}}}")
        for field, value, _ in made:
            if not value.sure:
                write(f"if {value.code} is None: del {name}[{field!r}]")
        sources = [value for _, value, constant in made if not constant]
        if not path or is_constant(group) or any(value.sure for value in sources):
            return Made(name, sure=True)
        absent = " and ".join(f"{value.code} is None" for value in sources)
        write(f"if {absent}: {name} = None")
        return Made(name, sure=False)

    def _append(self, item: Target, into: str, scope: Scope, path: str) -> None:
        """Write one item of a list, or all elements of an `each`."""
        if isinstance(item, Repeat):
            self._repeat(item, into, scope, path)
            return
        self._append_one(item, into, scope, path)

    def _append_one(self, item: Target, into: str, scope: Scope, path: str) -> None:
        made = self.target(item, scope, f"{path}[]")
        guard = "" if made.sure else f"if {made.code} is not None: "
        self.writer.line(f"{guard}{into}.append({made.code})")

    def _repeat(self, repeat: Repeat, into: str, scope: Scope, path: str) -> None:
        write, name = self.writer.line, self.writer.name
        self.writer.owner = owner = Owner(path, repeat.source.expression.text)
        bound = self.plan.sources[repeat.source.expression]
        values = self.expressions.items(bound, scope)
        item, number, left = name("e"), name("n"), name("w")
        if not values.sure:
            write(f"if {values.code} is None: {values.code} = ()")
        write(f"{left} = meter[0] = meter[0] - {VISIT + cost(self.plan, repeat.body)} * len({values.code})")
        write(f"if {left} < meter[1]: tick(meter)")
        write(f"{number} = 0")
        with self.writer.indented(f"for {item} in {values.code}:"):
            self._element(repeat, into, scope, path, (item, number))
        self.writer.owner = owner
        if is_list_field(bound) and not bound.optional:
            write(f"if not {number} and not any_present({values.code}): raise GiveUp")

    def _element(self, repeat: Repeat, into: str, scope: Scope, path: str, names: tuple[str, str]) -> None:
        """The body of the loop: what an element must be, `where`, and what is made of it."""
        write, (item, number) = self.writer.line, names
        group = self.writer.name("e")
        write(f"if type({item}) is dict: {group} = {item}")
        write(f"elif is_absent({item}): continue")
        write(f"else: {group} = bare({item})")
        element = Bound(group, item, self.writer.block())
        inner = Scope({**scope.bound, repeat.name: element}, number)
        for condition in repeat.where:
            write(f"if not {self.expressions.condition(condition, inner)}: continue")
        write(f"{number} += 1")
        self._append_one(repeat.body, into, inner, path)
        write("if meter[0] < meter[1]: tick(meter)")
