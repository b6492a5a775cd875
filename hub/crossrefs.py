"""Cross references: whose number is whose. A partner's customer 4711 is our C100 is the ERP's 10001.

Rows are kept in the database, because people add them while the hub runs. `change` writes them,
`CrossReferences` gives them to mappings: as read-only mappings of code to code which `refresh` brings up to
date, so that a mapping itself never asks a database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, TypeAlias, TypeVar, overload

from hub.store.database import Connection, columns, rows

OURS = "canonical"
"""Our own side, as code tables call it."""

_Other = TypeVar("_Other")

Query: TypeAlias = Callable[[str, Mapping[str, Any]], Sequence[Mapping[str, Any]]]
"""Runs a named statement: `Database.rows`, or `rows` on a connection."""


@dataclass(frozen=True, slots=True)
class Row:
    """One system's code for what we call `ours`; `sent` marks the one of several that we send."""

    system: str
    code: str
    ours: str
    sent: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Put:
    """A row as somebody wants it; `sent` None: sent when no other code of the same is; `note` None: kept."""

    system: str
    code: str
    ours: str
    sent: bool | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a change did to one code; `before` is None for a new row, `after` for a removed one."""

    before: Row | None
    after: Row | None

    @property
    def row(self) -> Row:
        """The row as it is, or as it was last."""
        row = self.after or self.before
        if row is None:
            raise ValueError("a change has a row before or after it")
        return row


def merged(current: Iterable[Row], puts: Sequence[Put], removed: Collection[tuple[str, str]]) -> list[Row]:
    """The rows of a reference after a change.

    Of the codes that a system has for one of ours at most one is sent. When that one goes away, the first of
    those that are left takes its place.

    Args:
        current: All rows of the reference.
        puts: Rows to add or change; of two with the same system and code the last counts.
        removed: System and code of rows to take out.
    """
    table = _Table(current)
    for key in removed:
        table.remove(key)
    for put in puts:
        table.put(put)
    return table.rows()


class _Table:
    """Rows by system and code; which code is sent, by system and ours."""

    def __init__(self, current: Iterable[Row]) -> None:
        self._rows = {(row.system, row.code): row for row in current}
        self._sent = {(row.system, row.ours): row.code for row in self._rows.values() if row.sent}
        self._left: set[tuple[str, str]] = set()

    def remove(self, key: tuple[str, str]) -> None:
        row = self._rows.pop(key, None)
        if row is not None and self._sent.get((row.system, row.ours)) == row.code:
            del self._sent[row.system, row.ours]
            self._left.add((row.system, row.ours))

    def put(self, put: Put) -> None:
        key, group = (put.system, put.code), (put.system, put.ours)
        before = self._rows.get(key)
        if before is not None and before.ours != put.ours:
            self.remove(key)
        note = put.note if put.note is not None else before.note if before is not None else ""
        self._rows[key] = Row(put.system, put.code, put.ours, note=note)
        if put.sent or (put.sent is None and group not in self._sent):
            self._sent[group] = put.code
        elif put.sent is False and self._sent.get(group) == put.code:
            del self._sent[group]

    def rows(self) -> list[Row]:
        if self._left:
            for row in sorted(self._rows.values(), key=lambda row: row.code):
                if (row.system, row.ours) in self._left:
                    self._sent.setdefault((row.system, row.ours), row.code)
        found = self._rows.values()
        return [replace(row, sent=self._sent.get((row.system, row.ours)) == row.code) for row in found]


def change(
    tx: Connection,
    reference: str,
    *,
    puts: Sequence[Put] = (),
    removed: Collection[tuple[str, str]] = (),
    actor: str,
) -> list[Change]:
    """Change a reference; the caller writes the audit log in the same transaction.

    Returns:
        What changed, row by row; a mark of being sent that moved is a change, too.
    """
    rows(tx, "bump_cross_reference", {"reference": reference})
    before = {(row.system, row.code): row for row in read(tx, reference)}
    after = {(row.system, row.code): row for row in merged(before.values(), puts, removed)}
    changes = [
        Change(before.get(key), after.get(key))
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]
    kept = [one.after for one in changes if one.after]
    gone = [one.before for one in changes if one.before and not one.after]
    _write(tx, "unsend_cross_references", reference, kept)
    _write(tx, "remove_cross_references", reference, gone)
    _write(tx, "put_cross_references", reference, kept, actor)
    return changes


def read(tx: Connection, reference: str) -> list[Row]:
    """All rows of a reference, by our number and system, what is sent first."""
    found = rows(tx, "cross_reference_rows", {"reference": reference})
    return [_row(one) for one in found]


def direction(table: Iterable[Row], column: str, target: str) -> dict[str, str]:
    """The entries of one direction through a reference: from a system or `canonical` to another.

    Rows without a counterpart are left out.
    """
    held = list(table)
    sent = {row.ours: row.code for row in held if row.system == target and row.sent}
    if column == OURS:
        return sent
    known = {row.code: row.ours for row in held if row.system == column}
    if target == OURS:
        return known
    return {code: sent[ours] for code, ours in known.items() if ours in sent}


class CrossReferences:
    """The cross references that a catalog's mappings use, as of the last `refresh`; safe between threads."""

    def __init__(self) -> None:
        self._views: dict[tuple[str, str, str], _View] = {}
        self._versions: dict[str, int] = {}
        self._lock = Lock()

    def entries(self, reference: str, column: str, target: str) -> Mapping[str, str]:
        """One direction through a reference; empty until the first `refresh`, up to date after each."""
        with self._lock:
            self._versions.pop(reference, None)
            return self._views.setdefault((reference, column, target), _View())

    def refresh(self, query: Query) -> None:
        """Read what changed since the last time: one statement when nothing did, none without references."""
        with self._lock:
            names = sorted({name for name, _, _ in self._views})
            if not names:
                return
            found = query("cross_reference_versions", {"references": names})
            versions = {str(row["reference"]): int(row["version"]) for row in found}
            for name in names:
                if self._versions.get(name) != versions.get(name, 0):
                    # read after its version: what is newer than that is only read once more
                    self._load(name, query)
                    self._versions[name] = versions.get(name, 0)

    def _load(self, reference: str, query: Query) -> None:
        table = [_row(one) for one in query("cross_reference_rows", {"reference": reference})]
        for (name, column, target), view in self._views.items():
            if name == reference:
                view.current = direction(table, column, target)


class _View(Mapping[str, str]):
    """Read-only entries that are replaced as a whole."""

    def __init__(self) -> None:
        self.current: dict[str, str] = {}

    @overload
    def get(self, code: str, default: None = None, /) -> str | None: ...
    @overload
    def get(self, code: str, default: str, /) -> str: ...
    @overload
    def get(self, code: str, default: _Other, /) -> str | _Other: ...
    def get(self, code: str, default: object = None, /) -> object:
        # the inherited one raises and catches for every miss
        return self.current.get(code, default)

    def __getitem__(self, code: str) -> str:
        return self.current[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self.current)

    def __len__(self) -> int:
        return len(self.current)


def _row(found: Mapping[str, Any]) -> Row:
    return Row(found["system"], found["code"], found["ours"], found["sent"], found["note"])


def _write(tx: Connection, statement: str, reference: str, table: Sequence[Row], actor: str = "") -> None:
    if table:
        names = ("system", "code", "ours", "sent", "note")
        values = columns([tuple(getattr(row, name) for name in names) for row in table], names)
        rows(tx, statement, {**values, "reference": reference, "actor": actor})
