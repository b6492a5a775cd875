"""What the mappings of ERP and CRM systems promise beyond their samples."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from canonical.validation import violations
from connectors.codecs.json import JsonCodec
from connectors.codecs.registry import codec
from connectors.codecs.xml import XmlCodec
from connectors.registry import capabilities
from connectors.trees import parse_json
from hub.flows.systems import System
from hub.mapping import yaml_strict
from hub.mapping.compile import CompiledMapping, compile_file
from hub.mapping.errors import MappingFailed

ROOT = Path(__file__).resolve().parents[2]
MAPPINGS = ROOT / "mappings"
PAGE = ROOT / "docs" / "systems.md"

SENT = {
    "sap_s4_v4/customer_return_create": ["approved", "without_order"],
    "d365/return_order_create": ["approved", "without_order"],
    "d365/return_order_lines_create": ["two_lines", "one_line_by_weight"],
    "business_central/credit_memo_create": ["one_of_two", "long_names"],
    "netsuite/return_authorization_upsert": ["approved", "without_order"],
    "salesforce/return_order_upsert": ["authorized", "without_order"],
}
"""Mappings to partners' documents, with their samples."""

LONGEST = {
    "sap_s4_v4/customer_return_create": {"Product": 40, "MaterialByCustomer": 35},
    "d365/return_order_create": {"CustomerRequisitionNumber": 20},
    "d365/return_order_lines_create": {"ItemNumber": 20},
    "business_central/credit_memo_create": {
        "externalDocumentNumber": 35,
        "customerNumber": 20,
        "description": 100,
        "description2": 50,
    },
    "salesforce/return_order_upsert": {"RmaNumber__c": 40},
}
"""Characters that a partner's field holds."""

READ = {
    "sap_s4/customer_return": ("entered_by_service.json", ("PurchaseOrderByCustomer",)),
    "sap_s4_v4/customer_return": ("two_items.json", ("PurchaseOrderByCustomer",)),
    "d365/return_order": ("partly_received.json", ("CustomersOrderReference",)),
    "netsuite/return_authorization": (
        "partly_received.xml",
        ("Envelope", "Body", "getResponse", "readResponse", "record", "@externalId"),
    ),
}
"""Mappings of returns that the hub could have made itself: a sample, and where the hub's key would stand."""

EACH_SENT = [pytest.param(name, sample, id=f"{name}/{sample}") for name in SENT for sample in SENT[name]]


@cache
def mapping(name: str) -> CompiledMapping:
    return compile_file(MAPPINGS / f"{name}.yaml", MAPPINGS)


def sample(name: str, file: str) -> Any:
    body = (MAPPINGS / name).parent.joinpath("samples", file).read_bytes()
    return next(iter(XmlCodec().decode(body).records)).tree if file.endswith(".xml") else parse_json(body)


def leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, dict | list):
        for child in tree.values() if isinstance(tree, dict) else tree:
            yield from leaves(child)
    else:
        yield tree


def named(tree: Any, name: str) -> Iterator[Any]:
    """All values of that name, at any depth."""
    if isinstance(tree, dict):
        for key, child in tree.items():
            if key == name:
                yield child
            yield from named(child, name)
    elif isinstance(tree, list):
        for child in tree:
            yield from named(child, name)


def spoilt(tree: Any, text: Callable[[str], str]) -> Iterator[Any]:
    """The tree, each time with another one of its texts replaced."""
    for way in ways(tree):
        changed = copy.deepcopy(tree)
        inner = changed
        for step in way[:-1]:
            inner = inner[step]
        inner[way[-1]] = text(inner[way[-1]])
        yield changed


def ways(tree: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, child in steps:
        if isinstance(child, str):
            yield (*before, step)
        else:
            yield from ways(child, (*before, step))


@pytest.mark.parametrize(("name", "file"), EACH_SENT)
def test_whatever_is_empty_in_the_hub_no_empty_text_is_sent(name: str, file: str) -> None:
    mapped = [mapping(name).apply(scope) for scope in spoilt(sample(name, f"{file}.json"), lambda _: "")]
    sent = [one.value for one in mapped if not one.errors]
    assert sent
    assert [value for document in sent for value in leaves(document) if value in ("", None)] == []


@pytest.mark.parametrize("name", LONGEST)
def test_no_text_is_longer_than_the_field_that_takes_it(name: str) -> None:
    documents = [
        mapped.value
        for file in SENT[name]
        for scope in spoilt(sample(name, f"{file}.json"), lambda text: text.ljust(300, "X"))
        if not (mapped := mapping(name).apply(scope)).errors
    ]
    assert documents
    for field, longest in LONGEST[name].items():
        lengths = [len(value) for document in documents for value in named(document, field)]
        assert lengths, f"{field} was never sent"
        assert max(lengths) <= longest


@pytest.mark.parametrize(
    ("name", "file", "way"),
    [
        ("sap_s4_v4/customer_return_create", "approved", ("return", "lines", 0, "item", "sku")),
        ("d365/return_order_lines_create", "two_lines", ("return", "lines", 0, "item", "sku")),
        ("business_central/credit_memo_create", "one_of_two", ("key",)),
        ("business_central/credit_memo_create", "one_of_two", ("return", "order", "sold_to")),
        ("salesforce/return_order_upsert", "authorized", ("fact", "data", "rma_number")),
    ],
)
def test_a_number_that_does_not_fit_is_refused_and_not_cut(
    name: str, file: str, way: tuple[str | int, ...]
) -> None:
    scope = sample(name, f"{file}.json")
    inner = scope
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = "N" * 60
    assert [error.found for error in mapping(name).apply(scope).errors] == ["N" * 60]


@pytest.mark.parametrize("key", ["RH-ACME-CLM000101.GJ5Y3Q2PZ7KXM", "RH-1", "RH.6LXT6HFQ3RWKM"])
@pytest.mark.parametrize("name", READ)
def test_a_return_that_the_hub_made_is_refused_when_it_comes_back(name: str, key: str) -> None:
    assert mapped_with(name, key).errors


@pytest.mark.parametrize("text", ["R", "RH", "RHEIN-7", "H-1", "rh-1", "7RH-1", "Größe 42"])
@pytest.mark.parametrize("name", READ)
def test_a_reference_that_only_looks_like_a_key_of_the_hub_passes(name: str, text: str) -> None:
    mapped = mapped_with(name, text)
    assert not mapped.errors
    assert text in leaves(mapped.value)


def mapped_with(name: str, reference: str) -> Any:
    file, way = READ[name]
    tree = sample(name, file)
    inner = tree
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = reference
    return mapping(name).apply(tree)


@pytest.mark.parametrize("quantity", ["2", "0.125", "0.125000", "999999999999.999"])
def test_v4_gets_quantities_as_json_numbers_digit_for_digit(quantity: str) -> None:
    document = v4_document(quantity)
    assert not document.errors
    assert f'"RequestedQuantity":{quantity}'.encode() in JsonCodec().encode(document.value)


@pytest.mark.parametrize("quantity", ["0.0001", "1.2345", "1234567890123"])
def test_v4_gets_no_quantity_that_it_would_round_or_overflow(quantity: str) -> None:
    assert [error.target_path for error in v4_document(quantity).errors] == ["_Item[0].RequestedQuantity"]


def v4_document(quantity: str) -> Any:
    scope = sample("sap_s4_v4/customer_return_create", "without_order.json")
    scope["return"]["lines"][0]["authorized"] = quantity
    return mapping("sap_s4_v4/customer_return_create").apply(scope)


@pytest.mark.parametrize(
    ("name", "file", "items"),
    [
        ("sap_s4_v4/customer_return_create", "approved.json", "_Item"),
        ("d365/return_order_lines_create", "two_lines.json", "lines"),
    ],
)
def test_lines_of_which_nothing_was_authorized_are_not_sent(name: str, file: str, items: str) -> None:
    scope = sample(name, file)
    authorized = [line["line_no"] for line in scope["return"]["lines"] if line["authorized"] != "0"]
    sent = mapping(name).apply(scope).value[items]
    assert len(sent) == len(authorized) < len(scope["return"]["lines"])


@pytest.mark.parametrize(
    ("resource", "file"),
    [
        ("customer_returns", "entered_by_service.json"),
        ("returns_deliveries", "batch_split.json"),
        ("material_documents", "posted_by_people.json"),
        ("credit_memo_requests", "billed.json"),
    ],
)
def test_a_page_of_the_erp_is_read_as_the_records_that_the_samples_are(resource: str, file: str) -> None:
    system: Any = yaml_strict.load(MAPPINGS / "sap_s4" / "system.yaml").plain()
    settings = system["resources"][resource]
    record = sample("sap_s4/system", file)
    page = JsonCodec().encode({"d": {"__count": "1", "results": [record]}})
    decoded = codec(settings["format"]).decode(page, settings["options"])
    assert [one.tree for one in decoded.records] == [record]


def test_both_customer_return_services_tell_the_same_return_under_one_identity() -> None:
    v2 = mapping("sap_s4/customer_return").apply(sample("sap_s4/customer_return", "one_item.json")).value
    tree = sample("sap_s4_v4/customer_return", "one_item.json")
    tree["CustomerReturn"] = v2["origin"]["id"]
    assert mapping("sap_s4_v4/customer_return").apply(tree).value["origin"] == v2["origin"]


def test_a_delivery_of_two_returns_is_refused() -> None:
    tree = sample("sap_s4/returns_delivery", "batch_split.json")
    tree["to_DeliveryDocumentItem"]["results"][3]["ReferenceSDDocument"] = "60000099"
    assert [error.target_path for error in mapping("sap_s4/returns_delivery").apply(tree).errors] == [
        "rma_number"
    ]
    with pytest.raises(MappingFailed, match="60000099"):
        mapping("sap_s4/returns_delivery").match(tree)


def test_the_quantity_of_a_split_item_is_that_of_its_parts() -> None:
    tree = sample("sap_s4/returns_delivery", "batch_split.json")
    told = sum(Decimal(item["ActualDeliveryQuantity"]) for item in tree["to_DeliveryDocumentItem"]["results"])
    lines = mapping("sap_s4/returns_delivery").apply(tree).value["lines"]
    assert sum(Decimal(line["quantity"]) for line in lines) == told


def test_a_reversed_goods_movement_is_left_to_a_person() -> None:
    tree = sample("sap_s4/material_document", "one_movement.json")
    tree["to_MaterialDocumentItem"]["results"][0]["GoodsMovementType"] = "656"
    errors = mapping("sap_s4/material_document").apply(tree).errors
    assert [(error.target_path, error.found) for error in errors] == [("lines[0].to_status", "656")]


def test_d365_tells_the_lines_under_which_order_the_header_was_created() -> None:
    created = mapping("d365/return_order_created").apply(sample("d365/return_order_created", "created.json"))
    scope = sample("d365/return_order_lines_create", "two_lines.json")
    scope["fact"]["data"] = created.value
    lines = mapping("d365/return_order_lines_create").apply(scope).value["lines"]
    assert {line["ReturnOrderNumber"] for line in lines} == {"SRO-000201"}


def test_a_positive_quantity_of_d365_is_no_return() -> None:
    tree = sample("d365/return_order", "one_line.json")
    tree["ReturnOrderLines"][0]["ReturnSalesQuantity"] = Decimal("0.125")
    fact = mapping("d365/return_order").apply(tree).value
    assert [violation.path for violation in violations("return.requested", 1, fact)] == ["lines[0].requested"]


@pytest.mark.parametrize("status", ["Draft", "In Review", "Canceled"])
def test_a_memo_that_is_not_posted_is_no_credit(status: str) -> None:
    tree = sample("business_central/credit_memo", "posted.json")
    tree["status"] = status
    errors = mapping("business_central/credit_memo").apply(tree).errors
    assert [error.target_path for error in errors] == ["ext.business_central.status"]


@pytest.mark.parametrize("file", SENT["business_central/credit_memo_create"])
def test_a_memo_reads_back_as_the_credit_that_was_decided(file: str) -> None:
    scope = sample("business_central/credit_memo_create", f"{file}.json")
    memo = parse_json(JsonCodec().encode(mapping("business_central/credit_memo_create").apply(scope).value))
    for line in memo["salesCreditMemoLines"]:
        line["netAmount"] = line["quantity"] * line["unitPrice"]
    total = sum(line["netAmount"] for line in memo["salesCreditMemoLines"])
    memo |= {"id": "1", "number": "CR-1", "status": "Open", "totalAmountIncludingTax": total}
    read = mapping("business_central/credit_memo")
    decided = scope["fact"]["data"]
    assert read.match(memo) == [("rma_number", scope["return"]["rma_number"])]
    assert read.apply(memo).value["lines"] == [
        {"line_no": line["line_no"], "quantity": line["quantity"], "amount": line["credit_amount"]}
        for line in decided["lines"]
        if line["credit"]
    ]
    assert read.apply(memo).value["amount"] == decided["credit_amount"]


@pytest.mark.parametrize("file", SENT["netsuite/return_authorization_upsert"])
def test_what_netsuite_gets_is_xml_that_says_the_same(file: str) -> None:
    scope = sample("netsuite/return_authorization_upsert", f"{file}.json")
    document = mapping("netsuite/return_authorization_upsert").apply(scope).value
    record = next(iter(XmlCodec().decode(XmlCodec().encode(document)).records)).tree["upsert"]["record"]
    assert record["@externalId"] == scope["key"]
    assert record["@type"] == "tran:ReturnAuthorization"
    items = record["itemList"]["item"]
    told = [item["quantity"] for item in (items if isinstance(items, list) else [items])]
    assert told == [line["authorized"] for line in scope["return"]["lines"] if line["authorized"] != "0"]


def test_a_refusal_of_netsuite_is_no_return() -> None:
    refused = b"""<Envelope><Body><getResponse><readResponse><status isSuccess="false">
        <statusDetail type="ERROR"><code>RCRD_DSNT_EXIST</code><message>No such record</message>
        </statusDetail></status>
        </readResponse></getResponse></Body></Envelope>"""
    tree = next(iter(XmlCodec().decode(refused).records)).tree
    with pytest.raises(MappingFailed):
        mapping("netsuite/return_authorization").key(tree)
    assert mapping("netsuite/return_authorization").apply(tree).errors


@pytest.mark.parametrize("file", SENT["salesforce/return_order_upsert"])
def test_salesforce_finds_no_key_in_the_body(file: str) -> None:
    scope = sample("salesforce/return_order_upsert", f"{file}.json")
    assert scope["key"] not in leaves(mapping("salesforce/return_order_upsert").apply(scope).value)


def described() -> Iterator[Any]:
    """The systems that the page shows a file for."""
    for block in re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        yield yaml_strict.loads(block, PAGE.name).plain()


@pytest.mark.parametrize("system", list(described()), ids=lambda system: system["system"])
def test_a_connector_can_speak_as_the_page_says_and_the_mappings_fit(system: dict[str, Any]) -> None:
    assert System.model_validate(system).system == system["system"]
    can = capabilities(system)
    types = {f"json/{system['system']}.{name}" for name in (*can.resources, *can.operations)}
    found = {
        kind
        for file in (MAPPINGS / system["system"]).glob("*.yaml")
        for compiled in [compile_file(file, MAPPINGS)]
        for kind in (compiled.source_type, compiled.target_type)
    }
    assert types <= found


@pytest.mark.parametrize(
    "folder", ["sap_s4", "sap_s4_v4", "d365", "business_central", "netsuite", "salesforce"]
)
def test_the_page_names_every_mapping_of_a_system(folder: str) -> None:
    page = PAGE.read_text("utf-8")
    files = [file for file in (MAPPINGS / folder).glob("*.yaml") if file.name != "system.yaml"]
    refs = [compile_file(file, MAPPINGS).ref.partition("@")[0] for file in files]
    assert [ref for ref in refs if f"`{ref}`" not in page] == []
