"""The frozen value of everything a project declares; `hub.flows.catalog` loads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from hub.flows.models import DeliveryFlow, IntakeFlow
from hub.flows.systems import System
from hub.mapping.compile import CompiledMapping
from hub.policy.retry import Schedule
from hub.policy.tables import DecisionTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Systems, flows, mappings, tables and schedules by name.

    Attributes:
        project_dir: Folder they were read from.
        systems: By system name.
        intake: Intake flows by name.
        delivery: Delivery flows by name.
        subscriptions: Delivery flows by the type of fact they subscribe to, sorted by name.
        mappings: By reference, `acme.return_notice@1`.
        tables: Decision tables by name.
        retry: Schedules of `policies/retry.yaml` by name.
        files: The file of each flow.
    """

    project_dir: Path
    systems: Mapping[str, System]
    intake: Mapping[str, IntakeFlow]
    delivery: Mapping[str, DeliveryFlow]
    subscriptions: Mapping[str, tuple[DeliveryFlow, ...]]
    mappings: Mapping[str, CompiledMapping]
    tables: Mapping[str, DecisionTable]
    retry: Mapping[str, Schedule]
    files: Mapping[str, Path]

    def targets(self) -> dict[str, list[DeliveryFlow]]:
        """Delivery flows by target system, and systems that only answer files with none."""
        found: dict[str, list[DeliveryFlow]] = {}
        for flow in self.delivery.values():
            found.setdefault(flow.to.system, []).append(flow)
        for intake in self.intake.values():
            edi = self.systems[intake.read.system].edi if intake.read.system in self.systems else None
            told = edi is not None and edi.acks.send.interchange != "never"
            if intake.acknowledgement or intake.rejection or told:
                found.setdefault(intake.read.system, [])
        return dict(sorted(found.items()))

    def schedule(self, flow: str) -> Schedule:
        """The retry schedule of a delivery flow; `standard` for effects that no flow made."""
        delivery = self.delivery.get(flow)
        return self.retry[delivery.retry if delivery else "standard"]


def by_fact(flows: Mapping[str, DeliveryFlow]) -> Mapping[str, tuple[DeliveryFlow, ...]]:
    """Delivery flows by fact type, sorted by name."""
    found: dict[str, list[DeliveryFlow]] = {}
    for name in sorted(flows):
        found.setdefault(flows[name].fact, []).append(flows[name])
    return MappingProxyType({fact: tuple(members) for fact, members in found.items()})
