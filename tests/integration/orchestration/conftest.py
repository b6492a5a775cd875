from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.runtime.airflow_env import airflow_environment
from hub.runtime.keys import ensure_keys
from hub.settings import PROJECT_DIR, Settings

RunInAirflow = Callable[..., Any]


@pytest.fixture(scope="session")
def in_airflow(tmp_path_factory: pytest.TempPathFactory) -> RunInAirflow:
    """Runs code in a process with our Airflow environment; gives what it prints last, read as JSON.

    Airflow reads its configuration once, at import: only a process of its own can have another one.
    Its metadata is in SQLite here, which is enough for parsing and `dag.test()`.
    """
    home = tmp_path_factory.mktemp("airflow")
    keys = ensure_keys(home)

    def run(project: Path, code: str, database_url: str = "postgresql://nowhere") -> Any:
        settings = Settings(project_dir=project, home=home, database_url=database_url)
        environment = {**os.environ, **airflow_environment(settings, keys, 1, {})}
        environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = f"sqlite:///{home}/airflow.db"
        del environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC"]
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout.strip().splitlines()[-1])

    return run


MIGRATE = """
import subprocess, sys
subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)
print("null")
"""


@pytest.fixture(scope="session")
def airflow_schema(in_airflow: RunInAirflow) -> None:
    """Airflow's tables, for tests that run a DAG and not only parse it."""
    in_airflow(PROJECT_DIR, MIGRATE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with our DAG files and its own flows."""
    folder = tmp_path / "project"
    flows = folder / "dags" / "flows"
    flows.mkdir(parents=True)
    for file in (PROJECT_DIR / "dags").glob("*.py"):
        (folder / "dags" / file.name).symlink_to(file)
    (flows / "wms_receipts_in.yaml").write_text(RECEIPTS)
    (flows / "erp_rma.yaml").write_text(RMA)
    return folder


RECEIPTS = """\
flow: wms_receipts_in
owner: returns-platform
every: 30 seconds
entity: de
read: {from: wms, resource: receipts}
map: wms.receipt@1
"""

RMA = """\
flow: erp_rma
owner: erp-team
fact: authorization.decided
when: {outcome: approved}
to: {system: sap_s4, operation: create_customer_return}
map: sap_s4.customer_return_create@1
key: return.return_id
"""
