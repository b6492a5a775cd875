"""Several rows of a table that are one record: a return that a partner writes with one row per line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from connectors.codecs.base import Finding, Record

ROWS = "rows"
CUT = "It is the last row: the file may have been cut off."
"""Ends what is said of a last row that is not whole."""
_DELIMITERS = (";", "\t", "|")


def columns_of(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The option `group_by`: one column, or a list of them; empty when rows are not grouped."""
    written = options.get("group_by") or ()
    return (written,) if isinstance(written, str) else tuple(str(name) for name in written)


def unknown(columns: Sequence[str], header: Sequence[str], place: str) -> Finding | None:
    """Why rows under this header cannot be grouped; None when they can."""
    if not columns:
        return None
    missing = [name for name in columns if name not in header]
    taken = [ROWS] if ROWS in header else []
    if not missing and not taken:
        return None
    said = (
        f"has no column {', '.join(missing)}" if missing else f"has a column '{ROWS}', which grouping needs"
    )
    return Finding(
        code="csv.group",
        message=f"The header {said}: group_by cannot group by it{_other_delimiter(header) or '.'}",
        place=place,
        expected=f"the columns {', '.join(columns)} and none called '{ROWS}'",
        found=", ".join(header),
    )


def _other_delimiter(header: Sequence[str]) -> str:
    """A question, when a header that is a single column looks as if it were several."""
    found = [sign for sign in _DELIMITERS if len(header) == 1 and sign in header[0]]
    return f"; is the delimiter {found[0]!r}?" if found else ""


def grouped(records: Iterable[Record], columns: Sequence[str]) -> Iterator[Record]:
    """Records of rows to records of groups, in the order in which groups begin.

    Rows with the same value in the first column are one record: `{"@": line, <columns>,
    rows: [{"@": line, <all other columns>}]}`. The columns must agree in all rows that have them. A row that
    cannot be read, or has no value in the first column, stays a fatal record of its own; the groups of the
    rows before and after it are refused with it, since it may be a line of theirs, and half a return is worse
    than one that waits.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    doubts: dict[str, Finding] = {}
    made: list[str | Record] = []
    before, lost = "", None
    for record in records:
        name = record.tree.get(columns[0]) if record.tree is not None else None
        if name is None:
            lost = record if record.tree is None else _nameless(record, columns[0])
            made.append(lost)
            if before:
                doubts.setdefault(before, _doubt(before, columns[0], lost))
            continue
        if name not in groups:
            groups[name] = []
            made.append(name)
        if lost is not None:
            doubts.setdefault(name, _doubt(name, columns[0], lost))
        groups[name].append(record.tree)
        before, lost = name, None
    for index, one in enumerate(made):
        if isinstance(one, str):
            yield _group(index, one, groups[one], columns, doubts.get(one))
        else:
            yield Record(index=index, tree=None, digest=one.digest, findings=one.findings)


def _doubt(name: str, column: str, lost: Record) -> Finding:
    place = lost.findings[0].place
    cut = f" {CUT}" if lost.findings[0].message.endswith(CUT) else ""
    return Finding(
        code="csv.group",
        message=f"{column} {name} may lack a line: {place}, beside its rows, cannot be read.{cut}",
        place=place,
        expected="a row that can be read",
        found=lost.findings[0].message,
    )


def _nameless(record: Record, column: str) -> Record:
    place = f"line {record.tree['@']}"
    message = f"{place.capitalize()} has no {column}, so it belongs to no record."
    finding = Finding(
        code="csv.group", message=message, place=place, expected=f"a value in {column}", found="nothing"
    )
    return Record(index=record.index, tree=None, digest=record.digest, findings=(finding,))


def _group(
    index: int,
    name: str,
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    doubt: Finding | None,
) -> Record:
    head: dict[str, Any] = {}
    findings = [] if doubt is None else [doubt]
    for column in columns:
        values = list(dict.fromkeys(row[column] for row in rows if column in row))
        if len(values) > 1:
            findings.append(_torn(column, name, columns[0], rows, values))
        elif values:
            head[column] = values[0]
    lines = [{key: value for key, value in row.items() if key not in columns} for row in rows]
    content = {**head, ROWS: [{key: value for key, value in line.items() if key != "@"} for line in lines]}
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
    tree = None if findings else {"@": rows[0]["@"], **head, ROWS: lines}
    return Record(index=index, tree=tree, digest=digest, findings=tuple(findings))


def _torn(
    column: str, name: str, key: str, rows: Sequence[Mapping[str, Any]], values: Sequence[str]
) -> Finding:
    other = next(row for row in rows if column in row and row[column] != values[0])
    return Finding(
        code="csv.group",
        message=f"The rows of {key} {name} disagree in {column}.",
        place=f"line {other['@']}",
        expected=values[0],
        found=values[1],
    )
