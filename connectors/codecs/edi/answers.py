"""What an interchange is answered with, whichever standard it is of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from connectors.codecs import edifact, x12
from connectors.codecs.base import NOTHING
from connectors.codecs.edi.reading import Interchange

Kind: TypeAlias = Literal["TA1", "997", "999", "CONTRL"]


def usual_kinds(interchange: Interchange) -> list[Kind]:
    """What is sent where nothing else is agreed: a 997 or a CONTRL, a TA1 when it is asked for or needed."""
    if isinstance(interchange, edifact.Interchange):
        return ["CONTRL"]
    return ["TA1", "997"] if interchange.ack_requested or interchange.findings else ["997"]


def answer(
    interchange: Interchange,
    kind: Kind,
    numbers: Mapping[str, int],
    moment: Mapping[str, str],
    envelope: Mapping[str, Any] = NOTHING,
) -> bytes:
    """Write one acknowledgement of an interchange.

    Args:
        interchange: As it was read, with its transactions.
        kind: The acknowledgement that is wanted.
        numbers: `control` and, for a 997 or 999, `group`.
        moment: `date` (CCYYMMDD) and `time` (HHMM).
        envelope: What to write differently, as for the writers.

    Returns:
        The document; empty when there is nothing, or nobody, to answer.

    Raises:
        ValueError: The kind is one of the other standard.
    """
    control, date, time = numbers["control"], moment["date"], moment["time"]
    if isinstance(interchange, edifact.Interchange):
        if kind != "CONTRL":
            raise ValueError(f"expected CONTRL for an EDIFACT interchange, found {kind}")
        return edifact.acknowledge(interchange, control=control, date=date, time=time, envelope=envelope)
    if kind == "TA1":
        return x12.interchange_acknowledgement(
            interchange, control=control, date=date, time=time, envelope=envelope
        )
    if kind == "CONTRL":
        raise ValueError("expected TA1, 997 or 999 for an X12 interchange, found CONTRL")
    return x12.acknowledge(
        interchange,
        control=control,
        group=numbers["group"],
        date=date,
        time=time,
        kind=kind,
        envelope=envelope,
    )
