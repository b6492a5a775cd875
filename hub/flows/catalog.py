"""Loading a project: everything it declares, or everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

from hub.flows.declared import Catalog
from hub.flows.draft import draft
from hub.flows.problems import CatalogError, Problem
from hub.flows.references import references as references_of
from hub.mapping.lookups import References

__all__ = ["Catalog", "CatalogError", "Problem", "load_catalog"]


def load_catalog(project_dir: Path, references: References | None = None) -> Catalog:
    """Load a project's `mappings/`, `policies/` and `dags/flows/`.

    Args:
        project_dir: The project.
        references: Gives the entries of cross references (`CrossReferences.entries`); without it mappings
            know the rows of `mappings/xref/*.csv`.

    Raises:
        CatalogError: Something is broken or names something that does not exist; holds all of it.
    """
    found = draft(project_dir, references)
    problems = [*found.problems, *references_of(found)]
    if problems:
        raise CatalogError(problems)
    return found.catalog
