"""Which documents mappings read and make: every document type as a form.

Facts are known by the canonical schemas, EDI by its guides, everything else by
`mappings/<system>/schemas/<type after the slash>.schema.json`, and without one by the samples.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from canonical.validation import RETURN
from canonical.vocabulary import FACT_TYPES
from hub.flows.draft import Draft
from hub.flows.edi_forms import of_guide
from hub.flows.forms import ANY, MOMENT, TEXT, Form, extended, group
from hub.flows.problems import Problem
from hub.flows.samples import sample_trees
from hub.flows.schema_forms import SchemaUnreadable, canonical, read_schema
from hub.mapping.compile import CompiledMapping
from hub.mapping.shape import SourceShape, flat, infer

SCHEMAS = "schemas"
RECEIPT = ".receipt"


class Documents:
    """The forms of one project's document types."""

    def __init__(self, found: Draft) -> None:
        self._found = found
        self._sources: dict[str, Form] = {}
        self.problems: list[Problem] = []

    def source(self, mapping: CompiledMapping) -> Form:
        """What a mapping reads: the names that its paths can start with."""
        if mapping.ref not in self._sources:
            self._sources[mapping.ref] = self._source(mapping)
        return self._sources[mapping.ref]

    def target(self, mapping: CompiledMapping) -> Form | None:
        """What a mapping must make; None when no schema or guide says."""
        type_ = mapping.target_type
        return _canonical(type_) or of_guide(type_) or self._schema(mapping, type_)

    def _source(self, mapping: CompiledMapping) -> Form:
        type_ = mapping.source_type
        fact = _fact(type_)
        if fact is not None:
            return _scope(fact, {"key": TEXT})
        if type_.endswith(RECEIPT):
            receipt = self._schema(mapping, type_) or ANY
            fact = self._causes.get(mapping.ref, ANY)
            return _scope(fact, {"receipt": receipt, "reference": TEXT, "now": MOMENT})
        known = of_guide(type_) or self._schema(mapping, type_)
        form = known if known is not None else self._sampled(type_)
        # what came with the document as a whole; the intake API says what is in it
        return extended(form, {"document": ANY}) if form.closed else form

    @cached_property
    def _causes(self) -> dict[str, Form]:
        """By mapping of a receipt: the form of the fact whose delivery was confirmed."""
        found: dict[str, set[str]] = {}
        for flow in self._found.delivery.values():
            if flow.states:
                found.setdefault(flow.states.map, set()).add(flow.fact)
        return {
            ref: _fact(f"{next(iter(facts))}@1") or ANY for ref, facts in found.items() if len(facts) == 1
        }

    def schema_file(self, mapping: CompiledMapping, type_: str) -> Path | None:
        """The schema of a type: beside the mapping, or in the folder of the system that the type names."""
        _, _, name = type_.partition("/")
        if not name:
            return None
        own = self._found.paths[mapping.ref].parent
        folders = (own, own.parent / name.partition(".")[0])
        files = [folder / SCHEMAS / f"{name.replace('/', '_')}.schema.json" for folder in folders]
        return next((file for file in files if file.is_file()), None)

    def _schema(self, mapping: CompiledMapping, type_: str) -> Form | None:
        path = self.schema_file(mapping, type_)
        return None if path is None else self._read(path)

    def _read(self, path: Path) -> Form:
        try:
            return read_schema(path)
        except SchemaUnreadable as error:
            problem = Problem(self._found.relative(path), 1, 1, str(error), "invalid-schema")
            if problem not in self.problems:
                self.problems.append(problem)
            return ANY

    def _sampled(self, type_: str) -> Form:
        """What the samples of all mappings from this type show."""
        readers = [each for each in self._found.mappings.values() if each.source_type == type_]
        trees = [tree for each in readers for _, tree in sample_trees(each, self._found.paths[each.ref])]
        return of_shape(infer(trees)) if trees else ANY


def of_shape(shape: SourceShape) -> Form:
    """What samples show as a form: nothing in it is sure."""
    shape = flat(shape)
    kinds = shape.kinds - {"null"}
    if not kinds:
        return ANY  # it was always empty: nothing is known of it
    fields = dict(shape.fields)
    always = (
        name for name, field in fields.items() if field.seen == shape.seen and "null" not in field.kinds
    )
    return Form(
        kinds=kinds,
        names=tuple(fields),
        required=frozenset(always),
        closed=bool(fields),
        child=lambda name: of_shape(fields[name]) if name in fields else ANY,
        values=shape.codes if kinds == {"text"} else None,
        sure=False,
    )


def _canonical(type_: str) -> Form | None:
    name, _, version = type_.partition("@")
    return canonical(name, int(version)) if version.isdigit() else None


def _fact(type_: str) -> Form | None:
    """A fact as delivery mappings see it: its data, and around it who, when and which."""
    name = type_.partition("@")[0]
    data = _canonical(type_) if name in FACT_TYPES else None
    if data is None:
        return None
    around = dict.fromkeys(("id", "type", "return_id", "entity", "site"), TEXT)
    return group({**around, "occurred_at": MOMENT, "data": data}, required=[*around, "occurred_at", "data"])


def _scope(fact: Form, more: dict[str, Form]) -> Form:
    state = canonical(RETURN, 1) or ANY
    return group({**more, "fact": fact, "return": state}, required=[*more, "fact", "return"])
