"""What every verb of the pipeline works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from types import TracebackType
from typing import Any, Self

from connectors.base import Connection
from connectors.registry import connect
from hub.crossrefs import CrossReferences
from hub.flows.catalog import Catalog
from hub.mapping.guard import Guard
from hub.settings import Settings
from hub.store.database import Database


@dataclass(frozen=True, slots=True)
class Hub:
    """Settings, database, catalog and the connectors made so far; built by `hub.bootstrap`.

    Attributes:
        guards: What `hub.pipeline.drift` knows of each flow's source.
        references: The cross references that the catalog's mappings use.
    """

    settings: Settings
    database: Database
    catalog: Catalog
    connections: Callable[[str], Connection]
    guards: dict[str, Guard] = field(default_factory=dict)
    references: CrossReferences = field(default_factory=CrossReferences)
    _connectors: dict[str, Any] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def connector(self, system: str) -> Any:
        """Return the connector of a system, made at first use; the caller checks which protocols it has.

        Raises:
            connectors.errors.Config: The connection or the system's file is not usable.
        """
        with self._lock:
            if system not in self._connectors:
                spec = self.catalog.systems[system]
                self._connectors[system] = connect(spec.document(), self._connection(spec.connection))
            return self._connectors[system]

    def resource(self, system: str, resource: str) -> Mapping[str, Any]:
        """The options of a system's resource, as its system.yaml states them."""
        return self.catalog.systems[system].resources[resource]

    def decoding(self, system: str, resource: str) -> Mapping[str, Any]:
        """The options a codec gets for a resource: the partner profile, then the resource and its `options`.

        Whoever reads a document again (acknowledging, replaying) must read it with the same options.
        """
        edi = self.catalog.systems[system].edi
        own = self.resource(system, resource)
        return {**(edi.reading() if edi else {}), **own, **(own.get("options") or {})}

    def encoding(self, system: str, operation: str) -> Mapping[str, Any]:
        """The options a codec gets for what an operation sends: its `options`."""
        own = self.catalog.systems[system].operations[operation].model_extra or {}
        return own.get("options") or {}

    def close(self) -> None:
        """Close connectors and the database pool."""
        for connector in self._connectors.values():
            close = getattr(connector, "close", None)
            if close is not None:
                close()
        self._connectors.clear()
        self.database.close()

    def _connection(self, name: str) -> Connection:
        return self.connections(name) if name else Connection(id="")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
