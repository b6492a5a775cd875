"""What every connector must prove: suites that connector authors subclass in their own tests.

A suite talks to a *bench*: a real or sandbox partner that can be told to misbehave and whose own
books can be read. Subclass, give the `bench` fixture, and pytest runs the promises:

    class TestErp(SinkContract):
        @pytest.fixture
        def bench(self, tmp_path):
            with erp.serve(tmp_path) as partner:
                yield ErpBench(partner)

The suites use pytest alone and no mocks: what is proved here was seen at the partner.
"""

# ruff: noqa: S101 - these are tests: pytest explains what an assert found

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from enum import StrEnum
from typing import Any, Protocol, cast

import pytest

from connectors.base import Cursor, Document, Exchange, Operation, Probe, Receipt, Repeat, Sink, Source
from connectors.errors import Config, ConnectorError, Contract, Refused, Unavailable, Unknown
from connectors.registry import Connector

THREADS = 8
_PER_THREAD = 5


class Trouble(StrEnum):
    """How the partner can be told to treat the next write."""

    LOST_ANSWER = "lost_answer"  # does the work, then hangs up
    TURNED_AWAY = "turned_away"  # does nothing and says so: 503, a refused channel
    REFUSED = "refused"  # understands the document and says no


class SinkBench(Protocol):
    """A partner that takes effects."""

    operation: str
    secrets: Sequence[str]

    def connect(self) -> Connector:
        """A connector with good credentials; the suite closes it."""

    def connect_badly(self) -> Connector:
        """A connector whose credentials (among `secrets`) the partner does not accept."""

    def document(self, key: str) -> Document:
        """A document that the partner takes under this key."""

    def prepare(self, trouble: Trouble) -> bool:
        """Make the next write meet `trouble`; False when this partner cannot."""

    def effects(self, key: str) -> int:
        """How many times the partner's own books hold the key's effect."""


class SourceBench(Protocol):
    """A partner that has documents for us."""

    resource: str

    def connect(self) -> Connector:
        """A connector; the suite closes it."""

    def put(self, count: int) -> None:
        """Make the partner have `count` more documents or records."""

    def records(self, document: Document) -> Sequence[str]:
        """The records of a document, without what changes from page to page."""


class SinkContract:
    """The promises of a `Sink` that is also a `Probe`."""

    @pytest.fixture
    def bench(self) -> Any:
        """Give a `SinkBench`."""
        raise NotImplementedError("expected the subclass to give the fixture 'bench'")

    def test_a_write_is_found_again_under_its_key(self, bench: SinkBench) -> None:
        """Write, then find: same reference, one effect, a receipt that tells which is which."""
        with bench.connect() as connector:
            sink, probe = cast("Sink", connector), cast("Probe", connector)
            written = sink.write(bench.operation, bench.document("RH-1"), "RH-1")
            found = probe.find(bench.operation, "RH-1")
        assert found is not None
        assert (found.reference, found.found, written.found) == (written.reference, True, False)
        assert written.reference
        assert bench.effects("RH-1") == 1

    def test_what_was_never_written_is_not_found(self, bench: SinkBench) -> None:
        """A probe must not find what is not there."""
        with bench.connect() as connector:
            assert cast("Probe", connector).find(bench.operation, "RH-NEVER") is None

    def test_a_key_that_does_not_fit_is_a_contract_error_before_anything_is_sent(
        self, bench: SinkBench
    ) -> None:
        """Cut short at the partner it would never be found again."""
        with bench.connect() as connector:
            sink = cast("Sink", connector)
            key = "K" * (sink.operations[bench.operation].key_length + 1)
            with pytest.raises(Contract, match="at most"):
                sink.write(bench.operation, bench.document(key), key)
        assert bench.effects(key) == 0

    def test_an_unknown_operation_is_a_config_error_naming_the_known_ones(self, bench: SinkBench) -> None:
        """A misspelt operation pauses the target and burns nothing."""
        with bench.connect() as connector, pytest.raises(Config, match=bench.operation):
            cast("Sink", connector).write("no_such_operation", bench.document("RH-1"), "RH-1")

    def test_an_effect_whose_answer_is_lost_can_be_repeated_safely_as_declared(
        self, bench: SinkBench
    ) -> None:
        """Unknown, then whatever the declared `Repeat` allows: in the end exactly one effect."""
        if not bench.prepare(Trouble.LOST_ANSWER):
            pytest.skip("this partner cannot lose an answer")
        with bench.connect() as connector:
            sink = cast("Sink", connector)
            error = _caught(lambda: sink.write(bench.operation, bench.document("RH-1"), "RH-1"))
            assert isinstance(error, Unknown), f"expected Unknown, found {error!r}"
            receipt = _repeated(connector, bench, sink.operations[bench.operation], "RH-1")
        assert receipt is None or receipt.reference
        assert bench.effects("RH-1") == 1

    def test_a_partner_that_turns_us_away_is_unavailable_and_nothing_happened(self, bench: SinkBench) -> None:
        """What is called Unavailable may be repeated blindly, so nothing may have happened."""
        if not bench.prepare(Trouble.TURNED_AWAY):
            pytest.skip("this partner cannot turn us away")
        with bench.connect() as connector:
            sink = cast("Sink", connector)
            error = _caught(lambda: sink.write(bench.operation, bench.document("RH-1"), "RH-1"))
            assert isinstance(error, Unavailable), f"expected Unavailable, found {error!r}"
            assert bench.effects("RH-1") == 0
            sink.write(bench.operation, bench.document("RH-1"), "RH-1")
        assert bench.effects("RH-1") == 1

    def test_a_refusal_is_refused_with_the_exchange(self, bench: SinkBench) -> None:
        """The dead letter needs the partner's words."""
        if not bench.prepare(Trouble.REFUSED):
            pytest.skip("this partner cannot refuse")
        with bench.connect() as connector:
            sink = cast("Sink", connector)
            error = _caught(lambda: sink.write(bench.operation, bench.document("RH-1"), "RH-1"))
        assert isinstance(error, Refused), f"expected Refused, found {error!r}"
        assert error.exchange is not None
        assert error.code
        assert bench.effects("RH-1") == 0

    def test_bad_credentials_are_a_config_error_that_shows_none(self, bench: SinkBench) -> None:
        """Neither message, exchange nor traceback holds a secret."""
        with bench.connect_badly() as connector:
            sink = cast("Sink", connector)
            error = _caught(lambda: sink.write(bench.operation, bench.document("RH-1"), "RH-1"))
        assert isinstance(error, Config), f"expected Config, found {error!r}"
        assert leaks(error, bench.secrets) == []

    def test_receipts_hold_no_credentials(self, bench: SinkBench) -> None:
        """An exchange is kept for years."""
        with bench.connect() as connector:
            receipt = cast("Sink", connector).write(bench.operation, bench.document("RH-1"), "RH-1")
        assert receipt.exchange is not None
        assert [secret for secret in bench.secrets if secret in _exchange_text(receipt.exchange)] == []

    def test_many_threads_write_through_one_connector(self, bench: SinkBench) -> None:
        """Each key once, each receipt its own."""
        keys = [f"RH-T{number}" for number in range(THREADS * _PER_THREAD)]
        with bench.connect() as connector, ThreadPoolExecutor(THREADS) as pool:
            sink = cast("Sink", connector)
            receipts = list(pool.map(lambda key: sink.write(bench.operation, bench.document(key), key), keys))
        assert len({receipt.reference for receipt in receipts}) == len(keys)
        assert [key for key in keys if bench.effects(key) != 1] == []

    def test_a_closed_connector_stays_closed(self, bench: SinkBench) -> None:
        """Closing twice is harmless; using it afterwards is one of our errors."""
        connector = bench.connect()
        connector.close()
        connector.close()
        error = _caught(
            lambda: cast("Sink", connector).write(bench.operation, bench.document("RH-1"), "RH-1")
        )
        assert isinstance(error, ConnectorError)
        assert bench.effects("RH-1") == 0


class SourceContract:
    """The promises of a `Source`."""

    @pytest.fixture
    def bench(self) -> Any:
        """Give a `SourceBench`."""
        raise NotImplementedError("expected the subclass to give the fixture 'bench'")

    def test_reading_twice_gives_the_same_records(self, bench: SourceBench) -> None:
        """A reader may die at any moment and read again."""
        bench.put(3)
        with bench.connect() as connector:
            first = _read(cast("Source", connector), bench.resource, None)
            again = _read(cast("Source", connector), bench.resource, None)
        assert len(_records(bench, first)) >= 3  # noqa: PLR2004 - what was put
        assert _records(bench, first) == _records(bench, again)

    def test_documents_have_one_name_for_the_same_bytes(self, bench: SourceBench) -> None:
        """The inbox recognises what it has by `source_key`."""
        bench.put(3)
        with bench.connect() as connector:
            source = cast("Source", connector)
            found = _read(source, bench.resource, None) + _read(source, bench.resource, None)
        names: dict[bytes, set[str]] = {}
        for document in found:
            names.setdefault(document.body, set()).add(document.source_key)
        assert [one for one in names.values() if len(one) != 1] == []
        assert len(set().union(*names.values())) == len(names)

    def test_cursors_are_json(self, bench: SourceBench) -> None:
        """The hub stores them as they are."""
        bench.put(3)
        with bench.connect() as connector:
            batches = list(cast("Source", connector).read(bench.resource, None))
        assert [json.loads(json.dumps(batch.cursor)) for batch in batches] == [
            dict(batch.cursor) for batch in batches
        ]

    def test_a_reader_that_stops_after_a_batch_loses_nothing(self, bench: SourceBench) -> None:
        """What the first batch did not bring comes when reading goes on from its cursor."""
        bench.put(5)
        with bench.connect() as connector:
            source = cast("Source", connector)
            everything = _records(bench, _read(source, bench.resource, None))
            first = next(iter(source.read(bench.resource, None)))
            later = _records(bench, _read(source, bench.resource, first.cursor))
        assert _records(bench, first.documents) | later >= everything

    def test_releasing_twice_is_harmless(self, bench: SourceBench) -> None:
        """The hub may die between release and its note of it."""
        bench.put(2)
        with bench.connect() as connector:
            source = cast("Source", connector)
            documents = _read(source, bench.resource, None)
            source.release(bench.resource, documents)
            source.release(bench.resource, documents)

    def test_an_unknown_resource_is_a_config_error(self, bench: SourceBench) -> None:
        """It names the resources there are."""
        with bench.connect() as connector, pytest.raises(Config, match=bench.resource):
            list(cast("Source", connector).read("no/such/resource", None))


def leaks(error: BaseException, secrets: Sequence[str]) -> list[str]:
    """Which secrets an error shows: in its message, its exchange or its printed traceback."""
    shown = "".join(traceback.format_exception(error)) + repr(error) + str(error)
    exchange = getattr(error, "exchange", None)
    if isinstance(exchange, Exchange):
        shown += _exchange_text(exchange)
    return [secret for secret in secrets if secret in shown]


def _exchange_text(exchange: Exchange) -> str:
    return " ".join(str(getattr(exchange, one.name)) for one in fields(exchange))


def _caught(call: Callable[[], object]) -> BaseException | None:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - the suite judges what was raised
        return error
    return None


def _repeated(connector: Connector, bench: SinkBench, operation: Operation, key: str) -> Receipt | None:
    """Do what the hub does with an unknown outcome."""
    found = None
    if operation.repeat is not Repeat.NATIVE:
        found = cast("Probe", connector).find(bench.operation, key)
    if found is not None or operation.repeat is Repeat.NONE:
        return found
    return cast("Sink", connector).write(bench.operation, bench.document(key), key)


def _records(bench: SourceBench, documents: Sequence[Document]) -> set[str]:
    return {record for document in documents for record in bench.records(document)}


def _read(source: Source, resource: str, cursor: Cursor | None) -> list[Document]:
    return [document for batch in source.read(resource, cursor) for document in batch.documents]
