"""EDI partners through real flows and real SFTP servers: what they send, what they are answered and told."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import orjson
import pytest

from connectors.codecs.registry import codec
from sandboxes.outbox import drop
from tests.integration.conftest import World
from tests.integration.pipeline.crash_material import ask, order

SKU = "614141000012"
RETAIL_PO, ACME_PO = "RETAIL-PO-1", "ACME-PO-1"
TOO_OLD = "/Date(1600000000000)/"


def sales_order(number: int, po: str, date: str = "") -> dict[str, Any]:
    """Three drills at 10.00, ordered as `po`."""
    made = order(number) | {"PurchaseOrderByCustomer": po}
    made["to_Item"] = [made["to_Item"][0] | {"Material": SKU}]
    return made | ({"SalesOrderDate": date} if date else {})


NUMBERS = count(1001)


def retann(claim: str, po: str) -> str:
    """One announcement of two drills that stopped working."""
    body = [
        f"BGM+70E::9+{claim}+9",
        "DTM+137:20261101:102",
        f"RFF+ON:{po}",
        "NAD+BY+4399999000015::9",
        f"LIN+1++{SKU}:UP",
        "QTY+61:2:PCE",
        "CDI+1+17",
        "UNS+S",
    ]
    return edifact("RETANN:D:96A:EN:EAN001", "4399999000015:14", body)


def iftsta(number: str, rma: str, event: str, day: str) -> str:
    """One IFTSTA of a parcel with this RMA number on its label."""
    body = ["BGM+23+1+9", f"CNI+1+{number}", f"STS+1+{event}", f"RFF+CU:{rma}", f"DTM+334:{day}1655:203"]
    return edifact("IFTSTA:D:96A:UN", "QFRT", body)


def edifact(kind: str, sender: str, body: list[str]) -> str:
    """One message from a partner to us, in an interchange with a reference of its own."""
    number = next(NUMBERS)
    segments = [
        f"UNB+UNOC:3+{sender}+4299999000018:14+261101:0830+{number}",
        f"UNH+1+{kind}",
        *body,
        f"UNT+{len(body) + 2}+1",
        f"UNZ+1+{number}",
    ]
    return "".join(f"{segment}'" for segment in segments)


def notice(claim: str, po: str) -> str:
    """One 180 of two drills that stopped working."""
    body = [f"BGN*00*{claim}*20261101", f"PRF*{po}", f"BLI*UP*{SKU}*2*EA", "RDR**DR"]
    return x12("AN", "ACME", "ZZ", "180", body)


def status(number: str, rma: str, event: str) -> str:
    """One 214 of a parcel with this RMA number on its label."""
    happened = f"AT7*{event}*NS***20261103*1655*ET"
    body = [f"B10*{number}**QFRT", f"L11*{rma}*RZ", "LX*1", happened, "MS1*DAYTON*OH*USA"]
    return x12("QM", "QFRT", "02", "214", body)


def x12(functional: str, sender: str, qualifier: str, set_: str, body: list[str]) -> str:
    """One transaction from a partner to us, in an interchange with a number of its own."""
    number = next(NUMBERS)
    parties = f"{qualifier}*{sender:<15}*ZZ*{'RETURNSHUB':<15}"
    segments = [
        f"ISA*00*{'':10}*00*{'':10}*{parties}*261101*0830*U*00401*{number:09d}*0*P*>",
        f"GS*{functional}*{sender}*RETURNSHUB*20261101*0830*{number}*X*004010",
        f"ST*{set_}*0001",
        *body,
        f"SE*{len(body) + 2}*0001",
        f"GE*1*{number}",
        f"IEA*1*{number:09d}",
    ]
    return "".join(f"{segment}~" for segment in segments)


def sent(partner: Any, prefix: str) -> list[tuple[str, bytes]]:
    """Names and bytes of the files that a partner got from us."""
    return [(path.name, path.read_bytes()) for path in sorted((partner.root / "inbox").glob(f"{prefix}*"))]


def only(partner: Any, form: str) -> Any:
    """The tree of the only document of a kind that a partner got, read without a finding."""
    set_ = form.partition("/")[2].partition("-")[0]
    [(_, body)] = sent(partner, set_.upper())
    decoded = codec(form).decode(body, {})
    [record] = list(decoded.records)
    assert (record.findings, list(decoded.findings)) == ((), [])
    return record.tree


def told_rightly(world: World, partner: Any, forms: dict[str, str]) -> None:
    """A partner was told of every receipt and credit of the world once, in documents without a finding."""
    books, receipts = partner.books(), world.partners.wms.books()["receipts"]["by_rma"]
    arrived = {number: [pieces] for one in receipts.values() for number, pieces in one.items()}
    memos = world.partners.erp.books()["credit_memos"]["by_number"]
    assert arrived
    assert {
        number: [told["pieces"] for told in heard] for number, heard in books["receipts"].items()
    } == arrived
    assert {number: [told["amount"] for told in heard] for number, heard in books["credits"].items()} == {
        number: [memo["amount"]] for number, memo in memos.items()
    }
    for prefix, form in forms.items():
        for _, body in sent(partner, prefix):
            decoded = codec(form).decode(body, {})
            assert [record.findings for record in decoded.records] == [()]
            assert list(decoded.findings) == []


def state_of(world: World, claim: str) -> Any:
    """The return that a partner knows under this number."""
    [(state,)] = ask(world, f"SELECT state FROM returns WHERE state #>> '{{origin,id}}' = '{claim}'")  # noqa: S608 - ours
    return state if isinstance(state, dict) else orjson.loads(state)


@pytest.fixture
def orders(world: World) -> None:
    """The sales orders that the returns of these tests are about."""
    world.partners.erp.store.seed(
        {
            "orders": [
                sales_order(1, RETAIL_PO),
                sales_order(2, "RETAIL-PO-OLD", TOO_OLD),
                sales_order(3, ACME_PO),
                sales_order(4, "RETAIL-PO-UNANSWERED"),
            ]
        }
    )


@pytest.mark.usefixtures("orders")
def test_an_announcement_is_instructed_its_parcel_followed_its_goods_and_money_told(world: World) -> None:
    retail, endpoints = world.partners.retail, world.partners.endpoints
    drop(endpoints, "retail", "RETANN_1.edi", retann("RA-1", RETAIL_PO))
    world.settle(quiet=3)
    instruction = only(retail, "edifact/retins-d96a")
    rma = state_of(world, "RA-1")["rma_number"]
    assert instruction["BGM"]["02"] == rma
    assert [line["CDI"][0]["02"]["01"] for line in instruction["LIN"]] == ["12E"]
    assert [line["QTY"][0]["01"] for line in instruction["LIN"]] == [{"01": "61", "02": "2", "03": "PCE"}]
    told_rightly(world, retail, {"RECADV": "edifact/recadv-d96a", "INVOIC": "edifact/invoic-d96a"})
    drop(endpoints, "carrier", "QFRT_214_1.edi", status("PRO1", rma, "AF"))
    drop(endpoints, "carrier", "QFRT_IFTSTA_1.edi", iftsta("PRO2", rma, "13", "20261103"))
    world.settle(quiet=1.5)
    drop(endpoints, "carrier", "QFRT_IFTSTA_2.edi", iftsta("PRO2", rma, "21", "20261105"))
    world.settle(quiet=1.5)
    shipments = {one["shipment_id"]: one["status"] for one in state_of(world, "RA-1")["shipments"]}
    assert shipments == {"PRO1": "picked_up", "PRO2": "delivered"}
    assert retail.books()["unread"] == []
    carrier = world.partners.carrier.books()
    answers = [answer["status"] for told in carrier["acknowledgements"].values() for answer in told]
    assert sorted(answers) == ["7", "7", "A"]
    assert carrier["waiting"] == []


@pytest.mark.usefixtures("orders")
def test_an_announcement_of_an_old_order_is_refused_and_says_why(world: World) -> None:
    drop(world.partners.endpoints, "retail", "RETANN_2.edi", retann("RA-2", "RETAIL-PO-OLD"))
    world.settle(quiet=1.5)
    refusal = only(world.partners.retail, "edifact/retins-d96a")
    assert refusal["CDI"][0]["02"]["01"] == "17E"
    assert refusal["CDI"][0]["FTX"][0]["04"]["01"] == "The order is more than 365 days old"
    assert state_of(world, "RA-2")["status"] == "rejected"


def test_an_announcement_without_an_order_can_be_read_but_not_taken(world: World) -> None:
    text = retann("RA-4", RETAIL_PO).replace(f"RFF+ON:{RETAIL_PO}'", "").replace("UNT+10", "UNT+9")
    drop(world.partners.endpoints, "retail", "RETANN_4.edi", text)
    world.settle(quiet=1.5)
    [[answer]] = world.partners.retail.books()["acknowledgements"].values()
    advice = only(world.partners.retail, "edifact/aperak-d96a")
    assert answer["status"] == "7"
    assert {"01": "ACE", "02": "RA-4"} in [reference["01"] for reference in advice["RFF"]]
    assert "RFF" in json.dumps(advice["ERC"])


@pytest.mark.usefixtures("orders")
def test_the_same_announcement_in_another_file_is_answered_once(world: World) -> None:
    text = retann("RA-3", RETAIL_PO)
    for name in ("RETANN_3.edi", "RETANN_3_again.edi"):
        drop(world.partners.endpoints, "retail", name, text)
    world.settle(quiet=1.5)
    assert len(world.partners.retail.books()["instructions"]["RA-3"]) == 1


@pytest.mark.usefixtures("orders")
def test_acme_is_told_of_what_arrived_and_what_was_credited_once_each(world: World) -> None:
    drop(world.partners.endpoints, "sftp", "180_1.edi", notice("CLM1", ACME_PO))
    world.settle(quiet=3)
    told_rightly(world, world.partners.sftp, {"861": "x12/861-004010", "812": "x12/812-004010"})


def test_news_of_a_parcel_that_nobody_knows_is_kept_under_its_own_number(world: World) -> None:
    drop(world.partners.endpoints, "carrier", "QFRT_214_9.edi", status("PRO9", "99999999", "AF"))
    world.settle(quiet=1.5)
    assert ask(world, "SELECT count(*) FROM facts WHERE type = 'shipment.updated'") == [(1,)]
    assert world.summary()["problems"] == []
