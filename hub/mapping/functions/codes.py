"""Code tables: one vocabulary, one column per system."""

from __future__ import annotations

import shlex
from typing import Any

from hub.mapping.functions.base import ArgumentRefused, Param, Run, function
from hub.mapping.lookups import CANONICAL, Lookup
from hub.mapping.values import ValueRefused, shown, text_of

_LONGEST_SHOWN = 80


@function(
    "lookup",
    group="codes",
    doc="The code that a table of `lookups:` gives for it; unknown codes are refused, or get the default.",
    params=[Param("table", "lookup"), Param("default", needed=False)],
)
def _lookup(table: Lookup, default: str | None = None) -> Run:
    entries = table.entries

    def run(value: Any) -> str:
        code = value if type(value) is str else text_of(value)
        found = entries.get(code, default)
        if found is None:
            raise ValueRefused(_unknown(table, value))
        return found

    return run


@function(
    "crosswalk",
    group="codes",
    makes="value",
    cost=200,
    doc=(
        "The full coded value `{scheme, code, canonical, raw}`, so that nothing of the partner's code is "
        "lost; unknown codes are refused, or get the default as canonical name."
    ),
    params=[Param("table", "lookup"), Param("default", needed=False)],
    gives="map",
)
def _crosswalk(table: Lookup, default: str | None = None) -> Run:
    if table.target != CANONICAL:
        raise ArgumentRefused(
            f"lookup '{table.name}' leads to column {table.target}, crosswalk needs canonical"
        )

    def run(value: Any) -> dict[str, str]:
        raw = text_of(value)
        code = raw.strip()
        canonical = table.entries.get(code, default)
        if canonical is None:
            raise ValueRefused(_unknown(table, value))
        return {"scheme": table.column, "code": code, "canonical": canonical, "raw": raw}

    return run


def _unknown(table: Lookup, value: Any) -> str:
    if table.reference:
        way = f"{table.column} -> {table.target}"
        remedy = _remedy(table, text_of(value))
        return f"{shown(value)} is not in cross reference {table.file} ({way}); to add it: {remedy}"
    return f"{shown(value)} is not in lookup '{table.name}' ({table.file}, {table.column} -> {table.target})"


def _remedy(table: Lookup, code: str) -> str:
    """What adds the missing row: a command, or for samples the reference's file."""
    if not table.live:
        return f"a row of mappings/{table.file}.csv"
    return f"returns-hub xref set {table.reference} {_row(table, code)}"


def _row(table: Lookup, code: str) -> str:
    """System, code and ours, as far as they are known."""
    theirs = table.ours.get(code) if table.ours is not None else None
    given = shlex.quote(code) if code.isprintable() and len(code) <= _LONGEST_SHOWN else "<code>"
    if table.column == CANONICAL:
        return f"{table.target} <code> {given}"
    if theirs is not None:
        return f"{table.target} <code> {shlex.quote(theirs)}"
    return f"{table.column} {given} <ours>"
