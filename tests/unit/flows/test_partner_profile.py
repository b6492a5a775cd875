"""The partner profile: strict, and held against the system, the flows, the guides and the code tables."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.codecs.registry import codec
from hub.flows.check import check
from hub.flows.partner_profile import Edi
from hub.settings import PROJECT_DIR

PROFILE = {"sender": "RETURNSHUB", "receiver": "ACME"}


@pytest.fixture
def problems(tmp_path: Path) -> Any:
    """Check the project with another profile, flow or operations; the problems as texts."""
    for name in ("mappings", "policies", "dags"):
        shutil.copytree(PROJECT_DIR / name, tmp_path / name)

    def found(
        edi: dict[str, Any] | None = None, flow: dict[str, Any] | None = None, **system: Any
    ) -> list[str]:
        for file, change in (
            ("mappings/acme_edi/system.yaml", {"edi": {**PROFILE, **(edi or {})}, **system}),
            ("dags/flows/acme_returns_in.yaml", flow or {}),
        ):
            path = tmp_path / file
            written = yaml.safe_load(path.read_text(encoding="utf-8"))
            merged = {**written, **change}
            for name in ("operations", "resources"):
                if name in change:
                    merged[name] = {**written[name], **change[name]}
            path.write_text(yaml.safe_dump(merged), encoding="utf-8")
        return [f"{problem.line}: {problem.message}" for problem in check(tmp_path)]

    return found


@pytest.mark.parametrize(
    ("edi", "message"),
    [
        ({"sendr": "X"}, "edi.sendr: expected a known key, found 'sendr'"),
        ({"acks": {"send": {"ta1": "always"}}}, "edi.acks.send.ta1: expected a known key, found 'ta1'"),
        ({"usage": "X"}, "edi.usage: Input should be 'P' or 'T', found 'X'"),
        (
            {"delimiters": {"element": "*", "component": "*"}},
            "expected delimiters that differ from each other, found element '*', component '*'",
        ),
        (
            {"delimiters": {"segment": "ab"}},
            "edi.delimiters: segment: expected one sign that is no letter, digit or blank, found 'ab'",
        ),
        ({"delimiters": {"decimal": ";"}}, "edi.delimiters: decimal: expected a point or a comma, found ';'"),
        (
            {"required": {"180": ["BGN02"]}},
            "edi.required: 180: expected segments and an element such as BGN.02 or LM.LQ.02, found 'BGN02'",
        ),
        (
            {"acks": {"expect": {"functional": False}}},
            "edi: acks.expect: expected within: beside functional: false, found none",
        ),
        (
            {"acks": {"expect": {"within": "4h"}}},
            "edi.acks.expect.within: expected a duration such as 15 seconds or 2 hours, found '4h'",
        ),
        (
            {"standard": "edifact"},
            "format: the profile's standard is edifact, found 'x12/180-004010'",
        ),
        (
            {"required": {"214": ["B10.01"]}},
            "edi.required: expected a set or message of this system (180, 812, 824, 861, 997), found '214'",
        ),
        (
            {"required": {"180": ["BGN.02", "BLI.QTX.01"]}},
            "edi.required: 180 has no BLI.QTX.01: there is no 'QTX', did you mean 'QTY'?",
        ),
        ({"required": {"180": ["BGN.99"]}}, "edi.required: 180 has no BGN.99: there is no '99'"),
        (
            {"reasons": "edifact"},
            "map: acme.return_notice@1 looks reasons up in column x12, the profile says edifact",
        ),
        (
            {"reasons": "x13"},
            "edi.reasons: expected a column of codes/return_reason.csv",
        ),
        (
            {"acks": {"send": {"interchange": "always"}}},
            "edi.acks.send.interchange: expected an operation upload_ta1, found none",
        ),
        (
            {"acks": {"send": {"functional": "999"}}},
            "edi.acks.send.functional: expected an operation upload_999, found none",
        ),
        (
            {"acks": {"send": {"functional": "none"}}},
            "acknowledge: the profile of acme_edi says none, found 997",
        ),
    ],
)
def test_a_profile_that_contradicts_something_is_told_where(
    problems: Any, edi: dict[str, Any], message: str
) -> None:
    assert any(message in one for one in problems(edi)), problems(edi)


@pytest.mark.parametrize(
    ("flow", "message"),
    [
        ({"acknowledge": "CONTRL"}, "acknowledge: CONTRL answers edifact, but acme_returns_in reads x12"),
        ({"reject": {"answer": "APERAK"}}, "reject.answer: APERAK answers edifact"),
        ({"acknowledge": "999"}, "expected a known operation of acme_edi"),
        ({"reject": {"answer": "997"}}, "reject.answer: Input should be '824' or 'APERAK'"),
        ({"acknowledgements": True}, "expected nothing of map, enrich, reject beside acknowledgements: true"),
        ({"map": ""}, "map: "),
        ({"entity": ""}, "entity: "),
    ],
)
def test_a_flow_that_answers_what_nobody_reads_is_told_where(
    problems: Any, flow: dict[str, Any], message: str
) -> None:
    assert any(message in one for one in problems(flow=flow)), problems(flow=flow)


def test_what_was_sent_back_must_not_be_found_as_what_is_sent_instead(problems: Any) -> None:
    upload = {"folder": "/inbox", "name": "856_{key}.edi", "repeat": "lookup", "format": "x12/856-004010"}
    operations = {"upload_856": upload}
    assert not any("sent back" in one for one in problems({}, operations=operations))
    told = problems({"acks": {"expect": {"within": "4 hours"}}}, operations=operations)
    assert any("operations.upload_856: expected repeat other than lookup" in one for one in told), told


def test_everything_a_profile_can_say_is_accepted_together(problems: Any) -> None:
    upload = {"folder": "/inbox", "name": "ta1_{key}.edi", "repeat": "replace", "format": "x12/997-004010"}
    edi = {
        "standard": "x12",
        "sender_qualifier": "ZZ",
        "receiver_qualifier": "ZZ",
        "version": "004010VICS",
        "versions": ["004030"],
        "functional": ["AN", "ME"],
        "delimiters": {"element": "*", "component": ">", "segment": "~", "line_end": "\n"},
        "charset": "latin-1",
        "usage": "P",
        "tolerate": ["LIN", "REF"],
        "required": {"180": ["BGN.02", "BLI.03", "BLI.QTY.02", "LM.LQ.02"]},
        "reasons": "x12",
        "acks": {
            "send": {"interchange": "errors", "functional": "997"},
            "expect": {"within": "4 hours", "functional": True},
        },
        "control": {"window": "365 days", "sequence": "warn", "groups": "reject"},
    }
    assert problems(edi, operations={"upload_ta1": upload}) == []


def test_what_is_read_and_written_by_a_profile_is_what_codecs_take() -> None:
    edi = Edi.model_validate(
        {
            **PROFILE,
            "tolerate": "LIN",
            "usage": "T",
            "charset": "latin-1",
            "delimiters": {"segment": "'", "replacement": " "},
            "acks": {"expect": {"within": "4 hours"}},
        }
    )
    assert edi.reading() == {"tolerate": ["LIN"], "charset": "latin-1"}
    assert edi.writing() == {
        **PROFILE,
        "test": "T",
        "charset": "latin-1",
        "delimiters": {"segment": "'", "replacement": " "},
    }
    numbers = {"control": 1, "group": 1, "date": "20261101", "time": "0830"}
    body = codec("x12/180-004010").encode(
        {"BGN": {"01": "00", "02": "1", "03": "20261101"}}, {**edi.writing(), **numbers}
    )
    assert b"*T*:'" in body
