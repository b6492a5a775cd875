"""Which source field probably means which target field: by the words that systems use for it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from functools import cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "AE", "Ö": "OE", "Ü": "UE"}
)  # French and Spanish accents are dropped, German ones are spelt
_CLOSE = 0.84
_FILLERS = frozenset(
    (
        *("the", "of", "id", "no", "nr", "number", "num", "code", "value", "text"),
        *("nummer", "numero", "de", "del", "di", "du", "des", "codigo", "codice"),
    )
)

SYNONYMS: Mapping[str, str] = {
    "id": (
        "return_no return_number rma rma_no rma_number return_id claim claim_no request_id retoure "
        "retoure_nr retourennummer ruecksendung reference id return retourenr doc_no document_no "
        "devolucion retour reso bon_de_retour numero_devolucion retournummer retorno"
    ),
    "rma_number": "rma rma_no rma_number return_authorization authorization_no numero_rma",
    "requested_at": (
        "created created_at created_on date request_date requested_on requested_at return_date datum "
        "erfasst angelegt timestamp order_date erstellt fecha fecha_devolucion fecha_solicitud "
        "date_retour date_demande data data_reso creado cree_le aangemaakt retourdatum"
    ),
    "received_at": (
        "received received_at received_on receipt_date eingang eingangsdatum date posted_at arrived_at "
        "timestamp datum wareneingang fecha fecha_recepcion date_reception data data_ricezione "
        "ontvangstdatum"
    ),
    "inspected_at": "inspected inspected_at inspection_date checked_at date geprueft datum",
    "occurred_at": "occurred_at date timestamp event_time datum time",
    "updated_at": "updated updated_at changed_at modified date datum",
    "sku": (
        "sku article article_no item item_no item_number item_code material material_no matnr artikel "
        "artikelnr artikelnummer product product_code part part_no referencia articulo codigo_articulo "
        "producto reference_article ref_article produit code_article articolo codice_articolo prodotto "
        "artikelcode"
    ),
    "gtin": "gtin ean upc barcode gtin14 ean13",
    "description": (
        "description item_name product_name bezeichnung article_name title item_text descripcion "
        "designation libelle descrizione omschrijving artikelbezeichnung"
    ),
    "requested": (
        "quantity qty requested_qty return_qty menge anzahl amount units pieces stueck requested count "
        "cantidad unidades quantite qte quantita aantal"
    ),
    "received": (
        "quantity qty received_qty quantity_received menge anzahl units pieces received count cantidad "
        "quantite qte quantita aantal"
    ),
    "quantity": "quantity qty menge anzahl units pieces count cantidad quantite qte quantita aantal",
    "uom": (
        "uom unit unit_of_measure einheit me mengeneinheit quantity_unit sales_unit unidad unidad_medida "
        "unite unita unita_di_misura eenheid"
    ),
    "reason": (
        "reason reason_code return_reason grund grundcode ruecksendegrund retourengrund why motivo "
        "motivo_devolucion razon causa motif raison motif_retour reden retourreden codigo_motivo "
        "code_motif"
    ),
    "reason_text": (
        "remark remarks comment comments note notes bemerkung kommentar reason_text reason_description "
        "hinweis freetext comentario observaciones observacion commentaire remarque nota osservazioni "
        "opmerking"
    ),
    "condition": "condition zustand grade quality item_condition estado etat stato staat",
    "disposition": "disposition verwendung action resolution",
    "requested_resolution": "resolution wanted requested_resolution wunsch compensation",
    "currency": "currency waehrung currency_code cur iso_currency moneda divisa devise monnaie valuta",
    "unit_price": (
        "price unit_price preis einzelpreis stueckpreis net_price precio precio_unitario prix prix_unitaire "
        "prezzo prezzo_unitario prijs stuksprijs"
    ),
    "serials": (
        "serial serial_no serial_number serials seriennummer imei numero_serie numero_de_serie matricola "
        "serienummer"
    ),
    "lots": "lot batch lot_no batch_no charge chargennummer lots lote lotto partij",
    "used": "used opened gebraucht benutzt",
    "lpn": "lpn license_plate carton package_id",
    "customer_po": (
        "po po_number purchase_order customer_po customer_order order_reference bestellung bestellnummer "
        "pedido_cliente orden_de_compra bon_de_commande ordine_cliente"
    ),
    "order": (
        "order order_no order_number sales_order auftrag auftragsnummer original_order pedido orden "
        "numero_pedido commande numero_commande ordine ordernummer bestelnummer"
    ),
    "invoice": (
        "invoice invoice_no invoice_number rechnung rechnungsnummer billing_document factura facture "
        "fattura factuur"
    ),
    "delivery": (
        "delivery delivery_no delivery_note lieferschein lieferung shipment albaran entrega livraison "
        "bon_de_livraison consegna bolla levering pakbon"
    ),
    "customer": (
        "customer customer_no customer_id customer_number sold_to kunde kundennummer kunden_nr account "
        "debitor cliente client codigo_cliente numero_cliente numero_client code_client codice_cliente "
        "klant klantnummer"
    ),
    "customer_name": (
        "customer_name name kundenname company firma nombre nom nome naam cliente_nombre nombre_cliente "
        "razon_social nom_client klantnaam ragione_sociale"
    ),
    "email": "email mail e_mail customer_email correo courriel e_mailadres",
    "phone": "phone telephone telefon tel telefono telefoon",
    "tracking": "tracking tracking_no tracking_number sendungsnummer seguimiento suivi numero_suivi",
    "site": ("site warehouse plant location lager werk dc almacen entrepot magasin magazzino magazijn"),
    "lines": (
        "lines items positions positionen line_items rows entries details return_lines return_items "
        "articles lineas lignes righe regels articulos"
    ),
}
"""Target field → what systems call it; blanks separate names, `_` words."""


def is_key(name: str) -> bool:
    """Whether a name looks like that of a return's own number, and not more like an article's."""
    return likeness("id", name) >= max(_CLOSE, likeness("sku", name))


def means(name: str, fields: Iterable[str]) -> bool:
    """Whether a name looks like that of one of these target fields."""
    return any(likeness(field, name) >= _CLOSE for field in fields)


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
    german = unicodedata.normalize("NFC", name).translate(_UMLAUTS)
    plain = "".join(one for one in unicodedata.normalize("NFKD", german) if not unicodedata.combining(one))
    return tuple(word.lower() for word in _WORD.findall(plain))
