"""A trading partner's books: what lies in its /inbox, and what it has told itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandboxes.sftp import edifact, x12
from sandboxes.sftp.documents import Credit, Receipt
from sandboxes.sftp.journal import Journal, finished

Told = dict[str, list[dict[str, Any]]]
"""The number something is about → how often and in which files it was told."""


@dataclass(slots=True)
class _Inbox:
    """What a partner was told, by number."""

    acknowledgements: Told = field(default_factory=lambda: defaultdict(list))
    responses: Told = field(default_factory=lambda: defaultdict(list))
    credits: Told = field(default_factory=lambda: defaultdict(list))
    receipts: Told = field(default_factory=lambda: defaultdict(list))
    instructions: Told = field(default_factory=lambda: defaultdict(list))
    advices: Told = field(default_factory=lambda: defaultdict(list))
    unread: list[str] = field(default_factory=list)

    def enter(self, file: str, text: str) -> bool:
        """Enter a file; False when it holds no interchange."""
        if _is_edifact(text):
            messages = edifact.read(text)
            for one in messages:
                self.add_edifact(file, one)
            return bool(messages)
        interchanges = x12.read(text)
        for each in interchanges:
            self.add_x12(file, each)
        return bool(interchanges)

    def add_x12(self, file: str, interchange: x12.Interchange) -> None:
        """Enter what an interchange says."""
        for one in interchange.acknowledgements:
            answer = {"file": file, "status": one.status, "transactions": one.transactions}
            self.acknowledgements[one.group].append(answer)
        for response in interchange.responses:
            told = {"file": file, "decision": response.decision, "purpose": response.purpose}
            self.responses[response.claim].append({**told, "references": response.references})
        for advice in interchange.advices:
            self.advices[advice.claim].append({"file": file, "verdict": advice.verdict})
        self._add(file, interchange.credits, interchange.receipts)

    def add_edifact(self, file: str, interchange: edifact.Interchange) -> None:
        """Enter what an interchange says."""
        for reference, action in interchange.acknowledgements.items():
            self.acknowledgements[reference].append({"file": file, "status": action, "transactions": {}})
        for one in interchange.instructions:
            told = {"file": file, "number": one.number, "decisions": sorted(one.decisions)}
            self.instructions[one.announcement].append(told)
        self._add(file, interchange.credits, interchange.receipts)

    def _add(self, file: str, credits_: list[Credit], receipts: list[Receipt]) -> None:
        for credit in credits_:
            self.credits[credit.number].append({"file": file, "amount": f"{credit.amount:f}"})
        for receipt in receipts:
            self.receipts[receipt.number].append({"file": file, "pieces": f"{receipt.pieces:f}"})


def books(root: Path, journal: Journal) -> dict[str, Any]:
    """JSON-compatible; amounts and quantities are decimal text.

    `acknowledgements`: control number of a group (997), reference of an interchange (CONTRL) → list of
    `{file, status, transactions}`. `advices`: claim → list of `{file, verdict}`.
    `responses`: claim → list of `{file, decision, purpose, references}`; `duplicates` are claims that
    were answered more than once. `credits`: credit memo → list of `{file, amount}`; `receipts`: receipt →
    list of `{file, pieces}`; `instructions`: announcement → list of `{file, number, decisions}`.
    `shipments`: RMA number → how often the partner has told of its parcel; `waiting`: files of its /outbox
    that nobody has taken. A file that was replaced under its name counts once.
    """
    inbox = _Inbox()
    for path in _finished(root / "inbox"):
        text = path.read_text(encoding="latin-1")
        if not inbox.enter(path.name, text):
            inbox.unread.append(path.name)
    return {
        "outbox": journal.arrivals("/outbox"),
        "inbox": journal.arrivals("/inbox"),
        "archive": sorted(path.name for path in (root / "archive").iterdir()),
        "waiting": [path.name for path in _finished(root / "outbox")],
        "acknowledgements": dict(inbox.acknowledgements),
        "responses": dict(inbox.responses),
        "credits": dict(inbox.credits),
        "receipts": dict(inbox.receipts),
        "instructions": dict(inbox.instructions),
        "advices": dict(inbox.advices),
        "shipments": _shipments(root),
        "duplicates": sorted(claim for claim, told in inbox.responses.items() if len(told) > 1),
        "unread": inbox.unread,
    }


def _shipments(root: Path) -> dict[str, int]:
    told: dict[str, int] = defaultdict(int)
    for folder in ("outbox", "archive"):
        for path in _finished(root / folder):
            for rma in _told(path.read_text(encoding="latin-1")):
                told[rma] += 1
    return dict(told)


def _told(text: str) -> Iterator[str]:
    for interchange in edifact.read(text) if _is_edifact(text) else x12.read(text):
        yield from interchange.shipments


def _is_edifact(text: str) -> bool:
    return text.startswith(("UNA", "UNB"))


def _finished(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.is_file() and finished(path.name)]
