"""`python -m benchmarks.child NAME RUNS`: one benchmark in a process of its own; prints one line of JSON."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.cases import load

_STATUS = Path("/proc/self/status")
_KILOBYTES = 1_024


def measure(name: str, runs: int) -> dict[str, Any]:
    """One run to warm up, then `runs` that count; samples by measure, and the peak memory in MB."""
    case = load(name)
    samples: dict[str, list[float]] = {measure: [] for measure in case.units}
    with tempfile.TemporaryDirectory() as folder, case.prepare(Path(folder)) as run:
        run()
        for _ in range(runs):
            for measure, value in run().items():
                samples[measure].append(value)
    return {"samples": samples, "units": dict(case.units), "peak": _peak()}


def _peak() -> float:
    """Peak resident memory in MB. Not from `getrusage`: there a child begins with its parent's peak."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", _STATUS.read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"{_STATUS}: expected a line VmHWM, found none")
    return int(found[1]) / _KILOBYTES


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
