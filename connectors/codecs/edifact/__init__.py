"""EDIFACT: streaming reader, grammar-driven trees, writer and CONTRL."""

from connectors.codecs.edifact.acknowledge import acknowledge
from connectors.codecs.edifact.codec import EdifactCodec, EdifactDecoded, envelopes
from connectors.codecs.edifact.envelope import Group, Interchange, Message

__all__ = ["EdifactCodec", "EdifactDecoded", "Group", "Interchange", "Message", "acknowledge", "envelopes"]
