"""A `Source` without I/O: what arrives was stored before anybody reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from connectors.base import Batch, Connection, Cursor, Document
from connectors.inbox.settings import InboxSettings
from connectors.settings import load, resource_of


def connect(system: Mapping[str, Any], connection: Connection) -> InboxConnector:  # noqa: ARG001 - one signature for all
    """Build the connector; it never uses the connection."""
    return InboxConnector(load(InboxSettings, system))


class InboxConnector:
    """Reads nothing, releases nothing, holds nothing open."""

    def __init__(self, settings: InboxSettings) -> None:
        self._settings = settings

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close."""

    def close(self) -> None:
        """Nothing to close."""

    def read(self, resource: str, cursor: Cursor | None) -> Iterator[Batch]:  # noqa: ARG002 - one signature for all
        """Yield nothing: documents of this system are stored as they arrive.

        Raises:
            Config: a resource that system.yaml does not name.
        """
        resource_of(self._settings.resources, resource)
        return iter(())

    def release(self, resource: str, documents: Sequence[Document]) -> None:
        """Nothing to tell: the answer to the call was the acknowledgement."""
