"""The trading partner's books: the acknowledgements and answers that lie in its /inbox."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from sandboxes.sftp.journal import Journal, finished
from sandboxes.sftp.x12 import read


def books(root: Path, journal: Journal) -> dict[str, Any]:
    """JSON-compatible.

    `acknowledgements`: group control number → list of `{file, status, transactions}`.
    `responses`: claim → list of `{file, decision, purpose, references}`; `duplicates` are claims that
    were answered more than once. A file that was replaced under its name counts once.
    """
    acknowledgements: dict[str, list[dict[str, Any]]] = defaultdict(list)
    responses: dict[str, list[dict[str, Any]]] = defaultdict(list)
    unread: list[str] = []
    for path in _finished(root / "inbox"):
        interchanges = read(path.read_text(encoding="latin-1"))
        if not interchanges:
            unread.append(path.name)
        for interchange in interchanges:
            for one in interchange.acknowledgements:
                answer = {"file": path.name, "status": one.status, "transactions": one.transactions}
                acknowledgements[one.group].append(answer)
            for response in interchange.responses:
                told = {"file": path.name, "decision": response.decision, "purpose": response.purpose}
                responses[response.claim].append({**told, "references": response.references})
    return {
        "outbox": journal.arrivals("/outbox"),
        "inbox": journal.arrivals("/inbox"),
        "archive": sorted(path.name for path in (root / "archive").iterdir()),
        "acknowledgements": dict(acknowledgements),
        "responses": dict(responses),
        "duplicates": sorted(claim for claim, told in responses.items() if len(told) > 1),
        "unread": unread,
    }


def _finished(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.is_file() and finished(path.name)]
