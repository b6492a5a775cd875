"""Which source field probably means which target field: by the words that systems use for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from functools import cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-zäöüß]+|[0-9]+")
_CLOSE = 0.84
_FILLERS = frozenset(("the", "of", "id", "no", "nr", "number", "num", "nummer", "code", "value", "text"))

SYNONYMS: Mapping[str, str] = {
    "id": (
        "return_no return_number rma rma_no rma_number return_id claim claim_no request_id retoure "
        "retoure_nr retourennummer ruecksendung reference id return retourenr doc_no document_no"
    ),
    "rma_number": "rma rma_no rma_number return_authorization authorization_no",
    "requested_at": (
        "created created_at created_on date request_date requested_on requested_at return_date datum "
        "erfasst angelegt timestamp order_date erstellt"
    ),
    "received_at": (
        "received received_at received_on receipt_date eingang eingangsdatum date posted_at arrived_at "
        "timestamp datum wareneingang"
    ),
    "inspected_at": "inspected inspected_at inspection_date checked_at date geprueft datum",
    "occurred_at": "occurred_at date timestamp event_time datum time",
    "updated_at": "updated updated_at changed_at modified date datum",
    "sku": (
        "sku article article_no item item_no item_number item_code material material_no matnr artikel "
        "artikelnr artikelnummer product product_code part part_no"
    ),
    "gtin": "gtin ean upc barcode gtin14 ean13",
    "description": "description item_name product_name bezeichnung article_name title item_text",
    "requested": (
        "quantity qty requested_qty return_qty menge anzahl amount units pieces stueck requested count"
    ),
    "received": "quantity qty received_qty quantity_received menge anzahl units pieces received count",
    "quantity": "quantity qty menge anzahl units pieces count",
    "uom": "uom unit unit_of_measure einheit me mengeneinheit quantity_unit sales_unit",
    "reason": "reason reason_code return_reason grund grundcode ruecksendegrund retourengrund why",
    "reason_text": (
        "remark remarks comment comments note notes bemerkung kommentar reason_text reason_description "
        "hinweis freetext"
    ),
    "condition": "condition zustand grade quality item_condition",
    "disposition": "disposition verwendung action resolution",
    "requested_resolution": "resolution wanted requested_resolution wunsch compensation",
    "currency": "currency waehrung currency_code cur iso_currency",
    "unit_price": "price unit_price preis einzelpreis net_price",
    "serials": "serial serial_no serial_number serials seriennummer imei",
    "lots": "lot batch lot_no batch_no charge chargennummer lots",
    "used": "used opened gebraucht benutzt",
    "lpn": "lpn license_plate carton package_id",
    "customer_po": (
        "po po_number purchase_order customer_po customer_order order_reference bestellung bestellnummer"
    ),
    "order": "order order_no order_number sales_order auftrag auftragsnummer original_order",
    "invoice": "invoice invoice_no invoice_number rechnung rechnungsnummer billing_document",
    "delivery": "delivery delivery_no delivery_note lieferschein lieferung shipment",
    "customer": (
        "customer customer_no customer_id customer_number sold_to kunde kundennummer kunden_nr account "
        "debitor"
    ),
    "customer_name": "customer_name name kundenname company firma",
    "email": "email mail e_mail customer_email",
    "phone": "phone telephone telefon tel",
    "tracking": "tracking tracking_no tracking_number sendungsnummer",
    "site": "site warehouse plant location lager werk dc",
    "lines": (
        "lines items positions positionen line_items rows entries details return_lines return_items articles"
    ),
}
"""Target field → what systems call it; blanks separate names, `_` words."""


def is_key(name: str) -> bool:
    """Whether a name looks like that of a return's own number."""
    return likeness("id", name) >= _CLOSE


@cache
def likeness(field: str, name: str) -> float:
    """How probable it is, from 0 to 1, that a source name means a target field."""
    words = _words(name)
    if not words:
        return 0.0
    wanted = [_words(one) for one in (field, *SYNONYMS.get(field, "").split())]
    if words in wanted:
        # names early in the list are the more telling ones
        return 1.0 - 0.003 * wanted.index(words)
    said = set(words) - _FILLERS
    if said and any(said == set(one) - _FILLERS for one in wanted):
        return 0.95
    text = "".join(words)
    best = max(SequenceMatcher(None, text, "".join(one)).ratio() for one in wanted)
    return best if best >= _CLOSE else 0.0


@cache
def _words(name: str) -> tuple[str, ...]:
    plain = name.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    return tuple(word.lower() for word in _WORD.findall(plain))
