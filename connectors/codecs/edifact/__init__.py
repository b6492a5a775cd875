"""EDIFACT: streaming reader, grammar-driven trees and writer."""

from connectors.codecs.edifact.codec import EdifactCodec, EdifactDecoded
from connectors.codecs.edifact.envelope import Group, Interchange, Message

__all__ = ["EdifactCodec", "EdifactDecoded", "Group", "Interchange", "Message"]
