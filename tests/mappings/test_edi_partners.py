"""What samples of EDI partners cannot say: all codes, documents that are written, what is refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from canonical.vocabulary import ResponseReason
from connectors.codecs.registry import codec
from hub.flows.samples import format_of
from hub.mapping.compile import CompiledMapping, compile_file
from hub.mapping.lookups import CANONICAL, read_table
from hub.mapping.yaml_strict import load

MAPPINGS = Path(__file__).resolve().parents[2] / "mappings"
SYSTEMS = ("acme_edi", "carrier_edi", "carrier_edifact", "retail_edifact")
NUMBERS = {"control": 7, "group": 7, "date": "20261103", "time": "0915"}
TOLD = {
    "x12": ("carrier_edi/shipment_status", "picked_up", b"AT7*AF*", b"AT7*%s*"),
    "edifact": ("carrier_edifact/shipment_status", "picked_up", b"STS+1+13'", b"STS+1+%s'"),
}
"""Column of the code table: mapping, one of its samples, its event there, and how another one is said."""


def mapping(name: str) -> CompiledMapping:
    return compile_file(MAPPINGS / f"{name}.yaml", MAPPINGS)


def sample(system: str, name: str) -> Any:
    return json.loads((MAPPINGS / system / "samples" / f"{name}.json").read_text("utf-8"))


def read(form: str, body: bytes) -> Any:
    """The tree of the only record, which must be without a finding."""
    decoded = codec(form).decode(body, {})
    [record] = list(decoded.records)
    assert (record.findings, list(decoded.findings)) == ((), [])
    return record.tree


def carrier_codes() -> Iterator[tuple[str, str, str]]:
    table = read_table(MAPPINGS / "codes" / "carrier_status.csv", "codes/carrier_status.csv")
    for column in TOLD:
        for code, status in table.lookup("status", column, CANONICAL).entries.items():
            yield column, code, status


@pytest.mark.parametrize(("column", "code", "status"), list(carrier_codes()))
def test_every_event_of_the_carrier_becomes_its_status_but_an_estimate(
    column: str, code: str, status: str
) -> None:
    name, file, said, saying = TOLD[column]
    compiled = mapping(name)
    body = (MAPPINGS / name).parent.joinpath("samples", f"{file}.edi").read_bytes()
    assert said in body
    mapped = compiled.apply(read(format_of(compiled.source_type), body.replace(said, saying % code.encode())))
    if (column, code) == ("x12", "AG"):
        assert mapped.errors[0].target_path == "status"
    else:
        assert (mapped.errors, mapped.value["status"]) == ((), status)


def test_two_events_in_one_iftsta_are_refused_and_not_guessed() -> None:
    compiled = mapping("carrier_edifact/shipment_status")
    tree = read("edifact/iftsta-d96a", (MAPPINGS / "carrier_edifact/samples/picked_up.edi").read_bytes())
    tree["CNI"][0]["STS"].append(copy.deepcopy(tree["CNI"][0]["STS"][0]))
    assert "status" in {error.target_path for error in compiled.apply(tree).errors}


@pytest.mark.parametrize("reason", list(ResponseReason))
def test_a_denial_for_every_reason_can_be_written(reason: ResponseReason) -> None:
    scope = sample("acme_edi", "too_old")
    scope["fact"]["data"]["response_reason"] = {"scheme": "hub", "code": reason, "canonical": reason}
    denial = mapping("acme_edi/return_denial").apply(scope)
    assert denial.errors == ()
    assert ("03" in denial.value["RDR"]) is (reason is not ResponseReason.OTHER)
    read("x12/180-004010", written("acme_edi", "x12/180-004010", denial.value))


def written(system: str, form: str, tree: Any) -> bytes:
    """A document as it leaves for a partner."""
    profile: Any = load(MAPPINGS / system / "system.yaml").plain()["edi"]
    return codec(form).encode(tree, {**profile, **NUMBERS})


def outgoing() -> Iterator[Any]:
    for system in SYSTEMS:
        for file in sorted((MAPPINGS / system).glob("*.yaml")):
            compiled = compile_file(file, MAPPINGS) if file.name != "system.yaml" else None
            if compiled and format_of(compiled.target_type).startswith(("x12/", "edifact/")):
                for name in compiled.samples:
                    yield pytest.param(system, compiled, name, id=f"{compiled.ref}-{name}")


@pytest.mark.parametrize(("system", "compiled", "name"), list(outgoing()))
def test_what_a_partner_gets_is_read_back_without_a_finding_and_says_the_same(
    system: str, compiled: CompiledMapping, name: str
) -> None:
    form = format_of(compiled.target_type)
    tree = compiled.apply(sample(system, name)).value
    assert without_places(read(form, written(system, form, tree))) == json.loads(json.dumps(tree))


def without_places(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: without_places(value) for key, value in tree.items() if key != "@"}
    return [without_places(one) for one in tree] if isinstance(tree, list) else tree


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_mapping_of_a_file_partner_has_samples_enough(system: str) -> None:
    for file in (MAPPINGS / system).glob("*.yaml"):
        if file.name != "system.yaml":
            assert len(compile_file(file, MAPPINGS).samples) >= 2, file


def test_an_instruction_says_what_may_come_back_whether_or_not_it_expires() -> None:
    for expires in ("2026-12-01T23:00:00+00:00", None):
        scope = sample("retail_edifact", "one_refused")
        scope["fact"]["data"]["expires_at"] = expires
        lines = mapping("retail_edifact/return_instruction").apply(scope).value["LIN"]
        assert [line["CDI"][0]["02"]["01"] for line in lines] == ["12E", "17E"]
