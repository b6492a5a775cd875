from pathlib import Path

import pytest

from hub.policy.tables import DecisionTable, load

POLICIES = Path(__file__).parents[3] / "policies"


@pytest.fixture(scope="session")
def authorization() -> DecisionTable:
    return load(POLICIES / "authorization.csv")


@pytest.fixture(scope="session")
def disposition() -> DecisionTable:
    return load(POLICIES / "disposition.csv")
