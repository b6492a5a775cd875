"""The four derived statuses of a return: functions of its header facts and its lines, and of nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from canonical.progress import Progress, progress
from canonical.vocabulary import (
    CaseCode,
    ClaimStatus,
    EndingReason,
    FinancialStatus,
    LogisticsStatus,
    Outcome,
    ShipmentStatus,
    Status,
)

_MOVING: Final = frozenset(ShipmentStatus) - {ShipmentStatus.LABEL_CREATED}
_OPEN_CLAIMS: Final = (ClaimStatus.OPENED, ClaimStatus.SUBMITTED, ClaimStatus.ACCEPTED)


def derive(return_: Mapping[str, Any]) -> dict[str, str]:
    """The statuses of a return tree that has everything else: header, lines, shipments, claims, cases."""
    outcome = return_["decision"]["outcome"] if "decision" in return_ else None
    expected = "authorized" if outcome == Outcome.APPROVED else "requested"
    required = return_["return_required"]
    lines = []
    if not required or _touched(return_):  # else every number is nought, and intake is in a hurry
        lines = [progress(line, expected, return_required=required) for line in return_["lines"]]
    return {
        "status": _status(return_, outcome, lines).value,
        "logistics_status": _logistics(return_, outcome, lines).value,
        "financial_status": _financial(return_, outcome, lines).value,
        "claim_status": _claims(return_["claims"]).value,
    }


def _touched(return_: Mapping[str, Any]) -> bool:
    """Whether goods came, or anything was decided or given for them."""
    if "first_received_at" in return_:
        return True
    return any(line["dispositions"] or line["credits"] or line["replacements"] for line in return_["lines"])


def _status(return_: Mapping[str, Any], outcome: str | None, lines: Sequence[Progress]) -> Status:
    if "ending" in return_:
        return _ended(return_["ending"])
    if "origin" not in return_:
        return Status.UNMATCHED_RECEIPT
    if any(line.received for line in lines):
        return _stage(lines)
    if outcome == Outcome.APPROVED or (outcome is None and "rma_number" in return_):
        return _under_way(return_, lines)
    return {
        Outcome.REJECTED.value: Status.REJECTED,
        Outcome.NEEDS_REVIEW.value: Status.PENDING_REVIEW,
    }.get(outcome or "", Status.REQUESTED)


def _ended(ending: Mapping[str, Any]) -> Status:
    if ending["state"] == "cancelled":
        return Status.CANCELLED
    return Status.EXPIRED if ending["reason"] == EndingReason.EXPIRED else Status.CLOSED


def _under_way(return_: Mapping[str, Any], lines: Sequence[Progress]) -> Status:
    if not return_["return_required"]:
        settled = any(line.due for line in lines) and all(line.settled >= line.due for line in lines)
        return Status.SETTLED if settled else Status.RETURNLESS
    moving = any(shipment["status"] in _MOVING for shipment in return_["shipments"])
    return Status.IN_TRANSIT if moving else Status.AUTHORIZED


def _stage(lines: Sequence[Progress]) -> Status:
    """Of goods that have arrived: the first step that is not done for all of them."""
    if any(line.disputed for line in lines):
        return Status.DISPUTED
    if any(line.inspected < line.received for line in lines):
        return Status.RECEIVED
    if any(line.dispositioned < line.received for line in lines):
        return Status.INSPECTED
    if all(_settled(line) for line in lines):
        return Status.SETTLED
    return Status.DISPOSITIONED


def _settled(line: Progress) -> bool:
    return line.moved >= line.to_move and line.settled >= line.due and line.received >= line.expected


def _logistics(return_: Mapping[str, Any], outcome: str | None, lines: Sequence[Progress]) -> LogisticsStatus:
    if "first_received_at" in return_:
        whole = all(line.received >= line.expected for line in lines)  # also when there are none
        return LogisticsStatus.RECEIVED if whole else LogisticsStatus.PARTIALLY_RECEIVED
    if not return_["return_required"]:
        return LogisticsStatus.NOT_REQUIRED
    if return_["shipments"]:
        return _transport({shipment["status"] for shipment in return_["shipments"]})
    if "ending" not in return_ and (outcome == Outcome.APPROVED or "rma_number" in return_):
        return LogisticsStatus.EXPECTED
    return LogisticsStatus.NONE


def _transport(states: set[str]) -> LogisticsStatus:
    if ShipmentStatus.EXCEPTION in states:
        return LogisticsStatus.EXCEPTION
    if states == {ShipmentStatus.DELIVERED}:
        return LogisticsStatus.DELIVERED
    if states == {ShipmentStatus.LABEL_CREATED}:
        return LogisticsStatus.LABEL_CREATED
    return LogisticsStatus.IN_TRANSIT


def _financial(return_: Mapping[str, Any], outcome: str | None, lines: Sequence[Progress]) -> FinancialStatus:
    if any(case["code"] == CaseCode.OVER_CREDITED for case in return_["cases"]):
        return FinancialStatus.OVER_CREDITED
    credited = any(line["credits"] for line in return_["lines"])
    given = FinancialStatus.CREDITED if credited else FinancialStatus.REPLACED
    some = any(line.settled for line in lines)
    if any(line.due for line in lines):
        if all(line.settled >= line.due for line in lines):
            return given
        return FinancialStatus.PARTIALLY_CREDITED if some else FinancialStatus.DUE
    if some:
        return given
    decided = outcome == Outcome.REJECTED or any(line["dispositions"] for line in return_["lines"])
    return FinancialStatus.NOT_DUE if decided else FinancialStatus.NONE


def _claims(claims: Sequence[Mapping[str, Any]]) -> ClaimStatus:
    """The claim that is furthest behind; of closed ones credited, when one of them was."""
    states = {claim["status"] for claim in claims}
    for status in (*_OPEN_CLAIMS, ClaimStatus.CREDITED, ClaimStatus.DENIED):
        if status in states:
            return status
    return ClaimStatus.NONE
