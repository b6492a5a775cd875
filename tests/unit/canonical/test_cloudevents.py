"""Facts in CloudEvents envelopes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonical.cloudevents import EventError, from_event, to_event
from canonical.facts import Fact
from canonical.testing import facts

FACT = Fact(
    id=UUID("01a1fa6b-ab79-7944-b781-9e3140fd5393"),
    type="receipt.recorded",
    return_id=UUID("a716f36c-db98-5b83-ad78-511af191beac"),
    source="wms/receipts",
    occurred_at=datetime(2026, 11, 1, 9, 30, tzinfo=UTC),
    recorded_at=datetime(2026, 11, 1, 9, 31, 0, 5, tzinfo=UTC),
    data={"receipt_id": "R1", "received_at": "2026-11-01T09:30:00Z", "lines": []},
    entity="de",
    site="W1",
    actor="wms",
    correlation_id="c1",
    causation_id="c0",
    mapping="wms.receipt@1+abc",
    raw_sha256="ab" * 32,
    corrects=UUID("01a1fa6b-ab79-7944-b781-9e3140fd5392"),
)


def test_the_envelope_is_cloudevents_1_0_with_our_extensions() -> None:
    assert to_event(FACT) == {
        "specversion": "1.0",
        "id": "01a1fa6b-ab79-7944-b781-9e3140fd5393",
        "source": "wms/receipts",
        "type": "returns.receipt.recorded.v1",
        "subject": "a716f36c-db98-5b83-ad78-511af191beac",
        "time": "2026-11-01T09:30:00+00:00",
        "datacontenttype": "application/json",
        "dataschema": "https://returns-hub.example/schemas/receipt.recorded.v1.json",
        "recordedat": "2026-11-01T09:31:00.000005+00:00",
        "entity": "de",
        "site": "W1",
        "actor": "wms",
        "actorkind": "system",
        "correlationid": "c1",
        "causationid": "c0",
        "mapping": "wms.receipt@1+abc",
        "rawsha256": "ab" * 32,
        "corrects": "01a1fa6b-ab79-7944-b781-9e3140fd5392",
        "data": FACT.data,
    }


def test_attribute_names_are_what_the_specification_allows() -> None:
    assert all(
        name.isascii() and name.isalnum() and name.islower() for name in to_event(FACT) if name != "data"
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(facts(), st.sampled_from(["", "human"]), st.none() | st.uuids())
def test_a_fact_survives_the_round_trip_through_json(fact: Fact, kind: str, corrects: UUID | None) -> None:
    fact = replace(fact, actor_kind=kind, corrects=corrects)
    assert from_event(json.loads(json.dumps(to_event(fact)))) == fact


def test_foreign_extensions_are_ignored() -> None:
    assert from_event(to_event(FACT) | {"traceparent": "00-ab"}) == FACT


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("specversion", "0.3", "specversion: expected '1.0', found '0.3'"),
        ("id", "7", "id: expected a UUID, found '7'"),
        ("subject", None, "subject: expected text, found None"),
        (
            "type",
            "receipt.recorded",
            "type: expected 'returns.<fact type>.v<major>', found 'receipt.recorded'",
        ),
        ("type", "returns.receipt.recorded.vx", "type: expected"),
        ("time", "yesterday", "time: expected an RFC 3339 time, found 'yesterday'"),
        ("time", "2026-11-01T09:30:00", "time: expected a time with offset"),
        ("recordedat", 5, "recordedat: expected text, found 5"),
        ("data", [], "data: expected an object, found list"),
    ],
)
def test_a_malformed_attribute_is_named_with_expected_and_found(
    attribute: str, value: Any, message: str
) -> None:
    with pytest.raises(EventError) as caught:
        from_event(to_event(FACT) | {attribute: value})
    assert str(caught.value).startswith(message)
