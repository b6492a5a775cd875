"""Can a delivery flow ever hold, can two do the same thing twice, can their keys collide?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from canonical.vocabulary import FACT_TYPES
from hub.flows import shapes
from hub.flows.draft import Draft
from hub.flows.forms import nearest
from hub.flows.models import DeliveryFlow
from hub.flows.problems import Problem, at

_ALWAYS = ("return_id", "origin.system", "origin.id")
"""Header fields of a return that every return has which was requested."""


def deliveries(found: Draft) -> Iterator[Problem]:
    """Yield conditions that name nothing or can never hold, keys without a ground, and overlaps."""
    for flow in found.delivery.values():
        if flow.fact in FACT_TYPES:
            yield from _conditions(found, flow)
            yield from _key(found, flow)
    flows = sorted(found.delivery.values(), key=lambda flow: flow.flow)
    for first, second in combinations(flows, 2):
        if first.to == second.to:
            yield from _pair(found, first, second)


def can_both_hold(first: DeliveryFlow, second: DeliveryFlow) -> bool:
    """Whether one fact can satisfy both: they share its type, and no name sets them apart."""
    shared = first.when.keys() & second.when.keys()
    return first.fact == second.fact and all(
        set(first.when[name]) & set(second.when[name]) for name in shared
    )


def can_share_keys(first: DeliveryFlow, second: DeliveryFlow) -> bool:
    """Whether different things can get one key: yes, unless parts are the same or a constant differs."""
    if first.natural == second.natural and first.key == second.key:
        return False
    if first.natural or second.natural or len(first.key) != len(second.key):
        return True
    pairs = zip(first.key, second.key, strict=True)
    return not any(
        left != right and left.startswith("= ") and right.startswith("= ") for left, right in pairs
    )


def _conditions(found: Draft, flow: DeliveryFlow) -> Iterator[Problem]:
    node = found.nodes[flow.flow]
    for name, accepted in flow.when.items():
        shape = shapes.of_fact(flow.fact, name) or shapes.of_return(name)
        if shape is None:
            message = f"when: expected a single value of {flow.fact} or of the return, found {name!r}"
            yield at(node, "when", name, message=message, code="unknown-when")
        elif shape.values is not None:
            for value in accepted:
                if value not in shape.values:
                    expected = ", ".join(shape.values)
                    message = f"when: {name} is one of {expected}; it can never be {value!r}"
                    near = nearest(value, shape.values)
                    hint = f"did you mean {near!r}?" if near else ""
                    yield at(node, "when", name, message=message, code="impossible-when", hint=hint)


def _key(found: Draft, flow: DeliveryFlow) -> Iterator[Problem]:
    for position, part in enumerate(flow.key):
        scope, _, name = part.partition(".")
        if part.startswith("= "):
            continue
        message = ""
        if scope == "return" and name not in _ALWAYS:
            expected = ", ".join(f"return.{each}" for each in _ALWAYS)
            message = f"key: expected a part that is always there (fact.data.…, {expected}), found {part!r}"
        elif scope == "fact":
            shape = shapes.of_fact(flow.fact, name.removeprefix("data."))
            if not name.startswith("data.") or shape is None or not shape.required:
                message = f"key: expected a required field of {flow.fact} (fact.data.…), found {part!r}"
        if message:
            yield at(found.nodes[flow.flow], "key", position, message=message, code="unsure-key")


def _pair(found: Draft, first: DeliveryFlow, second: DeliveryFlow) -> Iterator[Problem]:
    where = f"{second.to.system}.{second.to.operation}"
    if can_both_hold(first, second):
        message = (
            f"overlaps with {first.flow}: one {second.fact} can start {where} twice; set their 'when' apart"
        )
        yield at(found.nodes[second.flow], "when", message=message, code="overlapping-flows")
    elif can_share_keys(first, second):
        message = (
            f"keys of {second.flow} and {first.flow} can collide at {where}: "
            f"expected the same parts or constants that differ, found {second.key} and {first.key}"
        )
        yield at(found.nodes[second.flow], "key", message=message, code="colliding-keys")
