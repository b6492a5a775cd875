"""What system.yaml says about a REST system."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Literal, Self

from pydantic import Field, model_validator

from connectors.base import Operation, Repeat
from connectors.http import HttpSettings
from connectors.retry import RetrySettings
from connectors.settings import Described, OperationSettings, Strict, SystemSettings
from connectors.watermark import WatermarkSettings

Path = str


class Watermark(WatermarkSettings):
    """The change time of a collection, and the parameter that asks for newer ones."""

    param: str


class Limit(Strict):
    """The page size to ask for."""

    param: str
    value: int = Field(ge=1, le=100_000)


class Resource(Described):
    """A collection that can be read (`path`), or whose records can be looked up (`record`).

    `items` and `next` are dotted paths in a page: to its list of records (empty: the page is the
    list), and to what leads to the next page: a token for `page_param`, or without one an address.
    """

    path: Path | None = Field(default=None, pattern="^/")
    items: str = ""
    next: str | None = None
    page_param: str | None = None
    watermark: Watermark | None = None
    limit: Limit | None = None
    params: Mapping[str, str] = Field(default_factory=dict)
    record: Path | None = Field(default=None, pattern="^/")

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if self.path is None and self.record is None:
            raise ValueError("expected 'path' to read or 'record' to look up, found neither")
        _check_template(self.record)
        return self


class Failure(Strict):
    """How a success status can still carry a failure: the value at `path` equals `equals`."""

    path: str
    equals: str | bool | int
    message: str | None = None
    code: str | None = None


class RestOperation(OperationSettings):
    """One write. `{key}` in `path` and `find` stands for the business key, quoted.

    `number` is the dotted path of the partner's number in its answer (without it the key is the
    reference), `key_header` a header that makes the partner deduplicate (`Idempotency-Key`).
    """

    method: Literal["POST", "PUT", "PATCH", "DELETE"]
    path: Path = Field(pattern="^/")
    find: Path | None = Field(default=None, pattern="^/")
    number: str | None = None
    key_header: str | None = None
    failed_when: Failure | None = None

    @model_validator(mode="after")
    def _repeatable(self) -> Self:
        _check_template(self.path)
        _check_template(self.find)
        if self.repeat is Repeat.LOOKUP and self.find is None:
            raise ValueError("expected 'find' with repeat 'lookup', found none")
        if self.repeat is Repeat.REPLACE and "{key}" not in self.path:
            raise ValueError("expected {key} in 'path' with repeat 'replace', found none")
        if self.repeat is Repeat.NATIVE and self.key_header is None and "{key}" not in self.path:
            raise ValueError("expected 'key_header' or {key} in 'path' with repeat 'native', found neither")
        return self


class RestSettings(SystemSettings):
    """A whole REST system."""

    resources: Mapping[str, Resource] = Field(default_factory=dict)
    operations: Mapping[str, RestOperation] = Field(default_factory=dict)
    http: HttpSettings = Field(default_factory=HttpSettings)
    retry: RetrySettings = Field(default_factory=RetrySettings)

    def declared(self) -> dict[str, Operation]:
        """The operations as the hub sees them."""
        return {name: entry.operation(name) for name, entry in self.operations.items()}


def _check_template(path: str | None) -> None:
    fields = {name for _, name, _, _ in Formatter().parse(path or "") if name is not None}
    if fields - {"key"}:
        raise ValueError(f"expected only {{key}} in a path, found {sorted(fields - {'key'})}")
