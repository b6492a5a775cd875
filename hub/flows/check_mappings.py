"""Does a mapping read what its source has, and make what its target wants?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from canonical.vocabulary import FACT_TYPES
from hub.flows.clashes import clash
from hub.flows.documents import RECEIPT, Documents
from hub.flows.draft import Draft
from hub.flows.fallbacks import fallbacks
from hub.flows.forms import ANY, Form, Lost, follow, nearest
from hub.flows.mapping_walk import Field, Fields, Kept, Walk, may_vanish
from hub.flows.outcomes import Scope, outcome, paths_of
from hub.flows.problems import Problem, Severity, at
from hub.mapping import yaml_strict
from hub.mapping.compile import CompiledMapping
from hub.mapping.nodes import Path
from hub.mapping.plan import is_constant
from hub.mapping.yaml_strict import Node, Place, YamlError

_TEXT_FORMATS = ("x12/", "edifact/", "csv", "delimited", "xml")


def check_mappings(found: Draft, documents: Documents) -> Iterator[Problem]:
    """Yield unknown fields of sources and targets, missing ones, clashes of types and idle fallbacks."""
    for ref, mapping in found.mappings.items():
        path = found.paths[ref]
        try:
            root = yaml_strict.load(path, found.relative(path))
        except YamlError:  # it was compiled a moment ago: it is being written right now
            continue
        yield from check_mapping(mapping, root, documents)
        if not any(flow.map == ref for flow in found.intake.values()):  # else it is told at the flow
            yield from unkeyed(mapping, root)
    yield from documents.problems


def check_mapping(mapping: CompiledMapping, root: Node, documents: Documents) -> Iterator[Problem]:
    """What is wrong with one mapping, which was written as `root`."""
    yield from _Mapping(mapping).problems(Walk(mapping, root, documents))


def unkeyed(mapping: CompiledMapping, root: Node) -> Iterator[Problem]:
    """A document that becomes a fact has a key, even when no flow takes it yet; a receipt needs none."""
    states = mapping.target_type.partition("@")[0] in FACT_TYPES
    if states and not mapping.has_key and not mapping.source_type.endswith(RECEIPT):
        message = f"{mapping.ref}: expected key:, since intake recognises repeats by it; found none"
        hint = "key: and the field with the source's own number of the record"
        yield at(root, message=message, code="no-key", hint=hint)


def text_only(target_type: str) -> bool:
    """Whether a format knows texts only, so that numbers become texts when they are written."""
    return target_type.startswith(_TEXT_FORMATS)


def column_of(node: Node, text: str, start: int = 0) -> tuple[int, int]:
    """Line and column of a part of an expression, and as near as a folded text allows."""
    written = node.value if isinstance(node.value, str) else ""
    error = node.error("", max(written.find(text, start), 0))
    return error.line, error.column


class _Mapping:
    """The checks of one mapping file."""

    def __init__(self, mapping: CompiledMapping) -> None:
        self._mapping = mapping
        self._plan = mapping.plan

    def problems(self, walk: Walk) -> Iterator[Problem]:
        for met in walk:
            if isinstance(met, Field):
                yield from self._field(met)
            elif isinstance(met, Fields):
                yield from self._unknown(met)
                yield from self._missing(met)
            else:
                yield from self._condition(met)

    def _field(self, field: Field) -> Iterator[Problem]:
        plan, expression = self._plan, field.leaf.expression
        bound = (plan.sources if field.items else plan.fields).get(expression) or plan.texts.get(expression)
        if bound is None:
            return
        for path in paths_of(bound):
            for problem in self._path(path, field.leaf.node, field.scope):
                yield _or_fixed(field, path, problem)
        yield from fallbacks(field.leaf, field.scope)
        if field.target is None:
            return
        made = outcome(bound, field.scope, plan.lookups)
        target_type = self._mapping.target_type
        wrong = clash(bound, made, field.target, plan.lookups, text_only=text_only(target_type))
        if wrong is not None:
            node = field.leaf.node
            message = f"{field.path}: {wrong.message}"
            yield Problem(
                node.place.file, node.line, node.column, message, wrong.code, wrong.severity, wrong.hint
            )

    def _path(self, path: Path, node: Node, scope: Scope) -> Iterator[Problem]:
        lost = follow(path, scope.get(path.variable, ANY))
        if isinstance(lost, Lost):
            line, column = column_of(node, path.text)
            yield self._lost(path, lost, Place(node.place.file, line, column))

    def _condition(self, kept: Kept) -> Iterator[Problem]:
        yield from self._path(kept.condition.path, kept.node, kept.scope)
        found = follow(kept.condition.path, kept.scope.get(kept.condition.path.variable, ANY))
        if isinstance(found, Lost) or not found.sure or found.values is None:
            return
        known = {*found.values, "true", "false"} if "boolean" in found.kinds else found.values
        for value in kept.condition.values or ():
            if value not in known:
                place = kept.node.place
                near = nearest(value, known)
                hint = f"did you mean {near!r}?" if near else f"there are {', '.join(sorted(known))}"
                message = f"{kept.condition.path.text} can never be {value!r}"
                yield Problem(place.file, place.line, place.column, message, "never-selected", "error", hint)

    def _lost(self, path: Path, lost: Lost, place: Place) -> Problem:
        source = self._mapping.source_type
        if lost.values:
            message = f"{path.text}: {lost.name} can never be {lost.values[0]!r} in {source}"
            return Problem(
                place.file, place.line, place.column, message, "never-selected", "error", lost.hint
            )
        inside = f" in {'.'.join(lost.before)}" if lost.before else ""
        told = f"{source} has no {lost.name!r}{inside}"
        if not lost.sure:
            told = f"no sample of {source} has {lost.name!r}{inside}"
        return Problem(
            place.file,
            place.line,
            place.column,
            f"{path.text}: {told}",
            "unknown-source-field",
            "error" if lost.sure else "warning",
            lost.hint,
        )

    def _unknown(self, fields: Fields) -> Iterator[Problem]:
        form = _group_form(fields.target)
        for name, _ in fields.group.fields if form is not None and form.closed else ():
            if form is not None and name not in form.names:
                place = fields.node.keys[name]
                message = f"{self._mapping.target_type} has no field {_joined(fields.path, name)}"
                hint = _meant(name, form.names)
                yield Problem(
                    place.file, place.line, place.column, message, "unknown-target-field", "error", hint
                )

    def _missing(self, fields: Fields) -> Iterator[Problem]:
        form = _group_form(fields.target)
        if form is None:
            return
        filled = dict(fields.group.fields)
        type_ = self._mapping.target_type
        for name in (name for name in form.names if name in form.required):
            path = _joined(fields.path, name)
            if name not in filled:
                place = fields.node.place
                message = f"{type_} requires {path}, and no rule fills it"
                yield Problem(place.file, place.line, place.column, message, "missing-target-field")
            elif may_vanish(filled[name]) and (severity := _without(name, fields)):
                place = fields.node.keys[name]
                message = f"{type_} requires {path}, and its rule may leave it out"
                hint = "drop | optional, or give a | default(…)"
                yield Problem(
                    place.file, place.line, place.column, message, "required-optional", severity, hint
                )


def _or_fixed(field: Field, path: Path, problem: Problem) -> Problem:
    """A right side of one word that is no name of the source's may have been meant as it stands."""
    word = path.steps[0].name
    if field.target is None or path.variable or field.leaf.node.value != word:
        return problem
    fixed = f'a fixed text is written "= {word}"'
    between = " " if problem.hint.endswith("?") else "; " if problem.hint else ""
    return replace(problem, hint=f"{problem.hint}{between}{fixed}")


def _meant(name: str, known: Sequence[str]) -> str:
    """The field that was probably meant, and all those that the group has."""
    near = nearest(name, known)
    listed = f"there are {', '.join(known)}"
    return f"did you mean {near!r}? {listed}" if near else listed


def _without(name: str, fields: Fields) -> Severity | None:
    """How bad it is when a required field is left out of its group.

    A group of which only constants are left goes with it, so nothing is wrong there.
    """
    others = [child for other, child in fields.group.fields if other != name and not is_constant(child)]
    if fields.certain or any(not may_vanish(child) for child in others):
        return "error"
    return "warning" if others else None


def _group_form(form: Form | None) -> Form | None:
    found = form.element if form else None
    return found if found is not None and found.names else None


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
