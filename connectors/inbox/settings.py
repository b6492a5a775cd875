"""What system.yaml says about a system that calls us: only what may arrive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from connectors.base import Operation
from connectors.settings import Described, SystemSettings


class InboxSettings(SystemSettings):
    """A system that calls us; it offers nothing that we could call."""

    resources: Mapping[str, Described] = Field(default_factory=dict)
    operations: Mapping[Literal[""], Described] = Field(default_factory=dict, max_length=0)

    def declared(self) -> dict[str, Operation]:
        """No operations: an answer to such a system is the answer to its call."""
        return {}
