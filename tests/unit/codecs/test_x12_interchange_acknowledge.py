"""TA1: what is said about an interchange as a whole, and what a 999 says beside a 997."""

from dataclasses import replace
from typing import Any

import pytest

from connectors.codecs.x12 import acknowledge, envelopes, groups_needed, interchange_acknowledgement

WHEN = {"date": "20261102", "time": "0801"}


def ta1(body: bytes, **more: Any) -> str:
    [interchange] = envelopes(body)
    answer = interchange_acknowledgement(interchange, control=5, **WHEN, **more).decode()
    return next((line for line in answer.split("~") if line.startswith("TA1")), answer)


def test_what_only_the_caller_knows_rejects_the_interchange(edi: Any) -> None:
    assert ta1(edi.simple()) == "TA1*000000001*261101*1200*A*000"
    assert ta1(edi.simple(), note="025") == "TA1*000000001*261101*1200*R*025"
    assert ta1(edi.simple(), note="000") == "TA1*000000001*261101*1200*A*000"
    with pytest.raises(ValueError, match="three digits, found '25'"):
        ta1(edi.simple(), note="25")


@pytest.mark.parametrize("control", ["00000000A", "         "])
def test_without_a_readable_control_number_nobody_is_answered(edi: Any, control: str) -> None:
    assert ta1(edi.text(edi.interchange([edi.group([edi.transaction()])], control))) == ""


def test_what_came_without_an_envelope_is_not_answered(edi: Any) -> None:
    [interchange] = envelopes(edi.text(edi.group([edi.transaction()])))
    assert acknowledge(interchange, control=5, group=9, **WHEN) == b""
    assert interchange_acknowledgement(interchange, control=5, **WHEN) == b""


def test_a_ta1_is_never_acknowledged(edi: Any) -> None:
    body = edi.text([edi.isa(), "TA1*000000123*261031*0900*A*000", "IEA*0*000000001"])
    assert ta1(body) == ""


def test_a_date_that_is_none_is_told_as_zeros(edi: Any) -> None:
    body = edi.simple().replace(b"*261101*1200*U", b"*26-1-1*1*U")
    assert ta1(body) == "TA1*000000001*000000*0000*E*014"


def test_a_collapsed_isa_is_accepted_with_a_note(edi: Any) -> None:
    body = edi.simple().replace(b"ACME           ", b"ACME").replace(b"000000001", b"1")
    assert ta1(body) == "TA1*000000001*261101*1200*E*022"


def test_a_cut_interchange_keeps_its_complete_transactions(edi: Any) -> None:
    body = edi.simple(edi.good, edi.good, line="")
    assert ta1(body[: body.rindex(b"*38*1")]) == "TA1*000000001*261101*1200*E*023"


def test_a_999_names_the_convention_of_what_came_in(edi: Any) -> None:
    groups = [edi.group([edi.transaction()], "1"), edi.group([edi.transaction()], "2", version="004010VICS")]
    [interchange] = envelopes(edi.text(edi.interchange(groups)))
    assert (groups_needed(interchange), groups_needed(interchange, "999")) == (2, 1)
    first = interchange.groups[0].transactions
    first[0] = replace(first[0], version="005010X999A1")
    answer = acknowledge(interchange, control=5, group=9, kind="999", **WHEN).decode().split("~")
    assert [line for line in answer if line.startswith(("AK1", "AK2"))] == [
        "AK1*AN*1*004010",
        "AK2*180*0001*005010X999A1",
        "AK1*AN*2*004010VICS",
        "AK2*180*0001",
    ]
    assert answer[0].split("*")[11:13] == ["^", "00501"]


def test_a_partner_has_its_own_version_of_the_999(edi: Any) -> None:
    [interchange] = envelopes(edi.simple())
    own = {"version": "005010X231"}
    answer = (
        acknowledge(interchange, control=5, group=9, kind="999", envelope=own, **WHEN).decode().split("~")
    )
    assert answer[1].endswith("*X*005010X231")
    assert answer[2] == "ST*999*0001*005010X231"
