"""Compares the books of partners that exchange files with the truth and with the other partners' books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandboxes import carriers
from sandboxes.findings import Audit
from sandboxes.scenario import Scenario

Books = Mapping[str, Any]
_GOOD = {"997": {"A"}, "CONTRL": {"7", "8"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a partner is to be told of: receipt → pieces, credit memo → amount."""

    receipts: Mapping[str, str]
    credits: Mapping[str, str]


def acme(found: Audit, story: Scenario, books: Books) -> None:
    """ACME got one 997 per group with the right status, one 180 answer or 824 per claim where one was due."""
    groups = {group["control"]: group for file in story["files"] for group in file["groups"]}
    answered = books["acknowledgements"]
    for control, group in groups.items():
        statuses = {answer["status"] for answer in answered.get(control, [])}
        if not statuses:
            found.missing.append(f"ACME 997 for group {control}")
        elif not statuses <= set(group["statuses"]):
            expected = "/".join(group["statuses"])
            found.unexpected.append(
                f"ACME 997 for group {control}: expected {expected}, found {sorted(statuses)}"
            )
    found.unexpected += [
        f"ACME 997 for unknown group {control}" for control in answered if control not in groups
    ]
    responses = dict(books["responses"])
    for one in story["returns"]:
        if one["channel"] == "acme":
            _response(found, one, responses.pop(one["id"], []))
            advices = books["advices"].get(one["id"], [])
            found.expect(f"ACME 824 for {one['id']}", int(one["why"] == "unknown_reason"), len(advices))
    found.unexpected += [f"ACME 180 response for unknown claim {claim}" for claim in responses]
    found.unexpected += [f"ACME file {name}: not readable as X12" for name in books["unread"]]
    found.counts |= {"acks": len(answered), "responses": len(books["responses"])}


def _response(found: Audit, one: Mapping[str, Any], told: list[dict[str, Any]]) -> None:
    found.expect(f"ACME 180 responses for {one['id']}", 1 if one["response"] else 0, len(told))
    for response in told:
        if one["response"] and response["decision"] != one["response"]:
            found.unexpected.append(
                f"ACME 180 response for {one['id']}: expected {one['response']}, found {response['decision']}"
            )


def told(found: Audit, who: str, due: Due, books: Books) -> None:
    """A partner was told of each receipt (861, RECADV) and credit (812, INVOIC) once, and rightly."""
    _each_once(found, f"{who} receiving advice", due.receipts, books["receipts"], "pieces")
    _each_once(found, f"{who} credit note", due.credits, books["credits"], "amount")
    for name in ("receipts", "credits"):
        known = f"{name}_told"
        found.counts[known] = found.counts.get(known, 0) + len(books[name])


def _each_once(found: Audit, what: str, due: Mapping[str, str], heard: Books, unit: str) -> None:
    for number, amount in due.items():
        answers = heard.get(number, [])
        found.expect(f"{what} {number}", 1, len(answers))
        for answer in answers:
            if Decimal(answer[unit]) != Decimal(amount):
                found.unexpected.append(f"{what} {number}: expected {amount} {unit}, found {answer[unit]}")
    found.unexpected += [f"{what} {number}, which nobody knows" for number in heard if number not in due]


def retailer(found: Audit, story: Scenario, books: Books) -> None:
    """The retailer got one RETINS per announcement that was decided, and all its files were taken."""
    instructions = dict(books["instructions"])
    for one in story["returns"]:
        if one["channel"] == "retail":
            _instruction(found, one, instructions.pop(one["id"], []))
    found.unexpected += [f"retailer RETINS for unknown announcement {number}" for number in instructions]
    found.unexpected += [f"retailer file {name}: not readable as EDIFACT" for name in books["unread"]]
    for file in story["announcements"]:
        _accepted(found, "retailer", "CONTRL", file["reference"], books)
    _taken(found, "retailer", books)
    found.counts["instructions"] = len(books["instructions"])


def _instruction(found: Audit, one: Mapping[str, Any], told: list[dict[str, Any]]) -> None:
    found.expect(f"retailer RETINS for {one['id']}", 1 if one["instruction"] else 0, len(told))
    for instruction in told:
        if one["instruction"] and instruction["decisions"] != [one["instruction"]]:
            found.unexpected.append(
                f"retailer RETINS for {one['id']}: expected {one['instruction']}, "
                f"found {', '.join(instruction['decisions'])}"
            )


def carrier(found: Audit, tracked: Mapping[str, str], books: Books) -> None:
    """The carrier has told of every parcel, got a 997 per group of 214s, and all its files were taken."""
    found.missing += [
        f"carrier {kind} for RMA {rma}" for rma, kind in tracked.items() if rma not in books["shipments"]
    ]
    for kind, answer in (("214", "997"), ("IFTSTA", "CONTRL")):
        for number in carriers.ANSWERED[kind] if kind in tracked.values() else ():
            _accepted(found, "carrier", answer, number, books)
    _taken(found, "carrier", books)
    found.counts["parcels"] = len(books["shipments"])


def _accepted(found: Audit, who: str, kind: str, number: str, books: Books) -> None:
    """One acknowledgement that says nothing was wrong."""
    answers = books["acknowledgements"].get(number, [])
    found.expect(f"{who} {kind} for {number}", 1, len(answers))
    found.unexpected += [
        f"{who} {kind} for {number}: expected {'/'.join(sorted(_GOOD[kind]))}, found {answer['status']}"
        for answer in answers
        if answer["status"] not in _GOOD[kind]
    ]


def _taken(found: Audit, who: str, books: Books) -> None:
    found.missing += [f"{who} file {name}: nobody has taken it" for name in books["waiting"]]
