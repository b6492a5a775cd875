"""X12: streaming reader, grammar-driven trees, writer, acknowledgements of groups and interchanges."""

from connectors.codecs.x12.acknowledge import (
    acknowledge,
    answered,
    groups_needed,
    interchange_acknowledgement,
)
from connectors.codecs.x12.codec import X12Codec, X12Decoded, envelopes
from connectors.codecs.x12.envelope import Group, Interchange, Transaction

__all__ = [
    "Group",
    "Interchange",
    "Transaction",
    "X12Codec",
    "X12Decoded",
    "acknowledge",
    "answered",
    "envelopes",
    "groups_needed",
    "interchange_acknowledgement",
]
