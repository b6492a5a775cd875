"""The benchmarks run, and what they print is what machines read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.cases import NAMES, load
from benchmarks.results import Measure, as_json, as_table
from benchmarks.world import make_project
from hub.flows.catalog import load_catalog


def test_a_benchmark_prints_name_median_min_max_and_unit(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--json", "--only", "edi_decode", "--runs", "1"])
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"edi_decode", "edi_decode_transactions", "edi_decode_memory"}
    assert all(set(one) == {"median", "min", "max", "unit"} for one in found.values())
    assert found["edi_decode"]["unit"] == "MB/s"


def test_every_measure_has_one_name(root: Path) -> None:
    cases = {name: load(name) for name in NAMES}
    names = [measure for case in cases.values() for measure in case.units]
    assert len(set(names)) == len(names)
    text = (root / "docs" / "benchmarks.md").read_text()
    assert [name for name in names if f"`{name}`" not in text] == []


def test_the_project_that_is_measured_asks_nobody_and_is_sound(tmp_path: Path) -> None:
    make_project(tmp_path / "project")
    catalog = load_catalog(tmp_path / "project")
    assert [flow.flow for flow in catalog.intake.values() if flow.enrich] == []


def test_the_middle_of_the_runs_is_told() -> None:
    measure = Measure("speed", "docs/s", (100.4, 300.0, 200.0))
    assert as_json([measure]) == {"speed": {"median": 200, "min": 100, "max": 300, "unit": "docs/s"}}
    assert "speed     200  100  300  docs/s" in as_table([measure], {"Python": "3"})
