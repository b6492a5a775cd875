import re
from datetime import timedelta
from pathlib import Path

import pytest

from hub.flows.catalog import CatalogError, load_catalog, prove
from hub.flows.durations import duration
from tests.unit.flows.conftest import PROJECT, Edit


def problems(project: Path) -> list[str]:
    with pytest.raises(CatalogError) as caught:
        prove(project)
    return [str(problem) for problem in caught.value.problems]


def test_the_project_itself_loads() -> None:
    catalog = load_catalog(PROJECT)
    assert set(catalog.systems) == {
        "acme_edi",
        "carrier_edi",
        "carrier_edifact",
        "portal",
        "retail_edifact",
        "sap_s4",
        "warehouse_files",
        "wms",
    }
    assert set(catalog.intake) == {
        "acme_returns_in",
        "carrier_214_in",
        "carrier_iftsta_in",
        "retail_returns_in",
        "portal_returns_in",
        "wms_receipts_in",
        "wms_inspections_in",
    }
    assert set(catalog.targets()) == {
        "acme_edi",
        "carrier_edi",
        "carrier_edifact",
        "retail_edifact",
        "sap_s4",
        "wms",
    }
    assert [flow.flow for flow in catalog.subscriptions["disposition.decided"]] == [
        "erp_credit_memo",
        "erp_goods_movement",
    ]
    flow = catalog.intake["acme_returns_in"]
    assert flow.every == timedelta(seconds=15)
    assert flow.acknowledgement is not None
    assert flow.acknowledgement.operation == "upload_997"
    assert (flow.enrich[0].name, flow.enrich[0].system, flow.enrich[0].resource) == (
        "order",
        "sap_s4",
        "sales_order",
    )
    assert catalog.schedule("erp_rma").name == "patient"
    assert catalog.schedule("acme_returns_in").name == "standard"


def test_a_mapping_that_no_flow_uses_stops_nothing_while_it_is_being_written(project: Path) -> None:
    (project / "mappings" / "portal" / "begun.yaml").write_text("mapping: portal.begun@1\nmap:\n  a: b |\n")
    (project / "mappings" / "galicia").mkdir()
    (project / "mappings" / "galicia" / "system.yaml").write_text("system: [")
    catalog = load_catalog(project)
    assert len(catalog.intake) == 4
    assert {problem.split(":")[0] for problem in problems(project)} == {
        "mappings/galicia/system.yaml",
        "mappings/portal/begun.yaml",
    }


def test_a_broken_mapping_of_an_intake_flow_stops_that_flow_and_says_why(project: Path, edit: Edit) -> None:
    edit("mappings/portal/return_request.yaml", "| datetime", "| datetimes")
    catalog = load_catalog(project)
    assert set(catalog.intake) == {"acme_returns_in", "wms_receipts_in", "wms_inspections_in"}
    with pytest.raises(CatalogError, match=r"return_request\.yaml:\d+:\d+: datetimes: unknown function"):
        catalog.intake["portal_returns_in"]


def test_a_broken_file_of_an_intake_flow_stops_that_flow(project: Path, edit: Edit) -> None:
    edit("dags/flows/portal_returns_in.yaml", "portal.return_request@1", "portal.return_wish@1")
    catalog = load_catalog(project)
    assert len(catalog.intake) == 3
    with pytest.raises(CatalogError, match=r"portal_returns_in\.yaml"):
        catalog.intake["portal_returns_in"]
    with pytest.raises(KeyError):
        catalog.intake["galicia_in"]


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("mappings/wms/expected_receipt.yaml", "map:", "mapp:"),
        ("dags/flows/erp_rma.yaml", "fact:", "facts:"),
        ("mappings/wms/system.yaml", "connector:", "conector:"),
        ("policies/retry.yaml", "schedules:", "schedule:"),
    ],
)
def test_what_effects_depend_on_stops_everything(
    project: Path, edit: Edit, file: str, before: str, after: str
) -> None:
    edit(file, before, after)
    with pytest.raises(CatalogError, match=re.escape(file)):
        load_catalog(project)


def test_a_system_gives_connectors_its_file_as_texts() -> None:
    document = load_catalog(PROJECT).systems["wms"].document()
    assert document["resources"]["receipts"]["watermark"]["overlap"] == "120"
    assert document["connector"] == "rest"


def test_schedules_are_read_with_their_durations() -> None:
    patient = load_catalog(PROJECT).retry["patient"]
    assert patient.deadline == timedelta(days=4)
    assert patient.next_delay(1, 0.5) == timedelta(seconds=2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1 second", 1), ("15 seconds", 15), ("5 minutes", 300), ("2 hours", 7200), ("4 days", 345600)],
)
def test_durations_are_read_as_people_write_them(text: str, expected: int) -> None:
    assert duration(text) == timedelta(seconds=expected)


@pytest.mark.parametrize("text", ["15", "15s", "0 seconds", "-1 seconds", "1.5 hours", "soon", ""])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration such as 15 seconds"):
        duration(text)


@pytest.mark.parametrize(
    ("file", "before", "after", "says"),
    [
        (
            "dags/flows/erp_rma.yaml",
            "retry:  patient",
            "retri:  patient",
            "erp_rma.yaml:13:1: retri: expected a known key, found 'retri'",
        ),
        (
            "dags/flows/erp_rma.yaml",
            "retry:  patient",
            "retry:  eager",
            "erp_rma.yaml:13:9: expected a known schedule",
        ),
        (
            "dags/flows/erp_rma.yaml",
            "flow:   erp_rma",
            "flow:   erp_rna",
            "expected the file's name 'erp_rma', found 'erp_rna'",
        ),
        (
            "dags/flows/erp_rma.yaml",
            "fact:   authorization.decided",
            "fact:   authorisation.decided",
            "expected a known fact type",
        ),
        (
            "dags/flows/erp_rma.yaml",
            "fact:   authorization.decided",
            "read: {}",
            "expected a known key, found 'when'",
        ),
        (
            "dags/flows/erp_rma.yaml",
            "system: sap_s4,",
            "system: sap,",
            "erp_rma.yaml:9:18: expected a known system",
        ),
        (
            "dags/flows/erp_rma.yaml",
            "create_customer_return}",
            "create_rma}",
            "expected a known operation of sap_s4",
        ),
        (
            "dags/flows/erp_rma.yaml",
            "return_create@1",
            "return_create@2",
            "erp_rma.yaml:10:9: expected a known mapping",
        ),
        (
            "dags/flows/erp_rma.yaml",
            "sap_s4.customer_return_create@1",
            "wms.expected_receipt@1",
            "expected a mapping from authorization.decided@1, found from return.authorized@1",
        ),
        (
            "dags/flows/erp_rma.yaml",
            "sap_s4.customer_return_create@1",
            "acme.return_denial@1",
            "expected a mapping to json/sap_s4.create_customer_return, found to x12/180-004010",
        ),
        (
            "dags/flows/erp_rma.yaml",
            "sap_s4.return_created@1",
            "sap_s4.credit_memo_posted@1",
            "expected a mapping from json/sap_s4.create_customer_return.receipt",
        ),
        (
            "dags/flows/erp_rma.yaml",
            "key:    [return.origin.system,",
            "key:    [origin.system,",
            "expected fact.…, return.… or",
        ),
        (
            "dags/flows/acme_returns_in.yaml",
            "inbound/180",
            "inbound/850",
            "expected a known resource of acme_edi (inbound/180)",
        ),
        (
            "dags/flows/acme_returns_in.yaml",
            "every:       15 seconds",
            "every:       15s",
            "acme_returns_in.yaml:7:14: every: expected a duration",
        ),
        (
            "dags/flows/acme_returns_in.yaml",
            "every:       15 seconds\n",
            "",
            "expected one of every, cron or on: arrival, found none",
        ),
        (
            "dags/flows/acme_returns_in.yaml",
            "every:",
            "cron:        5 * * * *\nevery:",
            "expected one of every and cron, found both",
        ),
        (
            "dags/flows/acme_returns_in.yaml",
            "entity:      us\n",
            "",
            "entity: a value is required, found none",
        ),
        (
            "dags/flows/acme_returns_in.yaml",
            "[{order: sap_s4.",
            "[{order: ",
            "expected {order: <system>.<resource>",
        ),
        (
            "dags/flows/acme_returns_in.yaml",
            "by: references.customer_po, ",
            "",
            "enrich.0.by: a value is required",
        ),
        (
            "dags/flows/acme_returns_in.yaml",
            "map: sap_s4.sales_order@1",
            "map: wms.receipt@1",
            "expected a mapping to order@1",
        ),
        (
            "dags/flows/portal_returns_in.yaml",
            "portal.return_request@1",
            "wms.receipt@1",
            "expected a mapping from json/portal.returns",
        ),
        (
            "dags/flows/wms_expected_receipt.yaml",
            "key:     fact.data.rma_number",
            "key:     = ONE",
            "expected a natural key to be one path",
        ),
        (
            "mappings/wms/system.yaml",
            "repeat: replace",
            "repeat: maybe",
            "wms/system.yaml:32:13: operations.expect_receipt.repeat",
        ),
        (
            "mappings/wms/system.yaml",
            "key_length: 40",
            "key_length: 8",
            "should be greater than or equal to 16",
        ),
        (
            "mappings/wms/system.yaml",
            "system: wms",
            "system: wns",
            "expected the folder's name 'wms', found 'wns'",
        ),
        (
            "mappings/wms/receipt.yaml",
            "| lookup(unit)",
            "| lockup(unit)",
            "mappings/wms/receipt.yaml:25:28: lockup: unknown function",
        ),
        ("mappings/wms/receipt.yaml", "key:     receipt_id\n", "", "expected a mapping with key:"),
        (
            "mappings/wms/inspection.yaml",
            "wms.inspection@1",
            "wms.receipt@1",
            "expected each mapping once, found wms.receipt@1",
        ),
        ("policies/retry.yaml", "factor:   1.5", "factor:   0.5", "schedules.quick.factor"),
        (
            "policies/retry.yaml",
            "first:    1 second",
            "first:    1 sec",
            "policies/retry.yaml:6:15: schedules.quick.first",
        ),
        ("policies/authorization.csv", "> 365", ">> 365", "policies/authorization.csv:9:5: days_since_order"),
        (
            "policies/disposition.csv",
            "otherwise,,,,,,dispute_review,received_hold,false",
            "otherwise,,,,,,restock,available,true",
            "expected credit to be False, found True",
        ),
    ],
)
def test_a_problem_is_told_with_its_place_and_what_was_expected(
    project: Path, edit: Edit, file: str, before: str, after: str, says: str
) -> None:
    edit(file, before, after)
    found = problems(project)
    assert any(says in problem for problem in found), found


def test_a_broken_file_never_hides_another_and_is_not_blamed_twice(project: Path, edit: Edit) -> None:
    edit("mappings/wms/receipt.yaml", "| lookup(unit)", "| lockup(unit)")
    edit("mappings/sap_s4/system.yaml", "title: SAP", "titel: SAP")
    edit("dags/flows/erp_rma.yaml", "flow:", "flow")
    edit("policies/disposition.csv", "restock,available,true,Sealed", "restock,available,yes,Sealed")
    found = problems(project)
    assert {problem.partition(":")[0] for problem in found} == {
        "mappings/wms/receipt.yaml",
        "mappings/sap_s4/system.yaml",
        "dags/flows/erp_rma.yaml",
        "policies/disposition.csv",
    }


def test_a_missing_policy_is_a_problem(project: Path) -> None:
    (project / "policies" / "authorization.csv").unlink()
    (project / "policies" / "retry.yaml").unlink()
    found = problems(project)
    assert "policies/authorization.csv:1:1: expected this decision table, found no such file" in found
    assert any(problem.startswith("policies/retry.yaml:1:1: cannot be read") for problem in found)


def test_an_empty_folder_is_told_what_it_lacks(tmp_path: Path) -> None:
    assert len(problems(tmp_path)) == 3
