"""What is special about S/4HANA: its root, its language, and how long its reference fields are.

No service has a key of ours. The hub finds its documents by a reference field that SAP stores and
filters by, but neither checks for uniqueness nor cuts with a warning: a key that is too long for
its field would come back shortened and never be found. So the known fields are checked here, when
system.yaml is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from pydantic import Field, model_validator

from connectors.odata.settings import ODataOperation, ODataSection, ODataSettings


@dataclass(frozen=True, slots=True)
class Insert:
    """An entity that can be created: the property of its number, and reference fields with lengths."""

    number: str
    keys: Mapping[str, int] = field(default_factory=dict)


_BY_CUSTOMER = {"PurchaseOrderByCustomer": 35}

SERVICES: Mapping[str, Mapping[str, Insert]] = {
    "API_CUSTOMER_RETURN_SRV": {"A_CustomerReturn": Insert("CustomerReturn", _BY_CUSTOMER)},
    "API_SALES_ORDER_SRV": {"A_SalesOrder": Insert("SalesOrder", _BY_CUSTOMER)},
    "API_CREDIT_MEMO_REQUEST_SRV": {"A_CreditMemoRequest": Insert("CreditMemoRequest", _BY_CUSTOMER)},
    "API_MATERIAL_DOCUMENT_SRV": {
        "A_MaterialDocumentHeader": Insert(
            "MaterialDocument", {"ReferenceDocument": 16, "MaterialDocumentHeaderText": 25}
        )
    },
}
"""Lengths as SAP publishes them. Services that are not here (a customer's own) are taken as written."""


class SapSection(ODataSection):
    """The `odata` section with SAP's defaults; English, so that refusals read the same everywhere."""

    root: str = Field(default="/sap/opu/odata/sap", pattern=r"^(/.*[^/])?$")
    headers: Mapping[str, str] = Field(default_factory=lambda: {"accept-language": "en"})


class SapSettings(ODataSettings):
    """A whole S/4HANA system."""

    odata: SapSection = Field(default_factory=SapSection)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        problems = [problem for name, entry in self.operations.items() for problem in _misfits(name, entry)]
        if problems:
            raise ValueError("; ".join(problems))
        return self


def _misfits(name: str, entry: ODataOperation) -> list[str]:
    """What SAP would not store as system.yaml says."""
    entities = SERVICES.get(entry.service.partition(";")[0])
    if entities is None:
        return []
    place = f"operations.{name}"
    insert = entities.get(entry.entity)
    if insert is None:
        known = ", ".join(sorted(entities))
        return [
            f"{place}.entity: expected one that {entry.service} creates ({known}), found {entry.entity!r}"
        ]
    problems = []
    if entry.number != insert.number:
        problems.append(f"{place}.number: expected {insert.number!r}, found {entry.number!r}")
    if entry.key is not None and entry.key not in insert.keys:
        known = ", ".join(sorted(insert.keys))
        problems.append(f"{place}.key: expected a reference field ({known}), found {entry.key!r}")
    longest = insert.keys.get(entry.key or "", entry.key_length)
    if entry.key_length > longest:
        problems.append(
            f"{place}.key_length: expected at most {longest}, the length of {entry.key}, "
            f"found {entry.key_length}"
        )
    return problems
