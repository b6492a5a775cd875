"""An EDIFACT partner: CONTRL out and in, duplicates, and references that hold letters."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from connectors.base import Document
from hub.pipeline import admit
from hub.pipeline.replay import replay
from hub.settings import PROJECT_DIR
from tests.integration.pipeline.trade_desk import Desk

BUYER, US = "4399999000015", "4299999000018"


class Retailer(Desk):
    """The desk with a retailer instead: RETANN in, RETINS out."""

    def __init__(self, folder: Path, database_url: str) -> None:
        super().__init__(folder, database_url)
        for path in (folder / "dags/flows").iterdir():
            path.unlink()
        shutil.rmtree(folder / "mappings/acme_edi")
        shutil.copytree(PROJECT_DIR / "mappings/retail_edifact", folder / "mappings/acme_edi")
        upload = {**self.system["operations"]["upload_180"]}
        self.system = {
            **self.system,
            "resources": {
                "inbound": {**self.system["resources"]["inbound/180"], "format": "edifact/retann-d96a"}
            },
            "operations": {
                "upload_retins": {**upload, "format": "edifact/retins-d96a", "name": "retins_{key}.edi"},
                "upload_contrl": {**upload, "format": "edifact/contrl", "name": "contrl_{key}.edi"},
            },
            "edi": {
                "standard": "edifact",
                "sender": US,
                "sender_qualifier": "14",
                "receiver": BUYER,
                "receiver_qualifier": "14",
                "version": "D:96A:EN:EAN001",
                "usage": "P",
                "acks": {"send": {"functional": "CONTRL"}, "expect": {"within": "1 days"}},
            },
        }
        flow = {
            "flow": "retail_in",
            "owner": "tests",
            "on": "arrival",
            "entity": "us",
            "read": {"from": "acme_edi", "resource": "inbound"},
            "map": "retail.return_announcement@1",
            "acknowledge": "CONTRL",
        }
        refusal = {
            "flow": "retail_refused",
            "owner": "tests",
            "fact": "authorization.decided",
            "when": {"outcome": "rejected", "origin.system": "retail_edifact"},
            "to": {"system": "acme_edi", "operation": "upload_retins"},
            "map": "retail.return_refusal@1",
            "key": ["= RI", "return.origin.id"],
        }
        for one in (flow, refusal):
            file = folder / f"dags/flows/{one['flow']}.yaml"
            file.write_text(yaml.safe_dump(one, sort_keys=False), encoding="utf-8")
        self.profile()

    def take(self, text: str) -> list[str]:
        assert self.hub is not None
        self.count += 1
        document = Document(
            source_key=f"file{self.count}.edi",
            body=text.encode(),
            media_type="application/edifact",
            attributes={},
        )
        return [one["state"] for one in admit.receive(self.hub, "retail_in", document, "run")["messages"]]


def retann(reference: str, *numbers: str, sender: str = BUYER) -> str:
    """An interchange with an announcement for each number."""
    text = f"UNB+UNOA:2+{sender}:14+{US}:14+261102:0915+{reference}'"
    for at, number in enumerate(numbers, 1):
        text += (
            f"UNH+{at}+RETANN:D:96A:EN:EAN001'BGM+70E+{number}+9'DTM+137:20261102:102'NAD+BY+{BUYER}::9'LIN+1'"
            f"PIA+1+614141000029:SA'QTY+61:6'CDI+1+4'UNS+S'CNT+2:1'UNT+11+{at}'"
        )
    return text + f"UNZ+{len(numbers)}+{reference}'"


def contrl(reference: str, about: str, action: str, detail: str = "") -> str:
    parties = f"{US}:14+{BUYER}:14"
    body = f"UCI+{about}+{parties}+{action}'{detail}"
    count = body.count("'") + 2
    return (
        f"UNB+UNOA:2+{BUYER}:14+{US}:14+261102:1000+{reference}'UNH+1+CONTRL:D:3:UN'{body}UNT+{count}+1'"
        f"UNZ+1+{reference}'"
    )


@pytest.fixture
def desk(hub_database: str, tmp_path: Path) -> Iterator[Retailer]:
    made = Retailer(tmp_path / "project", hub_database)
    yield made
    made.close()


def sent(desk: Retailer) -> str:
    assert desk.take(retann("I1", "RA-1")) == ["admitted"]
    desk.deliver()
    (found,) = desk.rows("SELECT control FROM interchanges WHERE direction = 'out' AND sets = 'RETINS'")
    return str(found[0])


def state(desk: Retailer) -> list[str]:
    sql = "SELECT state FROM interchanges WHERE direction = 'out' AND sets = 'RETINS' ORDER BY id"
    return [row[0] for row in desk.rows(sql)]


def test_a_duplicate_is_answered_again_and_a_reused_reference_is_rejected_as_one(desk: Retailer) -> None:
    assert desk.take(retann("I1", "RA-1", "RA-2")) == ["admitted", "admitted"]
    assert desk.take(retann("I1", "RA-1", "RA-2").replace("'", "'\n")) == []
    assert desk.take(retann("I1", "RA-3")) == ["dead"]
    told = [
        (one.kind, one.about.interchange, one.verdict, [error.code for error in one.errors])
        for one in desk.answers()
        if one.kind == "CONTRL"
    ]
    assert told == [
        ("CONTRL", "I1", "accepted", []),
        ("CONTRL", "I1", "accepted", []),
        ("CONTRL", "I1", "rejected", ["UCI.26"]),
    ]
    assert [one["code"] for one in desk.letters()] == ["control_reused"]
    assert [cause for cause, _ in desk.alerts()] == ["control reused acme_edi I1"]


def test_a_stranger_is_told_with_both_sides(desk: Retailer) -> None:
    assert desk.take(retann("I1", "RA-1", sender="4388888000017")) == ["dead"]
    (letter,) = desk.letters()
    assert letter["summary"] == f"sender '14/4388888000017' of interchange I1 is not '14/{BUYER}'"


def test_a_contrl_that_accepts_moves_what_it_is_about_and_is_not_answered(desk: Retailer) -> None:
    number = sent(desk)
    assert state(desk) == ["awaiting"]
    assert desk.take(contrl("C1", number, "7")) == ["noted"]
    assert state(desk) == ["accepted"]
    assert desk.outcomes() == [("CONTRL", "accepted", "accepted")]
    assert [one.about.interchange for one in desk.answers() if one.kind == "CONTRL"] == ["I1"]


def test_a_contrl_that_only_received_leaves_the_clock_running(desk: Retailer) -> None:
    number = sent(desk)
    desk.take(contrl("C1", number, "8"))
    assert (state(desk), desk.outcomes()) == (["awaiting"], [("CONTRL", "received", "received")])


def test_a_contrl_that_rejects_names_segment_and_element_and_is_sent_again(desk: Retailer) -> None:
    number = sent(desk)
    detail = "UCM+1+RETINS:D:96A:EN+4'UCS+3'UCD+12+2:2'"
    desk.take(contrl("C1", number, "7", detail))
    assert state(desk) in (["rejected"], ["partially_accepted"])
    (letter,) = desk.letters()
    assert (letter["step"], letter["code"]) == ("acknowledgement", "UCD.12")
    assert letter["errors"][0]["position"] == "segment 3"
    assert desk.hub is not None
    replay(desk.hub, letter["id"], "tester")
    desk.deliver()
    assert state(desk)[1:] == ["awaiting"]
    assert desk.problems() == []


def test_a_contrl_among_announcements_is_found(desk: Retailer) -> None:
    number = sent(desk)
    assert desk.take(retann("I2", "RA-2") + contrl("I3", number, "7")) == ["admitted", "noted"]
    assert state(desk)[0] == "accepted"
