"""What a connector must be able to do with a partner's files, so that `FileExchange` can do the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from connectors.base import Exchange, Operation
from connectors.filenames import File
from connectors.folders import FileOperation, FolderResource
from connectors.retry import RetrySettings


class FileStore(Protocol):
    """The files of one partner. Paths are as `FolderResource.folder` writes them; links are no files.

    Every method raises `ConnectorError` only: `Config` for a folder that is not there or that we may not use.
    """

    def files(self, folder: str) -> list[File]:
        """The regular files of a folder, in any order."""

    def stat(self, path: str) -> File | None:
        """The version that stands there now; None when no regular file does."""

    def need(self, folder: str) -> None:
        """Insist that a folder is there."""

    def read(self, path: str, most: int) -> bytes | None:
        """Up to `most` bytes; None when it is gone. A file that we may not read is a `Contract` error."""

    def rename(self, old: str, new: str) -> bool:
        """Rename in one step, never over another file; False when `old` is gone or `new` there."""

    def remove(self, path: str) -> None:
        """Remove a file; one that is gone is no error."""

    def put(self, path: str, temporary: str, body: bytes) -> Exchange:
        """Write under a temporary path, then replace `path` in one step."""

    def shown(self, path: str) -> str:
        """A path as an operator finds it."""

    def close(self) -> None:
        """Let go of everything; a second time does nothing."""


class FileSettings(Protocol):
    """What the settings of every such connector have."""

    @property
    def resources(self) -> Mapping[str, FolderResource]:
        """Folders to read, by name."""

    @property
    def operations(self) -> Mapping[str, FileOperation]:
        """Folders to write to, by name."""

    @property
    def retry(self) -> RetrySettings:
        """The short horizon of repetition."""

    def declared(self) -> dict[str, Operation]:
        """The operations as the hub sees them."""
