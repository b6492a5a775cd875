"""From system.yaml to a connector: the only way in for the hub.

Each connector is a package with `settings.py` (what it can do, without I/O and without network
libraries) and `client.py` (how). Both are imported when first needed, so that a hub without SFTP
partners never loads an SSH library. To add one: write the package, add its line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

from connectors.base import Connection, Operation
from connectors.errors import Config
from connectors.settings import load

CONNECTORS: Mapping[str, tuple[str, str]] = {
    "files": ("connectors.files", "FilesSettings"),
    "inbox": ("connectors.inbox", "InboxSettings"),
    "odata": ("connectors.odata", "ODataSettings"),
    "rest": ("connectors.rest", "RestSettings"),
    "sap_s4": ("connectors.sap_s4", "SapSettings"),
    "sftp": ("connectors.sftp", "SftpSettings"),
}
"""Name in system.yaml → (package, class of its settings)."""


@runtime_checkable
class Connector(Protocol):
    """What every connector is, beside the protocols of `connectors.base` that it implements."""

    def close(self) -> None:
        """Let go of all connections; a second time does nothing."""

    def __enter__(self) -> Self:
        """Give the connector itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a system can do, as system.yaml declares it."""

    connector: str
    resources: frozenset[str]
    operations: Mapping[str, Operation]


def connect(system: Mapping[str, Any], connection: Connection) -> Connector:
    """Build the connector of a loaded system.yaml. No I/O: connections are made on first use.

    Raises:
        Config: unknown connector, or settings or connection fields that do not fit, all of them named.
    """
    package, _ = _entry(system)
    connector: Connector = import_module(f"{package}.client").connect(system, connection)
    return connector


def capabilities(system: Mapping[str, Any]) -> Capabilities:
    """Tell what a loaded system.yaml declares, without a connection and without I/O.

    Raises:
        Config: unknown connector, or settings that do not fit, all of them named.
    """
    package, model = _entry(system)
    settings = load(getattr(import_module(f"{package}.settings"), model), system)
    return Capabilities(
        connector=system["connector"], resources=frozenset(settings.resources), operations=settings.declared()
    )


def _entry(system: Mapping[str, Any]) -> tuple[str, str]:
    name = system.get("connector")
    try:
        return CONNECTORS[str(name)]
    except KeyError:
        known = ", ".join(sorted(CONNECTORS))
        raise Config(
            f"system {system.get('system', '?')!r}: connector: expected one of {known}, found {name!r}",
            code="connector_unknown",
        ) from None
