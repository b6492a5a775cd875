"""The closed vocabularies of a return; every enum in `schemas/` is proved equal to one of these.

Reasons follow X12 element 1293 and response reasons element 1294, one canonical name each; the
crosswalks to and from the codes of real systems are data, in `mappings/codes/*.csv`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple


class FactType(NamedTuple):
    """What the hub knows about a type of fact.

    Attributes:
        precedence: Order among facts of the same moment; the lower comes first.
        version: Newest major version of its schema.
        stated_by: Who usually states it, for documentation and checks of flows.
    """

    precedence: int
    version: int
    stated_by: tuple[str, ...]


REQUESTED: Final = "return.requested"
DECIDED: Final = "authorization.decided"
AUTHORIZED: Final = "return.authorized"
SHIPPED: Final = "shipment.updated"
RECEIVED: Final = "receipt.recorded"
INSPECTED: Final = "inspection.recorded"
DISPOSED: Final = "disposition.decided"
POSTED: Final = "inventory.posted"
CREDITED: Final = "credit.posted"
REPLACED: Final = "replacement.ordered"
CLAIMED: Final = "claim.updated"
NOTIFIED: Final = "party.notified"
CANCELLED: Final = "return.cancelled"
CLOSED: Final = "return.closed"
REOPENED: Final = "return.reopened"

FACT_TYPES: Final[Mapping[str, FactType]] = MappingProxyType(
    {
        REQUESTED: FactType(10, 1, ("portal", "edi", "commerce", "crm", "marketplace", "store")),
        DECIDED: FactType(20, 1, ("policy", "approver")),
        AUTHORIZED: FactType(30, 1, ("erp",)),
        SHIPPED: FactType(40, 1, ("carrier", "tms", "edi")),
        RECEIVED: FactType(50, 1, ("wms",)),
        INSPECTED: FactType(60, 1, ("wms", "quality", "mobile")),
        DISPOSED: FactType(70, 1, ("policy", "approver")),
        POSTED: FactType(80, 1, ("erp",)),
        CREDITED: FactType(90, 1, ("erp",)),
        REPLACED: FactType(100, 1, ("erp",)),
        CLAIMED: FactType(110, 1, ("supplier", "edi")),
        NOTIFIED: FactType(120, 1, ("mail", "webhook")),
        CANCELLED: FactType(130, 1, ("human", "policy")),
        CLOSED: FactType(140, 1, ("human", "policy")),
        REOPENED: FactType(150, 1, ("human", "policy")),
    }
)


class Status(StrEnum):
    """Where a return is. The last four are side states; `on_hold` is set by holds, never by the fold."""

    REQUESTED = "requested"
    PENDING_REVIEW = "pending_review"
    AUTHORIZED = "authorized"
    REJECTED = "rejected"
    EXPIRED = "expired"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    INSPECTED = "inspected"
    DISPOSITIONED = "dispositioned"
    SETTLED = "settled"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    RETURNLESS = "returnless"
    UNMATCHED_RECEIPT = "unmatched_receipt"
    DISPUTED = "disputed"
    ON_HOLD = "on_hold"


class LogisticsStatus(StrEnum):
    """Where the goods are."""

    NONE = "none"
    NOT_REQUIRED = "not_required"
    EXPECTED = "expected"
    LABEL_CREATED = "label_created"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    EXCEPTION = "exception"
    PARTIALLY_RECEIVED = "partially_received"
    RECEIVED = "received"


class FinancialStatus(StrEnum):
    """Where the money is."""

    NONE = "none"
    DUE = "due"
    NOT_DUE = "not_due"
    PARTIALLY_CREDITED = "partially_credited"
    CREDITED = "credited"
    REPLACED = "replaced"
    OVER_CREDITED = "over_credited"


class ClaimStatus(StrEnum):
    """Where a claim against a supplier or carrier is; denied and credited are terminal."""

    NONE = "none"
    OPENED = "opened"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    DENIED = "denied"
    CREDITED = "credited"


class ShipmentStatus(StrEnum):
    """What a carrier says about one shipment."""

    LABEL_CREATED = "label_created"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    EXCEPTION = "exception"


class Outcome(StrEnum):
    """What an authorization decision says."""

    APPROVED = "approved"
    REJECTED = "rejected"
    NEEDS_REVIEW = "needs_review"


class CheckResult(StrEnum):
    """What one policy check found; `unknown` never counts as passed."""

    PASS = "pass"  # noqa: S105 -- a check's result, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


class ReturnType(StrEnum):
    """What kind of return it is."""

    CUSTOMER = "customer"
    WARRANTY = "warranty"
    RECALL = "recall"
    STORE_TRANSFER = "store_transfer"
    STOCK_ROTATION = "stock_rotation"
    VENDOR = "vendor"


class Resolution(StrEnum):
    """What the returning party wants for it."""

    CREDIT = "credit"
    REPLACE = "replace"
    REPAIR = "repair"
    EXCHANGE = "exchange"
    STORE_CREDIT = "store_credit"
    KEEP_WITH_ALLOWANCE = "keep_with_allowance"
    NONE = "none"


class RiskFlag(StrEnum):
    """What needs special care."""

    HAZMAT = "hazmat"
    REGULATED = "regulated"
    SERIALIZED = "serialized"
    COLD_CHAIN = "cold_chain"
    FRAUD = "fraud"


class Reason(StrEnum):
    """Why something comes back. Every code of X12 1293 has its name here (PR and RE are both recall)."""

    BEYOND_CODE_DATE = "beyond_code_date"
    COLOR_VARIANCE = "color_variance"
    DAMAGED = "damaged"
    DAMAGED_IN_TRANSIT = "damaged_in_transit"
    DEFECTIVE = "defective"
    DEFECTIVE_IN_STORE = "defective_in_store"
    DISCONTINUED = "discontinued"
    END_OF_SEASON = "end_of_season"
    EXCESS_INVENTORY = "excess_inventory"
    EXCESSIVE_WEAR = "excessive_wear"
    LABEL_PROBLEM = "label_problem"
    MARK_DOWN = "mark_down"
    NO_LONGER_NEEDED = "no_longer_needed"
    NOT_AS_EXPECTED = "not_as_expected"
    ORDERING_ERROR = "ordering_error"
    OTHER = "other"
    OUTDATED_PACKAGING = "outdated_packaging"
    PACKAGING_DEFECTIVE = "packaging_defective"
    POOR_FIT = "poor_fit"
    POOR_WORKMANSHIP = "poor_workmanship"
    PRICE_ERROR = "price_error"
    QUANTITY_DIFFERENCE = "quantity_difference"
    RECALL = "recall"
    SAMPLES = "samples"
    SHIPPED_PAST_CANCEL_DATE = "shipped_past_cancel_date"
    SHORT_DATED = "short_dated"
    SPOILED = "spoiled"
    STOCK_REDUCTION = "stock_reduction"
    STYLE_PROBLEM = "style_problem"
    TERMINATION = "termination"
    WARRANTY = "warranty"
    WRONG_ITEM = "wrong_item"


class ResponseReason(StrEnum):
    """Why a request was answered as it was (X12 1294)."""

    EXCESSIVE_WEAR = "excessive_wear"
    FREIGHT_OR_RETAILER_DAMAGE = "freight_or_retailer_damage"
    INFORMATION_REQUESTED = "information_requested"
    ITEM_AS_ORDERED = "item_as_ordered"
    ITEM_NOT_DEFECTIVE = "item_not_defective"
    NO_RECORD_OF_SALE = "no_record_of_sale"
    OTHER = "other"
    OUT_OF_SEASON_OR_DISCONTINUED = "out_of_season_or_discontinued"
    PICTURE_REQUESTED = "picture_requested"
    PRICE_DIFFERENCE = "price_difference"
    QUANTITY_DIFFERENCE = "quantity_difference"
    REPAIR_OR_REFURBISH = "repair_or_refurbish"
    SAMPLE_REQUESTED = "sample_requested"
    TIME_LIMIT_EXCEEDED = "time_limit_exceeded"
    UNIDENTIFIABLE_ITEM = "unidentifiable_item"


class Disposition(StrEnum):
    """What becomes of a quantity."""

    RESTOCK = "restock"
    RESTOCK_AS_OTHER_SKU = "restock_as_other_sku"
    REFURBISH = "refurbish"
    REPAIR = "repair"
    RETURN_TO_VENDOR = "return_to_vendor"
    SHIP_TO_THIRD_PARTY = "ship_to_third_party"
    SCRAP = "scrap"
    DESTROY = "destroy"
    DONATE = "donate"
    RECYCLE = "recycle"
    LIQUIDATE = "liquidate"
    QUARANTINE = "quarantine"
    RETURN_TO_CUSTOMER = "return_to_customer"
    KEEP_WITH_ALLOWANCE = "keep_with_allowance"
    DISPUTE_REVIEW = "dispute_review"
    MISSING = "missing"


class Condition(StrEnum):
    """Grade found at inspection."""

    NEW = "A"
    OPENED = "B"
    FUNCTIONAL = "C"
    REPAIRABLE = "D"
    UNUSABLE = "E"
    UNKNOWN = "U"


class InventoryStatus(StrEnum):
    """What the stock may be used for."""

    IN_TRANSIT_RETURN = "in_transit_return"
    RECEIVED_HOLD = "received_hold"
    QUARANTINE = "quarantine"
    AVAILABLE = "available"
    BLOCKED = "blocked"
    SCRAPPED = "scrapped"


class EndingReason(StrEnum):
    """Why a return was cancelled, closed or reopened; closed with `expired` makes the status expired."""

    COMPLETED = "completed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    ENTERED_IN_ERROR = "entered_in_error"
    LATE_RECEIPT = "late_receipt"
    DISPUTED = "disputed"
    POLICY = "policy"
    OTHER = "other"


class CaseCode(StrEnum):
    """Why a return needs somebody's eyes. A case is derived: it goes when the facts no longer show it."""

    # about the facts themselves
    UNUSABLE_FACT = "unusable_fact"
    FOREIGN_FACT = "foreign_fact"
    CONFLICTING_FACT = "conflicting_fact"
    COMPETING_CORRECTIONS = "competing_corrections"
    CORRECTION_WITHOUT_ORIGINAL = "correction_without_original"
    CORRECTION_OF_OTHER_TYPE = "correction_of_other_type"
    RESTATED = "restated"
    # about the order of things
    REQUEST_MISSING = "request_missing"
    UNMATCHED_RECEIPT = "unmatched_receipt"
    RECEIPT_WITHOUT_AUTHORIZATION = "receipt_without_authorization"
    RECEIVED_AFTER_EXPIRY = "received_after_expiry"
    REVISED_AFTER_DECISION = "revised_after_decision"
    AUTHORIZED_WITHOUT_APPROVAL = "authorized_without_approval"
    CONFLICTING_RMA = "conflicting_rma"
    DISPOSITION_WITHOUT_INSPECTION = "disposition_without_inspection"
    POSTED_WITHOUT_DISPOSITION = "posted_without_disposition"
    CREDIT_WITHOUT_DISPOSITION = "credit_without_disposition"
    ENDED_EARLY = "ended_early"
    MOVED_AFTER_END = "moved_after_end"
    # about lines and quantities
    DUPLICATE_LINE = "duplicate_line"
    UNMATCHED_LINE = "unmatched_line"
    ITEM_MISMATCH = "item_mismatch"
    UNIT_MISMATCH = "unit_mismatch"
    CURRENCY_MISMATCH = "currency_mismatch"
    OVER_AUTHORIZED = "over_authorized"
    OVER_RECEIVED = "over_received"
    OVER_INSPECTED = "over_inspected"
    OVER_DISPOSITIONED = "over_dispositioned"
    OVER_POSTED = "over_posted"
    OVER_CREDITED = "over_credited"
    OVER_REPLACED = "over_replaced"
    DOUBLE_COMPENSATION = "double_compensation"
