"""What is around transactions: interchanges and functional groups, and what is known of each transaction."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.codecs.base import Finding
from connectors.codecs.x12.delimiters import Delimiters


@dataclass(slots=True, kw_only=True)
class Transaction:
    """One transaction set as an acknowledgement sees it: `accepted` means no finding is fatal.

    `segments` counts from ST to SE; `validated` is false for a set that no guide describes.
    """

    set: str
    control: str
    accepted: bool
    version: str = ""  # ST03, else GS08
    segments: int = 0
    offset: int = 0
    validated: bool = True
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True, kw_only=True)
class Group:
    """A functional group. `transactions` is filled by `envelopes` only; `received` always counts."""

    functional: str = ""  # GS01
    sender: str = ""  # GS02
    receiver: str = ""  # GS03
    date: str = ""  # GS04
    time: str = ""  # GS05
    control: str = ""  # GS06
    version: str = ""  # GS08
    offset: int = 0
    included: int | None = None  # GE01, as the sender counted
    received: int = 0
    findings: list[Finding] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """How many transactions can be processed."""
        return sum(transaction.accepted for transaction in self.transactions)


@dataclass(slots=True, kw_only=True)
class Interchange:
    """An interchange: ISA to IEA. `control` is ISA13, `version` ISA12, `test` is true for ISA15 T."""

    sender: str
    receiver: str
    sender_qualifier: str
    receiver_qualifier: str
    control: str
    date: str  # YYMMDD
    time: str  # HHMM
    version: str
    standards: str  # ISA11: a standards id such as U, or the repetition separator
    ack_requested: bool
    usage: str  # ISA15: P production, T test, I information
    delimiters: Delimiters
    offset: int = 0
    groups: list[Group] = field(default_factory=list)
    acknowledgements: list[tuple[str, ...]] = field(default_factory=list)  # elements of each TA1
    findings: list[Finding] = field(default_factory=list)

    @property
    def test(self) -> bool:
        """Whether this is test data."""
        return self.usage == "T"

    def labels(self, group: Group, set_id: str, control: str) -> dict[str, str]:
        """The envelope of one record."""
        return {
            "sender": self.sender,
            "receiver": self.receiver,
            "sender_qualifier": self.sender_qualifier,
            "receiver_qualifier": self.receiver_qualifier,
            "control": self.control,
            "group": group.control,
            "transaction": control,
            "version": group.version,
            "set": set_id,
            "functional": group.functional,
            "test": self.usage,
            "date": group.date or self.date,
            "time": group.time or self.time,
            "group_sender": group.sender,
            "group_receiver": group.receiver,
        }
