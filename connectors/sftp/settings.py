"""What system.yaml says about an SFTP server, and what its connection must hold."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from connectors.base import Operation
from connectors.folders import FileOperation, FolderResource
from connectors.retry import RetrySettings
from connectors.settings import Strict, SystemSettings


class SftpSection(Strict):
    """The `sftp` section: seconds, except `connections`.

    `read` bounds one silence of the server, `wait` the queue for one of our own connections.
    """

    connect: float = Field(default=10.0, gt=0, le=120)
    handshake: float = Field(default=15.0, gt=0, le=120)
    read: float = Field(default=30.0, gt=0, le=600)
    wait: float = Field(default=30.0, gt=0, le=600)
    keepalive: int = Field(default=15, ge=0, le=600)
    connections: int = Field(default=4, ge=1, le=64)


class SftpExtra(Strict):
    """The extra field of an SFTP connection; `host_key` as `ssh-keyscan` prints it, one or several."""

    host_key: str | tuple[str, ...] | None = None
    private_key: str | None = None
    private_key_passphrase: str | None = None


class SftpSettings(SystemSettings):
    """A whole SFTP server."""

    sftp: SftpSection = Field(default_factory=SftpSection)
    resources: Mapping[str, FolderResource] = Field(default_factory=dict)
    operations: Mapping[str, FileOperation] = Field(default_factory=dict)
    retry: RetrySettings = Field(default_factory=RetrySettings)

    def declared(self) -> dict[str, Operation]:
        """The operations as the hub sees them."""
        return {name: entry.operation(name) for name, entry in self.operations.items()}
