"""What every connector looks like from the hub: protocols and the values they exchange.

A connector is built by `connectors.registry.connect(system, connection)` and implements whichever
of the four protocols its system can: `Source` (bring documents in), `Lookup` (answer questions
about records we already know by key), `Sink` (make something happen there) and `Probe` (ask
whether it happened). Connectors raise only `connectors.errors` and know neither the canonical
return nor the hub.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

Tree = Any
"""A decoded document: dicts, lists, str, int, Decimal, bool, None. Never a float."""

Cursor = Mapping[str, Any]
"""Where to go on reading; JSON-compatible, owned by the connector, stored by the hub."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where a system is and how to sign in: the fields of an Airflow connection."""

    id: str
    type: str = ""
    host: str = ""
    port: int | None = None
    schema: str = ""
    login: str = ""
    password: str = field(default="", repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Repeat(StrEnum):
    """How a write operation can be repeated safely when its outcome is unknown."""

    NATIVE = "native"  # the partner deduplicates by our key: send again
    LOOKUP = "lookup"  # find by our business key first; send only when it is not there
    REPLACE = "replace"  # same name, same content, replaced as a whole: send again
    NONE = "none"  # nobody can tell: a person decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing a `Sink` can do.

    `key_length` is the longest business key the partner stores (SAP PurchaseOrderByCustomer 35,
    ReferenceDocument 16). `settle` is how many seconds an accepted call may still take to become
    findable: a probe that finds nothing is believed only after that.
    """

    name: str
    repeat: Repeat
    key_length: int = 64
    settle: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Raw bytes that came from, or go to, a partner; nothing parsed yet.

    `source_key` is the partner's own name for these bytes (file name with modification time and
    size, page digest, webhook id): reading the same thing twice gives the same key.
    """

    source_key: str
    body: bytes
    media_type: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Documents that are committed together with the cursor that follows them."""

    documents: Sequence[Document]
    cursor: Cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer as they crossed the wire, credentials redacted."""

    request: str  # request line or command, e.g. "POST /sap/opu/…/A_CustomerReturn"
    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: bytes = b""
    response: str = ""  # status line, e.g. "201 Created"; empty when no answer came
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response_body: bytes = b""
    elapsed: float = 0.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The partner's confirmation that an effect exists there.

    `reference` is the partner's number for it (RMA number, document number, file name); `body` is
    the decoded answer that a receipt mapping reads; `found` tells a probe's receipt from a write's.
    """

    reference: str
    body: Tree
    exchange: Exchange | None = None
    found: bool = False


@runtime_checkable
class Source(Protocol):
    """Brings documents in."""

    def read(self, resource: str, cursor: Cursor | None) -> Iterator[Batch]:
        """Yield what is new since `cursor`, oldest first, in batches safe to commit one by one."""

    def release(self, resource: str, documents: Sequence[Document]) -> None:
        """Tell the partner these are durable here (archive, delete, acknowledge). Idempotent."""


@runtime_checkable
class Lookup(Protocol):
    """Answers what the partner knows about records we name."""

    def lookup(self, resource: str, keys: Sequence[str]) -> Mapping[str, Tree]:
        """Return the record of each key that exists there; absent keys are absent in the answer."""


@runtime_checkable
class Sink(Protocol):
    """Makes something happen at the partner."""

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What can be done, by name."""

    def write(self, operation: str, document: Document, key: str) -> Receipt:
        """Do it once under our business `key`. Thread-safe."""


@runtime_checkable
class Probe(Protocol):
    """Tells whether something happened."""

    def find(self, operation: str, key: str) -> Receipt | None:
        """Return the receipt of an earlier `write` under `key`, or None when the partner has none."""
