"""The whole demo on real Airflow while its processes are killed: still everything adds up at the partners."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from hub import audit
from hub.runtime import postgres
from hub.runtime.health import health
from hub.settings import embedded_url
from hub.store.database import Database
from tests.acceptance.platform_process import Running, returns_hub, until_gone

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

PLACES = ("admitted", "revision", "repeat", "held", "dead", "parked", "discarded")
RECOVERY_SECONDS = 120.0
"""Until work goes on after a kill. A machine of its own needs 5 to 60 s; one that is shared needs longer."""

IN_FLIGHT = 0.3
"""Seconds that PostgreSQL may still need for what a stopped process had already sent."""

POSTED = "SELECT 1 FROM documents WHERE flow = 'portal_returns_in' HAVING count(*) >= 3"
ADMITTING = "SELECT %s FROM documents WHERE flow = 'acme_returns_in' AND state = 'claimed'"
AT_THE_ERP = "SELECT 1 FROM effects WHERE target = 'sap_s4' AND state = 'claimed'"
DELIVERING = """
    SELECT 1 FROM effects e JOIN attempts a ON a.effect_id = e.id AND a.fence = e.fence
    WHERE e.target = 'sap_s4' AND e.state = 'claimed' AND strpos(a.worker, ':' || %s || ':') > 0"""
RUNNING_TASKS = """
    SELECT id::text, pid FROM task_instance
    WHERE dag_id = %s AND task_id = %s AND state = 'running' AND pid IS NOT NULL"""
TRIES = """
    SELECT id::text, dag_id, task_id, run_id, map_index, state, start_date FROM task_instance
    UNION ALL SELECT task_instance_id::text, dag_id, task_id, run_id, map_index, state, start_date
    FROM task_instance_history"""


class Try(NamedTuple):
    """One try of a task, as Airflow recorded it."""

    id: str
    dag: str
    task: str
    run: str
    lane: int
    state: str
    begun: datetime | None

    @property
    def name(self) -> tuple[str, str, str, int]:
        """The same for all tries of one task of one run."""
        return self.dag, self.task, self.run, self.lane


@dataclass(frozen=True)
class Kill:
    """One `kill -9`: what, when, and for a task the id of the try that died."""

    what: str
    at: datetime
    task_try: str = ""


def test_killed_scheduler_server_and_tasks_lose_and_double_nothing(tmp_path: Path) -> None:
    with returns_hub(tmp_path, "demo", "--json", "--returns", "60", "--outage", "8") as demo:
        demo.until_said("Airflow is healthy", 240)
        kills = [
            kill_component(demo, "api-server", when=POSTED),
            kill_task(demo, "acme_returns_in", "admit", when=ADMITTING),
            kill_task(demo, "deliver_sap_s4", "deliver", when=DELIVERING),
            kill_component(demo, "scheduler", when=AT_THE_ERP),
        ]
        demo.until("the demo to end", lambda: demo.process.poll() is not None, 420)
        assert demo.process.returncode == 0, demo.words()
        assert until_gone(demo.home) == []
        assert postgres.server_pid(demo.home) is None
        result = closing_result(demo.out.read_text())
        check_books(result["audit"])
        check_totals(result["summary"])
        with postgres.running(demo.home):
            check_records(demo, kills)


def kill_component(demo: Running, name: str, when: str) -> Kill:
    """`kill -9` a component of Airflow once a query of the hub gives rows, and see it come back."""
    demo.until(f"{name}: {when}", lambda: demo.ask("hub", when), 120, every=0.02)
    before = demo.head(name)
    assert before is not None, demo.words()
    before.kill()
    killed = datetime.now(UTC)

    def another() -> bool:
        now = demo.head(name)
        # it is the API server that tells, so its telling is its own health
        return now is not None and now.pid != before.pid and health(port(demo)).get("scheduler") == "healthy"

    demo.until(f"another {name}, healthy", another, RECOVERY_SECONDS)
    print(f"{name}: process {before.pid} killed, healthy after {(datetime.now(UTC) - killed).seconds} s")  # noqa: T201 - shown when the test fails
    return Kill(name, killed)


def kill_task(demo: Running, dag: str, task: str, when: str) -> Kill:
    """`kill -9` the process that runs a task while it works, as a query of the hub, given its number, tells.

    It is stopped first and looked at again: one that goes on could end its work before the kill arrives.
    """

    def stopped_at_work() -> tuple[str, psutil.Process] | None:
        for identity, pid in demo.ask("airflow", RUNNING_TASKS, dag, task):
            runner = psutil.Process(pid)
            if identity not in " ".join(runner.cmdline()) or not demo.ask("hub", when, str(pid)):
                continue
            runner.suspend()
            time.sleep(IN_FLIGHT)
            if demo.ask("hub", when, str(pid)):
                return identity, runner
            runner.resume()
        return None

    identity, runner = demo.until(f"{dag}.{task} at work", stopped_at_work, 120, every=0.02)
    runner.kill()
    print(f"{dag}.{task}: process {runner.pid} killed, try {identity}")  # noqa: T201 - same
    return Kill(f"{dag}.{task}", datetime.now(UTC), identity)


def port(demo: Running) -> int:
    """Where Airflow's API server of this home is."""
    found: int = json.loads((demo.home / "run" / "ports.json").read_text())["airflow"]
    return found


def closing_result(output: str) -> dict[str, Any]:
    """The JSON document at the end of the output."""
    found: dict[str, Any] = json.loads(output[output.index("\n{\n") :] if output[0] != "{" else output)
    return found


def check_books(books: Mapping[str, Any]) -> None:
    """The partners' own books: nothing missing, doubled or unexpected, and really something done."""
    wrong = {kind: books[kind] for kind in ("missing", "doubled", "unexpected") if books[kind]}
    assert wrong == {}
    assert books["ok"] is True
    assert books["pending"] == 0
    assert books["counts"]["rmas"] > 30


def check_totals(summary: Mapping[str, Any]) -> None:
    """Everything received is in one place; every effect is confirmed."""
    assert summary["problems"] == []
    for flow, totals in summary["flows"].items():
        assert totals["received"] == sum(totals.get(place, 0) for place in PLACES), flow
        assert totals["documents_waiting"] == 0, flow
    states = {
        (target, operation): set(counted)
        for target, operations in summary["targets"].items()
        for operation, counted in operations.items()
    }
    assert all(found == {"confirmed"} for found in states.values()), states


def check_records(demo: Running, kills: list[Kill]) -> None:
    """The kills are on record, work went on soon after each, and the audit chain is whole."""
    tries = [Try(*row) for row in demo.ask("airflow", TRIES)]
    for kill in kills:
        after = [one for one in tries if one.begun and one.begun > kill.at and one.state == "success"]
        if kill.task_try:
            killed = next(one for one in tries if one.id == kill.task_try)
            assert killed.state != "success", killed
            after = [one for one in after if one.name == killed.name]
        seconds = min((one.begun - kill.at).total_seconds() for one in after if one.begun)
        print(f"{kill.what}: work went on after {seconds:.0f} s")  # noqa: T201 - same
        assert seconds < RECOVERY_SECONDS, kill
    # an attempt without an end is what a killed delivery leaves
    [(cut,)] = demo.ask("hub", "SELECT count(*) FROM attempts WHERE ended_at IS NULL")
    assert cut > 0
    database = Database(embedded_url(demo.home, "hub"))
    try:
        assert audit.verify(database) == []
    finally:
        database.close()
