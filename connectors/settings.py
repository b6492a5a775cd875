"""What system.yaml may say, shared by all connectors; wrong settings are a `Config` error at once.

A connector's settings model reads the sections it knows (`resources`, `operations` and its own,
such as `http` or `sftp`) strictly, so that a misspelt key is an error and not a silence. Other
top-level sections (`limits`, `edi`, …) belong to the hub and are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.base import Connection, Operation, Repeat
from connectors.errors import Config, Contract, Refused

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """A section in which every key is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Described(Strict):
    """Keys of a resource or operation that the hub reads and connectors only let pass."""

    title: str = ""
    description: str = ""
    format: str | None = None
    options: Mapping[str, Any] = Field(default_factory=dict)


class OperationSettings(Described):
    """One entry of `operations`: how it can be repeated, and how long its key may be."""

    repeat: Repeat
    key_length: int = Field(default=64, ge=1, le=1024)
    settle: float = Field(default=5.0, ge=0, le=3600)

    def operation(self, name: str) -> Operation:
        """The declaration that the hub sees."""
        return Operation(name=name, repeat=self.repeat, key_length=self.key_length, settle=self.settle)


class SystemSettings(BaseModel):
    """The top of system.yaml."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    system: str


def load(model: type[Model], system: Mapping[str, Any]) -> Model:
    """Read a loaded system.yaml into a connector's settings.

    Raises:
        Config: with every problem, each at its place (`operations.create.key: …`).
    """
    try:
        return model.model_validate(system)
    except ValidationError as error:
        name = system.get("system", "?")
        problems = "; ".join(_problem(dict(item)) for item in error.errors(include_url=False))
        raise Config(f"system {name!r}: {problems}", code="settings_invalid") from None


def load_extra(model: type[Model], connection: Connection) -> Model:
    """Read a connection's extra fields. Their values stay out of every message: some are secrets."""
    try:
        return model.model_validate(dict(connection.extra))
    except ValidationError as error:
        problems = "; ".join(
            f"extra.{'.'.join(str(step) for step in item['loc'])}: {_meaning(dict(item))}"
            for item in error.errors(include_url=False, include_input=False)
        )
        raise Config(f"connection {connection.id!r}: {problems}", code="connection_invalid") from None


def _problem(item: Mapping[str, Any]) -> str:
    place = ".".join(str(step) for step in item["loc"]) or "system.yaml"
    found = "" if item["type"] in {"missing", "value_error"} else f", found {item['input']!r}"
    return f"{place}: {_meaning(item)}{found}"


def _meaning(item: Mapping[str, Any]) -> str:
    known = {"extra_forbidden": "expected a known key", "missing": "expected a value, found none"}
    return known.get(item["type"]) or str(item["msg"]).removeprefix("Value error, ")


def operation_of(operations: Mapping[str, Model], name: str) -> Model:
    """Pick an operation by name, or say which there are."""
    return _pick(operations, name, "operation")


def resource_of(resources: Mapping[str, Model], name: str) -> Model:
    """Pick a resource by name, or say which there are."""
    return _pick(resources, name, "resource")


def _pick(entries: Mapping[str, Model], name: str, kind: str) -> Model:
    try:
        return entries[name]
    except KeyError:
        known = ", ".join(sorted(entries)) or "none"
        raise Config(f"expected a known {kind} ({known}), found {name!r}", code=f"{kind}_unknown") from None


@contextmanager
def asking(operation: str) -> Iterator[None]:
    """Around a probe: a refused *question* says nothing about the effect, so it is never `Refused`.

    Raises:
        Config: in place of `Refused`; the effect stays in doubt until somebody has looked.
    """
    try:
        yield
    except Refused as refused:
        raise Config(
            f"probe of operation {operation!r}: {refused.message}",
            code=refused.code,
            exchange=refused.exchange,
        ) from None


def check_key(key: str, longest: int) -> None:
    """Refuse a business key that the partner cannot store whole.

    A key cut short at the partner would never be found again, and the effect would be repeated.

    Raises:
        Contract: it is empty, padded with blanks, holds control characters, or is too long.
    """
    if not key or key != key.strip() or not key.isprintable():
        raise Contract(f"expected a business key of printable characters, found {key!r}", code="key_unusable")
    if len(key) > longest:
        raise Contract(
            f"expected a business key of at most {longest} characters, found {len(key)}: {key!r}",
            code="key_too_long",
        )
