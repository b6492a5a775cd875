"""What DAGs there are to be, as plain values: made from flow files, turned into DAGs by `dag_builder`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

Schedule = timedelta | str | None
"""A period, a cron line, or nothing but arrivals."""

DELIVERY_EVERY = timedelta(minutes=1)
"""How often a target is looked at when its system.yaml does not say; finds what is due again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakePlan:
    """One DAG: read and admit what one intake flow brings."""

    flow: str
    owner: str
    schedule: Schedule
    system: str
    resource: str
    mapping: str
    file: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPlan:
    """One DAG: deliver everything that goes to one system."""

    system: str
    title: str
    owners: Sequence[str]
    flows: Sequence[TargetFlow]
    schedule: Schedule = DELIVERY_EVERY


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFlow:
    """A delivery flow as its target's page shows it."""

    flow: str
    fact: str
    operation: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenPlan:
    """A file that should have become a DAG, with what is wrong in it."""

    name: str
    file: str
    problems: Sequence[str]


Plan = IntakePlan | TargetPlan | BrokenPlan


def dag_id(plan: Plan) -> str:
    """Name of the DAG: that of the flow or file, `deliver_<system>` for a target."""
    match plan:
        case IntakePlan():
            return plan.flow
        case TargetPlan():
            return f"deliver_{plan.system}"
        case BrokenPlan():
            return plan.name


def describe(plan: Plan) -> str:
    """Markdown for the DAG's page."""
    match plan:
        case IntakePlan():
            then = (
                f"maps it with `{plan.mapping}` and admits it" if plan.mapping else "and notes what it says"
            )
            return (
                f"**{plan.flow}** reads `{plan.resource}` from `{plan.system}`, {then}.\n\n"
                f"File: `{plan.file}`\n\n```yaml\n{plan.source.strip()}\n```"
            )
        case TargetPlan():
            lines = [f"| `{f.flow}` | `{f.fact}` | `{f.operation}` | `{f.file}` |" for f in plan.flows]
            head = "| flow | on fact | operation | file |\n|---|---|---|---|\n"
            return f"Delivers to **{plan.title}** (`{plan.system}`).\n\n{head}" + "\n".join(lines)
        case BrokenPlan():
            return f"`{plan.file}` is broken, so nothing runs:\n\n" + "\n".join(
                f"* {p}" for p in plan.problems
            )
