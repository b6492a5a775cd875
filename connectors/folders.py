"""What system.yaml says about folders of files, wherever they are; for all connectors that exchange files."""

from __future__ import annotations

from string import Formatter
from typing import Annotated, Self

from pydantic import Field, model_validator

from connectors.base import Repeat
from connectors.settings import Described, OperationSettings

Folder = Annotated[str, Field(pattern=r"^/(.*[^/])?$")]
"""A folder as the partner's server names it, or below the connection's path."""


class FolderResource(Described):
    """Files of a folder whose names match `pattern` (`*.edi`, case counts).

    A file is taken when its size and time have not changed for `stable_seconds` between two readings (0: at
    once, for partners that rename into place). `archive` or `delete` tells what becomes of it when it is
    durable here; with neither it stays.
    """

    folder: Folder
    pattern: str = "*"
    archive: Folder | None = None
    delete: bool = False
    stable_seconds: float = Field(default=60.0, ge=0, le=86_400)
    max_bytes: int = Field(default=100 * 1024 * 1024, ge=1)
    media_type: str = "application/octet-stream"

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.archive is not None and self.delete:
            raise ValueError("expected 'archive' or 'delete', found both")
        if self.archive == self.folder:
            raise ValueError(f"expected an 'archive' other than the folder, found {self.archive!r}")
        return self


class FileOperation(OperationSettings):
    """A file put into `folder` under the name that `name` and the business key make.

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
