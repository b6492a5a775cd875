"""Everything that can be proved about a project without starting anything: `returns-hub check`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from connectors.codecs.registry import formats, known
from connectors.errors import Config
from connectors.registry import capabilities
from hub.flows.check_codes import check_codes
from hub.flows.check_mappings import check_mappings
from hub.flows.check_profiles import check_profiles
from hub.flows.check_samples import check_samples
from hub.flows.decisions import decisions
from hub.flows.deliveries import deliveries
from hub.flows.documents import Documents
from hub.flows.draft import Draft, draft
from hub.flows.enrichments import enrichments
from hub.flows.problems import Code, Problem, at
from hub.flows.reach import reach
from hub.flows.references import references
from hub.flows.sample_schemas import sample_schemas
from hub.flows.systems import System

__all__ = ["Problem", "check"]

_ECHO: Code = "sample-fails"


def check(project_dir: Path) -> list[Problem]:
    """All problems of a project's systems, flows, mappings, samples, code tables and policies.

    Each file is read on its own, so that a broken one never hides the problems of another.

    Args:
        project_dir: Folder with `mappings/`, `policies/` and `dags/flows/`.

    Returns:
        Problems by file and line; what samples say comes after what the file says, since a wrong path is
        the cause of a sample that fails. An empty list when everything holds.
    """
    found = draft(project_dir)
    documents = Documents(found)
    problems = {
        *found.problems,
        *references(found),
        *deliveries(found),
        *decisions(found),
        *enrichments(found),
        *reach(found, documents),
        *check_mappings(found, documents),
        *check_codes(found),
        *_systems(found),
        *check_profiles(found),
        *check_samples(found),
        *sample_schemas(found, documents),
    }
    return sorted(problems, key=lambda one: (one.file, one.code == _ECHO, one))


def _systems(found: Draft) -> Iterator[Problem]:
    for name, system in found.systems.items():
        node = found.nodes[f"system:{name}"]
        try:
            capabilities(system.document())
        except Config as error:
            yield at(node, "connector", message=str(error), code="invalid-system")
        for path, form in _formats(system):
            if not known(form):
                message = f"format: expected one of {', '.join(formats())}, found {form!r}"
                yield at(node, *path, message=message, code="unknown-format")


def _formats(system: System) -> Iterator[tuple[tuple[str, str, str], str]]:
    for name, resource in system.resources.items():
        yield ("resources", name, "format"), str(resource.get("format", "json"))
    for name, operation in system.operations.items():
        yield ("operations", name, "format"), operation.format
