from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandboxes import carriers, fleet, goods, outbox, play
from sandboxes.audit import audit
from sandboxes.erp.entities import CREDIT_MEMO_REQUEST, CUSTOMER_RETURN, MATERIAL_DOCUMENT
from sandboxes.faults import FaultPlan
from sandboxes.fleet import Fleet
from sandboxes.portal import KeyRefusedError, Portal, PortalBook
from sandboxes.serving import HttpServer
from sandboxes.sftp import Sftp

RETURNS = 40
AT_ONCE = {"arrives": (0.0, 0.0), "inspects": (0.0, 0.0), "repeated": 0}


class Hub:
    """An intake API that answers as the truth wants it: same key, same answer; another body, 409."""

    def __init__(self) -> None:
        self.truth: dict[str, str] = {}
        self.answers: dict[str, tuple[bytes, Response]] = {}
        self.plan = FaultPlan()
        self.server = HttpServer(self.plan, name="hub")
        self.server.start(Starlette(routes=[Route("/hub/api/v1/returns", self.intake, methods=["POST"])]))

    async def intake(self, request: Request) -> Response:
        if request.headers.get("x-api-key") != "good":
            return JSONResponse({"title": "unknown key"}, 401)
        key, body = request.headers["idempotency-key"], await request.body()
        if key not in self.answers:
            reference = json.loads(body)["reference"]
            answer = {"return_id": str(uuid.uuid4()), "decision": {"outcome": self.truth.get(reference)}}
            self.answers[key] = body, JSONResponse(answer, 201)
        known, given = self.answers[key]
        return given if known == body else JSONResponse({"title": "key used"}, 409)


@pytest.fixture
def hub() -> Iterator[Hub]:
    one = Hub()
    yield one
    one.server.stop()


@pytest.fixture
def sandboxes(tmp_path: Path) -> Iterator[Fleet]:
    with fleet.serve(tmp_path, seed=3, **AT_ONCE) as one:
        yield one


def options(directory: Path, hub: Hub | None, **changed: Any) -> play.Options:
    url = hub.server.url if hub else ""
    given = {"returns": RETURNS, "outage": 0.0, "pace": 0.0, "patience": 20.0, "faults": False, **changed}
    given = {"carriers": False, **given}  # they wait for answers that come only after the play here
    return play.Options(directory=directory, hub=url, api_key="good", **given)


def played(directory: Path, hub: Hub | None, **changed: Any) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    if hub:
        story = play.prepare(directory, RETURNS)
        hub.truth = {one["id"]: one["outcome"] for one in story["returns"]}
    play.play(options(directory, hub, **changed), lambda step: steps.append(dict(step)))
    return steps


def work_as_a_perfect_hub(directory: Path, sandboxes: Fleet) -> None:
    """Do at the partners what the truth asks for, once each."""
    story = play.prepare(directory, RETURNS)
    rmas = {one["id"]: authorize(sandboxes, one) for one in story["returns"] if one["rmas"]}
    truth = {rmas[one["id"]]: one for one in story["returns"] if one["rmas"]}
    while sandboxes.wms.books()["unsaid"]:
        time.sleep(0.05)
    for rma, reports in sandboxes.wms.books()["inspections"]["by_rma"].items():
        for report in reports:
            settle(sandboxes, truth[rma], report)
    answer(sandboxes, story, rmas)
    for channel, tell in (("acme", tell_acme), ("retail", tell_retailer)):
        told = [one for one in story["returns"] if one["rmas"] and one["channel"] == channel]
        tell(sandboxes, *news(sandboxes, {rmas[one["id"]]: one["order"] for one in told}))
    follow_parcels(sandboxes, story)


def answer(sandboxes: Fleet, story: dict[str, Any], rmas: dict[str, str]) -> None:
    """Acknowledge ACME's files, and say yes, no or what is wrong to ACME and the retailer."""
    for file in story["files"]:
        for group in file["groups"]:
            acknowledge(sandboxes.sftp, group["control"], group["statuses"][0])
    for one in story["returns"]:
        if one["response"]:
            respond(sandboxes, one["id"], one["response"], rmas.get(one["id"], ""))
        if one["why"] == "unknown_reason":
            write(sandboxes.sftp, "824_1.edi", f"ST*824*1~BGN*11*1~OTI*TR*TN*{one['id']}~SE*4*1~")
        if one["instruction"]:
            instruct(sandboxes, one["id"], one["instruction"], rmas.get(one["id"], "none"))


News = dict[str, str]


def news(sandboxes: Fleet, returns: dict[str, str]) -> tuple[News, News]:
    """Receipts with their pieces and credit memos with their amounts of returns, RMA number to order."""
    receipts = sandboxes.wms.books()["receipts"]["by_rma"]
    memos = sandboxes.erp.books()["credit_memos"]["by_number"]
    return (
        {number: pieces for rma in returns for number, pieces in receipts.get(rma, {}).items()},
        {number: memo["amount"] for number, memo in memos.items() if memo["order"] in returns.values()},
    )


def tell_acme(sandboxes: Fleet, receipts: News, credits_: News) -> None:
    for number, pieces in receipts.items():
        write(sandboxes.sftp, f"861_{number}.edi", f"ST*861*1~BRA*{number}*1~RCD**{pieces}*EA~SE*4*1~")
    for number, amount in credits_.items():
        cents = f"{Decimal(amount) * 100:.0f}"
        write(sandboxes.sftp, f"812_{number}.edi", f"ST*812*1~BCD*1*{number}*H*{cents}*C~SE*3*1~")


def tell_retailer(sandboxes: Fleet, receipts: News, credits_: News) -> None:
    for number, pieces in receipts.items():
        message(sandboxes.retail, f"RECADV_{number}.edi", "RECADV", f"BGM+632+{number}'QTY+48:{pieces}'")
    for number, amount in credits_.items():
        message(sandboxes.retail, f"INVOIC_{number}.edi", "INVOIC", f"BGM+381+{number}'MOA+86:{amount}'")


def follow_parcels(sandboxes: Fleet, story: dict[str, Any]) -> None:
    """Let the carrier tell of its parcels, take its files and the retailer's, and acknowledge 214s."""
    carriers.carry(sandboxes.endpoints, story, lambda _: None, quiet=5)
    for group in carriers.ANSWERED["214"]:
        acknowledge(sandboxes.carrier, group, "A")
    for reference in carriers.ANSWERED["IFTSTA"]:
        message(sandboxes.carrier, f"CONTRL_{reference}.edi", "CONTRL", f"UCI+{reference}+1+2+7'")
    for file in story["announcements"]:
        body = f"UCI+{file['reference']}+1+2+7'"
        message(sandboxes.retail, f"CONTRL_{file['reference']}.edi", "CONTRL", body)
    for partner in (sandboxes.carrier, sandboxes.retail):
        for path in (partner.root / "outbox").iterdir():
            path.rename(partner.root / "archive" / path.name)


def authorize(sandboxes: Fleet, one: dict[str, Any]) -> str:
    items = [
        {"Material": line["sku"], "RequestedQuantity": line["quantity"], "RequestedQuantityUnit": "EA"}
        for line in one["lines"]
    ]
    body = {"CustomerReturnType": "CBAR", "SoldToParty": "1", "PurchaseOrderByCustomer": one["id"]}
    links = {"ReferenceSDDocument": one["order"], "to_Item": items}
    rma = str(sandboxes.erp.store.create(CUSTOMER_RETURN, {**body, **links}).number)
    lines = [{**line, "quantity": Decimal(line["quantity"]), "uom": "EA"} for line in one["lines"]]
    sandboxes.wms.store.announce(rma, {"rma": rma, "lines": lines})
    return rma


def settle(sandboxes: Fleet, one: dict[str, Any], report: dict[str, Any]) -> None:
    moved, credited = [], Decimal(0)
    announced = {line["sku"]: line for line in one["lines"]}
    for line in report["lines"]:
        item = {"Material": line["sku"], "QuantityInEntryUnit": line["quantity"], "EntryUnit": "EA"}
        moved.append({**item, "Plant": "1710", "GoodsMovementType": "653"})
        known = announced[line["sku"]]
        too_many = Decimal(line["quantity"]) > Decimal(known["quantity"])
        if goods.credited(line["condition"], one["reason"]) and not too_many:
            credited += Decimal(line["quantity"]) * Decimal(known["unit_price"])
    head = {"PostingDate": "/Date(0)/", "GoodsMovementCode": "05", "ReferenceDocument": report["id"]}
    sandboxes.erp.store.create(MATERIAL_DOCUMENT, {**head, "to_MaterialDocumentItem": moved})
    if credited:
        credit(sandboxes, report["id"], one["order"], f"{credited}")


def credit(sandboxes: Fleet, key: str, order: str, amount: str) -> None:
    item = {"Material": "x", "RequestedQuantity": "1", "RequestedQuantityUnit": "EA", "NetAmount": amount}
    head = {"CreditMemoRequestType": "CR", "SoldToParty": "1", "PurchaseOrderByCustomer": key}
    links = {"ReferenceSDDocument": order, "TotalNetAmount": amount, "to_Item": [item]}
    sandboxes.erp.store.create(CREDIT_MEMO_REQUEST, {**head, **links})


def write(partner: Sftp, name: str, text: str) -> None:
    parties = f"ZZ*{'RETURNSHUB':<15}*ZZ*{'ACME':<15}"
    isa = f"ISA*00*{'':10}*00*{'':10}*{parties}*261120*0930*U*00401*000000001*0*P*>~"
    (partner.root / "inbox" / name).write_text(f"{isa}{text}IEA*1*000000001~")


def acknowledge(partner: Sftp, control: str, status: str) -> None:
    write(partner, f"997_{control}.edi", f"ST*997*0001~AK1*AN*{control}~AK9*{status}*1*1*1~SE*4*0001~")


def respond(sandboxes: Fleet, claim: str, decision: str, rma: str) -> None:
    reference = f"N9*RZ*{rma}~" if rma else ""
    text = f"ST*180*0001~BGN*11*{claim}~RDR*{decision}~{reference}SE*4*0001~"
    write(sandboxes.sftp, f"180_{claim}.edi", text)


def instruct(sandboxes: Fleet, claim: str, decision: str, number: str, name: str = "") -> None:
    body = f"BGM+71E+{number}'RFF+ARN:{claim}'CDI+3E+{decision}'"
    message(sandboxes.retail, name or f"RETINS_{claim}.edi", "RETINS", body)


def message(partner: Sftp, name: str, kind: str, body: str) -> None:
    text = f"UNB+UNOC:3+1+2+261120:0930+1'UNH+1+{kind}:D:96A'{body}UNT+9+1'UNZ+1+1'"
    (partner.root / "inbox" / name).write_text(text)


def test_the_audit_agrees_when_everything_happened_once(tmp_path: Path, sandboxes: Fleet, hub: Hub) -> None:
    played(tmp_path, hub)
    work_as_a_perfect_hub(tmp_path, sandboxes)
    found = audit(tmp_path)
    assert found.as_json() == {**found.as_json(), "ok": True, "missing": [], "doubled": [], "unexpected": []}
    assert found.counts["rmas"] == found.counts["expected_receipts"] > 20


def test_the_audit_of_an_idle_hub_finds_everything_missing(tmp_path: Path, sandboxes: Fleet) -> None:
    assert sandboxes.endpoints["seed"] == 3
    played(tmp_path, None)
    found = audit(tmp_path)
    assert not found.ok
    assert found.doubled == found.unexpected == []
    assert any(one.startswith("ERP customer returns of") for one in found.missing)
    assert any(one.startswith("ACME 997 for group 1001") for one in found.missing)
    assert any(one.startswith("portal answer for WEB-") for one in found.missing)


def approved(directory: Path, sandboxes: Fleet, *, credited: bool = False) -> dict[str, Any]:
    paid = sandboxes.erp.books()["credit_memos"]["by_order"]
    story = play.prepare(directory, RETURNS)
    return next(one for one in story["returns"] if one["rmas"] and (not credited or one["order"] in paid))


def test_the_audit_finds_what_was_doubled_even_under_another_key(
    tmp_path: Path, sandboxes: Fleet, hub: Hub
) -> None:
    played(tmp_path, hub)
    work_as_a_perfect_hub(tmp_path, sandboxes)
    one = approved(tmp_path, sandboxes, credited=True)
    authorize(sandboxes, {**one, "id": "another key"})
    credit(sandboxes, "yet another", one["order"], "1.00")
    respond(sandboxes, one["id"], "RA", "")
    write(sandboxes.sftp, "180_again.edi", f"ST*180*0001~BGN*11*{one['id']}~RDR*RA~SE*4*0001~")
    doubled = audit(tmp_path).doubled
    assert any(text.startswith(f"ERP customer returns of {one['id']}") for text in doubled)
    assert any(text.startswith(f"ERP credit for {one['id']}") for text in doubled)
    if one["channel"] == "acme":
        assert any(text.startswith(f"ACME 180 responses for {one['id']}") for text in doubled)


def test_the_audit_finds_the_same_reference_twice(tmp_path: Path, sandboxes: Fleet, hub: Hub) -> None:
    played(tmp_path, hub)
    work_as_a_perfect_hub(tmp_path, sandboxes)
    authorize(sandboxes, approved(tmp_path, sandboxes))
    assert any(text.startswith("ERP customer return with reference") for text in audit(tmp_path).doubled)


def test_the_audit_finds_a_return_that_should_not_exist(tmp_path: Path, sandboxes: Fleet, hub: Hub) -> None:
    played(tmp_path, hub)
    work_as_a_perfect_hub(tmp_path, sandboxes)
    story = play.prepare(tmp_path, RETURNS)
    authorize(sandboxes, next(one for one in story["returns"] if one["outcome"] == "rejected"))
    found = audit(tmp_path)
    assert any(text.startswith("ERP customer returns of") for text in found.unexpected)


def test_the_audit_finds_what_is_missing(tmp_path: Path, sandboxes: Fleet, hub: Hub) -> None:
    played(tmp_path, hub)
    work_as_a_perfect_hub(tmp_path, sandboxes)
    (sandboxes.sftp.root / "inbox" / "997_1001.edi").unlink()
    storage = sandboxes.erp.store._storage  # noqa: SLF001 -- a partner does not offer to lose things
    for entity in (CUSTOMER_RETURN, MATERIAL_DOCUMENT, CREDIT_MEMO_REQUEST):
        storage.rows("DELETE FROM documents WHERE entity = ? AND number % 10 = 5", [entity.path])
    missing = audit(tmp_path).missing
    for start in ("ERP customer returns", "ERP stock movements", "ERP credit for", "ACME 997 for group 1001"):
        assert any(text.startswith(start) for text in missing)


def test_the_audit_finds_what_file_partners_were_told_twice_wrongly_or_not(
    tmp_path: Path, sandboxes: Fleet, hub: Hub
) -> None:
    played(tmp_path, hub)
    work_as_a_perfect_hub(tmp_path, sandboxes)
    story = play.prepare(tmp_path, RETURNS)
    announced = next(one for one in story["returns"] if one["instruction"] == "12E")
    instruct(sandboxes, announced["id"], "17E", "1", name="RETINS_other.edi")
    inbox = sandboxes.sftp.root / "inbox"
    lost, changed, *_ = sorted(inbox.glob("812_*"))
    lost.unlink()
    changed.write_text(changed.read_text().replace("*C~", "0*C~"))
    receipt = next(iter(sorted(inbox.glob("861_*"))))
    (inbox / "861_again.edi").write_text(receipt.read_text())
    acknowledge(sandboxes.carrier, "3001", "R")
    (sandboxes.carrier.root / "outbox" / "late.edi").write_text("")
    found = audit(tmp_path)
    assert one_starts(found.doubled, f"retailer RETINS for {announced['id']}")
    assert one_starts(found.unexpected, f"retailer RETINS for {announced['id']}: expected 12E, found 17E")
    assert one_starts(found.missing, "ACME credit note")
    assert one_starts(found.unexpected, "ACME credit note")
    assert one_starts(found.doubled, "ACME receiving advice")
    assert one_starts(found.unexpected, "carrier 997 for 3001: expected A, found R")
    assert one_starts(found.missing, "carrier file late.edi")


def one_starts(sentences: list[str], start: str) -> bool:
    return sum(sentence.startswith(start) for sentence in sentences) == 1


def test_the_audit_finds_parcels_that_the_carrier_never_told_of(
    tmp_path: Path, sandboxes: Fleet, hub: Hub
) -> None:
    played(tmp_path, hub)
    work_as_a_perfect_hub(tmp_path, sandboxes)
    for file in (sandboxes.carrier.root / "archive").iterdir():
        file.unlink()
    missing = audit(tmp_path).missing
    assert any(sentence.startswith("carrier 214 for RMA") for sentence in missing)
    assert any(sentence.startswith("carrier IFTSTA for RMA") for sentence in missing)


def test_playing_again_sends_nothing_twice(tmp_path: Path, sandboxes: Fleet, hub: Hub) -> None:
    played(tmp_path, hub)
    portal = PortalBook(tmp_path / "portal")
    before = len(hub.answers), sandboxes.sftp.books()["outbox"], portal.books()
    steps = played(tmp_path, hub)
    assert all("skipped" in step for step in steps if step["step"] == "file")
    assert (
        len(hub.answers),
        sandboxes.sftp.books()["outbox"],
        portal.books(),
    ) == before


def test_files_arrive_under_their_names_with_their_content(tmp_path: Path, sandboxes: Fleet) -> None:
    played(tmp_path, None)
    for file in play.prepare(tmp_path, RETURNS)["files"]:
        assert (sandboxes.sftp.root / "outbox" / file["name"]).read_text() == file["text"]


def test_the_outage_closes_the_erp_while_files_go_on(tmp_path: Path, sandboxes: Fleet) -> None:
    refused = threading.Event()
    steps: list[str] = []

    def watch(step: Any) -> None:
        steps.append(step["step"])
        if step["step"] == "file" and "erp_down" in steps and not refused.is_set():
            try:
                httpx.get(sandboxes.erp.url + "/_sandbox/books")
            except httpx.TransportError:
                refused.set()

    play.play(options(tmp_path, None, outage=1.0, pace=0.3), watch)
    assert refused.is_set()


def test_another_scenario_in_the_same_folder_is_refused(tmp_path: Path, sandboxes: Fleet) -> None:
    assert sandboxes.endpoints["seed"] == 3
    played(tmp_path, None)
    with pytest.raises(outbox.PlayError, match="expected seed 3 and 41 returns, found seed 3 and 40"):
        play.prepare(tmp_path, 41)


def test_the_fault_plan_is_understood_by_every_sandbox(tmp_path: Path, sandboxes: Fleet) -> None:
    steps = played(tmp_path, None, faults=True)
    assert {step["sandbox"] for step in steps if step["step"] == "faults"} == {
        "erp",
        "wms",
        "sftp",
        "retail",
        "carrier",
    }
    assert sandboxes.erp.faults.rules


BODY = {"reference": "WEB-1", "customer": {"number": "1"}}
POST = {"key": "k1", "body": BODY, "times": 2, "conflict": True}


def test_the_portal_insists_with_the_same_key_until_the_hub_answers(tmp_path: Path, hub: Hub) -> None:
    away = {"match": "POST /hub", "nth": [1, 2], "action": "status", "status": 503, "retry_after": 0}
    hub.plan.load([away, {"match": "POST /hub", "nth": 3, "action": "commit_then_drop"}])
    book = PortalBook(tmp_path)
    assert Portal(book, hub.server.url, "good").post(POST) == 201
    assert list(hub.answers) == ["k1"]
    books = book.books()
    assert books["returns"]["WEB-1"]["attempts"] == 5
    assert (books["unanswered"], books["inconsistent"]) == ([], [])
    assert books["conflicts"] == {"k1": [409]}


def test_the_portal_waits_for_a_hub_that_is_not_there_yet(tmp_path: Path, hub: Hub) -> None:
    hub.server.down(1.0)
    assert Portal(PortalBook(tmp_path), hub.server.url, "good").post(POST) == 201


def test_the_portal_notes_repeats_that_are_answered_differently(tmp_path: Path, hub: Hub) -> None:
    book = PortalBook(tmp_path)
    Portal(book, hub.server.url, "good").post({**POST, "times": 1, "conflict": False})
    hub.answers.clear()
    Portal(book, hub.server.url, "good").post({**POST, "conflict": False})
    assert book.books()["inconsistent"] == ["k1"]


def test_the_portal_stops_at_once_when_its_key_is_unknown(tmp_path: Path, hub: Hub) -> None:
    with pytest.raises(KeyRefusedError, match="expected the API key to be known, found 401"):
        Portal(PortalBook(tmp_path), hub.server.url, "bad").post(POST)


def command(*arguments: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "sandboxes", *arguments]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603 -- ours


def ready(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    step: dict[str, Any] = json.loads(process.stdout.readline())
    return step


def test_the_command_runs_plays_audits_and_comes_back_on_the_same_ports(tmp_path: Path) -> None:
    directory, ports = str(tmp_path / "d"), tmp_path / "ports.json"
    run = command("run", "--dir", directory, "--seed", "3", "--ports-file", str(ports))
    first = ready(run)
    endpoints = json.loads(ports.read_text())
    assert (endpoints["erp"]["port"], endpoints["sftp"]["port"]) == (first["erp"], first["sftp"])
    assert ports.stat().st_mode & 0o777 == 0o600
    arguments = ["--returns", "20", "--outage", "0", "--pace", "0"]
    steps, errors = command("play", "--dir", directory, *arguments).communicate(timeout=60)
    assert errors == ""
    assert json.loads(steps.splitlines()[-1])["step"] == "done"
    run.send_signal(signal.SIGKILL)
    run.communicate()
    again = command("run", "--dir", directory)
    assert ready(again) == first
    answer = httpx.get(endpoints["erp"]["url"] + "/_sandbox/books")
    assert answer.json()["sales_orders"]["count"] == 19
    checked = command("audit", "--dir", directory)
    output, _ = checked.communicate(timeout=60)
    assert (checked.returncode, json.loads(output)["ok"]) == (1, False)
    truth, _ = command("truth", "--dir", directory).communicate(timeout=60)
    assert len(json.loads(truth)["returns"]) == 20
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=20)
    assert again.returncode == 0


def test_auditing_a_folder_without_a_play_says_what_was_expected(tmp_path: Path) -> None:
    checked = command("audit", "--dir", str(tmp_path))
    _, errors = checked.communicate(timeout=60)
    assert checked.returncode == 2
    assert "expected the scenario of an earlier `play`" in errors


def test_uploads_go_through_a_temporary_name(sandboxes: Fleet) -> None:
    with outbox.partner(sandboxes.endpoints) as sftp:
        outbox.upload(sftp, "a.edi", "text")
        sftp.putfo(io.BytesIO(b"x"), "/outbox/.b.edi.tmp")
    assert sandboxes.sftp.books()["outbox"] == {"a.edi": 1}
