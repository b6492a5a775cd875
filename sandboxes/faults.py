"""A plan of misbehaviour: which request of a sandbox goes wrong, and how. Counted, never random.

A rule in JSON, as `POST /_sandbox/faults` takes it:

    {"match": "POST /sap/opu/odata/sap/API_CUSTOMER_RETURN_SRV", "nth": [3, 40], "action": "commit_then_drop"}
    {"match": "GET /api/v1/receipts", "every": 10, "times": 5, "action": "status", "status": 429,
     "retry_after": 1}

`match` is a method (`*` for any) and the beginning of a path. A rule counts the requests it matches
from 1 and fires on the `nth` of them (a number or a list) or on `every` n-th, at most `times` times;
without both it fires on each. Every rule counts each request; the first in the list that fires wins.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What happens to the request."""

    STATUS = "status"  # not executed; answered with `status`, and Retry-After when `retry_after` is given
    DROP = "drop"  # not executed; the connection is closed without an answer
    COMMIT_THEN_DROP = "commit_then_drop"  # executed; the connection is closed without an answer
    ERROR_AFTER_COMMIT = "500_after_commit"  # executed; answered with 500
    DELAY = "delay"  # executed after `seconds`


class FaultError(ValueError):
    """A rule that cannot be understood; the message names the rule, the field and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the plan; see the module for the meaning of the fields."""

    match: str
    action: Action
    nth: tuple[int, ...] = ()
    every: int = 0
    times: int = 0
    status: int = 503
    retry_after: int | None = None
    seconds: float = 0.0

    def matches(self, method: str, path: str) -> bool:
        """Whether the request is one this rule counts."""
        wanted, _, prefix = self.match.partition(" ")
        return wanted in ("*", method) and path.startswith(prefix)

    def fires(self, count: int, fired: int) -> bool:
        """Whether the `count`-th matching request goes wrong, when `fired` did so before."""
        if self.times and fired >= self.times:
            return False
        if self.nth:
            return count in self.nth
        return count % self.every == 0 if self.every else True


def rule(raw: Mapping[str, Any], place: str = "rule") -> Rule:
    """Read one rule from JSON; `place` is named in errors."""
    known = set(Rule.__dataclass_fields__)
    if unknown := sorted(set(raw) - known):
        raise FaultError(f"{place}: unknown field {unknown[0]!r}, expected one of {', '.join(sorted(known))}")
    if " /" not in str(raw.get("match", "")):
        expected = 'method and path such as "POST /api"'
        raise FaultError(f"{place}.match: expected {expected}, found {raw.get('match')!r}")
    if raw.get("action") not in list(Action):
        expected = ", ".join(Action)
        raise FaultError(f"{place}.action: expected one of {expected}, found {raw.get('action')!r}")
    nth = raw.get("nth", ())
    return Rule(
        **{**raw, "action": Action(raw["action"]), "nth": (nth,) if isinstance(nth, int) else tuple(nth)}
    )


@dataclass(slots=True)
class _Count:
    seen: int = 0
    fired: int = 0


@dataclass(slots=True)
class FaultPlan:
    """The rules in force and what they have done so far. Thread-safe."""

    rules: list[Rule] = field(default_factory=list)
    _counts: list[_Count] = field(default_factory=list)
    _fired: list[dict[str, Any]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def load(self, raw: Sequence[Mapping[str, Any]]) -> None:
        """Put new rules in force; counting starts anew."""
        rules = [rule(one, f"rules[{position}]") for position, one in enumerate(raw)]
        with self._lock:
            self.rules = rules
            self._counts = [_Count() for _ in rules]

    def next(self, method: str, path: str) -> Rule | None:
        """Count the request and return the rule that it falls to, or None when it goes well."""
        with self._lock:
            chosen: Rule | None = None
            for one, count in zip(self.rules, self._counts, strict=True):
                if not one.matches(method, path):
                    continue
                count.seen += 1
                if chosen is None and one.fires(count.seen, count.fired):
                    count.fired += 1
                    chosen = one
                    self._fired.append({"action": one.action, "request": f"{method} {path}"})
            return chosen

    def report(self) -> dict[str, Any]:
        """The rules in force and every fault that has happened since the start."""
        with self._lock:
            return {"rules": [asdict(one) for one in self.rules], "fired": list(self._fired)}
