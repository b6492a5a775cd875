"""How notices are spread over files: ACME's in several interchanges, a file sent twice, a file cut short.

Announcements of the retailer come in one interchange per file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sandboxes import retann
from sandboxes.edi180 import Interchange

_MOST, _FEWEST = 12, 3  # transactions in an interchange
_FIRST_CONTROL = 1001
_MESSAGES = 5  # in an interchange of the retailer

Notice = Mapping[str, Any]


def files(notices: Sequence[Notice], today: date) -> list[dict[str, Any]]:
    """`{name, text, groups[{control, transactions, statuses}]}` in the order in which they are dropped.

    `transactions` maps ST02 to the claim; `statuses` are the AK901 values that are right for the group.
    """
    sent = datetime.combine(today - timedelta(days=1), time(18, 30), tzinfo=UTC)
    made: list[dict[str, Any]] = []
    control = _FIRST_CONTROL
    for number, parts in enumerate(_spread(notices), start=1):
        text, groups = "", []
        for part in parts:
            text += Interchange(control=control, sent=sent, transactions=part).text()
            groups.append(_group(control, part))
            control += 1
        made.append({"name": f"ACME_180_{today:%Y%m%d}_{number:03d}.edi", "text": text, "groups": groups})
    made[-1]["text"] = _cut(made[-1]["text"])
    resent = next(one for one in made if all(group["statuses"] == ["A"] for group in one["groups"]))
    made.insert(-1, {**resent, "name": resent["name"].replace(".edi", "_resend.edi")})
    return made


def announcements(notices: Sequence[Notice], today: date) -> list[dict[str, Any]]:
    """`{name, text, reference, claims[]}` in the order in which the retailer drops them.

    Every other file has a service string advice and line feeds, as its other branch's system writes them.
    """
    sent = datetime.combine(today - timedelta(days=1), time(19, 15), tzinfo=UTC)
    made = []
    for number, at in enumerate(range(0, len(notices), _MESSAGES), start=1):
        part, reference = notices[at : at + _MESSAGES], f"I{number:06d}"
        text = retann.Interchange(reference=reference, sent=sent, notices=part, lines=number % 2 == 1).text()
        claims = [notice["claim"] for notice in part]
        name = f"RETANN_{today:%Y%m%d}_{number:03d}.edi"
        made.append({"name": name, "text": text, "reference": reference, "claims": claims})
    return made


def _spread(notices: Sequence[Notice]) -> Iterator[list[Sequence[Notice]]]:
    """Every third file holds two interchanges; the last file holds the last notice."""
    size = min(_MOST, max(_FEWEST, len(notices) // 6))
    parts = [notices[at : at + size] for at in range(0, len(notices), size)]
    number = 0
    while parts:
        number += 1
        take = 2 if number % 3 == 0 else 1
        yield parts[:take]
        del parts[:take]


def _group(control: int, notices: Sequence[Notice]) -> dict[str, Any]:
    kinds = {notice["kind"] for notice in notices}
    statuses = ["A"]
    if "unknown_reason" in kinds:  # a code list may be checked by syntax or by business
        statuses = ["A", "E", "P", "R"] if len(notices) == 1 else ["A", "E", "P"]
    if "truncated" in kinds:
        statuses = ["E", "P", "R"]
    return {
        "control": str(control),
        "transactions": {f"{at:04d}": notice["claim"] for at, notice in enumerate(notices, start=1)},
        "statuses": statuses,
    }


def _cut(text: str) -> str:
    """End the file in the middle of the last transaction's first item."""
    item = text.index("BLI*", text.rindex("ST*180*"))
    return text[: item + len("BLI*UP*61414")]
