"""Makefile, packages and what is shipped agree with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text())


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_target_of_the_makefile_has_its_line_of_help(root: Path) -> None:
    targets = re.findall(r"^([a-z]+):(.*)$", (root / "Makefile").read_text(), re.MULTILINE)
    assert len(targets) > 5
    assert [name for name, rest in targets if "## " not in rest] == []


def test_every_dependency_is_pinned(root: Path, project: dict[str, Any]) -> None:
    text = (root / "constraints.txt").read_text()
    pinned = {normal(name) for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}
    groups = [project["project"]["dependencies"], *project["project"]["optional-dependencies"].values()]
    named = {normal(re.split(r"[\[<>=!~; ]", one)[0]) for group in groups for one in group}
    assert named - pinned == set()


def test_the_licence_is_the_one_that_is_named(root: Path) -> None:
    text = (root / "LICENSE").read_text()
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text


def test_every_package_of_ours_is_linted_typed_and_shipped(
    files: list[Path], project: dict[str, Any]
) -> None:
    tops = {path.parts[0] for path in files if len(path.parts) == 2 and path.name == "__init__.py"}
    ours = tops - {"tests"}
    tool = project["tool"]
    assert set(tool["ruff"]["lint"]["isort"]["known-first-party"]) == ours
    assert set(tool["mypy"]["packages"]) == ours
    assert set(tool["importlinter"]["root_packages"]) == ours
    assert {pattern.rstrip("*") for pattern in tool["setuptools"]["packages"]["find"]["include"]} == ours
