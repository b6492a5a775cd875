from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hub.settings import PROJECT_DIR

Run = Callable[..., Any]

BAG = """
import json, os
from airflow.dag_processing.dagbag import DagBag
bag = DagBag()
dags = {
    dag.dag_id: {
        "tasks": [task.task_id for task in dag.topological_sort()],
        "summary": dag.timetable.__class__.__name__,
        "tags": sorted(dag.tags),
        "owner": dag.owner,
        "doc": dag.doc_md,
        "catchup": dag.catchup,
        "active": dag.max_active_runs,
        "retries": {task.task_id: task.retries for task in dag.tasks},
    }
    for dag in bag.dags.values()
}
errors = {os.path.basename(file): error for file, error in bag.import_errors.items()}
print(json.dumps({"dags": dags, "errors": errors}))
"""

BROKEN = """\
flow: wms_inspections_in
owner: returns-platform
every: often
entity: de
read: {from: wms, resorce: inspections}
map: wms.inspection@1
"""


def test_the_projects_own_flows_have_no_import_errors(in_airflow: Run) -> None:
    found = in_airflow(PROJECT_DIR, BAG)
    assert found["errors"] == {}
    flows = {path.stem for path in (PROJECT_DIR / "dags" / "flows").glob("*_in.yaml")}
    assert flows < set(found["dags"])


def test_an_intake_flow_becomes_a_dag_of_three_tasks(in_airflow: Run, project: Path) -> None:
    dag = in_airflow(project, BAG)["dags"]["wms_receipts_in"]
    assert dag["tasks"] == ["read", "admit", "account"]
    assert dag["summary"] == "AssetOrTimeSchedule"
    assert dag["tags"] == ["intake", "returns-hub", "wms"]
    assert dag["owner"] == "returns-platform"
    assert dag["catchup"] is False
    assert dag["active"] == 1
    assert "dags/flows/wms_receipts_in.yaml" in dag["doc"]


def test_all_flows_to_one_system_become_one_dag(in_airflow: Run, project: Path) -> None:
    flows = project / "dags" / "flows"
    rma = (flows / "erp_rma.yaml").read_text()
    (flows / "erp_denied.yaml").write_text(
        rma.replace("erp_rma", "erp_denied").replace("approved", "rejected")
    )
    dags = in_airflow(project, BAG)["dags"]
    assert set(dags) == {"wms_receipts_in", "deliver_sap_s4"}
    assert dags["deliver_sap_s4"]["tasks"] == ["deliver", "account"]
    assert "erp_rma" in dags["deliver_sap_s4"]["doc"]
    assert "erp_denied" in dags["deliver_sap_s4"]["doc"]


def test_a_broken_file_is_an_import_error_with_file_and_line_and_keeps_its_dag(
    in_airflow: Run, project: Path
) -> None:
    (project / "dags" / "flows" / "wms_inspections_in.yaml").write_text(BROKEN)
    found = in_airflow(project, BAG)
    assert set(found["errors"]) == {"flow_errors.py"}
    error = found["errors"]["flow_errors.py"]
    assert "dags/flows/wms_inspections_in.yaml:3:8: every: expected a duration" in error
    assert "dags/flows/wms_inspections_in.yaml:5:" in error
    assert found["dags"]["wms_inspections_in"]["tags"] == ["broken", "returns-hub"]
    assert found["dags"]["wms_inspections_in"]["tasks"] == ["broken"]


def test_a_broken_file_hides_no_other(in_airflow: Run, project: Path) -> None:
    (project / "dags" / "flows" / "erp_rma.yaml").write_text("flow: [")
    (project / "dags" / "flows" / "not a name.yaml").write_text("")
    found = in_airflow(project, BAG)
    assert set(found["dags"]) == {"wms_receipts_in", "erp_rma", "not_a_name"}
    assert found["dags"]["wms_receipts_in"]["tasks"] == ["read", "admit", "account"]


def test_a_worker_builds_only_the_dag_it_runs(in_airflow: Run, project: Path) -> None:
    code = """
import json
from airflow.sdk.definitions.context import AirflowParsingContext
from hub.orchestration.dag_builder import build
from hub.orchestration.flow_files import plans
from hub.settings import from_environment
print(json.dumps(sorted(build(plans(from_environment().project_dir), only="deliver_sap_s4"))))
"""
    assert in_airflow(project, code) == ["deliver_sap_s4"]


def test_building_dags_imports_no_driver_and_compiles_no_mapping(in_airflow: Run, project: Path) -> None:
    code = """
import json, sys
from hub.orchestration.dag_builder import build
from hub.orchestration.flow_files import plans
from hub.settings import from_environment
build(plans(from_environment().project_dir))
heavy = ("hub.mapping.compile", "hub.bootstrap", "psycopg", "paramiko", "zeep")
print(json.dumps([name for name in heavy if name in sys.modules]))
"""
    assert in_airflow(project, code) == []


RUN = """
import json
from airflow.dag_processing.dagbag import DagBag
run = DagBag().dags["portal_returns_in"].test()
states = {ti.task_id: str(ti.state) for ti in run.get_task_instances()}
print(json.dumps({"state": str(run.state), "tasks": states}))
"""


@pytest.mark.usefixtures("airflow_schema")
def test_a_real_run_reads_admits_and_accounts(in_airflow: Run, hub_database: str) -> None:
    found = in_airflow(PROJECT_DIR, RUN, database_url=hub_database)
    assert found == {
        "state": "success",
        "tasks": {"read": "success", "admit": "success", "account": "success"},
    }


RUN_BROKEN = """
import json
from airflow.dag_processing.dagbag import DagBag
dag = DagBag().dags["portal_returns_in"]
for task in dag.tasks:
    task.retries = 0
run = dag.test()
states = {ti.task_id: str(ti.state) for ti in run.get_task_instances()}
print(json.dumps({"state": str(run.state), "tasks": states}))
"""


@pytest.mark.usefixtures("airflow_schema")
def test_a_run_whose_task_failed_is_red_although_account_ran(in_airflow: Run, hub_database: str) -> None:
    # admitting needs a table that is not there any more; counting does not
    with psycopg.connect(hub_database, autocommit=True) as connection:
        connection.execute("ALTER TABLE cursors RENAME TO elsewhere")
    found = in_airflow(PROJECT_DIR, RUN_BROKEN, database_url=hub_database)
    assert found["state"] == "failed"
    assert found["tasks"] == {"read": "failed", "admit": "upstream_failed", "account": "failed"}


LINK = """
import json
from hub.orchestration.links import DeadLettersLink
from hub.orchestration.tasks import AccountOperator, failed_tasks
from types import SimpleNamespace
task = AccountOperator(task_id="account", flow="a")
(link,) = task.operator_extra_links
key = SimpleNamespace(dag_id="acme_returns_in", run_id="scheduled__2026-11-20T19:26:01+00:00")
states = {"read": "success", "deliver_0": "failed", "deliver_1": "upstream_failed", "account": "running"}
print(json.dumps({"url": link.get_link(task, ti_key=key), "failed": failed_tasks(states)}))
"""


def test_the_button_leads_to_the_runs_dead_letters(in_airflow: Run, project: Path) -> None:
    found = in_airflow(project, LINK)
    run = "acme_returns_in/scheduled__2026-11-20T19%3A26%3A01%2B00%3A00"
    assert found["url"] == f"http://127.0.0.1:1/hub/console/runs/{run}"
    assert found["failed"] == ["deliver_0", "deliver_1"]
