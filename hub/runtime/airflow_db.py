"""Airflow's own database schema."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import psycopg

from hub.runtime.health import StartError
from hub.runtime.logs import tail
from hub.runtime.processes import marked_environment
from hub.settings import embedded_url


def migrate(home: Path, environment: Mapping[str, str]) -> bool:
    """Run `airflow db migrate` when this version of Airflow has not done so; tell whether it ran.

    The command alone takes seven seconds, also when there is nothing to do.

    Raises:
        StartError: It failed; with the end of its output.
    """
    if (done := _done(home)).exists() and json.loads(done.read_text()) == _state(home):
        return False
    output = home / "logs" / "airflow-migrate.log"
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("wb") as stream:
        code = subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            env=marked_environment(environment, home, "airflow-migrate"),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    if code:
        raise StartError(f"airflow db migrate ended with {code}: {output}\n{tail(output)}")
    done.write_text(json.dumps(_state(home)))
    return True


def _done(home: Path) -> Path:
    return home / "run" / "airflow-schema.json"


def _state(home: Path) -> dict[str, str | None]:
    return {"airflow": version("apache-airflow"), "revision": _revision(home)}


def _revision(home: Path) -> str | None:
    with psycopg.connect(embedded_url(home, "airflow"), connect_timeout=5) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except psycopg.errors.UndefinedTable:
            return None
    return row[0] if row else None
