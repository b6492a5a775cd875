"""Fixtures, fakes and contract suites, shipped for connector authors."""
