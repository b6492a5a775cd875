"""`returns-hub edi`: what engineers see of a partner's file, and what machines read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hub.cli.main import app
from hub.settings import PROJECT_DIR

TWO_LINES = PROJECT_DIR / "mappings" / "acme_edi" / "samples" / "two_lines.edi"
RETANN = PROJECT_DIR / "mappings" / "retail_edifact" / "samples" / "two_articles.edi"

ISA = (
    "ISA*00*          *00*          *ZZ*ACME           *ZZ*RETURNSHUB     "
    "*261101*0830*U*00401*000000007*0*T*:~"
)


def group(*transactions: str, control: str = "7", count: int | None = None) -> str:
    head = f"GS*AN*ACME*RETURNSHUB*20261101*0830*{control}*X*004010~"
    return f"{head}{''.join(transactions)}GE*{count or len(transactions)}*{control}~"


def notice(control: str, reason: str = "DR", segments: int = 5) -> str:
    lines = (f"BGN*00*C{control}*20261101", "BLI*UP*614141000012*2*EA", f"RDR**{reason}")
    return "~".join((f"ST*180*{control}", *lines, f"SE*{segments}*{control}~"))


def interchange(*groups: str) -> bytes:
    return f"{ISA}{''.join(groups)}IEA*{len(groups)}*000000007~".encode()


Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    runner = CliRunner()

    def invoke(*arguments: str | Path, code: int = 0, stdin: bytes = b"") -> Result:
        result = runner.invoke(app, ["edi", *map(str, arguments)], input=stdin)
        assert result.exit_code == code, (result.output, result.exception)
        return result

    return invoke


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_an_interchange_is_one_line_with_groups_transactions_and_what_is_wrong(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "three.edi"
    file.write_bytes(interchange(group(notice("0001"), notice("0002", "Z?"), notice("0003", segments=9))))
    [told] = lines(run("read", file, "--json"))
    assert {
        name: told[name] for name in ("format", "sender", "receiver", "control", "date", "test", "version")
    } == {
        "format": "x12",
        "sender": "ACME",
        "receiver": "RETURNSHUB",
        "control": "000000007",
        "date": "2026-11-01T08:30",
        "test": True,
        "version": "00401",
    }
    assert told["delimiters"] == {"element": "*", "component": ":", "repetition": "", "segment": "~"}
    assert (told["charset"], told["segments"], told["status"]) == ("ascii", 19, "partially_accepted")
    [found] = told["groups"]
    assert (found["id"], found["control"], found["version"]) == ("AN", "7", "004010")
    assert [
        (one["set"], one["control"], one["segments"], one["status"]) for one in found["transactions"]
    ] == [
        ("180", "0001", 5, "accepted"),
        ("180", "0002", 5, "accepted_with_errors"),
        ("180", "0003", 5, "rejected"),
    ]
    [error] = found["transactions"][1]["errors"]
    assert (error["segment"], error["position"], error["element"], error["code"]) == ("RDR", 4, 2, "AK403.7")
    assert file.read_bytes()[error["offset"] :].startswith(b"RDR**Z?")
    assert (told["acks"], told["findings"]) == ([], [])


def test_two_interchanges_are_two_lines_and_what_is_between_them_is_told_with_the_first(run: Run) -> None:
    one = interchange(group(notice("0001")))
    told = lines(run("read", "-", "--json", stdin=one + b"-- mailed by a gateway --\n" + one))
    assert [len(each["groups"]) for each in told] == [1, 1]
    assert [len(each["findings"]) for each in told] == [1, 0]
    assert "-- mailed by a gateway --" in told[0]["findings"][0]["message"]


def test_a_set_without_a_guide_is_read_and_said_to_be_unchecked(run: Run) -> None:
    order = interchange(
        group("ST*850*0001~BEG*00*SA*4711**20261101~PO1*1*2*EA*9.5**UP*614141000012~SE*4*0001~")
    )
    [told] = lines(run("read", "-", "--json", stdin=order))
    [transaction] = told["groups"][0]["transactions"]
    assert (transaction["status"], transaction["guide"]) == ("accepted", None)
    assert "there is no guide for it" in run("read", "-", stdin=order).stdout
    [found] = lines(run("tree", "-", "--json", stdin=order))
    assert found["format"] == "x12/850"


def test_transactions_without_an_envelope_are_shown_and_never_accepted_as_a_whole(run: Run) -> None:
    result = run("check", "-", code=1, stdin=b"ST*180*0001\nBGN*00*C1*20261101\nSE*3*0001\n")
    assert "There is no ISA before ST" in result.stdout
    assert "✓ 180 0001" in result.stdout


def test_the_wrong_element_is_underlined(run: Run) -> None:
    shown = run("check", "-", stdin=interchange(group(notice("0001", "ZZZ")))).stdout.splitlines()
    at = next(number for number, line in enumerate(shown) if "RDR**ZZZ" in line)
    begin = shown[at].index("ZZZ")
    assert shown[at + 1].rstrip() == " " * begin + "^^^"


def test_a_released_sign_is_no_end_of_the_underlined_element(run: Run) -> None:
    body = RETANN.read_bytes().replace(b"QTY+61", b"QTY+1?+9:61:2:PCE:X", 1)
    shown = run("check", "-", stdin=body).stdout.splitlines()
    at = next(number for number, line in enumerate(shown) if "QTY+1?+9" in line)
    segment = shown[at].rstrip()
    assert shown[at + 1].strip() == "^" * (len(segment) - segment.index("1?+9"))


def test_the_report_is_as_the_page_shows_it(run: Run) -> None:
    page = (PROJECT_DIR / "docs" / "edi.md").read_text("utf-8")
    example = page.partition("$ returns-hub edi check notice.edi\n")[2].partition("\n\n")[0]
    document = interchange(group(notice("0001", "ZZ")))
    shown = [line.strip() for line in run("check", "-", stdin=document).stdout.splitlines() if line.strip()]
    for line in example.splitlines():
        assert any(each.startswith(line.strip().removesuffix("…")) for each in shown), line


def test_check_fails_only_when_something_would_be_refused(run: Run) -> None:
    run("check", "-", stdin=interchange(group(notice("0001", "ZZ"))))
    run("check", "-", code=1, stdin=interchange(group(notice("0001", segments=4))))
    run("check", TWO_LINES)
    run("check", RETANN)


@pytest.mark.parametrize("command", ["read", "check", "tree"])
def test_what_is_no_edi_is_one_sentence_that_names_the_file(run: Run, tmp_path: Path, command: str) -> None:
    file = tmp_path / "photo.edi"
    file.write_bytes(b"\x89PNG\r\n")
    result = run(command, file, "--json", code=1)
    assert json.loads(result.stdout)["error"]["message"].startswith(f"{file}: expected X12")


def test_a_partner_without_a_profile_is_told(run: Run) -> None:
    result = run("read", TWO_LINES, "--partner", "wms", "--json", code=1)
    assert "mappings/wms/system.yaml: expected an edi: section" in result.stdout


def test_what_tree_prints_can_be_written_for_a_partner_and_read_again(run: Run, tmp_path: Path) -> None:
    document = tmp_path / "document.json"
    document.write_text(run("tree", TWO_LINES, "--json").stdout)
    written = tmp_path / "written.edi"
    run("write", document, "--partner", "acme_edi", "--control", "4711", "-o", written)
    [told] = lines(run("read", written, "--json"))
    assert (told["sender"], told["receiver"], told["control"]) == ("RETURNSHUB", "ACME", "000004711")
    [before], [after] = lines(run("tree", TWO_LINES, "--json")), lines(run("tree", written, "--json"))
    assert after["tree"] == before["tree"]


def test_what_a_guide_forbids_is_not_written(run: Run, tmp_path: Path) -> None:
    document = tmp_path / "document.json"
    document.write_text(
        json.dumps({"format": "x12/180-004010", "tree": {"BGN": {"01": "00"}, "XYZ": {"01": "1"}}})
    )
    result = run("write", document, "--partner", "acme_edi", code=1)
    assert "XYZ has no place there in the guide" in result.output


def test_a_format_that_nothing_tells_is_asked_for(run: Run, tmp_path: Path) -> None:
    document = tmp_path / "document.json"
    document.write_text('{"QQQ": {"01": "1"}}')
    result = run("write", document, "--partner", "acme_edi", code=1)
    assert "name it: --format x12/180-004010" in result.output


def test_the_answer_to_a_file_is_printed_as_it_would_be_sent(run: Run) -> None:
    document = interchange(group(notice("0001"), notice("0002", segments=9)))
    result = run("ack", "-", stdin=document)
    assert "AK2*180*0001~AK5*A~AK2*180*0002~AK5*R*4~AK9*P*2*2*1~" in result.stdout
    [told] = lines(run("read", "-", "--json", stdin=result.stdout_bytes))
    [acknowledgement] = told["acks"]
    assert (acknowledgement["kind"], acknowledgement["group"], acknowledgement["verdict"]) == (
        "997",
        "7",
        "partially_accepted",
    )
    assert [one["verdict"] for one in acknowledgement["transactions"]] == ["accepted", "rejected"]


def test_a_damaged_interchange_gets_a_ta1_too_and_edifact_a_contrl(run: Run) -> None:
    damaged = interchange(group(notice("0001"))).replace(b"IEA*1*000000007", b"IEA*1*000000008")
    assert [one["kind"] for one in lines(run("ack", "-", "--json", stdin=damaged))] == ["TA1", "997"]
    assert [one["kind"] for one in lines(run("ack", RETANN, "--json"))] == ["CONTRL"]
    assert "*005010X231A1~" in run("ack", "-", "--kind", "999", stdin=damaged).stdout


def test_who_cannot_be_answered_is_told(run: Run) -> None:
    assert (
        "nothing in it is answered"
        in run("ack", "-", code=1, stdin=b"ST*180*0001~BGN*00*1~SE*3*0001~").output
    )
    assert "expected TA1, 997 or 999" in run("ack", TWO_LINES, "--kind", "CONTRL", code=1).output
    assert "--kind: expected one of" in run("ack", TWO_LINES, "--kind", "998", code=1).output


PROFILE = """
system: shop
title: A shop
connector: sftp
connection: shop
resources:
  inbound/180: {format: x12/180-004010, folder: /out}
operations:
  upload_997: {format: x12/997-004010, folder: /in, name: "997_{key}.edi", repeat: replace, key_length: 60}
edi:
  sender: RETURNSHUB
  receiver: ACME
  usage: T
  required: {"180": [BGN.02, PRF.01, BLI.RDR.04]}
  acks: {send: {interchange: always, functional: 999}}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "project" / "mappings" / "shop"
    folder.mkdir(parents=True)
    (folder / "system.yaml").write_text(PROFILE)
    monkeypatch.setenv("RETURNS_HUB_PROJECT", str(tmp_path / "project"))
    return "shop"


def test_a_partner_s_profile_says_what_its_flows_would_refuse(run: Run, shop: str) -> None:
    document = interchange(group(notice("0001")))
    [told] = lines(run("check", "-", "--partner", shop, "--json", code=1, stdin=document))
    [transaction] = told["groups"][0]["transactions"]
    assert (told["status"], transaction["status"]) == ("rejected", "rejected")
    assert [(one["code"], one["expected"]) for one in transaction["errors"]] == [
        ("required", "PRF.01"),
        ("required", "BLI.RDR.04"),
    ]
    shown = run("check", "-", "--partner", shop, code=1, stdin=document).stdout
    assert "BLI.RDR.04 is required by the partner profile" in shown


def test_a_stranger_and_production_data_at_a_test_partner_are_told(run: Run, shop: str) -> None:
    document = interchange(group(notice("0001")))
    stranger = document.replace(b"*ZZ*ACME  ", b"*ZZ*EMCA  ")
    [told] = lines(run("read", "-", "--partner", shop, "--json", stdin=stranger))
    assert [one["code"] for one in told["findings"]] == ["unknown_partner"]
    assert told["findings"][0]["found"] == "EMCA"
    [told] = lines(run("read", "-", "--partner", shop, "--json", stdin=document.replace(b"*T*:~", b"*P*:~")))
    assert [one["code"] for one in told["findings"]] == ["wrong_usage"]


def test_what_we_sent_ourselves_is_no_stranger(run: Run, shop: str) -> None:
    ours = interchange(group(notice("0001")))
    ours = ours.replace(b"*ZZ*ACME           *ZZ*RETURNSHUB     ", b"*ZZ*RETURNSHUB     *ZZ*ACME           ")
    [told] = lines(run("read", "-", "--partner", shop, "--json", stdin=ours))
    assert told["findings"] == []


def test_a_partner_is_answered_as_agreed(run: Run, shop: str) -> None:
    document = interchange(group(notice("0001")))
    assert [one["kind"] for one in lines(run("ack", "-", "-p", shop, "--json", stdin=document))] == [
        "TA1",
        "999",
    ]


def test_a_tree_can_be_piped_in_and_written(run: Run) -> None:
    trees = run("tree", TWO_LINES, "--json").stdout_bytes
    written = run("write", "-", "--partner", "acme_edi", stdin=trees).stdout_bytes
    [told] = lines(run("read", "-", "--json", stdin=written))
    assert told["groups"][0]["transactions"][0]["status"] == "accepted"


def test_check_fails_where_a_transaction_is_lost_between_others(run: Run) -> None:
    lost = notice("0002").replace("ST*", "T*", 1)
    [told] = lines(run("check", "-", "--json", stdin=interchange(group(notice("0001"), lost)), code=1))
    assert told["status"] == "partially_accepted"
