"""997s against golden files: `golden/<name>.edi` is what came in, `golden/<name>.997` what is answered."""

from pathlib import Path
from typing import Any

import pytest

from connectors.codecs.x12 import acknowledge, envelopes, groups_needed
from connectors.codecs.x12.codec import X12Codec

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.edi"))
LINES = {"delimiters": {"line_end": "\n"}}


def answers(body: bytes, options: dict[str, Any] | None = None) -> list[bytes]:
    return [
        acknowledge(one, control=70 + at, group=700 + at, date="20261102", time="0801", envelope=LINES)
        for at, one in enumerate(envelopes(body, options or {}))
    ]


@pytest.mark.parametrize("name", NAMES)
def test_what_came_in_is_answered_as_written_down(name: str) -> None:
    body = (GOLDEN / f"{name}.edi").read_bytes()
    assert b"".join(answers(body)).decode() == (GOLDEN / f"{name}.997").read_bytes().decode()


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_is_itself_a_good_997(name: str) -> None:
    body = (GOLDEN / f"{name}.edi").read_bytes()
    for answer in answers(body):
        decoded = X12Codec("x12/997-004010").decode(answer, {"versions": ["005010", "004020", "006020"]})
        for record in decoded.records:
            assert record.findings == ()
        assert decoded.findings == []


def test_there_is_a_golden_file_for_each_verdict() -> None:
    verdicts = {
        line.split("*")[1]
        for name in NAMES
        for line in (GOLDEN / f"{name}.997").read_text().splitlines()
        if line.startswith("AK9")
    }
    assert verdicts == {"A", "E", "P", "R"}


def test_an_acknowledgement_is_never_acknowledged(edi: Any) -> None:
    notice = edi.group([edi.transaction(["AK1*AN*5", "AK9*A*1*1*1"], set_id="997")], functional="FA")
    [interchange] = envelopes(edi.text(edi.interchange([notice])))
    assert interchange.groups[0].transactions[0].accepted
    assert acknowledge(interchange, control=1, group=1, date="20261102", time="0801") == b""
    assert groups_needed(interchange) == 0


def test_groups_of_different_versions_are_answered_apart(edi: Any) -> None:
    groups = [
        edi.group([edi.transaction()], "1"),
        edi.group([edi.transaction()], "2"),
        edi.group([edi.transaction()], "3", version="004010VICS"),
    ]
    [interchange] = envelopes(edi.text(edi.interchange(groups)))
    assert groups_needed(interchange) == 2
    answer = acknowledge(
        interchange, control=5, group=9, date="20261102", time="0801", transaction=31, envelope=LINES
    ).decode()
    heads = [line for line in answer.splitlines() if line.startswith(("GS", "ST", "AK1", "IEA"))]
    assert heads == [
        "GS*FA*HUB*ACME*20261102*0801*9*X*004010~",
        "ST*997*0031~",
        "AK1*AN*1~",
        "ST*997*0032~",
        "AK1*AN*2~",
        "GS*FA*HUB*ACME*20261102*0801*10*X*004010VICS~",
        "ST*997*0033~",
        "AK1*AN*3~",
        "IEA*2*000000005~",
    ]


def test_the_answer_uses_the_delimiters_and_test_flag_received_unless_told_otherwise(edi: Any) -> None:
    body = edi.text(edi.interchange([edi.group([edi.transaction()])], component=">", usage="T"), "\n", "")
    [interchange] = envelopes(body.replace(b"*", b"|"))
    same = acknowledge(interchange, control=5, group=9, date="20261102", time="0801").decode()
    assert same.splitlines()[0].endswith("|0|T|>")
    told = acknowledge(
        interchange,
        control=5,
        group=9,
        date="20261102",
        time="0801",
        envelope={"test": "P", "sender": "HUB2", "delimiters": {"element": "*", "segment": "~"}},
    ).decode()
    assert told.startswith(
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{'HUB2':15}*ZZ*{'ACME':15}*261102*0801*U*00401*000000005*0*P*>~GS*FA"
    )


def test_quoted_bad_data_cannot_break_the_answer(edi: Any) -> None:
    [interchange] = envelopes(edi.simple(["BGN*00*R*20261101", "BLI*UP*A:B\x07C"]))
    answer = acknowledge(interchange, control=5, group=9, date="20261102", time="0801", envelope=LINES)
    assert b"AK4*2*234*6*A B C~" in answer
    [record] = X12Codec("x12/997-004010").decode(answer).records
    assert record.findings == ()


def test_a_set_that_the_flow_does_not_read_is_answered_as_such(edi: Any) -> None:
    body = edi.text(
        edi.interchange([edi.group([edi.transaction(["AK1*AN*5", "AK9*A*1*1*1"], set_id="997")])])
    )
    [interchange] = envelopes(body)
    assert [transaction.accepted for transaction in interchange.groups[0].transactions] == [True]
    [interchange] = envelopes(body, {"format": "x12/180-004010"})
    [transaction] = interchange.groups[0].transactions
    assert not transaction.accepted
    assert "AK502.1" in {finding.code for finding in transaction.findings}


@pytest.mark.parametrize("control", ["", "  ", "-", "\x07"])
def test_a_group_whose_number_cannot_be_told_is_not_answered(edi: Any, control: str) -> None:
    """Nobody would know what is meant; what is wrong with it is in the interchange."""
    body = edi.text(edi.interchange([edi.group([edi.transaction()], control)]))
    [received] = envelopes(body)
    assert acknowledge(received, control=1, group=1, date="20261102", time="0801") == b""
