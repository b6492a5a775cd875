"""Files that others wrote give the facts that an independent scan of them measured (FACTS.md beside them)."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from connectors.codecs import edifact, x12
from connectors.codecs.edi.reading import Seen, interchanges
from connectors.codecs.edi.summary import summary

SAMPLES = Path(
    os.environ.get("RETURNS_HUB_SAMPLES", Path(__file__).parents[3].parent / "shared" / "samples" / "edi")
)
FACTS = SAMPLES / "FACTS.md"

pytestmark = pytest.mark.skipif(
    not FACTS.is_file(), reason="the samples of others are not beside this project"
)

# what the key calls it -> the code that an acknowledgement would carry
CODES = {
    r"UNB not closed": "UCI.13",
    r"UNZ=\S+ but": "UCI.29",
    r"UNZ ref": "UCI.28",
    r"UNT=\S+ but": "UCM.29",
    r"UNH not closed": "UCM.13",
    r"GS not closed": "AK905.3",
    r"ISA not closed": "TA105.023",
    r"GE01=\S+ but": "AK905.5",
    r"SE01=\S+ but": "AK502.4",
    r"GE02=": "AK905.4",
    r"IEA02=": "TA105.001",
}
ENVELOPE = {*CODES.values(), "AK502.2", "AK502.3", "AK905.3", "UCM.28", "UCF.13", "TA105.021"}

# Where the key is wrong, or its scan saw less than there is: what is right instead, and why.
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "conf_edifact_MissingInterchangeTrailer.txt": (
        {"messages": Counter(INVOIC=2), "segments": 85},
        (
            "the second interchange has service characters of its own, which the scan did not switch "
            "its UNA as a segment"
        ),
    ),
    "conf_edifact_MultipleInterchange.txt": (
        {"messages": Counter(INVOIC=2), "segments": 86},
        (
            "the second interchange has service characters of its own, which the scan did not switch "
            "its UNA as a segment"
        ),
    ),
    "conf_edifact_MissingGroupTrailer.txt": (
        {"codes": {"UCF.13"}},
        "UNG has no UNE: the scan did not look at groups",
    ),
    "conf_edifact_MultipleGroups.txt": (
        {"codes": {"UCI.29", "UCI.28"}},
        "UNZ counts one group where there are two",
    ),
    "edifact_CONTRL_premature_UNB_delimiter.edi": (
        {"messages": Counter(), "segments": 0, "codes": set(), "syntax": ""},
        "the UNB has no terminator, so nothing behind it can be trusted: the interchange is refused",
    ),
    "edifact_ifcsum_newlines.edi": (
        {"messages": Counter(IFCSUM=1), "segments": 29, "codes": {"UCM.29"}, "syntax": "UNOA:1"},
        "segments end with line breaks; the scan looked for apostrophes only",
    ),
    "x12_850_issue135.edi": (
        {"codes": set()},
        (
            "'~' is the component separator and stands, empty, at the end of every segment; no part of GE02 "
            "and IEA02"
        ),
    ),
    "x12_ISA16_missing_LFterm_underscore.edi": (
        {
            "messages": Counter({"204": 1}),
            "segments": 7,
            "codes": {"AK502.4", "TA105.022"},
            "delimiters": ("_", "", "\n"),
            "length": 105,
        },
        "ISA16 is missing altogether: the line break behind ISA15 is the terminator",
    ),
    "x12_space_before_terminator.edi": (
        {
            "segments": 2,
            "codes": {"TA105.023", "AK905.3"},
            "delimiters": ("*", ":", "~"),
        },
        "the blank stands before the terminator, it is none; the file ends within its GS",
    ),
    "x12_180_4010_logicbroker_lines.edi": (
        {},
        "four segments without any envelope: there is nothing to count",
    ),
    "x12_997_missing_AK1.edi": ({"codes": {"AK502.4"}}, "as measured; the key's set has no envelope"),
}


def _facts() -> dict[str, str]:
    rows = re.findall(
        r"^\| (\S+) \| (.*) \|$", FACTS.read_text("utf-8").replace("UNOA:3\nUNH", "UNOA:3 UNH"), re.MULTILINE
    )
    return dict(rows)


def _expected(facts: str) -> dict[str, Any]:
    found: dict[str, Any] = {"codes": {code for said, code in CODES.items() if re.search(said, facts)}}
    if match := re.search(r"(\d+) segments", facts):
        found["segments"] = int(match[1])
    if match := re.search(r"(?:sets|messages) ([A-Z0-9x, ]*)(?:;|$)", facts):
        found["messages"] = Counter({one[:-2]: int(one[-1]) for one in match[1].split(",") if one.strip()})
    if match := re.search(r"UNB (UNO.:\d|IATB:\d)", facts):
        found["syntax"] = match[1]
    if match := re.search(r"ISA length (\d+)", facts):
        found["length"] = int(match[1])
    if match := re.search(r"sep '(.+?)' comp '(.+?)' term '(.+?)' ISA11 '(.)' ISA12 (\d+)", facts):
        plain = {"¦": "|", "\\n": "\n", "\\r\\n": "\r\n", "\\x1d": "\x1d"}
        found["delimiters"] = (match[1], match[2], plain.get(match[3], match[3]))
        found["isa"] = (match[4], match[5])
    if groups := re.findall(r"GS01=(\S+) GS08=(\S+?);", facts):
        found["groups"] = [(kind, version.rstrip("~")) for kind, version in groups]
    return found


def _found(seen: list[Seen], wanted: dict[str, Any]) -> dict[str, Any]:
    told = [summary(one) for one in seen]
    first = seen[0].interchange
    groups = [group for one in told for group in one["groups"]]
    members = [one for group in groups for one in group["transactions"]]
    errors = [error["code"] for one in members for error in one["errors"]]
    findings = [finding["code"] for one in told for finding in one["findings"]]
    found: dict[str, Any] = {
        "segments": sum(one["segments"] for one in told),
        "messages": Counter(one["set"] for one in members),
        "codes": {*errors, *findings} & (ENVELOPE | wanted["codes"]),
        "syntax": told[0]["version"],
        "delimiters": tuple(told[0]["delimiters"].get(name) for name in ("element", "component", "segment")),
        "groups": [(group["id"], group["version"]) for group in groups if group["explicit"]],
        "length": 106,
    }
    if isinstance(first, x12.Interchange):
        found["isa"] = (first.standards, first.version)
        lengths = [one.found for one in first.findings if one.place == "ISA"]
        found["length"] = int(lengths[0]) if lengths else 106
    return {name: found[name] for name in wanted}


@pytest.mark.parametrize("name", sorted(_facts()) if FACTS.is_file() else [])
def test_a_file_of_others_gives_its_facts(name: str) -> None:
    facts = _facts()[name]
    wanted = _expected(facts) | WRONG.get(name, ({}, ""))[0]
    seen = list(interchanges((SAMPLES / name).read_bytes()))
    assert _found(seen, wanted) == wanted
    first = seen[0].interchange
    if "no ISA" in facts:
        assert any(
            "no ISA" in one["message"] or "an ISA" in one["message"] for one in summary(seen[0])["findings"]
        )
    if "no UNA" not in facts and "UNA" in facts and isinstance(first, edifact.Interchange):
        signs = re.search(r"""UNA (['"])(.{6})\1""", facts.replace("¦", "|"))
        assert signs is not None
        assert [first.service.component, first.service.release, first.service.segment] == [
            signs[2][at].encode() for at in (0, 3, 5)
        ]


def test_every_correction_of_the_key_is_about_a_file_in_it() -> None:
    assert set(WRONG) <= set(_facts())
