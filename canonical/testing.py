"""Hypothesis strategies for facts and whole histories of one return; for tests only, as hypothesis is.

The world they draw from is small on purpose: few lines, items, documents and moments, so that facts meet each
other: same lines, same receipts stated twice, corrections of corrections, everything at the same second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from hypothesis import strategies as st

from canonical import ids, vocabulary
from canonical.facts import Fact

_TYPE: Final = st.sampled_from(sorted(vocabulary.FACT_TYPES))
RETURN_ID: Final = ids.return_id("de", "acme", "CLAIM1")
_START: Final = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
_ZONES: Final = (UTC, timezone(timedelta(hours=1)), timezone(-timedelta(hours=5, minutes=30)))

Strategy = st.SearchStrategy[Any]
Tree = st.SearchStrategy[dict[str, Any]]


def quantities() -> st.SearchStrategy[str]:
    """Small plain decimals, nought and trailing zeros included."""
    return st.sampled_from(["0", "1", "1.0", "2", "3", "5", "0.5", "1.25", "12.000001"])


def moments() -> st.SearchStrategy[datetime]:
    """A handful of moments in three zones, many of them equal."""
    return st.builds(
        lambda minutes, zone: (_START + timedelta(minutes=minutes)).astimezone(zone),
        st.integers(0, 12),
        st.sampled_from(_ZONES),
    )


def texts() -> st.SearchStrategy[str]:
    """Short text for people, any characters that databases and JSON can hold."""
    characters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
    return st.text(characters, min_size=1, max_size=8)


def _time() -> st.SearchStrategy[str]:
    return moments().map(datetime.isoformat)


def _of(enum: type[StrEnum], *without: str) -> st.SearchStrategy[str]:
    return st.sampled_from([each.value for each in enum if each.value not in without])


def _one(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


def _tree(mandatory: Mapping[str, Strategy], optional: Mapping[str, Strategy] | None = None) -> Tree:
    return st.fixed_dictionaries(dict(mandatory), optional=dict(optional or {}))


def _some(each: Strategy, most: int = 3, least: int = 0) -> Strategy:
    return st.lists(each, min_size=least, max_size=most)


_NUMBER: Final = st.integers(1, 4)
_SKU: Final = _one("A", "B", "C")
_UNIT: Final = _one("EA", "EA", "EA", "CS")
_MONEY: Final = _one("0", "9.99", "10", "25.50")
_CURRENCY: Final = _one("EUR", "EUR", "USD")
_POLICY: Final = _tree({"name": _one("standard"), "version": _one("1", "2")}, {"rule": _one("r1", "r2")})
_REFERENCE: Final = _tree(
    {"type": _one("order", "customer_po"), "number": _one("4711", "0815")},
    {"line": _one("10"), "date": _one("2026-10-01")},
)
_PARTY: Final = _tree(
    {"role": _one("buyer", "supplier")},
    {
        "ids": _some(_tree({"scheme": _one("gln"), "value": _one("4000001000005")})),
        "name": texts(),
        "contact": _tree({}, {"email": _one("returns@partner.example")}),
        "address": _tree({}, {"street": _some(texts(), 2, 1), "city": texts(), "country": _one("DE")}),
    },
)
_REASON: Final = _tree(
    {"scheme": _one("x12.1293"), "code": _one("DR"), "canonical": _of(vocabulary.Reason)}, {"raw": texts()}
)
_EXT: Final = _tree(
    {}, {"acme": st.dictionaries(texts(), st.one_of(texts(), st.integers(-9, 9)), max_size=2)}
)
_STATED: Final = {"quantity": quantities(), "uom": _UNIT}
_SERIALS: Final = _some(_one("S1", "S2"), 2, 1)
_CONDITION: Final = _of(vocabulary.Condition)


def _request() -> Tree:
    line = _tree(
        {
            "line_no": _NUMBER,
            "item": _tree({"sku": _SKU}, {"gtin": _one("04000001000005"), "description": texts()}),
            "requested": quantities(),
            "uom": _UNIT,
            "reason": _REASON,
        },
        {
            "reason_text": texts(),
            "used": st.booleans(),
            "serials": _SERIALS,
            "unit_price": _MONEY,
            "tax": _MONEY,
            "parent_line_no": _NUMBER,
            "ext": _EXT,
        },
    )
    return _tree(
        {
            "origin": st.just({"system": "acme", "id": "CLAIM1"}),
            "return_type": _of(vocabulary.ReturnType),
            "channel": _one("edi", "portal"),
            "requested_at": _time(),
            "lines": _some(line, 4, 1),
        },
        {
            "external_ids": st.just([{"system": "acme", "type": "claim", "value": "CLAIM1"}]),
            "requested_resolution": _of(vocabulary.Resolution),
            "return_required": st.booleans(),
            "parties": _some(_PARTY, 2),
            "references": _some(_REFERENCE, 2),
            "currency": _CURRENCY,
            "risk_flags": _some(_of(vocabulary.RiskFlag), 2),
            "ext": _EXT,
        },
    )


def _decision() -> Tree:
    line = _tree(
        {"line_no": _NUMBER, "authorized": quantities()},
        {"unit_price": _MONEY, "order_line": _one("10", "20")},
    )
    order_line = _tree({"line": _one("10", "20"), "sku": _SKU, "quantity": quantities(), "uom": _UNIT})
    return _tree(
        {
            "decision_id": _one("D1", "D2"),
            "outcome": _one("approved", "approved", "rejected", "needs_review"),
            "policy": _POLICY,
            "lines": _some(line, 4),
        },
        {
            "reasons": _some(texts(), 2),
            "checks": _some(_tree({"rule": _one("c1"), "result": _of(vocabulary.CheckResult)}), 2),
            "references": _some(_REFERENCE, 2),
            "order": _tree({"number": _one("4711")}, {"lines": _some(order_line, 2), "currency": _CURRENCY}),
            "currency": _CURRENCY,
        },
    )


def _authorization() -> Tree:
    return _tree(
        {"rma_number": _one("60001", "60001", "60002"), "system": _one("sap_s4"), "authorized_at": _time()},
        {"expires_at": _time(), "return_to_site": _one("W1")},
    )


def _shipment() -> Tree:
    return _tree(
        {
            "shipment_id": _one("T1", "T2"),
            "status": _of(vocabulary.ShipmentStatus),
            "updated_at": _time(),
        },
        {
            "carrier": _one("carrier_a"),
            "expected_at": _time(),
            "lines": _some(_tree(_STATED, {"line_no": _NUMBER, "sku": _SKU}), 2, 1),
        },
    )


def _receipt() -> Tree:
    line = _tree({"sku": _SKU, **_STATED}, {"line_no": _NUMBER, "lot": _one("L1"), "serials": _SERIALS})
    return _tree(
        {"receipt_id": _one("R1", "R2", "R3"), "received_at": _time(), "lines": _some(line)},
        {"rma_number": _one("60001", "60003"), "dock": _one("7"), "matched_by": _one("rma")},
    )


def _inspection() -> Tree:
    line = _tree(
        {"sku": _SKU, **_STATED, "condition": _CONDITION},
        {"line_no": _NUMBER, "defects": _some(texts(), 2), "serials_verified": st.booleans()},
    )
    return _tree(
        {"inspection_id": _one("I1", "I2"), "inspected_at": _time(), "lines": _some(line)},
        {"receipt_id": _one("R1", "R2")},
    )


def _disposition() -> Tree:
    line = _tree(
        {
            "sku": _SKU,
            **_STATED,
            "disposition": _of(vocabulary.Disposition),
            "condition": _CONDITION,
            "rule": _one("r1"),
            "inventory_status": _of(vocabulary.InventoryStatus),
            "credit": st.booleans(),
        },
        {"line_no": _NUMBER, "credit_amount": _MONEY},
    )
    return _tree(
        {
            "disposition_id": _one("P1", "P2"),
            "inspection_id": _one("I1", "I2"),
            "decided_at": _time(),
            "policy": _POLICY,
            "lines": _some(line),
        },
        {"currency": _CURRENCY, "credit": st.booleans(), "credit_amount": _MONEY},
    )


def _posting() -> Tree:
    status = _of(vocabulary.InventoryStatus)
    line = _tree({**_STATED, "from_status": status, "to_status": status}, {"line_no": _NUMBER, "sku": _SKU})
    return _tree(
        {
            "system": _one("sap_s4"),
            "document": _one("490001", "490002"),
            "posted_at": _time(),
            "disposition_id": _one("P1", "P2"),
            "lines": _some(line),
        }
    )


def _credit() -> Tree:
    line = _tree({"line_no": _NUMBER, "quantity": quantities(), "amount": _MONEY})
    return _tree(
        {
            "system": _one("sap_s4"),
            "document": _one("C1", "C2"),
            "posted_at": _time(),
            "amount": _MONEY,
            "currency": _CURRENCY,
            "lines": _some(line),
        },
        {"disposition_id": _one("P1", "P2"), "fee": _MONEY, "tax": _MONEY},
    )


def _replacement() -> Tree:
    line = _tree({"line_no": _NUMBER, **_STATED}, {"sku": _one("A", "Z")})
    return _tree(
        {"system": _one("sap_s4"), "document": _one("O1", "O2"), "ordered_at": _time(), "lines": _some(line)}
    )


def _claim() -> Tree:
    line = _tree({"line_no": _NUMBER, "quantity": quantities()}, {"uom": _UNIT})
    return _tree(
        {
            "claim_id": _one("K1", "K2"),
            "status": _of(vocabulary.ClaimStatus, "none"),
            "updated_at": _time(),
        },
        {"amount": _MONEY, "currency": _CURRENCY, "party": _PARTY, "lines": _some(line, 2, 1)},
    )


def _notification() -> Tree:
    return _tree(
        {
            "notification_id": _one("N1", "N2"),
            "channel": _one("mail"),
            "notified_at": _time(),
            "recipient": _PARTY,
        },
        {"subject": texts(), "about": st.just(str(RETURN_ID))},
    )


def _ending(at: str) -> Tree:
    return _tree(
        {"reason": _of(vocabulary.EndingReason), "role": _one("returns_manager"), at: _time()},
        {"note": texts()},
    )


_DATA: Final[Mapping[str, Callable[[], Tree]]] = {
    vocabulary.REQUESTED: _request,
    vocabulary.DECIDED: _decision,
    vocabulary.AUTHORIZED: _authorization,
    vocabulary.SHIPPED: _shipment,
    vocabulary.RECEIVED: _receipt,
    vocabulary.INSPECTED: _inspection,
    vocabulary.DISPOSED: _disposition,
    vocabulary.POSTED: _posting,
    vocabulary.CREDITED: _credit,
    vocabulary.REPLACED: _replacement,
    vocabulary.CLAIMED: _claim,
    vocabulary.NOTIFIED: _notification,
    vocabulary.CANCELLED: lambda: _ending("cancelled_at"),
    vocabulary.CLOSED: lambda: _ending("closed_at"),
    vocabulary.REOPENED: lambda: _ending("reopened_at"),
}
_BUILT: Final = {name: build() for name, build in _DATA.items()}


def data(fact_type: str) -> Tree:
    """Schema-valid bodies of one type of fact."""
    return _BUILT[fact_type]


def statements() -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """A type of fact with a schema-valid body of it; every type about as often."""
    return _TYPE.flatmap(lambda name: st.tuples(st.just(name), data(name)))


def facts() -> st.SearchStrategy[Fact]:
    """Schema-valid facts about one and the same return, each with its own id."""
    return st.builds(
        lambda statement, occurred, recorded, entity, fact_id: Fact(
            id=fact_id,
            type=statement[0],
            return_id=RETURN_ID,
            source="test/facts",
            occurred_at=occurred,
            recorded_at=recorded,
            data=statement[1],
            entity=entity,
        ),
        statements(),
        moments(),
        moments(),
        _one("", "de"),
        st.uuids(version=4),
    )


@st.composite
def histories(draw: st.DrawFn, most: int = 14) -> list[Fact]:
    """Facts of one return, ids distinct, mostly with a request; some correct or repeat others."""
    found = draw(st.lists(facts(), max_size=most, unique_by=lambda fact: fact.id))
    if draw(st.integers(0, 9)):
        request = draw(data(vocabulary.REQUESTED))
        found.append(_another(found, draw, type=vocabulary.REQUESTED, data=request))
    for index, fact in enumerate(tuple(found)):
        twist = draw(_TWISTS)
        if twist == "corrects":  # some fact, perhaps itself, perhaps one that corrects it, or one never seen
            targets = [*[each.id for each in found], UUID(int=1)]
            found[index] = replace(fact, corrects=draw(st.sampled_from(targets)))
        elif twist == "corrected":  # by another statement of the same type
            body = draw(data(fact.type))
            found.append(_another(found, draw, type=fact.type, data=body, corrects=fact.id))
        elif twist == "repeated":  # the same said again under another id
            found.append(_another(found, draw, type=fact.type, data=fact.data))
    return found


_TWISTS: Final = st.sampled_from(["corrects", "corrected", "repeated", "", "", "", "", ""])


def _another(found: list[Fact], draw: st.DrawFn, **values: Any) -> Fact:
    taken = {fact.id for fact in found}
    fact_id = draw(st.uuids(version=4).filter(lambda each: each not in taken))
    return Fact(
        id=fact_id,
        return_id=RETURN_ID,
        source="test/facts",
        occurred_at=draw(moments()),
        recorded_at=draw(moments()),
        **values,
    )
