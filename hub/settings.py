"""The environment, read once into one frozen value."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parent.parent
"""Where `mappings/`, `policies/` and `dags/` are, in a checkout."""

_LONGEST_SOCKET_DIR = 107 - len("/.s.PGSQL.5432.lock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where things are.

    Attributes:
        project_dir: Folder with `mappings/`, `policies/` and `dags/flows/` (RETURNS_HUB_PROJECT).
        home: The hub's own state on this machine: embedded PostgreSQL, logs, process table
            (RETURNS_HUB_HOME, default `.returns-hub` in the project).
        database_url: libpq URL of the `hub` database (RETURNS_HUB_DATABASE_URL); empty means the
            embedded server under `home`, which must have been started.
        console_url: Where people reach the console, for links in logs (RETURNS_HUB_CONSOLE_URL).
    """

    project_dir: Path
    home: Path
    database_url: str
    console_url: str = ""

    @property
    def flows_dir(self) -> Path:
        """Folder of the flow files."""
        return self.project_dir / "dags" / "flows"


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; relative paths are relative to the project."""
    project = Path(environ.get("RETURNS_HUB_PROJECT") or PROJECT_DIR).resolve()
    home = project / (environ.get("RETURNS_HUB_HOME") or ".returns-hub")
    return Settings(
        project_dir=project,
        home=home,
        database_url=environ.get("RETURNS_HUB_DATABASE_URL") or embedded_url(home, "hub"),
        console_url=environ.get("RETURNS_HUB_CONSOLE_URL", "").rstrip("/"),
    )


def embedded_url(home: Path, database: str) -> str:
    """URL (libpq) of a database on the embedded server of `home`."""
    return f"postgresql://postgres@/{database}?host={embedded_socket_dir(home)}&port=5432"


def embedded_socket_dir(home: Path) -> Path:
    """Folder of the embedded server's socket: `home/pg` where that can be a socket's address.

    Unix sockets have addresses of at most 107 bytes, and some characters mean something in the URL
    or in the server's settings. Other homes get a short folder of their own, private to the user
    (`hub.runtime.postgres` checks that); the data stays in `home/pg`.
    """
    plain = str(home.absolute() / "pg")
    if len(plain) <= _LONGEST_SOCKET_DIR and re.fullmatch(r"[A-Za-z0-9/._-]+", plain):
        return Path(plain)
    return Path("/tmp") / f"returns-hub-{sha256(os.fsencode(plain)).hexdigest()[:16]}"  # noqa: S108 - TMPDIR may differ between the processes that must meet here
