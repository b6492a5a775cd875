"""The environment, read once into one frozen value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parent.parent
"""Where `mappings/`, `policies/` and `dags/` are, in a checkout."""


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
    """libpq URL of a database on the embedded server whose socket lies in `home/pg`."""
    return f"postgresql://postgres@/{database}?host={home / 'pg'}"
