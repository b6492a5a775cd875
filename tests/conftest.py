"""Fixtures for all tests."""

import pytest

pytest_plugins = ["hub.testing.postgres"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--full`: as many damaged documents as nights are long."""
    parser.addoption("--full", action="store_true", help="fuzz a million EDI documents, not fifty thousand")
