"""What import-linter cannot see: files that are no package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

LOADED_BY_AIRFLOW = {
    "dags": {"airflow", "hub.orchestration", "hub.settings"},
    "plugins": {
        "airflow", "fastapi", "hub.api", "hub.bootstrap", "hub.console", "hub.once", "hub.orchestration",
    },
}  # fmt: skip
"""The folders that Airflow itself loads, and what their files may import beside the standard library."""

STANDARD = {"__future__", "collections", "datetime", "functools", "pathlib", "typing"}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


@pytest.mark.parametrize("folder", LOADED_BY_AIRFLOW)
def test_files_that_airflow_loads_only_connect(root: Path, modules: list[Path], folder: str) -> None:
    allowed = LOADED_BY_AIRFLOW[folder] | STANDARD
    foreign = [
        f"{path}: {name}"
        for path in modules
        if path.parts[0] == folder
        for name in imported(root / path)
        if not any(name == one or name.startswith(f"{one}.") for one in allowed)
    ]
    assert foreign == []


def test_a_plugin_file_is_a_page_at_most(root: Path, modules: list[Path]) -> None:
    plugins = [path for path in modules if path.parts[0] == "plugins"]
    assert plugins
    assert {str(path) for path in plugins if len((root / path).read_text().splitlines()) > 60} == set()


def test_only_migrations_speak_to_sqlalchemy(root: Path, modules: list[Path]) -> None:
    """The folder of migrations is no package, so no contract covers it; here is what else may."""
    files = ("hub/store/migrations", "hub/store/migrate.py", "hub/orchestration/assets.py")
    allowed = set(map(Path, files))
    users = [
        path
        for path in modules
        if path.parts[0] != "tests"
        and any(name.partition(".")[0] in {"alembic", "sqlalchemy"} for name in imported(root / path))
    ]
    assert [str(p) for p in users if not {p, *p.parents} & allowed] == []
