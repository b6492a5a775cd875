"""`python -m benchmarks [--json] [--only NAME] [--runs N] [--full]`: measure, and print a table or JSON."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.cases import FULL_VARIABLE, NAMES, load
from benchmarks.results import Measure, as_json, as_table
from benchmarks.surroundings import surroundings
from benchmarks.world import HOME_VARIABLE, TEMPLATE
from hub.runtime import postgres
from hub.settings import embedded_url
from hub.store import migrate


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmarks that were asked for, each in a process of its own."""
    options = _parser().parse_args(arguments)
    names = options.only or NAMES
    measures: list[Measure] = []
    with _database(needed=any(load(name).stored for name in names)) as environment:
        size = {FULL_VARIABLE: "1"} if options.full else {}
        for name in names:
            print(f"· {name}", file=sys.stderr, flush=True)
            measures += _measure(name, options.runs, {**environment, **size})
    print(json.dumps(as_json(measures), indent=2) if options.json else as_table(measures, surroundings()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="name → median, min, max, unit")
    parser.add_argument("--only", action="append", choices=NAMES, help="this one; may be repeated")
    parser.add_argument("--runs", type=_runs, default=5, help="runs that count, after one to warm up (5)")
    parser.add_argument("--full", action="store_true", help="EDI documents of 100,000 returns (62 MB)")
    return parser


def _runs(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text!r}")
    return int(text)


@contextmanager
def _database(*, needed: bool) -> Iterator[Mapping[str, str]]:
    """The embedded server with one migrated database; gives the environment for children."""
    if not needed:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="returns-hub-bench-") as folder:
        home = Path(folder)
        with postgres.running(home, [TEMPLATE]):
            migrate.upgrade(embedded_url(home, TEMPLATE))
            yield {HOME_VARIABLE: folder}


def _measure(name: str, runs: int, environment: Mapping[str, str]) -> list[Measure]:
    command = [sys.executable, "-m", "benchmarks.child", name, str(runs)]
    done = subprocess.run(  # noqa: S603 - our own module
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"benchmark {name} failed; nothing is reported")
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    measures = [Measure(key, unit, tuple(said["samples"][key])) for key, unit in said["units"].items()]
    return [*measures, Measure(f"{name}_memory", "MB", (said["peak"],))]


if __name__ == "__main__":
    main()
