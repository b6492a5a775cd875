"""What the hub itself reads in a system.yaml; the connector checks the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from hub.flows.durations import Duration
from hub.flows.models import Name, Strict
from hub.flows.partner_profile import Edi

SHORTEST_KEY = 16
"""Fewest characters a business key needs to stay free of collisions (a mark and 65 bits)."""


class Operation(BaseModel):
    """What can be done there; keys of the protocol stay in the file for the connector."""

    model_config = ConfigDict(extra="allow", frozen=True)

    repeat: Literal["native", "lookup", "replace", "none"]
    key_length: int = Field(default=64, ge=SHORTEST_KEY, le=1024)
    format: str = "json"


class Limits(Strict):
    """How much the hub asks of a target at once."""

    concurrency: int = Field(default=4, ge=1, le=256)
    per_second: float | None = Field(default=None, gt=0)


class System(Strict):
    """An external system: `mappings/<system>/system.yaml`.

    Attributes:
        system: Its name, which is the folder's.
        connector: Name in the connector registry.
        connection: Airflow connection id; empty for systems that only call us.
        resources: What can be read or looked up, by name, with the connector's own keys.
        operations: What can be done there.
        fallback: How often its deliveries run when nothing triggers them.
        edi: Partner profile.

    The other sections are the connector's own.
    """

    system: Name
    title: str = Field(min_length=1)
    connector: str = Field(min_length=1)
    connection: str = ""
    doc: str = ""
    owner: str = ""
    resources: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    operations: Mapping[str, Operation] = Field(default_factory=dict)
    limits: Limits = Limits()
    fallback: Duration | None = None
    edi: Edi | None = None
    http: Mapping[str, Any] = Field(default_factory=dict)
    odata: Mapping[str, Any] = Field(default_factory=dict)
    retry: Mapping[str, Any] = Field(default_factory=dict)
    sftp: Mapping[str, Any] = Field(default_factory=dict)

    _document: Mapping[str, Any] = PrivateAttr(default_factory=dict)

    def document(self) -> Mapping[str, Any]:
        """The file as a tree of texts, as connectors read it."""
        return self._document

    def remember(self, document: Mapping[str, Any]) -> System:
        """Keep the file's own tree; returns the system itself."""
        self._document = document
        return self
