"""What system.yaml says about a folder of files, and what its connection must hold."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Annotated, Self

from pydantic import Field, model_validator

from connectors.base import Operation, Repeat
from connectors.retry import RetrySettings
from connectors.settings import Described, OperationSettings, Strict, SystemSettings

Folder = Annotated[str, Field(pattern=r"^/(.*[^/])?$")]
"""A folder under the connection's path; `/` is that path itself."""


class FilesExtra(Strict):
    """The extra field of the connection: the folder under which everything is."""

    path: str = Field(pattern=r"^/")


class Resource(Described):
    """Files of a folder whose names match `pattern` (`*.csv`, case counts).

    A file is taken when its size and time have not changed for `stable_seconds` between two readings (0: at
    once, for writers that rename into place), and, with a `marker`, when the file with that ending beside it
    says so (`returns.csv` waits for `returns.csv.done`). `archive` or `delete` tells what becomes of it when
    it is durable here; with neither it stays.
    """

    folder: Folder
    pattern: str = "*"
    archive: Folder | None = None
    delete: bool = False
    stable_seconds: float = Field(default=60.0, ge=0, le=86_400)
    marker: str | None = Field(default=None, pattern=r"^\.[^/]+$")
    max_bytes: int = Field(default=100 * 1024 * 1024, ge=1)
    media_type: str = "application/octet-stream"

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.archive is not None and self.delete:
            raise ValueError("expected 'archive' or 'delete', found both")
        if self.archive == self.folder:
            raise ValueError(f"expected an 'archive' other than the folder, found {self.archive!r}")
        return self


class FilesOperation(OperationSettings):
    """A file in `folder` under the name that `name` and the business key make.

    `find_in` names folders to which the partner moves what it has taken: a probe looks there too.
    """

    folder: Folder
    name: str
    repeat: Repeat = Repeat.REPLACE
    find_in: tuple[Folder, ...] = ()

    @model_validator(mode="after")
    def _deterministic(self) -> Self:
        fields = [name for _, name, _, _ in Formatter().parse(self.name) if name is not None]
        if fields != ["key"] or "/" in self.name or self.name.startswith("."):
            raise ValueError(f"expected 'name' as a visible file name with one {{key}}, found {self.name!r}")
        if self.repeat is Repeat.NATIVE:
            raise ValueError("expected repeat 'replace', 'lookup' or 'none' for files, found 'native'")
        return self


class FilesSettings(SystemSettings):
    """A whole tree of folders."""

    resources: Mapping[str, Resource] = Field(default_factory=dict)
    operations: Mapping[str, FilesOperation] = Field(default_factory=dict)
    retry: RetrySettings = Field(default_factory=RetrySettings)

    def declared(self) -> dict[str, Operation]:
        """The operations as the hub sees them."""
        return {name: entry.operation(name) for name, entry in self.operations.items()}
