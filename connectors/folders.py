"""What system.yaml says about folders of files, wherever they are; for all connectors that exchange files."""

from __future__ import annotations

from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from connectors.base import Repeat
from connectors.settings import Described, OperationSettings

Folder = Annotated[str, Field(pattern=r"^/(.*[^/])?$")]
"""A folder as the partner's server names it, or below the connection's path."""

Ending = Annotated[str, Field(pattern=r"^\.[^/]+$")]
"""What the name of a file ends with: `.done`."""


class FolderResource(Described):
    """Files of a folder whose names match `pattern` (`*.edi`, case counts).

    A file is taken when its size and time have not changed for `stable_seconds` between two readings (0: at
    once, for partners that rename into place) and, with a `marker`, when the file with that ending stands
    beside it (`returns.csv.done`). `claim` is a folder, or an ending, to which a file is renamed before it is
    read: whoever renames first has it; a claim older than `claim_seconds` was left by a reader that is gone.
    `unpack` makes documents of the members of archives: `zip` or `gzip` for every file, true for those named
    `.zip` or `.gz`; at most `max_members`, and `max_bytes` in all. `archive` or `delete` tells what becomes
    of a file, and of its marker, when it is durable here; with neither it stays.
    """

    folder: Folder
    pattern: str = "*"
    archive: Folder | None = None
    delete: bool = False
    marker: Ending | None = None
    claim: Folder | Ending | None = None
    claim_seconds: float = Field(default=60.0, ge=0, le=86_400)
    stable_seconds: float = Field(default=60.0, ge=0, le=86_400)
    max_bytes: int = Field(default=100 * 1024 * 1024, ge=1)
    unpack: Literal["zip", "gzip"] | bool = False
    max_members: int = Field(default=1_000, ge=1, le=10_000)
    media_type: str = "application/octet-stream"

    @property
    def claim_folder(self) -> str | None:
        """Where claimed files are; None without claims."""
        if self.claim is None:
            return None
        return self.claim if self.claim.startswith("/") else self.folder

    @property
    def claim_ending(self) -> str:
        """What a claimed file's name ends with beside its own; empty with a claim folder."""
        return "" if self.claim is None or self.claim.startswith("/") else self.claim

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.archive is not None and self.delete:
            raise ValueError("expected 'archive' or 'delete', found both")
        if self.archive == self.folder:
            raise ValueError(f"expected an 'archive' other than the folder, found {self.archive!r}")
        return self

    @model_validator(mode="after")
    def _claims_end(self) -> Self:
        if self.claim is None:
            return self
        if self.archive is None and not self.delete:
            raise ValueError("expected 'archive' or 'delete' beside 'claim', found neither")
        if self.claim in (self.folder, self.archive, self.marker):
            raise ValueError(
                f"expected a 'claim' other than the folder, the archive and the marker, found {self.claim!r}"
            )
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
