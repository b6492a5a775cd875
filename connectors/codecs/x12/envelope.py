"""What is around transactions: interchanges and functional groups, and what is known of each transaction."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.codecs.base import Finding
from connectors.codecs.x12.delimiters import Delimiters


@dataclass(slots=True, kw_only=True)
class Transaction:
    """One transaction set as an acknowledgement sees it: `accepted` means no finding is fatal.

    `segments` counts from ST to SE.
    """

    set: str
    control: str
    accepted: bool
    version: str = ""  # ST03, else GS08
    segments: int = 0
    offset: int = 0
    guide: str = ""  # format name of the grammar it was checked by; empty: none, so it was not checked
    findings: tuple[Finding, ...] = ()

    @property
    def validated(self) -> bool:
        """Whether a grammar was there to check it by."""
        return bool(self.guide)


@dataclass(slots=True, kw_only=True)
class Group:
    """A functional group. One without GS has `explicit` false and holds the transactions outside of groups.

    `transactions` is filled as records are read; `received` always counts.
    """

    explicit: bool = True
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
    fits: str = ""  # guide that its GS01 and GS08 were found to fit, so that not every transaction asks again
    findings: list[Finding] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """How many transactions can be processed."""
        return sum(transaction.accepted for transaction in self.transactions)


@dataclass(slots=True, kw_only=True)
class Interchange:
    """An interchange: ISA to IEA. `control` is ISA13, `version` ISA12, `test` is true for ISA15 T.

    `bare` is one without ISA: transactions that came alone. `segments` counts all there are, those of the
    envelope too; `charset` is what the text was read as.
    """

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
    bare: bool = False
    segments: int = 0
    charset: str = "ascii"
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
