"""The pages name every key there is, so that they cannot fall behind."""

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from hub.flows.draft import ScheduleFile
from hub.flows.models import DeliveryFlow, IntakeFlow
from hub.flows.partner_profile import Acks, AcksExpected, AcksSent, Control, Delimiters, Edi
from hub.flows.problems import Code
from hub.flows.systems import Limits, Operation, System
from hub.policy.tables import load
from tests.unit.flows.conftest import PROJECT


@pytest.mark.parametrize("model", [IntakeFlow, DeliveryFlow, Operation, Limits])
def test_every_key_of_a_flow_is_documented(model: type[BaseModel]) -> None:
    page = (PROJECT / "docs" / "flows.md").read_text(encoding="utf-8")
    missing = [name for name in model.model_fields if f"`{name}`" not in page]
    assert missing == []


def test_every_key_of_a_system_that_the_hub_reads_is_documented() -> None:
    page = (PROJECT / "docs" / "flows.md").read_text(encoding="utf-8")
    own = [name for name in System.model_fields if name not in ("http", "sftp", "odata", "retry")]
    assert [name for name in own if f"`{name}`" not in page] == []


@pytest.mark.parametrize("model", [Edi, Acks, AcksSent, AcksExpected, Control, Delimiters])
def test_every_key_of_a_partner_profile_is_documented(model: type[BaseModel]) -> None:
    page = (PROJECT / "docs" / "edi.md").read_text(encoding="utf-8")
    names = model.model_fields
    assert [name for name in names if not re.search(rf"`{name}`|\b{name}:|\.{name}`", page)] == []


@pytest.mark.parametrize("table", ["authorization", "disposition"])
def test_every_column_of_a_table_is_documented(table: str) -> None:
    page = (PROJECT / "docs" / "policies.md").read_text(encoding="utf-8")
    loaded = load(PROJECT / "policies" / f"{table}.csv")
    assert [each.name for each in (*loaded.inputs, *loaded.outputs) if f"`{each.name}`" not in page] == []


def test_every_key_of_a_schedule_is_documented() -> None:
    page = (PROJECT / "docs" / "policies.md").read_text(encoding="utf-8")
    assert [name for name in ScheduleFile.model_fields if name != "doc" and f"`{name}`" not in page] == []


def test_every_finding_of_check_is_documented_once() -> None:
    page = (PROJECT / "docs" / "checks.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)
    assert sorted(rows) == sorted(get_args(Code))


@pytest.mark.parametrize("code", get_args(Code))
def test_every_finding_of_check_has_a_failing_example(code: str) -> None:
    tests = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_check_*.py")]
    assert any(f'"{code}"' in text for text in tests)
