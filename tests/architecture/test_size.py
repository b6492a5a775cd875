"""Modules and functions stay small enough to be read at one go."""

from __future__ import annotations

import ast
from pathlib import Path

MODULE, FUNCTION = 400, 60
TESTS = 600, 70
"""Tests may be longer: a table of cases is read line by line."""


def limits(path: Path) -> tuple[int, int]:
    return TESTS if path.parts[0] == "tests" else (MODULE, FUNCTION)


def test_no_module_is_too_long(root: Path, modules: list[Path]) -> None:
    lengths = {path: len((root / path).read_text().splitlines()) for path in modules}
    assert {str(path): length for path, length in lengths.items() if length > limits(path)[0]} == {}


def test_no_function_is_too_long(root: Path, modules: list[Path]) -> None:
    long = [
        f"{path}:{node.lineno} {node.name}: {length} lines"
        for path in modules
        for node in ast.walk(ast.parse((root / path).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > limits(path)[1]
    ]
    assert long == []
