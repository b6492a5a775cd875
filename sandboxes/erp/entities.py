"""What the ERP knows: services, entity sets, their properties and the rules of OData V2 JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

Kind = str
"""`text`, `decimal`, `date` or `bool`: Edm.String, Edm.Decimal, Edm.DateTime, Edm.Boolean."""

_DATE = re.compile(r"/Date\(-?\d+([+-]\d{4})?\)/")


class PayloadError(ValueError):
    """A body that the gateway refuses; `target` is the property at fault."""

    def __init__(self, message: str, target: str = "") -> None:
        super().__init__(message)
        self.target = target


@dataclass(frozen=True, slots=True)
class Property:
    """One property: its kind, the longest text it takes (0: any), whether a create needs it."""

    kind: Kind = "text"
    length: int = 0
    required: bool = False

    def check(self, name: str, value: Any) -> None:
        """Raise PayloadError when `value` cannot be stored here."""
        if value is None:
            return
        if self.kind == "bool":
            good, expected = isinstance(value, bool), "true or false"
        elif self.kind == "date":
            good, expected = isinstance(value, str) and bool(_DATE.fullmatch(value)), "/Date(milliseconds)/"
        elif self.kind == "decimal":
            good, expected = _is_decimal(value), "a decimal as text"
        else:
            good, expected = isinstance(value, str), "text"
        if not good:
            raise PayloadError(f"Property '{name}': expected {expected}, found {value!r}", name)
        if self.length and len(value) > self.length:
            raise PayloadError(
                f"Property '{name}': expected at most {self.length} characters, found {len(value)}", name
            )


def _is_decimal(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _text(length: int = 0, *, required: bool = False) -> Property:
    return Property("text", length, required)


_DECIMAL = Property("decimal")
_NEEDED = Property("decimal", required=True)
_WHEN = Property("date")
_FLAG = Property("bool")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitySet:
    """One collection of a service and its items, which are created with it (deep insert)."""

    service: str
    name: str
    number: str  # assigned by the ERP
    first_number: int
    properties: Mapping[str, Property]
    items: str  # the navigation property that holds the items
    item_number: str
    item_properties: Mapping[str, Property]
    customer_reference: str = ""  # the property callers use as their own key
    order_reference: str = ""  # the property that names the sales order
    creatable: bool = True
    year: str = ""  # second key property, when numbers repeat every year
    fixed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Service and set as they stand in an address."""
        return f"{self.service}/{self.name}"


_SALES_AREA = {
    "SalesOrganization": _text(4),
    "DistributionChannel": _text(2),
    "OrganizationDivision": _text(2),
}
_ORDER_LINK = {"ReferenceSDDocument": _text(10), "ReferenceSDDocumentCategory": _text(4)}
_ITEM = {
    "Material": _text(40, required=True),
    "RequestedQuantity": _NEEDED,
    "RequestedQuantityUnit": _text(3, required=True),
    "ReferenceSDDocument": _text(10),
    "ReferenceSDDocumentItem": _text(6),
}

SALES_ORDER = EntitySet(
    service="API_SALES_ORDER_SRV",
    name="A_SalesOrder",
    number="SalesOrder",
    first_number=500001,
    creatable=False,
    customer_reference="PurchaseOrderByCustomer",
    properties={
        "SalesOrder": _text(10),
        "SalesOrderType": _text(4),
        **_SALES_AREA,
        "SoldToParty": _text(10, required=True),
        "PurchaseOrderByCustomer": _text(35),
        "SalesOrderDate": Property("date", required=True),
        "TransactionCurrency": _text(5, required=True),
        "TotalNetAmount": _DECIMAL,
    },
    items="to_Item",
    item_number="SalesOrderItem",
    item_properties={
        "SalesOrderItem": _text(6),
        "Material": _text(40, required=True),
        "SalesOrderItemText": _text(40),
        "RequestedQuantity": _NEEDED,
        "RequestedQuantityUnit": _text(3, required=True),
        "NetAmount": _DECIMAL,
        "NetPriceAmount": _DECIMAL,
        "TransactionCurrency": _text(5),
    },
)

CUSTOMER_RETURN = EntitySet(
    service="API_CUSTOMER_RETURN_SRV",
    name="A_CustomerReturn",
    number="CustomerReturn",
    first_number=60000001,
    customer_reference="PurchaseOrderByCustomer",
    order_reference="ReferenceSDDocument",
    properties={
        "CustomerReturn": _text(10),
        "CustomerReturnType": _text(4, required=True),
        **_SALES_AREA,
        **_ORDER_LINK,
        "SoldToParty": _text(10, required=True),
        "PurchaseOrderByCustomer": _text(35),
        "CustomerReturnDate": _WHEN,
        "CustomerPurchaseOrderDate": _WHEN,
        "RequestedDeliveryDate": _WHEN,
        "PricingDate": _WHEN,
        "SDDocumentReason": _text(3),
        "TransactionCurrency": _text(5),
        "TotalNetAmount": _DECIMAL,
        "HeaderBillingBlockReason": _text(2),
        "DeliveryBlockReason": _text(2),
        "RetsMgmtProcess": _text(3),
        "RetsMgmtProcessingStatus": _text(1),
        "RetsMgmtLogProcgStatus": _text(1),
        "RetsMgmtCompnProcgStatus": _text(1),
    },
    items="to_Item",
    item_number="CustomerReturnItem",
    item_properties={
        **_ITEM,
        "CustomerReturnItem": _text(6),
        "CustomerReturnItemText": _text(40),
        "MaterialByCustomer": _text(35),
        "Batch": _text(10),
        "ProductionPlant": _text(4),
        "Plant": _text(4),
        "StorageLocation": _text(4),
        "ReturnReason": _text(3),
        "ReturnsRefundType": _text(1),
        "ReturnsRefundProcgMode": _text(1),
        "ReturnsRefundExtent": _text(3),
        "CustRetItmFollowUpActivity": _text(4),
        "CustRetMatlAuthzn": _text(35),
        "NetAmount": _DECIMAL,
        "NetPriceAmount": _DECIMAL,
    },
    fixed={"RetsMgmtProcessingStatus": "B"},
)

MATERIAL_DOCUMENT = EntitySet(
    service="API_MATERIAL_DOCUMENT_SRV",
    name="A_MaterialDocumentHeader",
    number="MaterialDocument",
    first_number=4900000001,
    year="MaterialDocumentYear",
    customer_reference="ReferenceDocument",
    properties={
        "MaterialDocument": _text(10),
        "MaterialDocumentYear": _text(4),
        "InventoryTransactionType": _text(2),
        "DocumentDate": _WHEN,
        "PostingDate": Property("date", required=True),
        "CreationDate": _WHEN,
        "ReferenceDocument": _text(16),
        "MaterialDocumentHeaderText": _text(25),
        "GoodsMovementCode": _text(2, required=True),
        "VersionForPrintingSlip": _text(1),
        "ManualPrintIsTriggered": _text(1),
    },
    items="to_MaterialDocumentItem",
    item_number="MaterialDocumentItem",
    item_properties={
        "MaterialDocumentItem": _text(6),
        "Material": _text(40, required=True),
        "Plant": _text(4, required=True),
        "StorageLocation": _text(4),
        "Batch": _text(10),
        "Customer": _text(10),
        "Supplier": _text(10),
        "SalesOrder": _text(10),
        "SalesOrderItem": _text(6),
        "GoodsMovementType": _text(3, required=True),
        "GoodsMovementRefDocType": _text(1),
        "GoodsMovementReasonCode": _text(4),
        "QuantityInEntryUnit": _NEEDED,
        "EntryUnit": _text(3, required=True),
        "InventoryStockType": _text(2),
        "InventorySpecialStockType": _text(1),
        "IssuingOrReceivingStorageLoc": _text(4),
        "IssuingOrReceivingStockType": _text(2),
        "MaterialDocumentItemText": _text(50),
    },
)

CREDIT_MEMO_REQUEST = EntitySet(
    service="API_CREDIT_MEMO_REQUEST_SRV",
    name="A_CreditMemoRequest",
    number="CreditMemoRequest",
    first_number=65000001,
    customer_reference="PurchaseOrderByCustomer",
    order_reference="ReferenceSDDocument",
    properties={
        "CreditMemoRequest": _text(10),
        "CreditMemoRequestType": _text(4, required=True),
        **_SALES_AREA,
        **_ORDER_LINK,
        "SoldToParty": _text(10, required=True),
        "PurchaseOrderByCustomer": _text(35),
        "CustomerPurchaseOrderDate": _WHEN,
        "CreditMemoRequestDate": _WHEN,
        "SDDocumentReason": _text(3),
        "TransactionCurrency": _text(5),
        "TotalNetAmount": _DECIMAL,
        "HeaderBillingBlockReason": _text(2),
    },
    items="to_Item",
    item_number="CreditMemoRequestItem",
    item_properties={
        **_ITEM,
        "CreditMemoRequestItem": _text(6),
        "CreditMemoRequestItemText": _text(40),
        "NetAmount": _DECIMAL,
        "NetPriceAmount": _DECIMAL,
    },
)

ENTITY_SETS = {
    one.path: one for one in (SALES_ORDER, CUSTOMER_RETURN, MATERIAL_DOCUMENT, CREDIT_MEMO_REQUEST)
}
SERVICES = {one.service for one in ENTITY_SETS.values()}


def checked(entity: EntitySet, body: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Split a create's body into header and items, both proved to fit. Raises PayloadError."""
    header = {name: value for name, value in body.items() if name != entity.items}
    _check(header, entity.properties)
    raw = body.get(entity.items, [])
    items = raw.get("results", []) if isinstance(raw, dict) else raw
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise PayloadError(
            f"Property '{entity.items}': expected a list of items, found {raw!r}", entity.items
        )
    if not items:
        raise PayloadError(f"Property '{entity.items}': expected at least one item, found none", entity.items)
    for position, item in enumerate(items, start=1):
        _check(item, entity.item_properties, f"{entity.items}({position})/")
    return header, [dict(item) for item in items]


def _check(values: Mapping[str, Any], properties: Mapping[str, Property], place: str = "") -> None:
    for name, value in values.items():
        if name == "__metadata":
            continue
        if name not in properties:
            raise PayloadError(f"Property '{place}{name}' is invalid", place + name)
        properties[name].check(place + name, value)
    for name, one in properties.items():
        if one.required and values.get(name) in (None, ""):
            raise PayloadError(f"Property '{place}{name}': expected a value, found none", place + name)
