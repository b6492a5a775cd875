"""What a file from a partner is: its format, how to read it, and the records in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from connectors.codecs.base import excerpt
from connectors.codecs.registry import codec, formats
from connectors.trees import parse_json
from hub.authoring.words import is_key, means

_DELIMITERS = ",;\t|"
_MESSAGE = re.compile(r"UNH.[^\n]*?([A-Z]{6})[^A-Z0-9]([A-Z])[^A-Z0-9]([0-9]{2}[A-Z])")
_PAGES = ("items", "data", "results", "value", "records", "returns", "orders")
_ORDERS = ("rma_number", "order", "customer_po")
_OF_LINES = (
    *("sku", "gtin", "description", "requested", "uom", "unit_price", "reason", "reason_text"),
    *("condition", "disposition", "serials", "lots"),
)
_OF_MANY = ("requested_at", "customer", "customer_name", "email", "phone", "site", "currency")
_MARKS: Sequence[tuple[bytes, str]] = ((b"PK", "xlsx"), (b"<", "xml"), (b"{", "json"), (b"[", "json"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A file that was recognised and read.

    Attributes:
        format: As in `system.yaml`: csv, json, xml, xlsx, x12/180-004010.
        options: What the codec needs to know beside it (`delimiter`, `group_by`, `items`).
        trees: The decoded records, at least one.
    """

    format: str
    options: Mapping[str, Any] = field(default_factory=dict)
    trees: Sequence[Any]

    @property
    def plain(self) -> bool:
        """Whether the format alone does not say what the document is."""
        return "/" not in self.format


def recognise(file: Path, options: Mapping[str, Any] | None = None) -> Payload:
    """Find out a file's format and read it.

    Args:
        file: Any file of a partner.
        options: Those of the resource where it is known; else they are found out too.

    Raises:
        ValueError: It cannot be read as what it seems to be, or holds no record.
    """
    body = file.read_bytes()
    form = _format(file, body)
    found = dict(options) if options is not None else _options(form, body)
    trees = _trees(file, form, body, found)
    if form == "csv" and options is None and (columns := _one_per_return(trees)):
        found["group_by"] = columns
        trees = _trees(file, form, body, found)
    return Payload(format=form, options=found, trees=trees)


def _format(file: Path, body: bytes) -> str:
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"ISA"):
        return _known(file, _x12(start.decode("latin-1")))
    if start.startswith((b"UNA", b"UNB", b"UNH")):
        return _known(file, _edifact(start.decode("latin-1")))
    return next((form for mark, form in _MARKS if start.startswith(mark)), "csv")


def _x12(text: str) -> str:
    """The guide that the first group and set of an interchange ask for."""
    segments = [part.strip().split(text[3]) for part in text.split(text[105:106] or "~")]
    group = next((one for one in segments if one[0] == "GS"), [])
    kind = next((one[1] for one in segments if one[0] == "ST" and len(one) > 1), "?")
    return f"x12/{kind}-{group[8][:6] if len(group) > 8 else '?'}"  # noqa: PLR2004 - GS08, the version


def _edifact(text: str) -> str:
    """The guide that the first message of an interchange asks for."""
    found = _MESSAGE.search(text)
    return f"edifact/{found[1]}-{found[2]}{found[3]}".lower() if found else "edifact/?"


def _known(file: Path, form: str) -> str:
    if form not in formats():
        standard = form.partition("/")[0]
        known = ", ".join(one for one in formats() if one.startswith(f"{standard}/"))
        raise ValueError(
            f"{file}: expected one of {known}, found {form}: it needs a guide first (docs/edi.md)"
        )
    return form


def _options(form: str, body: bytes) -> dict[str, Any]:
    if form == "csv":
        first = body.decode("utf-8-sig", "replace").splitlines()[:1]
        delimiter = max(_DELIMITERS, key="".join(first).count)
        return {} if delimiter == "," else {"delimiter": delimiter}
    if form == "json":
        try:
            tree = parse_json(body)
        except ValueError:
            return {}
        if isinstance(tree, list):
            return {"items": ""}
        if isinstance(tree, dict):
            pages = [name for name in _PAGES if isinstance(tree.get(name), list)]
            scalars = [name for name, value in tree.items() if not isinstance(value, list | dict)]
            if len(pages) == 1 and not any(is_key(name) for name in scalars):
                return {"items": pages[0]}
    return {}


def _trees(file: Path, form: str, body: bytes, options: Mapping[str, Any]) -> list[Any]:
    trees, problems = [], []
    for record in codec(form).decode(body, options).records:
        problems += [f"{finding.place}: {finding.message}" for finding in record.findings if finding.fatal]
        if record.tree is not None:
            trees.append(record.tree)
    if problems:
        raise ValueError(f"{file} cannot be read as {form}: {'; '.join(problems[:3])}")
    if not trees:
        raise ValueError(
            f"{file}: expected at least one record of {form}, found {excerpt(body) or 'nothing'}"
        )
    return trees


def _one_per_return(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns to group by: a head that repeats in adjacent rows, with what says the same; or none.

    A wrong guess would make one return of several customers' returns, so only the column named like a
    return's number, else an order's, else the first one is a head, and one that is named like a line's
    field, a day or a customer never is.
    """
    columns = [name for name in rows[0] if name != "@"]
    heads = [
        *(name for name in columns if is_key(name)),
        *(name for name in columns if means(name, _ORDERS)),
        *(name for name in columns[:1] if not means(name, (*_OF_LINES, *_OF_MANY))),
    ]
    if not heads or not _repeats([row.get(heads[0]) for row in rows]):
        return []
    key = heads[0]
    steady = [name for name in columns if name != key and not means(name, _OF_LINES)]
    return [key, *(name for name in steady if _agrees(rows, key, name))]


def _repeats(values: Sequence[Any]) -> bool:
    """Whether values come in runs: some more than once, each at one place only, none missing."""
    runs = [value for value, _ in groupby(values)]
    return len(set(runs)) == len(runs) < len(values) and all(runs)


def _agrees(rows: Sequence[Mapping[str, Any]], key: str, name: str) -> bool:
    """Whether a column says one thing per return, and is not the same by accident of a single row."""
    said: dict[Any, set[Any]] = {}
    for row in rows:
        said.setdefault(row[key], set()).add(row.get(name))
    return all(len(values) == 1 for values in said.values())
