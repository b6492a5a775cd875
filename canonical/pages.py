"""The page that lists the fields of every fact, written from the schemas: `python -m canonical.pages`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

from canonical.validation import schemas
from canonical.vocabulary import FACT_TYPES

_HEAD: Final = """\
# Facts and their fields

What a mapping `to: return.requested@1` and the like can fill. This page is written from the schemas in
`canonical/schemas`: `python -m canonical.pages > docs/facts.md`.

* **yes** in *required*: its group must have it. A group that is not required is left out as a whole.
* `lines[]` is a list; `lines[].item.sku` is a field of each of its groups.
* A coded value (`reason`) is made by `crosswalk`, which fills all of its group
  ([Writing a mapping](mapping.md)).
* What has no field here goes to `ext.<system>`.

## Types of references

`references[].type` says what kind of document `number` belongs to. Any name of small letters can stand
there and is kept. A flow finds what was sold by the type that its `enrich:` names, in the flows that come
with the hub `by: references.customer_po`; without the order the policy leaves the decision to a person
([Flows](flows.md), [Policies](policies.md)). The usual types:

| type | the number is |
|---|---|
| `order` | our own sales order's |
| `customer_po` | the customer's purchase order's |
| `invoice` | our invoice's |
| `delivery` | our delivery's or delivery note's |
| `asn` | an advance ship notice's |
| `contract` | a contract's |
| `credit_memo` | a credit memo's |
| `supplier_rma` | the supplier's return authorization's |
| `tracking` | the carrier's tracking number |
"""
_COLUMNS: Final = "| field | type | required | allowed | |\n|---|---|---|---|---|"
_OPEN: Final = frozenset(("ext",))


def page() -> str:
    """The page as Markdown."""
    parts = [_HEAD]
    for name, fact in FACT_TYPES.items():
        schema = schemas()[name, fact.version]
        parts.append(f"\n## {name}@{fact.version}\n\n{schema['description']}\n\n{_COLUMNS}\n")
        parts += [f"{row}\n" for row in _rows(schema, schema, "")]
    return "".join(parts)


def _rows(group: Mapping[str, Any], home: Mapping[str, Any], path: str) -> Iterator[str]:
    required = group.get("required", ())
    for name, written in group.get("properties", {}).items():
        found, inner = _resolved(written, home)
        here = f"{path}{name}"
        doc = written.get("description") or found.get("description", "")
        items: Mapping[str, Any] = {}
        if found.get("type") == "array":
            items, inner = _resolved(found.get("items", {}), inner)
            here += "[]"
        cells = (
            f"`{here}`",
            _type(found, items),
            "yes" if name in required else "",
            _allowed(found, items),
            doc,
        )
        yield f"| {' | '.join(cells)} |"
        if name not in _OPEN:
            yield from _rows(items or found, inner, f"{here}.")


def _type(found: Mapping[str, Any], items: Mapping[str, Any]) -> str:
    said = str((items or found).get("title") or (items or found).get("type", "anything"))
    said = {"object": "group", "string": "text", "boolean": "true or false"}.get(said, said)
    return f"list: {said}" if items else said


def _allowed(found: Mapping[str, Any], items: Mapping[str, Any]) -> str:
    return ", ".join(f"`{value}`" for value in (items or found).get("enum", ()) if value is not None)


def _resolved(
    written: Mapping[str, Any], home: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Where references lead, with the schema that it stands in."""
    while reference := written.get("$ref"):
        file, _, pointer = str(reference).partition("#")
        if file:
            name, _, version = file.removesuffix(".json").rpartition(".v")
            home = schemas()[name, int(version)]
        written = home["$defs"][pointer.rpartition("/")[2]] if pointer else home
    return written, home


if __name__ == "__main__":
    sys.stdout.write(page())
