"""What a portal posts and what it gets, as published in the OpenAPI document."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from canonical.vocabulary import Resolution, ReturnType

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DECIMAL = re.compile(r"\d{1,12}(\.\d{1,6})?", re.ASCII)


def _readable(text: str) -> str:
    # NUL cannot be stored at all, and the others break EDI partners further down
    found = _CONTROL.search(text)
    if found:
        raise PydanticCustomError(
            "control_character",
            "Text must not hold control characters",
            {"expected": "text without control characters", "found": f"U+{ord(found[0]):04X}"},
        )
    return text


def _moment(value: Any) -> Any:
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            return value
    raise PydanticCustomError(
        "moment",
        "A time must be RFC 3339 with an offset",
        {"expected": "RFC 3339 with offset, such as 2026-11-02T09:30:00+01:00"},
    )


def _quantity(value: Any) -> Any:
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    # digits first: the value of 1e999999999 must never be written out
    exact = not (isinstance(value, Decimal) and abs(value.adjusted()) > 18)  # noqa: PLR2004  # digits allowed in all
    if isinstance(value, bool) or not exact or not _DECIMAL.fullmatch(text) or not Decimal(text):
        raise PydanticCustomError(
            "quantity",
            "A quantity must be a positive decimal number",
            {"expected": "a decimal above 0, at most 12 digits before and 6 after the point"},
        )
    return text


def _one_of(names: type[StrEnum], *, lower: bool) -> Any:
    expected = "one of " + ", ".join(names)

    def check(value: Any) -> Any:
        if not isinstance(value, str) or (value.lower() if lower else value) not in frozenset(names):
            raise PydanticCustomError("one_of", "The value is not known", {"expected": expected})
        return value

    return BeforeValidator(check)


_QUANTITY_SCHEMA: Final = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0},
        {"type": "string", "pattern": r"^\d{1,12}(\.\d{1,6})?$"},
    ],
    "description": "Decimal above 0, as a JSON number or a string; kept exactly as written",
    "examples": ["2", 1.5],
}

Moment = Annotated[str, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Quantity = Annotated[str, BeforeValidator(_quantity), WithJsonSchema(_QUANTITY_SCHEMA)]
Wanted = Annotated[
    str,
    _one_of(Resolution, lower=True),
    WithJsonSchema(
        {"type": "string", "enum": [*Resolution], "description": "What the customer wants; default credit"}
    ),
]
ReturnKind = Annotated[
    str,
    _one_of(ReturnType, lower=False),
    WithJsonSchema(
        {"type": "string", "enum": [*ReturnType], "description": "What kind of return; default customer"}
    ),
]
_Safe = AfterValidator(_readable)
Name = Annotated[str, Field(min_length=1, max_length=200), _Safe]
Code = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S+$"), _Safe]
Number = Annotated[str, Field(min_length=1, max_length=35), _Safe]
Serial = Annotated[str, Field(min_length=1, max_length=60), _Safe]
Prose = Annotated[str, Field(max_length=2000), _Safe]
Email = Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$"), _Safe]


class _Strict(BaseModel):
    # a field that we do not know is more often a typing error than an extension
    model_config = ConfigDict(strict=True, extra="forbid")


class Customer(_Strict):
    """Who wants to send something back."""

    number: Annotated[Number, Field(description="The customer's number with us", examples=["17100001"])]
    name: Name | None = None
    email: Annotated[Email | None, Field(examples=["returns@customer.example"])] = None


class Line(_Strict):
    """What is to come back."""

    sku: Annotated[Code, Field(description="Our item number", examples=["TG11"])]
    quantity: Quantity
    uom: Annotated[Code, Field(description="Unit of measure, UN/ECE Recommendation 20", examples=["EA"])] = (
        "EA"
    )
    reason: Annotated[
        Code, Field(description="Why, as a code of the portal's crosswalk", examples=["DEFECTIVE"])
    ]
    comment: Prose | None = None
    serials: Annotated[list[Serial], Field(max_length=1000)] = []


class ReturnRequest(_Strict):
    """A request to return goods."""

    reference: Annotated[
        Serial, Field(description="Your own id of this return: the same reference is the same return")
    ]
    customer: Customer
    po_number: Annotated[Number, Field(description="The customer's purchase order: how we find the order")]
    order_number: Annotated[Number | None, Field(description="Our sales order")] = None
    requested_at: Moment
    return_type: ReturnKind | None = None
    resolution: Wanted | None = None
    currency: Annotated[
        str | None, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217", examples=["EUR"])
    ] = None
    lines: Annotated[list[Line], Field(min_length=1, max_length=1000)]


class Policy(BaseModel):
    """The decision table that decided."""

    name: str
    version: str


class Decision(BaseModel):
    """Whether the return may come, and why."""

    outcome: Annotated[str, Field(examples=["approved", "rejected", "needs_review"])]
    reasons: list[str] = []
    policy: Policy | None = None
    rule: str | None = None


class Links(BaseModel):
    """Where to look next."""

    self: str


class ReturnAnswer(BaseModel):
    """A return as its portal sees it."""

    return_id: UUID
    reference: str
    status: Annotated[
        str,
        Field(
            description="Status of the return; `held` while it waits for a system that is down, "
            "`failed` when the hub's operators look into it"
        ),
    ]
    rma: Annotated[str | None, Field(description="RMA number, once the ERP has given one")] = None
    decision: Decision | None = None
    links: Links
