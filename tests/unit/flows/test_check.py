import json
from pathlib import Path

import pytest

from hub.flows.check import check
from hub.flows.deliveries import can_both_hold, can_share_keys
from hub.flows.draft import draft
from hub.flows.models import DeliveryFlow
from hub.flows.samples import differences, expected_file
from hub.mapping.binding import is_canonical
from tests.unit.flows.conftest import PROJECT, Edit
from tests.unit.flows.small import SHOP, SHOP_MAPPING, edited, shop


def test_the_project_itself_has_no_problems() -> None:
    assert check(PROJECT) == []


@pytest.mark.parametrize(
    ("file", "before", "after", "says"),
    [
        (
            "dags/flows/erp_rma.yaml",
            "outcome: approved",
            "outcom: approved",
            "erp_rma.yaml:8:18: when: expected a single value",
        ),
        ("dags/flows/erp_rma.yaml", "outcome: approved", "outcome: aproved", "it can never be 'aproved'"),
        (
            "dags/flows/erp_rma.yaml",
            "outcome: approved",
            "lines: approved",
            "expected a single value of authorization.decided",
        ),
        (
            "dags/flows/erp_credit_memo.yaml",
            "credit: true",
            "credit: yes",
            "credit is one of true, false; it can never be 'yes'",
        ),
        (
            "dags/flows/erp_rma.yaml",
            "[return.origin.system, return.origin.id]",
            "return.rma_number",
            "expected a part that is always there",
        ),
        (
            "dags/flows/erp_credit_memo.yaml",
            "fact.data.disposition_id",
            "fact.data.credit_amount",
            "expected a required field of disposition.decided",
        ),
        (
            "dags/flows/erp_credit_memo.yaml",
            "fact.data.disposition_id",
            "fact.occurred_at",
            "expected a required field of disposition.decided",
        ),
        (
            "dags/flows/acme_180_denied.yaml",
            "[= RD, return.origin.id]",
            "return.origin.id",
            "can collide at acme_edi.upload_180",
        ),
        (
            "mappings/wms/system.yaml",
            "items: items",
            "itens: items",
            "wms/system.yaml:6:12: system 'wms': resources.receipts.itens: expected a known key",
        ),
        (
            "mappings/sap_s4/system.yaml",
            "key_length: 35",
            "key_length: 36",
            "expected at most 35, the length of PurchaseOrderByCustomer",
        ),
        ("mappings/acme_edi/system.yaml", "connector: sftp", "connector: ftp", "connector: expected one of"),
        (
            "mappings/portal/system.yaml",
            "format: json",
            "format: jason",
            "portal/system.yaml:8:21: format: expected one of",
        ),
        (
            "mappings/wms/receipt.yaml",
            "samples: [matched, without_rma]",
            "samples: [other]",
            "sample other: expected a file samples/other.*",
        ),
        (
            "mappings/wms/receipt.yaml",
            "samples: [matched, without_rma]\n",
            "",
            "expected at least one sample",
        ),
        (
            "mappings/wms/receipt.yaml",
            "dock:        dock | optional",
            "dock:        dock | lower",
            "sample matched: dock: expected 'D3', found 'd3'",
        ),
        (
            "mappings/wms/receipt.yaml",
            "received_at: received_at",
            "received_at: dock",
            "sample matched: received_at",
        ),
        (
            "mappings/codes/return_reason.csv",
            "defective,DR,",
            "defective,DX,",
            "sample two_lines: lines[0].reason",
        ),
        ("mappings/acme_edi/return_denial.yaml", "N9:\n", "NX:\n", "NX has no place there"),
        (
            "policies/authorization.csv",
            "needs_review,The value",
            "need_review,The value",
            "authorization.csv:12:10: outcome: expected one of",
        ),
        (
            "policies/authorization.csv",
            '"no_longer_needed, ordering_error"',
            "no_longer_neded",
            "authorization.csv:10:6: reason: expected one of",
        ),
        (
            "policies/authorization.csv",
            "days_since_order,reason",
            "days_since_order,colour",
            "expected an input column 'reason', found none",
        ),
        (
            "policies/disposition.csv",
            "sealed,true,false,A",
            'sealed,true,false,"A, B"',
            "as_new can never fire: sealed on line 9",
        ),
    ],
)
def test_a_problem_is_told_with_its_place_and_what_was_expected(
    project: Path, edit: Edit, file: str, before: str, after: str, says: str
) -> None:
    edit(file, before, after)
    found = [str(problem) for problem in check(project)]
    assert any(says in problem for problem in found), found


def test_two_flows_that_one_fact_can_start_overlap(project: Path) -> None:
    text = (project / "dags/flows/erp_rma.yaml").read_text(encoding="utf-8")
    twin = text.replace("flow:   erp_rma", "flow:   erp_rma_twin")
    path = project / "dags/flows/erp_rma_twin.yaml"
    path.write_text(twin, encoding="utf-8")
    (problem,) = check(project)
    assert str(problem).startswith("dags/flows/erp_rma_twin.yaml:8:9: overlaps with erp_rma")
    path.write_text(twin.replace("outcome: approved", "outcome: rejected"), encoding="utf-8")
    assert check(project) == []


def test_a_sample_without_a_result_is_a_problem(project: Path) -> None:
    (project / "mappings/wms/samples/graded.expected.json").unlink()
    (problem,) = check(project)
    assert "expected a file samples/graded.expected.json, found none" in problem.message


def test_a_decision_that_breaks_one_file_leaves_the_rest_checked(project: Path, edit: Edit) -> None:
    edit("policies/disposition.csv", "table,disposition@1", "tabel,disposition@1")
    edit("dags/flows/erp_rma.yaml", "outcome: approved", "outcome: aproved")
    assert {problem.file for problem in check(project)} == {
        "policies/disposition.csv",
        "dags/flows/erp_rma.yaml",
    }


def flow(**fields: object) -> DeliveryFlow:
    to = {"system": "sap_s4", "operation": "create_customer_return"}
    rest = {"owner": "o", "fact": "return.authorized", "to": to, "map": "a.b@1", "key": "return.return_id"}
    return DeliveryFlow.model_validate({"flow": "f", **rest, **fields})


@pytest.mark.parametrize(
    ("first", "second", "overlap"),
    [
        ({}, {}, True),
        ({"when": {"entity": "de"}}, {"when": {"entity": "at"}}, False),
        ({"when": {"entity": ["de", "at"]}}, {"when": {"entity": "at"}}, True),
        ({"when": {"entity": "de"}}, {"when": {"site": "x"}}, True),
        ({"fact": "return.closed"}, {}, False),
    ],
)
def test_overlap(first: dict[str, object], second: dict[str, object], *, overlap: bool) -> None:
    assert can_both_hold(flow(**first), flow(**second)) is overlap


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("return.return_id", "return.return_id", False),
        (["= A", "return.return_id"], ["= B", "return.return_id"], False),
        (["= A", "return.return_id"], ["= A", "return.origin.id"], True),
        ("return.return_id", "return.origin.id", True),
        ("return.return_id", ["= A", "return.return_id"], True),
    ],
)
def test_shared_keys(first: object, second: object, *, shared: bool) -> None:
    assert can_share_keys(flow(key=first), flow(key=second)) is shared


def test_differences_name_every_place() -> None:
    wanted = {"a": "1", "b": [1, {"c": "x"}], "d": "here"}
    found = {"a": 1, "b": [1, {"c": "y"}], "e": True}
    assert list(differences(wanted, found)) == [
        "a: expected '1', found 1",
        "b[1].c: expected 'x', found 'y'",
        "d: expected 'here', found nothing",
        "e: expected nothing, found True",
    ]
    assert list(differences([1], [1, 2])) == ["the document: expected [1], found [1, 2]"]


def test_expected_facts_hold_no_fractions_as_numbers() -> None:
    def refuse(text: str) -> None:
        pytest.fail(f"a fraction as a JSON number: {text}")

    found = draft(PROJECT)
    for ref, mapping in found.mappings.items():
        for name in mapping.samples if is_canonical(mapping.target_type) else ():
            path = expected_file(found.paths[ref], name)
            json.loads(path.read_text(encoding="utf-8"), parse_float=refuse)


def test_a_wrong_path_is_told_before_the_samples_that_fail_of_it(tmp_path: Path) -> None:
    mapping = edited(SHOP_MAPPING, "requested_at: created |", "requested_at: made |")
    codes = [problem.code for problem in check(shop(tmp_path, {SHOP: mapping})) if problem.file == SHOP]
    assert codes[0] == "unknown-source-field"
    assert set(codes[1:]) == {"sample-fails"}


@pytest.mark.parametrize("broken", ["map: {a: [b", "map:\n\tx: y", "mapping: shop.return_request@1"])
def test_a_mapping_that_is_no_yaml_is_told_alone_without_the_flows_that_name_it(
    tmp_path: Path, broken: str
) -> None:
    text = f"{SHOP_MAPPING}{broken}\n"
    problems = check(shop(tmp_path, {SHOP: text}))
    assert {problem.file for problem in problems} == {SHOP}, problems
    assert len(problems) == 1


def test_a_mapping_that_does_not_even_say_its_name_goes_by_its_file(tmp_path: Path) -> None:
    assert {problem.file for problem in check(shop(tmp_path, {SHOP: "map: {a: [b"}))} == {SHOP}
