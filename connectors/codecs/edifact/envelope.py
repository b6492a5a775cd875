"""What is around messages: interchanges and functional groups, and what is known of each message."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.codecs.base import Finding
from connectors.codecs.edifact.service import Service


@dataclass(slots=True, kw_only=True)
class Message:
    """One message as an acknowledgement sees it: `accepted` means no finding is fatal.

    `segments` counts from UNH to UNT.
    """

    set: str  # 0065
    control: str  # 0062
    version: str  # 0052:0054:0051:0057
    accepted: bool
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
    """A functional group. One without UNG has `explicit` false and holds the messages outside of groups.

    `messages` is filled as records are read; `received` always counts.
    """

    explicit: bool = False
    functional: str = ""  # 0038
    sender: str = ""  # 0040
    receiver: str = ""  # 0044
    date: str = ""
    time: str = ""
    control: str = ""  # 0048
    version: str = ""  # 0051 and S008: controlling agency, version and release
    offset: int = 0
    included: int | None = None  # 0060, as the sender counted
    received: int = 0
    findings: list[Finding] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """How many messages can be processed."""
        return sum(message.accepted for message in self.messages)


@dataclass(slots=True, kw_only=True)
class Interchange:
    """An interchange: UNB to UNZ. `control` is 0020, `syntax` 0001 (UNOC) and `version` 0002 (3).

    `bare` is one without UNB: messages that came alone. `segments` counts all there are but UNA.
    """

    syntax: str
    version: str
    sender: str
    receiver: str
    sender_qualifier: str
    receiver_qualifier: str
    date: str  # YYMMDD, CCYYMMDD in version 4
    time: str  # HHMM
    control: str
    application: str  # 0026
    ack_requested: bool
    agreement: str  # 0032
    test: bool
    service: Service
    charset: str
    offset: int = 0
    bare: bool = False
    segments: int = 0
    groups: list[Group] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def received(self) -> int:
        """How many messages came, in groups or without."""
        return sum(group.received for group in self.groups)

    def labels(self, group: Group) -> dict[str, str]:
        """The envelope of one record, the message's own part left out."""
        return {
            "sender": self.sender,
            "receiver": self.receiver,
            "sender_qualifier": self.sender_qualifier,
            "receiver_qualifier": self.receiver_qualifier,
            "control": self.control,
            "group": group.control,
            "functional": group.functional,
            "test": "T" if self.test else "P",
            "date": group.date or self.date,
            "time": group.time or self.time,
            "group_sender": group.sender,
            "group_receiver": group.receiver,
            "syntax": f"{self.syntax}:{self.version}",
        }
