"""What system.yaml says about an OData system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from connectors.base import Operation, Repeat
from connectors.http import HttpSettings
from connectors.retry import RetrySettings
from connectors.settings import Described, OperationSettings, Strict, SystemSettings
from connectors.watermark import WatermarkSettings

Service = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.;=/-]*$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Version = Annotated[
    # all values of system.yaml are texts
    Literal[2, 4], BeforeValidator(lambda value: int(value) if value in ("2", "4") else value)
]


class ODataSection(Strict):
    """The `odata` section: what all services of the system share.

    `root` stands before each service; `params` go with each request (`sap-client`). A refusal
    whose code is in `transient_codes` (`V1/042`, a lock) counts as `Unavailable`.
    """

    root: str = Field(default="", pattern=r"^(/.*[^/])?$")
    version: Version = 2
    csrf: bool = True
    params: Mapping[str, str] = Field(default_factory=dict)
    headers: Mapping[str, str] = Field(default_factory=dict)
    transient_codes: tuple[str, ...] = ()
    keys_per_lookup: int = Field(default=25, ge=1, le=200)


class Resource(Described):
    """An entity set that can be read (all of it, or by `watermark`) and looked up by `key`.

    With `many` a lookup gives the list of all records of a key, otherwise one record.
    """

    service: Service
    entity: Name
    key: Name | None = None
    expand: str | None = None
    select: str | None = None
    filter: str | None = None
    top: int | None = Field(default=None, ge=1)
    many: bool = False
    watermark: WatermarkSettings | None = None


class ODataOperation(OperationSettings):
    """One create by (deep) insert.

    `key` is the property that carries the business key, `number` the one with the partner's number.
    """

    service: Service
    entity: Name
    number: Name
    key: Name | None = None
    expand: str | None = None

    @model_validator(mode="after")
    def _findable(self) -> Self:
        if self.repeat is Repeat.LOOKUP and self.key is None:
            raise ValueError("expected 'key' with repeat 'lookup', found none")
        if self.repeat in {Repeat.REPLACE, Repeat.NATIVE}:
            raise ValueError(f"expected repeat 'lookup' or 'none' for an insert, found {self.repeat.value!r}")
        return self


class ODataSettings(SystemSettings):
    """A whole OData system."""

    odata: ODataSection = Field(default_factory=ODataSection)
    resources: Mapping[str, Resource] = Field(default_factory=dict)
    operations: Mapping[str, ODataOperation] = Field(default_factory=dict)
    http: HttpSettings = Field(default_factory=HttpSettings)
    retry: RetrySettings = Field(default_factory=RetrySettings)

    def declared(self) -> dict[str, Operation]:
        """The operations as the hub sees them."""
        return {name: entry.operation(name) for name, entry in self.operations.items()}
