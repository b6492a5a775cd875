"""What system.yaml says about a folder of files, and what its connection must hold."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, field_validator

from connectors.base import Operation
from connectors.folders import FileOperation, FolderResource
from connectors.retry import RetrySettings
from connectors.settings import Strict, SystemSettings


class FilesExtra(Strict):
    """The extra field of the connection: the folder under which everything is."""

    path: str

    @field_validator("path")
    @classmethod
    def _absolute(cls, path: str) -> str:
        # a folder's name is no secret, as other extra fields may be: it is told
        if not path.startswith("/"):
            raise ValueError(f"must be an absolute path, found {path!r}")
        return path


class FilesSettings(SystemSettings):
    """A whole tree of folders."""

    resources: Mapping[str, FolderResource] = Field(default_factory=dict)
    operations: Mapping[str, FileOperation] = Field(default_factory=dict)
    retry: RetrySettings = Field(default_factory=RetrySettings)

    def declared(self) -> dict[str, Operation]:
        """The operations as the hub sees them."""
        return {name: entry.operation(name) for name, entry in self.operations.items()}
