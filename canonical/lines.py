"""The lines of a return while it is folded: buckets in millionths, and shares of what was stated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from canonical.amounts import millionths, plain
from canonical.ids import line_id

BUCKETS: Final = (
    "requested",
    "authorized",
    "shipped",
    "received",
    "inspected",
    "dispositioned",
    "credited",
    "replaced",
    "claimed",
    "rejected",
    "missing",
)
CHILDREN: Final = (
    "receipts",
    "inspections",
    "dispositions",
    "postings",
    "credits",
    "replacements",
    "claims",
)
_IDENTITIES: Final = ("sku", "gtin", "customer_item", "supplier_item")
_AS_STATED: Final = (
    "reason_text",
    "used",
    "lots",
    "serials",
    "lpn",
    "unit_price",
    "tax",
    "cost",
    "warranty",
    "evidence",
    "ext",
)
_NEEDED: Final = frozenset({"line_no", "item", "requested", "uom", "reason"})
_EMPTY: Final = dict.fromkeys(BUCKETS, 0)
_BLANK: Final[dict[str, Any]] = {
    **dict.fromkeys(("line_id", "line_no", "item", "uom", "reason")),
    "lots": [],
    "serials": [],
    **dict.fromkeys(BUCKETS, "0"),
    **{name: [] for name in CHILDREN},
}
"""A line of the projection of which nothing is known: copying it is the fastest way to make one."""


class Line:
    """One line of the return.

    Attributes:
        stated: The line of the request, as stated.
        number: Its number.
        item: What it is; with our SKU from the order when the request had none.
        decided: What the decision added: `unit_price`, `order_line`.
        amounts: Buckets, in millionths of the unit.
        children: Child lists that are not empty, by name.
        identities: Every number the item is known by.
    """

    __slots__ = ("amounts", "children", "decided", "identities", "item", "number", "stated")

    def __init__(self, stated: Mapping[str, Any]) -> None:
        self.stated = stated
        self.number = int(stated["line_no"])  # JSON Schema counts 1.0 as an integer
        self.item: Mapping[str, Any] = stated["item"]
        self.decided: dict[str, Any] = {}
        self.amounts = _EMPTY.copy()
        self.amounts["requested"] = millionths(stated["requested"])
        self.children: dict[str, list[dict[str, Any]]] = {}
        self.identities = {self.item[name] for name in _IDENTITIES if name in self.item}

    def know_as(self, sku: str) -> None:
        """The order calls the item by this SKU of ours."""
        self.identities.add(sku)
        if "sku" not in self.item:
            self.item = {**self.item, "sku": sku}

    def tree(self, return_id: UUID) -> dict[str, Any]:
        """The line of the projection, JSON-compatible; nested values are those of the facts."""
        stated = self.stated
        tree = _BLANK.copy()
        tree["line_id"] = line_id(return_id, self.number)
        tree["line_no"] = self.number
        tree["item"] = self.item
        tree["uom"] = stated["uom"]
        tree["reason"] = stated["reason"]
        if not _NEEDED.issuperset(stated):
            tree.update((name, stated[name]) for name in _AS_STATED if name in stated)
            if "parent_line_no" in stated:
                tree["parent_line_id"] = line_id(return_id, int(stated["parent_line_no"]))
        for name, amount in self.amounts.items():
            if amount:
                tree[name] = plain(amount)
        tree |= self.decided
        tree |= self.children
        return tree

    def child(self, name: str, child: dict[str, Any]) -> None:
        """Add to a child list."""
        self.children.setdefault(name, []).append(child)


def allocate(lines: list[Line], quantity: int, room: Callable[[Line], int]) -> list[tuple[Line, int]]:
    """Share a quantity among lines of the same item: fill the room of each, the rest goes to the last.

    Args:
        lines: At least one line.
        quantity: Millionths.
        room: How much more a line can take, in millionths; negative when it has too much already.
    """
    if len(lines) == 1:
        return [(lines[0], quantity)]
    shares = []
    left = quantity
    for line in lines[:-1]:
        share = min(left, max(room(line), 0))
        if share:
            shares.append((line, share))
            left -= share
    if left or not shares:
        shares.append((lines[-1], left))
    return shares
