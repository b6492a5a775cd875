"""What a partner's profile says about an interchange that somebody looks at, as its flows would say it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from connectors.codecs import edifact
from connectors.codecs.base import Record
from connectors.codecs.edi.answers import Kind, usual_kinds
from connectors.codecs.edi.reading import Interchange, Seen
from hub.flows.draft import one_system
from hub.flows.partner_profile import Edi
from hub.pipeline.partner import labels, missing, stranger

_STANDARDS = ("x12/", "edifact/")


class Partner(NamedTuple):
    """A partner's profile, and the options its files are read with."""

    edi: Edi
    options: Mapping[str, Any]


def partner_of(project_dir: Path, system: str) -> Partner:
    """The profile of a system: its `edi:` section, and the options of its resources in EDI formats.

    Raises:
        LookupError: There is no such system, or it has no such section.
        ValueError: Its file cannot be read.
    """
    found = one_system(project_dir, system)
    if found.edi is None:
        raise LookupError(f"mappings/{system}/system.yaml: expected an edi: section, found none")
    options = found.edi.reading()
    for resource in found.resources.values():
        if str(resource.get("format", "")).startswith(_STANDARDS):
            options |= resource.get("options") or {}
    return Partner(found.edi, {**options, "lenient": False})


def judge(seen: Seen, told: dict[str, Any], edi: Edi) -> None:
    """Add to a summary what the profile has against it: another partner, test data, missing business fields.

    An interchange that goes from us to the partner is one we wrote; nothing about it is strange.

    Args:
        seen: The interchange, with the trees of its transactions where fields are required.
        told: Its summary, which grows.
        edi: The profile.
    """
    if seen.interchange is None:
        return
    interchange = seen.interchange
    ours = (interchange.sender, interchange.receiver) == (edi.sender, edi.receiver)
    failure = None if ours else stranger(edi, labels(interchange))
    if failure is not None:
        told["status"] = "rejected"
        told["findings"] += [_finding(failure.code, error) for error in failure.errors]
    transactions = [one for group in told["groups"] for one in group["transactions"]]
    for one, tree in zip(transactions, seen.trees, strict=False):
        if tree is not None and (lacks := _missing(edi, one["set"], tree)):
            one["errors"] += lacks
            one["status"] = "rejected"
    if told["status"] != "rejected" and any(one["status"] == "rejected" for one in transactions):
        all_of_them = all(one["status"] == "rejected" for one in transactions)
        told["status"] = "rejected" if all_of_them else "partially_accepted"


def kinds_of(edi: Edi, interchange: Interchange) -> list[Kind]:
    """What the profile has an interchange answered with; the usual where it says nothing."""
    policy = edi.acks.send
    usual = usual_kinds(interchange)
    if isinstance(interchange, edifact.Interchange):
        return [] if policy.functional == "none" else ["CONTRL"]
    due = policy.ta1_due(wrong=bool(interchange.findings), requested=interchange.ack_requested)
    functional: list[Kind] = [one for one in usual if one != "TA1"]
    if policy.functional in ("997", "999"):
        functional = [policy.functional]
    elif policy.functional == "none":
        functional = []
    return ["TA1", *functional] if due else functional


def _missing(edi: Edi, set_: str, tree: Any) -> list[dict[str, Any]]:
    record = Record(index=0, tree=tree, digest="", envelope={"set": set_})
    return [
        {
            "segment": lack["path"].rpartition(".")[0].rpartition(".")[2],
            "position": None,
            "element": None,
            "component": None,
            "loop": "",
            "code": "required",
            "message": lack["message"],
            "expected": lack["path"],
            "found": "",
            "offset": None,
            "fatal": True,
        }
        for lack in missing(edi, record)
    ]


def _finding(code: str, error: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "code": code,
        "message": f"{error['message'][:1].upper()}{error['message'][1:]}.",
        "place": error.get("path", ""),
        "expected": error.get("expected", ""),
        "found": error.get("found", ""),
        "offset": None,
        "fatal": True,
    }
