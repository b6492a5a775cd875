"""Does a partner profile fit its system, its flows, the guides and the code tables?"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.codecs.registry import formats, grammar
from hub.flows.draft import CODES, Draft
from hub.flows.edi_forms import of_guide
from hub.flows.forms import ANY, Form, nearest
from hub.flows.models import IntakeFlow
from hub.flows.partner_profile import TA1_OPERATION, Edi
from hub.flows.problems import Problem, at
from hub.flows.systems import System
from hub.mapping.lookups import CANONICAL, read_table
from hub.mapping.yaml_strict import Node, YamlError

_FAMILIES = ("x12", "edifact")
_OF = {"997": "x12", "999": "x12", "824": "x12", "CONTRL": "edifact", "APERAK": "edifact"}
_REASONS = "return_reason.csv"


def check_profiles(found: Draft) -> Iterator[Problem]:
    """Yield what in a profile contradicts the rest of the project, or leads nowhere."""
    for name, system in found.systems.items():
        flows = [flow for flow in found.intake.values() if flow.read.system == name]
        check = _Check(found, system, found.nodes[f"system:{name}"])
        if system.edi is not None:
            yield from check.profile(system.edi, flows)
        for flow in flows:
            yield from check.flow(flow, found.nodes[flow.flow])


class _Check:
    """The checks of one system."""

    def __init__(self, found: Draft, system: System, node: Node) -> None:
        self._found = found
        self._system = system
        self._node = node

    def profile(self, edi: Edi, flows: list[IntakeFlow]) -> Iterator[Problem]:
        yield from self._standard(edi)
        yield from self._required(edi)
        yield from self._reasons(edi)
        yield from self._acks(edi, flows)
        if edi.acks.expect.within is not None:
            yield from self._sent_again()

    def flow(self, flow: IntakeFlow, node: Node) -> Iterator[Problem]:
        """A flow's answers are of the standard that it reads."""
        resource = self._system.resources.get(flow.read.resource, {})
        family = str(resource.get("format", "json")).partition("/")[0]
        said: list[tuple[tuple[str, ...], str]] = [(("acknowledge",), flow.acknowledge)]
        if flow.reject:
            said.append((("reject", "answer"), flow.reject.answer))
        for path, answer in said:
            if answer != "none" and _OF[answer] != family:
                message = f"{'.'.join(path)}: {answer} answers {_OF[answer]}, but {flow.flow} reads {family}"
                yield at(node, *path, message=message, code="invalid-system")
        if flow.acknowledgements and family not in _FAMILIES:
            message = f"acknowledgements: expected a resource of x12 or edifact, found {family}"
            yield at(node, "acknowledgements", message=message, code="invalid-system")

    def _standard(self, edi: Edi) -> Iterator[Problem]:
        places = [
            (("resources", name), one.get("format", "json")) for name, one in self._system.resources.items()
        ]
        places += [(("operations", name), one.format) for name, one in self._system.operations.items()]
        for path, form in places:
            family = str(form).partition("/")[0]
            if edi.standard and family in _FAMILIES and family != edi.standard:
                message = f"format: the profile's standard is {edi.standard}, found {form!r}"
                yield at(self._node, *path, "format", message=message, code="invalid-system")

    def _sent_again(self) -> Iterator[Problem]:
        """What a partner sent back must not be found, as if it were what is sent instead."""
        for name, one in self._system.operations.items():
            if one.format.partition("/")[0] in _FAMILIES and one.repeat == "lookup":
                message = (
                    f"operations.{name}: expected repeat other than lookup where acks.expect waits for "
                    "acknowledgements: a document made anew would be taken for the one that was sent back"
                )
                yield at(self._node, "operations", name, "repeat", message=message, code="invalid-system")

    def _required(self, edi: Edi) -> Iterator[Problem]:
        guides = {
            guide.set: of_guide(name) for name in self._formats() if (guide := grammar(name)) is not None
        }
        for set_, paths in edi.required.items():
            where = ("edi", "required", set_)
            if set_ not in guides:
                known = ", ".join(sorted(guides)) or "none"
                message = f"edi.required: expected a set or message of this system ({known}), found {set_!r}"
                yield at(self._node, *where, message=message, code="unknown-name")
                continue
            for path in paths:
                lost = _lost(guides[set_] or ANY, path.split("."))
                if lost:
                    message = f"edi.required: {set_} has no {path}: {lost}"
                    yield at(self._node, *where, message=message, code="unknown-name")

    def _formats(self) -> list[str]:
        named = [str(one.get("format", "json")) for one in self._system.resources.values()]
        named += [one.format for one in self._system.operations.values()]
        return [name for name in named if name in formats()]

    def _reasons(self, edi: Edi) -> Iterator[Problem]:
        if edi.reasons is None:
            return
        path = self._found.project_dir / "mappings" / CODES / _REASONS
        try:
            known = sorted(read_table(path, f"mappings/{CODES}/{_REASONS}").columns)
        except YamlError:  # told at the table
            return
        if edi.reasons not in known:
            near = nearest(edi.reasons, known)
            listed = ", ".join(known)
            message = (
                f"edi.reasons: expected a column of {CODES}/{_REASONS} ({listed}), found {edi.reasons!r}"
            )
            hint = f"did you mean {near!r}?" if near else ""
            yield at(self._node, "edi", "reasons", message=message, code="unknown-name", hint=hint)
            return
        for flow, ref in self._mapped():
            mapping = self._found.mappings.get(ref)
            used = {spec.file: spec for spec in mapping.plan.document.lookups} if mapping else {}
            spec = used.get(f"{CODES}/{_REASONS}")
            if spec is not None and edi.reasons not in {spec.column, spec.target}:
                column = spec.column if spec.column != CANONICAL else spec.target
                message = f"map: {ref} looks reasons up in column {column}, the profile says {edi.reasons}"
                yield at(self._found.nodes[flow], "map", message=message, code="invalid-system")

    def _mapped(self) -> list[tuple[str, str]]:
        """The mappings of this partner's documents, each with the flow that names it."""
        system = self._system.system
        reading = [(one.flow, one.map) for one in self._found.intake.values() if one.read.system == system]
        return reading + [
            (one.flow, one.map) for one in self._found.delivery.values() if one.to.system == system
        ]

    def _acks(self, edi: Edi, flows: list[IntakeFlow]) -> Iterator[Problem]:
        send, where = edi.acks.send, ("edi", "acks", "send")
        used = {name.partition("/")[0] for name in self._formats()}
        family: str = edi.standard or ("x12" if "x12" in used else "edifact")
        if send.interchange != "never":
            if family == "edifact":
                message = f"{'.'.join(where)}.interchange: TA1 is of X12; a CONTRL says it in EDIFACT"
                yield at(self._node, *where, "interchange", message=message, code="invalid-system")
            elif TA1_OPERATION not in self._system.operations:
                message = f"{'.'.join(where)}.interchange: expected an operation {TA1_OPERATION}, found none"
                yield at(self._node, *where, "interchange", message=message, code="unknown-name")
        if send.functional is None:
            return
        upload = f"upload_{send.functional.lower()}"
        if send.functional != "none" and upload not in self._system.operations:
            message = f"{'.'.join(where)}.functional: expected an operation {upload}, found none"
            yield at(self._node, *where, "functional", message=message, code="unknown-name")
        for flow in flows:
            if not flow.acknowledgements and flow.acknowledge != send.functional:
                message = (
                    f"acknowledge: the profile of {self._system.system} says {send.functional}, "
                    f"found {flow.acknowledge}"
                )
                node = self._found.nodes[flow.flow]
                yield at(node, "acknowledge", message=message, code="invalid-system")


def _lost(form: Form, steps: list[str]) -> str:
    """Where a path leaves a guide, in words; empty when it does not."""
    for step in steps:
        form = form.element
        if form.names and step not in form.names:
            near = nearest(step, form.names)
            return f"there is no {step!r}" + (f", did you mean {near!r}?" if near else "")
        form = form.child(step)
    return ""
