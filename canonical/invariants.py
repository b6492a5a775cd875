"""What must hold for every return, whatever its facts said; re-proved on stored projections.

Partners may state the impossible, such as more received than authorized. That is no broken invariant as long
as the return carries the case that says so; without its case it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from canonical import ids, validation
from canonical.amounts import UNIT, millionths
from canonical.lines import BUCKETS
from canonical.progress import total
from canonical.status import derive
from canonical.vocabulary import CaseCode, Disposition

_ORDER: Final = (  # bucket, its limit, the case that excuses more
    ("inspected", "received", CaseCode.OVER_INSPECTED),
    ("dispositioned", "inspected", CaseCode.OVER_DISPOSITIONED),
    ("authorized", "requested", CaseCode.OVER_AUTHORIZED),
)
_FILLED: Final = (  # child list, the bucket that is its sum
    ("receipts", "received"),
    ("inspections", "inspected"),
    ("credits", "credited"),
    ("replacements", "replaced"),
    ("claims", "claimed"),
)


def invariants(return_: Mapping[str, Any]) -> list[str]:
    """Every invariant that the return breaks, with place, expected and found; empty when it is sound.

    Args:
        return_: A projection as `canonical.fold.fold` makes it, or as it was stored.
    """
    broken = [
        f"{each.path}: {each.message}, found {each.found}"
        for each in validation.violations(validation.RETURN, 1, return_)
    ]
    if broken:  # the rest reads what the schema promises
        return broken
    for place, line in enumerate(return_["lines"]):
        broken += [f"lines[{place}].{each}" for each in _line(line, return_)]
    return broken + list(_header(return_))


def _line(line: Mapping[str, Any], return_: Mapping[str, Any]) -> Iterator[str]:
    amounts = {name: millionths(line[name]) for name in BUCKETS}
    for name, limit, excuse in _ORDER:
        if amounts[name] > amounts[limit] and not _excused(return_, excuse, line):
            yield f"{name}: expected at most {limit} {line[limit]} or a case {excuse}, found {line[name]}"
    for children, name in _FILLED:
        if total(line[children]) != amounts[name]:
            yield f"{name}: expected the sum of {children}, found {line[name]}"
    yield from _dispositions(line, amounts)
    yield from _excess(line, amounts, return_)
    expected = ids.line_id(UUID(return_["return_id"]), line["line_no"])
    if line["line_id"] != expected:
        yield f"line_id: expected {expected}, found {line['line_id']}"


def _dispositions(line: Mapping[str, Any], amounts: Mapping[str, int]) -> Iterator[str]:
    missing = [each for each in line["dispositions"] if each["disposition"] == Disposition.MISSING]
    if total(missing) != amounts["missing"]:
        yield f"missing: expected the sum of missing dispositions, found {line['missing']}"
    if total(line["dispositions"]) != amounts["dispositioned"] + amounts["missing"]:
        yield f"dispositioned: expected the sum of dispositions, found {line['dispositioned']}"


def _excess(line: Mapping[str, Any], amounts: Mapping[str, int], return_: Mapping[str, Any]) -> Iterator[str]:
    """More received than expected, more credited than came back, more money than value."""
    approved = return_.get("decision", {}).get("outcome") == "approved"
    expected = "authorized" if approved else "requested"
    if amounts["received"] > amounts[expected] and not _excused(return_, CaseCode.OVER_RECEIVED, line):
        yield f"received: expected at most {line[expected]} or a case, found {line['received']}"
    basis = "received" if return_["return_required"] else expected
    if _excused(return_, CaseCode.OVER_CREDITED, line):
        return
    if amounts["credited"] > amounts[basis]:
        yield f"credited: expected at most {line[basis]} or a case, found {line['credited']}"
    if "unit_price" in line:
        value = millionths(line["unit_price"]) * amounts[basis] // UNIT + UNIT // 100
        value += millionths(line.get("tax", "0"))
        amount = _amount(line["credits"], return_)
        if amount > value:
            yield f"credits: expected at most {value} millionths of money or a case, found {amount}"


def _amount(credits_: Sequence[Mapping[str, Any]], return_: Mapping[str, Any]) -> int:
    currency = return_.get("currency")
    return sum(millionths(each["amount"]) for each in credits_ if currency in (None, each["currency"]))


def _header(return_: Mapping[str, Any]) -> Iterator[str]:
    """The header is a function of the rest."""
    for name, status in derive(return_).items():
        if return_[name] != status:
            yield f"{name}: expected {status}, found {return_[name]}"
    if return_["unmatched"] and not return_["cases"]:
        yield "unmatched: expected a case, found none"
    numbers = [line["line_no"] for line in return_["lines"]]
    if numbers != sorted(set(numbers)):
        yield f"lines: expected each number once and in order, found {numbers}"


def _excused(return_: Mapping[str, Any], code: CaseCode, line: Mapping[str, Any]) -> bool:
    return any(case["code"] == code and case.get("line_no") == line["line_no"] for case in return_["cases"])
