"""The composition root: environment in, one `Hub` out. Nothing else builds one."""

from __future__ import annotations

from collections.abc import Callable

from connectors.base import Connection
from hub import connections as environment
from hub import settings as settings_module
from hub.collector import keep_what_is_loaded
from hub.crossrefs import CrossReferences
from hub.flows.catalog import load_catalog
from hub.pipeline.context import Hub
from hub.settings import Settings
from hub.store.database import Database


def bootstrap(
    settings: Settings | None = None, connections: Callable[[str], Connection] | None = None
) -> Hub:
    """Load the catalog, open the database pool (connections are made at first use).

    Args:
        settings: Where things are; default: the environment's.
        connections: Resolves a connection id; default: `AIRFLOW_CONN_*` variables.

    Raises:
        hub.flows.catalog.CatalogError: A flow, mapping, system, policy or table is broken; all are named.
    """
    settings = settings or settings_module.from_environment()
    references = CrossReferences()
    hub = Hub(
        settings=settings,
        database=Database(settings.database_url),
        catalog=load_catalog(settings.project_dir, references.entries),
        connections=connections or environment.from_environment,
        references=references,
    )
    keep_what_is_loaded()
    return hub
