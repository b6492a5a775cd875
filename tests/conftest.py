"""Fixtures for all tests."""

pytest_plugins = ["hub.testing.postgres"]
