"""The partner profile, `edi:` of a system.yaml: what a partner and we agreed on beyond the standard."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from hub.flows.durations import Duration
from hub.flows.models import OneOrMore, Strict

_SIGN: Final = re.compile(r"[^\w\s]|[\n\r\x1c-\x1f]", re.ASCII)
_REQUIRED: Final = re.compile(r"[A-Z][A-Z0-9]{1,2}(\.([A-Z][A-Z0-9]{1,2}|[0-9]{2}))*\.[0-9]{2}(\.[0-9]{2})?")

TA1_OPERATION: Final = "upload_ta1"
"""The operation of a system through which its interchanges get their TA1."""

_READING: Final = ("tolerate", "versions", "functional")
_LEDGER: Final = frozenset(
    {"standard", "versions", "functional", "tolerate", "required", "reasons", "acks", "control"}
)

Several = Annotated[
    tuple[str, ...], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
]
"""A list, one text that stands for a list of one, or nothing."""


class Delimiters(Strict):
    """Service characters of what we send; what is received says its own.

    Attributes:
        element: Between data elements.
        component: Between components of a composite.
        repetition: Between repetitions; X12 since 00402.
        segment: Behind each segment.
        decimal: Decimal mark of EDIFACT.
        release: Release character of EDIFACT; empty for none.
        replacement: What X12 writes for a delimiter inside data, which is refused otherwise.
        line_end: Written behind each segment, for people.
    """

    element: str | None = None
    component: str | None = None
    repetition: str | None = None
    segment: str | None = None
    decimal: str | None = None
    release: str | None = None
    replacement: str | None = None
    line_end: str | None = None

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        signs = {
            name: sign
            for name in ("element", "component", "repetition", "segment", "release")
            if (sign := getattr(self, name))
        }
        for name, sign in signs.items():
            if not _SIGN.fullmatch(sign):
                raise ValueError(
                    f"{name}: expected one sign that is no letter, digit or blank, found {sign!r}"
                )
        if len(set(signs.values())) != len(signs):
            listed = ", ".join(f"{name} {sign!r}" for name, sign in signs.items())
            raise ValueError(f"expected delimiters that differ from each other, found {listed}")
        if self.decimal not in (None, ".", ","):
            raise ValueError(f"decimal: expected a point or a comma, found {self.decimal!r}")
        return self


class AcksSent(Strict):
    """What we answer.

    Attributes:
        interchange: When an X12 interchange is answered with a TA1: `never`, when something is wrong with its
            envelope (`errors`), when ISA14 asks for it (`requested`), or `always`.
        functional: What its flows answer with; `check` holds their `acknowledge` against it.
    """

    interchange: Literal["never", "errors", "requested", "always"] = "never"
    functional: Literal["none", "997", "999", "CONTRL"] | None = None

    def ta1_due(self, *, wrong: bool, requested: bool) -> bool:
        """Whether an interchange gets a TA1 whose envelope is wrong, or whose ISA14 asks for one."""
        return {"always": True, "errors": wrong, "requested": requested, "never": False}[self.interchange]


class AcksExpected(Strict):
    """What we wait for after an interchange of ours was delivered.

    Attributes:
        within: How long; without it nothing is waited for.
        functional: `false`: it is enough that the interchange was received (TA1, CONTRL with action 8).
    """

    within: Duration | None = None
    functional: bool = True


class Acks(Strict):
    """Acknowledgements in both directions.

    Attributes:
        send: What we answer.
        expect: What we wait for.
    """

    send: AcksSent = AcksSent()
    expect: AcksExpected = AcksExpected()


class Control(Strict):
    """How control numbers that come in are looked at.

    Attributes:
        window: How long a number may not be used again.
        sequence: `warn`: one alert when an interchange number leaves a gap or is older than the last one.
        groups: `reject`: a group whose number another interchange had is refused; `ignore` for partners that
            number the groups of each interchange anew.
    """

    window: Duration = timedelta(days=365)
    sequence: Literal["ignore", "warn"] = "ignore"
    groups: Literal["reject", "ignore"] = "reject"


class Edi(Strict):
    """The partner profile: identities, deviations, acknowledgements and control numbers.

    Attributes:
        standard: `x12` or `edifact`; the formats of the system's resources and operations must agree.
        sender: Who we are to this partner, as it stands in what we send.
        sender_qualifier: Of `sender`; looked at in what comes in when it is given.
        receiver: Who the partner is.
        receiver_qualifier: Of `receiver`.
        version: Of what we send, when it is not the guide's: `004010VICS`, `D:96A:EN:EAN001`.
        versions: Further versions read with the guide.
        functional: Values of GS01 expected instead of the guide's.
        delimiters: Of what we send.
        charset: Of the text.
        usage: `P` production or `T` test: what we write and what is processed; the other is a dead letter.
        tolerate: Segments that may be where the guide does not have them, or `*`.
        required: Business fields by set, `{"180": [BGN.02, BLI.03]}`: what lacks one is a dead letter, and
            answered with an application advice where the flow says `reject`.
        reasons: The partner's column of `codes/return_reason.csv`: `check` holds mappings to it.
        acks: Acknowledgements in both directions.
        control: How control numbers that come in are looked at.
        group_sender: GS02 or 0040, when it is not `sender`.
        group_receiver: GS03 or 0044, when it is not `receiver`.
        interchange_version: ISA12 of what we send.
        ack_requested: Whether we ask for an interchange acknowledgement (ISA14, 0031).
        syntax: Syntax identifier of UNB, `UNOC`.
        syntax_version: Of UNB, `3`.
        una: Whether UNA is written.
        grouped: Whether messages are put into UNG and UNE.
        application: Application reference of UNB.
        agreement: Communications agreement of UNB.
    """

    sender: str = Field(min_length=1)
    receiver: str = Field(min_length=1)
    standard: Literal["x12", "edifact"] | None = None
    sender_qualifier: str | None = None
    receiver_qualifier: str | None = None
    version: str | None = None
    versions: Several = ()
    functional: Several = ()
    delimiters: Delimiters | None = None
    charset: str | None = None
    usage: Literal["P", "T"] | None = None
    tolerate: Several = ()
    required: Mapping[str, OneOrMore] = Field(default_factory=dict)
    reasons: str | None = None
    acks: Acks = Acks()
    control: Control = Control()
    group_sender: str | None = None
    group_receiver: str | None = None
    interchange_version: str | None = Field(default=None, pattern=r"^[0-9]{5}$")
    ack_requested: bool | None = None
    syntax: str | None = None
    syntax_version: str | None = None
    una: bool | None = None
    grouped: bool | None = None
    application: str | None = None
    agreement: str | None = None

    @field_validator("required")
    @classmethod
    def _paths(cls, required: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        for set_, paths in required.items():
            for path in paths:
                if not _REQUIRED.fullmatch(path):
                    raise ValueError(
                        f"{set_}: expected segments and an element such as BGN.02 or LM.LQ.02, found {path!r}"
                    )
        return required

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        expected = self.acks.expect
        if not expected.functional and expected.within is None:
            raise ValueError("acks.expect: expected within: beside functional: false, found none")
        return self

    def reading(self) -> dict[str, Any]:
        """The options that `decode` of a codec gets."""
        made = {name: list(getattr(self, name)) for name in _READING if getattr(self, name)}
        return {**made, "charset": self.charset} if self.charset else made

    def writing(self) -> dict[str, Any]:
        """The envelope that `encode` of a codec gets, but for numbers, date and time."""
        fields = self.model_dump(exclude_none=True, exclude=set(_LEDGER))
        fields["test"] = fields.pop("usage", "P")
        return fields
