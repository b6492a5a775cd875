from pathlib import Path

import pytest

from hub.flows.check import check
from tests.unit.flows.small import FLOW, SHOP, SHOP_MAPPING, edited, found, shop, told

NOTHING = "when: nothing in this project makes a return.requested whose"

TELL = "dags/flows/tell.yaml"

SYSTEM = """\
system: shop
title: A shop
connector: rest
connection: shop
resources:
  returns: {format: json, path: /returns, watermark: {field: changed, param: since}}
operations:
  tell: {method: PUT, path: "/returns/{key}", find: "/returns/{key}", repeat: replace, number: id}
  told: {method: PUT, path: "/told/{key}", find: "/told/{key}", repeat: replace, number: id}
"""

DELIVERY = """\
flow: tell
owner: o
fact: return.requested
when: {channel: portal}
to: {system: shop, operation: tell}
map: shop.tell@1
key: return.return_id
"""

MAPPING = """\
mapping: shop.tell@1
from:    return.requested@1
to:      json/shop.tell
samples: [told]
map:
  number: return.origin.id
"""

INTAKE = """\
flow: shop_in
owner: o
on: arrival
entity: us
read: {from: shop, resource: returns}
map: shop.return_request@1
"""


def delivering(project: Path, files: dict[str, str] | None = None) -> Path:
    """A project with an intake flow and a delivery flow."""
    base = {"mappings/shop/system.yaml": SYSTEM, "mappings/shop/tell.yaml": MAPPING, TELL: DELIVERY}
    return shop(project, {**base, **(files or {})})


def test_a_project_with_a_delivery_holds(tmp_path: Path) -> None:
    assert found(delivering(tmp_path)) == []


@pytest.mark.parametrize(
    ("before", "after", "place", "message", "code", "hint"),
    [
        (
            "channel: portal",
            "channel: store",
            "4:17",
            f"{NOTHING} channel is store: it is always portal",
            "unreachable-when",
            "",
        ),
        (
            "channel: portal",
            "requested_resolution: credit",
            "4:30",
            f"{NOTHING} requested_resolution is credit: it is never there",
            "unreachable-when",
            "",
        ),
        (
            "channel: portal",
            "entity: [de, at]",
            "4:16",
            f"{NOTHING} entity is de or at: it is always us",
            "unreachable-when",
            "",
        ),
        (
            "channel: portal",
            "return_type: customr",
            "4:21",
            (
                "when: return_type is one of customer, warranty, recall, store_transfer, stock_rotation, "
                "vendor; it can never be 'customr'"
            ),
            "impossible-when",
            "did you mean 'customer'?",
        ),
        (
            "channel: portal",
            "outcome: approved",
            "4:17",
            "when: expected a single value of return.requested or of the return, found 'outcome'",
            "unknown-when",
            "",
        ),
        (
            "return.return_id",
            "return.rma_number",
            "7:6",
            (
                "key: expected a part that is always there (fact.data.…, return.return_id, "
                "return.origin.system, return.origin.id), found 'return.rma_number'"
            ),
            "unsure-key",
            "",
        ),
        (
            "system: shop",
            "system: shopp",
            "5:14",
            "expected a known system (shop), found 'shopp'",
            "unknown-name",
            "did you mean 'shop'?",
        ),
        (
            "operation: tell",
            "operation: tel",
            "5:31",
            "expected a known operation of shop (tell, told), found 'tel'",
            "unknown-name",
            "did you mean 'tell'?",
        ),
        (
            "operation: tell",
            "operation: told",
            "6:6",
            "shop.tell@1: expected a mapping to json/shop.told, found to json/shop.tell",
            "wrong-mapping-type",
            "",
        ),
        (
            "shop.tell@1",
            "shop.tel@1",
            "6:6",
            "expected a known mapping (shop.return_request@1, shop.tell@1), found 'shop.tel@1'",
            "unknown-name",
            "did you mean 'shop.tell@1'?",
        ),
        (
            "key: return.return_id\n",
            "key: return.return_id\nretry: pacient\n",
            "8:8",
            "expected a known schedule of policies/retry.yaml (patient, quick, standard), found 'pacient'",
            "unknown-name",
            "did you mean 'patient'?",
        ),
        (
            "owner: o\n",
            "owner: o\nowners: p\n",
            "3:1",
            "owners: expected a known key, found 'owners'",
            "unknown-key",
            "",
        ),
        ("owner: o\n", "", "1:1", "owner: a value is required, found none", "missing-value", ""),
        (
            "flow: tell\n",
            "flow: tells\n",
            "1:7",
            "expected the file's name 'tell', found 'tells'",
            "wrong-name",
            "",
        ),
    ],
)
def test_a_delivery_flow_must_be_able_to_start(
    tmp_path: Path, before: str, after: str, place: str, message: str, code: str, hint: str
) -> None:
    (problem,) = found(delivering(tmp_path, {TELL: edited(DELIVERY, before, after)}))
    assert told(problem) == (f"{TELL}:{place}: {message}", code, "error", hint)


def test_an_unknown_fact_is_told_with_the_one_that_was_meant(tmp_path: Path) -> None:
    (problem,) = found(delivering(tmp_path, {TELL: edited(DELIVERY, "return.requested", "return.request")}))
    assert str(problem).startswith(f"{TELL}:3:7: expected a known fact type (authorization.decided, ")
    assert (problem.code, problem.hint) == ("unknown-name", "did you mean 'return.requested'?")


def test_a_condition_that_a_constant_of_the_mapping_meets_is_reachable(tmp_path: Path) -> None:
    text = edited(DELIVERY, "channel: portal", "channel: [store, portal], entity: us, origin.system: shop")
    assert found(delivering(tmp_path, {TELL: text})) == []


def test_what_only_a_document_tells_may_be_anything(tmp_path: Path) -> None:
    mapping = edited(SHOP_MAPPING, "channel:      = portal", "channel:      state")
    delivery = edited(DELIVERY, "channel: portal", "origin.id: R-2")
    assert found(delivering(tmp_path, {SHOP: mapping, TELL: delivery})) == []


def test_what_a_policy_decides_may_be_anything(tmp_path: Path) -> None:
    delivery = edited(
        edited(DELIVERY, "return.requested", "authorization.decided"), "channel: portal", "outcome: rejected"
    )
    mapping = edited(MAPPING, "return.requested", "authorization.decided")
    assert found(delivering(tmp_path, {TELL: delivery, "mappings/shop/tell.yaml": mapping})) == []


def test_what_a_fact_leaves_out_may_stand_in_the_return(tmp_path: Path) -> None:
    receipt = """\
mapping: shop.receipt@1
from:    json/shop.returns
to:      receipt.recorded@1
samples: [one]
key:     id
map:
  receipt_id:  id
  received_at: created | datetime
  lines: {each: items as item, map: {sku: item.article, quantity: item.quantity | decimal, uom: = EA}}
"""
    files = {
        "mappings/shop/receipt.yaml": receipt,
        "dags/flows/shop_receipts.yaml": edited(
            edited(INTAKE, "shop_in", "shop_receipts"), "shop.return_request@1", "shop.receipt@1"
        ),
        "mappings/shop/tell.yaml": edited(MAPPING, "return.requested", "receipt.recorded"),
        TELL: edited(
            edited(DELIVERY, "return.requested", "receipt.recorded"), "channel: portal", "rma_number: R1"
        ),
    }
    assert found(delivering(tmp_path / "a", files)) == []
    files[TELL] = edited(files[TELL], "rma_number: R1", "dock: D1")
    (problem,) = found(delivering(tmp_path / "b", files))
    assert problem.code == "unreachable-when"
    assert problem.message.endswith("a receipt.recorded whose dock is D1: it is never there")


def test_two_flows_for_one_fact_and_one_operation_overlap(tmp_path: Path) -> None:
    twin = "dags/flows/tell_twin.yaml"
    text = edited(DELIVERY, "flow: tell\n", "flow: tell_twin\n")
    (problem,) = found(delivering(tmp_path / "a", {twin: text}))
    message = "overlaps with tell: one return.requested can start shop.tell twice; set their 'when' apart"
    assert told(problem) == (f"{twin}:4:7: {message}", "overlapping-flows", "error", "")
    apart = edited(text, "{channel: portal}", "{channel: portal, entity: us}")
    first = edited(DELIVERY, "{channel: portal}", "{channel: portal, entity: de}")
    codes = [one.code for one in found(delivering(tmp_path / "b", {twin: apart, TELL: first}))]
    assert codes == ["unreachable-when"]


def test_two_flows_whose_keys_can_be_the_same_collide(tmp_path: Path) -> None:
    other = "dags/flows/tell_closed.yaml"
    text = edited(
        edited(DELIVERY, "flow: tell\n", "flow: tell_closed\n"), "return.requested", "return.closed"
    )
    text = edited(edited(text, "return.return_id", "return.origin.id"), "when: {channel: portal}\n", "")
    text = edited(text, "shop.tell@1", "shop.tell_closed@1")
    mapping = edited(
        edited(MAPPING, "shop.tell@1", "shop.tell_closed@1"), "return.requested", "return.closed"
    )
    (problem,) = found(delivering(tmp_path, {other: text, "mappings/shop/tell_closed.yaml": mapping}))
    assert told(problem) == (
        (
            f"{other}:6:6: keys of tell_closed and tell can collide at shop.tell: expected the same parts or "
            "constants that differ, found ('return.origin.id',) and ('return.return_id',)"
        ),
        "colliding-keys",
        "error",
        "",
    )


@pytest.mark.parametrize(
    ("before", "after", "place", "message", "code", "hint"),
    [
        (
            "resource: returns",
            "resource: return",
            "5:30",
            "expected a known resource of shop (orders, returns), found 'return'",
            "unknown-name",
            "did you mean 'returns'?",
        ),
        (
            "entity: us\n",
            "entity: us\nenrich: [{order: shop.orders, by: references.ordr, map: shop.order@1}]\n",
            "5:35",
            "by: shop.return_request@1 makes no references.ordr",
            "unknown-enrich-path",
            "did you mean 'references.order'?",
        ),
        (
            "entity: us\n",
            "entity: us\nenrich: [{order: shop.orders, by: currency, map: shop.order@1}]\n",
            "5:35",
            "by: shop.return_request@1 makes no currency",
            "unknown-enrich-path",
            "it makes channel, origin.id, origin.system, requested_at, return_type",
        ),
        (
            "shop.return_request@1",
            "shop.order@1",
            "6:6",
            "shop.order@1: expected a mapping from json/shop.returns, found from json/shop.orders",
            "wrong-mapping-type",
            "",
        ),
    ],
)
def test_an_intake_flow_must_find_what_it_names(
    tmp_path: Path, before: str, after: str, place: str, message: str, code: str, hint: str
) -> None:
    order = "mapping: shop.order@1\nfrom: json/shop.orders\nto: order@1\nsamples: [a]\nmap: {number: no}\n"
    system = edited(
        SYSTEM, "operations:", "  orders: {format: json, path: /orders, lookup: number}\noperations:"
    )
    files = {
        FLOW: edited(INTAKE, before, after),
        "mappings/shop/orders.yaml": order,
        "mappings/shop/system.yaml": system,
    }
    problems = check(delivering(tmp_path, files))
    assert (f"{FLOW}:{place}: {message}", code, "error", hint) in [told(problem) for problem in problems]


def test_a_flow_that_neither_reads_nor_subscribes_is_none(tmp_path: Path) -> None:
    (problem,) = found(delivering(tmp_path, {TELL: edited(DELIVERY, "fact: return.requested\n", "")}))
    message = "expected either 'read' (an intake flow) or 'fact' (a delivery flow), found neither"
    assert told(problem) == (f"{TELL}:1:1: {message}", "invalid-flow", "error", "")


def test_a_mapping_without_a_sample_proves_nothing(tmp_path: Path) -> None:
    (problem,) = found(shop(tmp_path, {SHOP: edited(SHOP_MAPPING, "samples: [one]\n", "")}))
    message = "expected at least one sample (samples: [name]), found none"
    assert told(problem) == (f"{SHOP}:1:1: {message}", "no-sample", "error", "")


def test_a_sample_that_becomes_something_else_is_told(tmp_path: Path) -> None:
    expected = {"mappings/shop/samples/told.json": "{}", "mappings/shop/samples/told.expected.json": "{}"}
    problems = check(delivering(tmp_path, expected))
    file = "mappings/shop/tell.yaml"
    message = "sample told: number: nothing present   <- return.origin.id   (return)"
    hint = 'add "| optional" if it may be absent'
    wanted = (f"{file}:6:11: {message}", "sample-fails", "error", hint)
    assert wanted in [told(problem) for problem in problems]


def test_an_intake_mapping_needs_a_key(tmp_path: Path) -> None:
    problems = found(shop(tmp_path, {SHOP: edited(SHOP_MAPPING, "key:     id\n", "")}))
    says = "expected a mapping with key:, since intake recognises repeats by it; found none"
    message = f"shop.return_request@1: {says}"
    assert [told(problem) for problem in problems] == [(f"{FLOW}:6:6: {message}", "no-key", "error", "")]


@pytest.mark.parametrize(
    ("before", "after", "place", "message", "code"),
    [
        ("format: json,", "format: jason,", "6:21", "format: expected one of ", "unknown-format"),
        (
            "connector: rest",
            "connector: rast",
            "3:12",
            "system 'shop': connector: expected one of ",
            "invalid-system",
        ),
        (
            "path: /returns,",
            "pfad: /returns,",
            "3:12",
            "system 'shop': resources.returns.pfad: expected a known key",
            "invalid-system",
        ),
        ("repeat: replace", "repeat: never", "8:79", "operations.tell.repeat: ", "invalid-value"),
        ("system: shop", "system: shops", "1:9", "expected the folder's name 'shop', ", "wrong-name"),
        ("title: A shop", "title: {", "4:11", "not YAML: ", "invalid-yaml"),
    ],
)
def test_a_system_must_be_one_that_its_connector_knows(
    tmp_path: Path, before: str, after: str, place: str, message: str, code: str
) -> None:
    file = "mappings/shop/system.yaml"
    problems = check(delivering(tmp_path, {file: edited(SYSTEM, before, after)}))
    assert [one for one in problems if str(one).startswith(f"{file}:{place}: {message}") and one.code == code]
