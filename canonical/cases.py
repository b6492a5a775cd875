"""Exception cases: what is odd about a return, derived anew by every fold."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from canonical.vocabulary import CaseCode

_LONGEST = 2000


class Cases:
    """Collects cases, one per code, fact and line."""

    __slots__ = ("_seen", "found")

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self._seen: set[tuple[str, str, int]] = set()

    def open(
        self, code: CaseCode, message: str, fact_id: UUID | str | None = None, line_no: int | None = None
    ) -> None:
        """Open a case, unless the same fact has already opened it on the same line.

        Args:
            code: What kind of case.
            message: Expected and found, for people.
            fact_id: The fact that shows it; None when what shows it is that a fact is absent.
            line_no: The line of the return it is about, when it is about one.
        """
        key = (code, str(fact_id), line_no or 0)
        if key in self._seen:
            return
        self._seen.add(key)
        case: dict[str, Any] = {"code": code.value, "message": message[:_LONGEST]}
        if fact_id is not None:
            case["fact_id"] = str(fact_id)
        if line_no is not None:
            case["line_no"] = line_no
        self.found.append(case)

    def has(self, code: CaseCode) -> bool:
        """Whether a case of this kind is open."""
        return any(case["code"] == code for case in self.found)
