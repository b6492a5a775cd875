"""Flow files as plans. One broken file never hides another.

Reads only what a DAG's shape needs, because every worker does it before every task; whether
mappings, tables and references hold is `check`'s question, asked once per parsing round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from hub.flows.models import DeliveryFlow, IntakeFlow
from hub.flows.problems import Problem, build, of_yaml
from hub.flows.systems import System
from hub.mapping.yaml_strict import Node, YamlError, load
from hub.orchestration.plans import (
    DELIVERY_EVERY,
    BrokenPlan,
    IntakePlan,
    Plan,
    TargetFlow,
    TargetPlan,
)

_Read = IntakeFlow | DeliveryFlow | list[Problem]


def plans(project_dir: Path) -> list[Plan]:
    """What DAGs there are to be, each file standing for itself."""
    read = {
        path: _read(path, project_dir) for path in sorted((project_dir / "dags" / "flows").glob("*.yaml"))
    }
    made: list[Plan] = []
    deliveries: dict[str, list[TargetFlow]] = {}
    owners: dict[str, set[str]] = {}
    for path, flow in read.items():
        file = _relative(path, project_dir)
        if isinstance(flow, list):
            made.append(_broken(path, file, flow))
            continue
        if isinstance(flow, IntakeFlow):
            made.append(_intake(flow, path, file))
        for target, line in _sends(flow, file):
            deliveries.setdefault(target, []).append(line)
            owners.setdefault(target, set()).add(flow.owner)
    made += [
        _target(name, deliveries[name], sorted(owners[name]), project_dir) for name in sorted(deliveries)
    ]
    return made


def check(project_dir: Path) -> None:
    """Load the whole project.

    Raises:
        CatalogError: Everything that is broken, each with file, line and column.
    """
    from hub.flows.catalog import prove  # noqa: PLC0415 - it compiles mappings; `plans` needs none

    prove(project_dir)


def _read(path: Path, project_dir: Path) -> _Read:
    try:
        node = load(path, _relative(path, project_dir))
    except YamlError as error:
        return [of_yaml(error)]
    return build(IntakeFlow, node) if _is_intake(node) else build(DeliveryFlow, node)


def _is_intake(node: Node) -> bool:
    return isinstance(node.value, dict) and "read" in node.value


def _relative(path: Path, project_dir: Path) -> str:
    return path.relative_to(project_dir).as_posix()


def _broken(path: Path, file: str, problems: Sequence[Problem]) -> BrokenPlan:
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", path.stem)
    return BrokenPlan(name=name, file=file, problems=[str(problem) for problem in problems])


def _intake(flow: IntakeFlow, path: Path, file: str) -> IntakePlan:
    return IntakePlan(
        flow=flow.flow,
        owner=flow.owner,
        schedule=flow.cron or flow.every,
        system=flow.read.system,
        resource=flow.read.resource,
        mapping=flow.map,
        file=file,
        source=path.read_text(encoding="utf-8"),
    )


def _sends(flow: IntakeFlow | DeliveryFlow, file: str) -> Iterator[tuple[str, TargetFlow]]:
    """The effects of a flow: those of a delivery flow, and the acknowledgements of an intake flow."""
    if isinstance(flow, DeliveryFlow):
        line = TargetFlow(flow=flow.flow, fact=flow.fact, operation=flow.to.operation, file=file)
        yield flow.to.system, line
        return
    for answer, what in ((flow.acknowledgement, "file received"), (flow.rejection, "record refused")):
        if answer:
            line = TargetFlow(flow=flow.flow, fact=what, operation=answer.operation, file=file)
            yield answer.system, line


def _target(name: str, flows: Sequence[TargetFlow], owners: Sequence[str], project_dir: Path) -> TargetPlan:
    title, fallback = name, DELIVERY_EVERY
    if system := _system(project_dir / "mappings" / name / "system.yaml"):
        title, fallback = system.title, system.fallback or DELIVERY_EVERY
    return TargetPlan(system=name, title=title, owners=owners, flows=flows, schedule=fallback)


def _system(path: Path) -> System | None:
    """A target whose own file is broken keeps its DAG: what waits for it must not disappear."""
    try:
        system = build(System, load(path))
    except YamlError:
        return None
    return None if isinstance(system, list) else system
