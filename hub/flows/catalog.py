"""Loading a project: what of it can run, and everything that is wrong with it.

A fault stops as little as it may. A mapping that no flow uses stops nothing, one that only intake flows use
stops those: their documents wait at the partner or in the inbox. Anything else stops everything, because a
return that goes on without a delivery flow or a policy would lose what should have followed from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from hub.flows.declared import Catalog
from hub.flows.draft import CODES, SYSTEM_FILE, Draft, draft, named
from hub.flows.models import DeliveryFlow, IntakeFlow
from hub.flows.problems import CatalogError, Problem
from hub.flows.references import references as references_of
from hub.mapping.lookups import References

__all__ = ["Catalog", "CatalogError", "Problem", "load_catalog", "prove"]


class _Running(dict[str, IntakeFlow]):
    """Intake flows that can run; asked for another one it says what is wrong with it."""

    def __init__(self, flows: Mapping[str, IntakeFlow], broken: Mapping[str, Iterable[Problem]]) -> None:
        super().__init__({name: flow for name, flow in flows.items() if name not in broken})
        self._broken = broken

    def __missing__(self, name: str) -> IntakeFlow:
        if name in self._broken:
            raise CatalogError(self._broken[name])
        raise KeyError(name)


def load_catalog(project_dir: Path, references: References | None = None) -> Catalog:
    """Load what can run of a project's `mappings/`, `policies/` and `dags/flows/`.

    `intake` of the catalog has no flow that is broken by itself or by its mapping; taking one from it by
    name raises `CatalogError` with its faults.

    Args:
        project_dir: The project.
        references: Gives the entries of cross references (`CrossReferences.entries`); without it mappings
            know the rows of `mappings/xref/*.csv`.

    Raises:
        CatalogError: Something is broken that more depends on; holds all of it.
    """
    found = draft(project_dir, references)
    broken: dict[str, list[Problem]] = {}
    stopping = []
    for problem in [*found.problems, *references_of(found)]:
        stopped = _stopped(found, problem)
        if stopped is None:
            stopping.append(problem)
        for name in stopped or ():
            broken.setdefault(name, []).append(problem)
    if stopping:
        raise CatalogError([*stopping, *(one for problems in broken.values() for one in problems)])
    found.intake = _Running(found.intake, MappingProxyType(broken))
    return found.catalog


def prove(project_dir: Path) -> None:
    """Load the whole project, whatever uses it.

    Raises:
        CatalogError: Everything that is broken, each with file, line and column.
    """
    found = draft(project_dir)
    problems = [*found.problems, *references_of(found)]
    if problems:
        raise CatalogError(problems)


def _stopped(found: Draft, problem: Problem) -> set[str] | None:
    """The intake flows that a fault stops; None when it stops everything."""
    path = found.project_dir / problem.file
    if path in {found.files[name] for name in found.intake}:
        return {path.stem}
    folder, _, file = problem.file.removeprefix("mappings/").partition("/")
    if not problem.file.startswith("mappings/") or folder == CODES:
        return None
    if file == SYSTEM_FILE:
        return None if folder in _systems(found) else set()
    refs = named(path)
    if not refs.isdisjoint(ref for flow in found.delivery.values() for ref in _delivering(flow)):
        return None
    return {name for name, flow in found.intake.items() if not refs.isdisjoint(_taking_in(flow))}


def _systems(found: Draft) -> set[str]:
    """Systems that flows read, ask or write to."""
    asked = {each.system for flow in found.intake.values() for each in flow.enrich}
    read = {flow.read.system for flow in found.intake.values()}
    return asked | read | {flow.to.system for flow in found.delivery.values()}


def _taking_in(flow: IntakeFlow) -> set[str]:
    return {flow.map, *(enrichment.map for enrichment in flow.enrich)}


def _delivering(flow: DeliveryFlow) -> set[str]:
    return {flow.map, flow.states.map} if flow.states else {flow.map}
