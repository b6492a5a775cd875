"""reject: tell a partner that the business cannot take a record, with segment and element."""

from __future__ import annotations

from collections.abc import Sequence

from hub import ledger
from hub.flows.models import IntakeFlow
from hub.pipeline.context import Hub
from hub.pipeline.interpret import Interpreted
from hub.store.database import Connection


def answer(
    tx: Connection,
    hub: Hub,
    flow: IntakeFlow,
    claim: ledger.Claim,
    settled: Sequence[tuple[ledger.Admission, Interpreted]],
) -> set[str]:
    """Enqueue an application advice for each record that died."""
    del tx, hub, flow, claim, settled
    return set()
