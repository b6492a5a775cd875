"""EDIFACT: streaming reader, grammar-driven trees and writer."""

from connectors.codecs.edifact.codec import EdifactCodec, EdifactDecoded, envelopes
from connectors.codecs.edifact.envelope import Group, Interchange, Message

__all__ = ["EdifactCodec", "EdifactDecoded", "Group", "Interchange", "Message", "envelopes"]
