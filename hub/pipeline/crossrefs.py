"""Changing cross references, audited: one code at a time, or a file of them.

`mappings/xref/<name>.csv` declares a reference and its systems; only what is declared can be changed, so that
a slip of the pen does not open a reference that no mapping reads. Such files have the layout of code tables.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from hub import audit, crossrefs
from hub.crossrefs import OURS, Change, Put, Row
from hub.mapping.lookups import XREF, CodeTable, cell_codes, read_table
from hub.pipeline.context import Hub

NOTES = ("note", "title")
"""Columns that are free text, not a system."""

_LONGEST = 200


def listing(hub: Hub) -> list[dict[str, Any]]:
    """Every declared reference: its systems, and how many rows of how many of ours the database has."""
    found = {str(row["reference"]): row for row in hub.database.rows("cross_reference_summary")}
    return [
        {
            "reference": name,
            "systems": systems(_declared(hub, name)),
            "ours": found[name]["ours"] if name in found else 0,
            "rows": found[name]["rows"] if name in found else 0,
            "changed_at": found[name]["changed_at"] if name in found else None,
        }
        for name in names(hub)
    ]


def show(hub: Hub, reference: str) -> list[dict[str, Any]]:
    """All rows of a reference, with who changed them and when.

    Raises:
        LookupError: It is not declared.
    """
    _declared(hub, reference)
    return [dict(row) for row in hub.database.rows("cross_reference_rows", {"reference": reference})]


def put(hub: Hub, reference: str, row: Put, actor: str) -> list[Change]:
    """Add a code or change whose it is.

    Returns:
        What changed; nothing when it was so already. A second code of the same number is understood, and sent
        only when `row.sent` says so.

    Raises:
        LookupError: The reference or system is not declared.
        ValueError: A code that no file could hold.
    """
    _known_system(_declared(hub, reference), reference, row.system)
    for text in (row.code, row.ours):
        _writable(text)
    return _change(hub, reference, [row], [], actor)


def remove(hub: Hub, reference: str, system: str, code: str, actor: str) -> list[Change]:
    """Take a code out.

    Raises:
        LookupError: The reference or system is not declared, or there is no such code.
    """
    _known_system(_declared(hub, reference), reference, system)
    changes = _change(hub, reference, [], [(system, code)], actor)
    if not changes:
        raise LookupError(f"cross reference {reference} has no code '{code}' of {system}")
    return changes


def take_in(hub: Hub, reference: str, file: Path, actor: str, *, replace: bool = False) -> list[Change]:
    """Take in a file: all of its codes in one transaction, or none.

    Args:
        file: In the layout of code tables; columns are systems, `note` and `title` are free text.
        replace: Also take out what the file does not have.

    Raises:
        LookupError: The reference or one of the file's systems is not declared.
        YamlError: The file is not such a table, or a code in it means two rows.
    """
    declared = _declared(hub, reference)
    table = read_table(file, file.name)
    for system in systems(table):
        _known_system(declared, reference, system)
    puts = list(_puts(table))
    with hub.database.transaction() as tx:
        there = {(row.system, row.code) for row in crossrefs.read(tx, reference)} if replace else set()
    gone = there - {(one.system, one.code) for one in puts}
    return _change(hub, reference, puts, sorted(gone), actor)


def export(hub: Hub, reference: str) -> str:
    """A reference as a file that `take_in` reads back.

    Raises:
        LookupError: It is not declared.
    """
    declared = _declared(hub, reference)
    with hub.database.transaction() as tx:
        rows = crossrefs.read(tx, reference)
    named = list(dict.fromkeys([*systems(declared), *(row.system for row in rows)]))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([OURS, *named, "note"])
    for ours, group in groupby(rows, key=lambda row: row.ours):
        mine = list(group)
        notes = dict.fromkeys(row.note for row in mine if row.note)
        writer.writerow([ours, *(_cell(mine, system) for system in named), "; ".join(notes)])
    return out.getvalue()


def names(hub: Hub) -> list[str]:
    """The declared references."""
    return sorted(file.stem for file in _folder(hub).glob("*.csv"))


def systems(table: CodeTable) -> list[str]:
    """The systems of a table: its columns but for our own side and free text."""
    return [column for column in table.columns if column != OURS and column not in NOTES]


def _folder(hub: Hub) -> Path:
    return hub.settings.project_dir / "mappings" / XREF


def _declared(hub: Hub, reference: str) -> CodeTable:
    if reference not in names(hub):
        known = ", ".join(names(hub)) or "none"
        raise LookupError(
            f"there is no cross reference '{reference}': expected a file mappings/{XREF}{reference}.csv, "
            f"known: {known}"
        )
    return read_table(_folder(hub) / f"{reference}.csv", f"mappings/{XREF}{reference}.csv")


def _known_system(declared: CodeTable, reference: str, system: str) -> None:
    if system not in systems(declared):
        known = ", ".join(systems(declared)) or "none"
        raise LookupError(f"cross reference {reference} has no column '{system}', expected one of: {known}")


def _writable(text: str) -> None:
    wrong = next((sign for sign in text if sign == "|" or not sign.isprintable() or sign.isspace()), "")
    if not text or len(text) > _LONGEST or wrong or text[0] in "<>#":
        raise ValueError(
            f"expected 1 to {_LONGEST} characters without blanks and |, not starting with <, > or #; "
            f"found {text[:_LONGEST]!r}"
        )


def _puts(table: CodeTable) -> Iterator[Put]:
    """Every code of a file; of a cell's codes the first without `<` is sent."""
    for system in systems(table):
        table.lookup(system, system, OURS)
        table.lookup(system, OURS, system)
    noted = [name for name in NOTES if name in table.columns]
    for line, row in table.rows:
        note = "; ".join(filter(None, (row[name].strip() for name in noted))) if noted else None
        ours = row[OURS].strip()
        for system in systems(table):
            codes = cell_codes(row[system])
            sent = next((code for code in codes if not code.startswith("<")), None)
            for code in codes:
                try:
                    _writable(code.removeprefix("<"))
                    _writable(ours)
                except ValueError as error:
                    raise ValueError(f"{table.file}:{line}: column {system}: {error}") from error
                yield Put(system, code.removeprefix("<"), ours, sent=code == sent, note=note)


def _cell(rows: Sequence[Row], system: str) -> str:
    codes = [row for row in rows if row.system == system]
    sent = any(row.sent for row in codes)
    return " ".join(row.code if row.sent or sent else f"<{row.code}" for row in codes)


def _change(
    hub: Hub, reference: str, puts: Sequence[Put], removed: Sequence[tuple[str, str]], actor: str
) -> list[Change]:
    with hub.database.transaction() as tx:
        changes = crossrefs.change(tx, reference, puts=puts, removed=removed, actor=actor)
        audit.append(tx, [_entry(reference, change, actor) for change in changes])
    return changes


def _entry(reference: str, change: Change, actor: str) -> audit.Entry:
    row = change.row
    action = "cross reference set" if change.after else "cross reference removed"
    detail: dict[str, Mapping[str, Any]] = {
        name: {key: value for key, value in asdict(one).items() if key not in ("system", "code")}
        for name, one in (("before", change.before), ("after", change.after))
        if one is not None
    }
    return audit.Entry(actor, action, f"{reference}/{row.system}/{row.code}", detail)
