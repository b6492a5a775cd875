"""What a flow file may say. Frozen; an unknown key is an error; see `docs/flows.md`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from hub.flows.durations import Duration

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
"""Names become DAG ids, file names and database values."""

MappingRef = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*@[1-9][0-9]*$")]
"""`acme.return_notice@1`."""


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


OneOrMore = Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1)]
"""A list, or one text that stands for a list of one."""


class Strict(BaseModel):
    """A section in which every key is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(Strict):
    """A system's resource: where documents come from."""

    system: Name = Field(alias="from")
    resource: str = Field(min_length=1)


class Target(Strict):
    """A system's operation: where effects happen."""

    system: Name
    operation: Name


class Enrichment(Strict):
    """What another system knows about a record: `{order: sap_s4.sales_order, by: …, map: …}`.

    Attributes:
        name: What the answer is to the pipeline; `order` is what policies compare with.
        system: Who is asked, and for which of its `resources`.
        resource: See `system`.
        by: Path in the mapped fact to the key that is asked for: `references.customer_po` is the
            number of the reference of that type.
        map: Mapping from the answer to the tree that is used.
    """

    name: Literal["order"]
    system: Name
    resource: str = Field(min_length=1)
    by: str = Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$")
    map: MappingRef

    @model_validator(mode="before")
    @classmethod
    def _named(cls, written: Any) -> Any:
        if not isinstance(written, Mapping) or "name" in written:
            return written
        names = [key for key in written if key not in ("by", "map")]
        if len(names) != 1 or "." not in str(written[names[0]]):
            raise ValueError("expected {order: <system>.<resource>, by: <path>, map: <mapping>}")
        system, _, resource = str(written[names[0]]).partition(".")
        rest = {key: written[key] for key in ("by", "map") if key in written}
        return {"name": names[0], "system": system, "resource": resource, **rest}


class Flow(Strict):
    """What both kinds of flow have."""

    flow: Name
    owner: str = Field(min_length=1)
    doc: str = ""
    tags: tuple[str, ...] = ()


class Reject(Strict):
    """How a partner is told that the business cannot take what it sent.

    Attributes:
        answer: Set of the application advice, written by the source's own `upload_<set>` operation.
    """

    answer: Literal["824", "APERAK"]


class IntakeFlow(Flow):
    """Brings a system's documents in and states facts.

    Attributes:
        every: How often it reads; or `cron`. With `on: arrival` it is the slow fallback.
        cron: Five fields, in UTC.
        on: `arrival`: documents come to us, through the intake API or a webhook.
        entity: Business unit whose returns these are; part of a return's identity.
        site: Default site of the facts.
        read: Where documents come from.
        map: Mapping from a decoded record to a fact.
        acknowledgements: `true` instead of `map`: what is read there only acknowledges what we sent.
            Acknowledgements among other documents need no such flow.
        enrich: What is asked of other systems before policies decide.
        acknowledge: Set that answers each received file, written by the source's own
            `upload_<set>` operation.
        reject: How records are answered that fail the profile, the mapping or the schema.
        drift: What happens when the shape of the records is not the known one: nothing (`off`), any
            change stops the document (`strict`), or records with a breaking change become dead letters
            and other changes are accepted with an alert (`quarantine`) or without (`accept-additive`).
    """

    every: Duration | None = None
    cron: str | None = Field(default=None, pattern=r"^\S+( \S+){4}$")
    on: Literal["arrival"] | None = None
    entity: Name = ""
    site: str = ""
    read: Place
    map: MappingRef = ""
    acknowledgements: bool = False
    enrich: tuple[Enrichment, ...] = ()
    acknowledge: Literal["997", "999", "CONTRL", "none"] = "none"
    reject: Reject | None = None
    drift: Literal["off", "strict", "quarantine", "accept-additive"] = "off"

    @property
    def acknowledgement(self) -> Target | None:
        """The operation that answers received files, None when they are not answered."""
        if self.acknowledge == "none":
            return None
        return self._upload(self.acknowledge)

    @property
    def rejection(self) -> Target | None:
        """The operation that answers records the business cannot take, None when they are not answered."""
        return self._upload(self.reject.answer) if self.reject else None

    def _upload(self, set_: str) -> Target:
        return Target(system=self.read.system, operation=f"upload_{set_.lower()}")

    @model_validator(mode="after")
    def _scheduled(self) -> Self:
        if self.every and self.cron:
            raise ValueError("expected one of every and cron, found both")
        if not (self.every or self.cron or self.on):
            raise ValueError("expected one of every, cron or on: arrival, found none")
        return self

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.acknowledgements:
            others = [name for name in ("map", "enrich", "reject") if getattr(self, name)]
            if self.drift != "off":
                others.append("drift")
            if others:
                raise ValueError(f"expected nothing of {', '.join(others)} beside acknowledgements: true")
        else:
            for name in ("map", "entity"):
                if not getattr(self, name):
                    raise ValueError(f"{name}: a value is required, found none")
        return self


class States(Strict):
    """The fact that a receipt states, and the mapping from the receipt to it."""

    fact: str
    map: MappingRef


class DeliveryFlow(Flow):
    """Turns facts into effects at one target.

    Attributes:
        fact: Type of the facts it subscribes to.
        when: Dotted name to accepted values, all of which must hold: of the fact's data, else of
            the return. Equality only, so that overlaps can be proved.
        to: The operation.
        map: Mapping from `{key, fact, return, effect}` to the target's document.
        key: Business key: paths into `{fact, return}` and `= constants`, joined.
        natural: The key is the partner's own number and is sent exactly as it is.
        states: What a confirmation means to the return.
        undo: Operation that reverses a confirmed effect.
        retry: Schedule of `policies/retry.yaml`.
        commutes: May pass an earlier effect of the same return that is not done.
    """

    fact: str
    when: Mapping[str, OneOrMore] = Field(default_factory=dict)
    to: Target
    map: MappingRef
    key: OneOrMore
    natural: bool = False
    states: States | None = None
    undo: Name | None = None
    retry: Name = "standard"
    commutes: bool = False

    @field_validator("key")
    @classmethod
    def _readable(cls, parts: tuple[str, ...]) -> tuple[str, ...]:
        for part in parts:
            if not part.startswith(("= ", "fact.", "return.")):
                raise ValueError(f"expected fact.…, return.… or = text, found {part!r}")
        return parts

    @model_validator(mode="after")
    def _single(self) -> Self:
        if self.natural and (len(self.key) != 1 or self.key[0].startswith("=")):
            raise ValueError("expected a natural key to be one path, found several parts or a constant")
        return self
