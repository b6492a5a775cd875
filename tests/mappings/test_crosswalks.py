"""Every column of every code table, there and back: what a partner says is never lost, nor what we mean."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path

import pytest

from canonical import vocabulary
from hub.mapping.functions import FUNCTIONS
from hub.mapping.lookups import CANONICAL, CodeTable, Lookup, read_table

CODES = Path(__file__).parents[2] / "mappings" / "codes"
NOT_CODES = {CANONICAL, "title"}

VOCABULARIES = {
    "carrier_status": vocabulary.ShipmentStatus,
    "condition": vocabulary.Condition,
    "disposition": vocabulary.Disposition,
    "goods_movement": vocabulary.InventoryStatus,
    "response_reason": vocabulary.ResponseReason,
    "return_reason": vocabulary.Reason,
}
"""Tables whose canonical codes are a vocabulary of ours."""

PARTNERS = {
    "return_reason": {"x12", "edifact", "sap_s4", "d365", "shopify", "amazon"},
    "response_reason": {"x12", "edifact", "sap_s4", "d365", "shopify"},
    "disposition": {"x12", "edifact", "sap_s4", "d365", "shopify", "amazon", "gs1_cbv"},
    "condition": {"x12", "edifact", "sap_s4", "d365", "amazon", "gs1_cbv"},
    "unit": {"x12", "edifact", "sap_s4", "d365", "shopify", "amazon", "gs1_cbv"},
    "carrier_status": {"x12", "edifact", "ups", "dhl", "easypost", "shippo"},
}
"""The systems that each table must speak to, whoever else it does."""


def columns() -> Iterator[tuple[str, str]]:
    for file in sorted(CODES.glob("*.csv")):
        yield from ((file.stem, name) for name in table(file.stem).columns if name not in NOT_CODES)


@cache
def table(name: str) -> CodeTable:
    return read_table(CODES / f"{name}.csv", f"codes/{name}.csv")


def inward(name: str, column: str) -> Lookup:
    return table(name).lookup(name, column, CANONICAL)


def outward(name: str, column: str) -> Lookup:
    return table(name).lookup(name, CANONICAL, column)


@pytest.mark.parametrize(("name", "column"), list(columns()))
def test_what_we_send_for_a_row_is_understood_as_that_row_unless_it_is_marked_as_sent_only(
    name: str, column: str
) -> None:
    understood, sent = inward(name, column).entries, outward(name, column).entries
    assert sent, f"{name}[{column}] sends nothing"
    for _, row in table(name).rows:
        code = sent.get(row[CANONICAL])
        if code is None:
            assert not any(not part.startswith("<") for part in row[column].replace("|", " ").split())
        elif f">{code}" in row[column].replace("|", " ").split():
            # the partner has no word of its own for it: the word it gets must at least be one it uses
            assert understood[code] != row[CANONICAL], f"{name}: '>{code}' marks nothing"
        else:
            assert understood[code] == row[CANONICAL]


@pytest.mark.parametrize(("name", "column"), list(columns()))
def test_every_code_of_a_partner_comes_back_as_itself_from_the_crosswalked_value(
    name: str, column: str
) -> None:
    lookup = inward(name, column)
    crosswalk = FUNCTIONS["crosswalk"].bind(lookup)
    for code, canonical in lookup.entries.items():
        value = crosswalk(code)
        assert (value["raw"], value["code"], value["canonical"]) == (code, code, canonical)


@pytest.mark.parametrize(("name", "words"), VOCABULARIES.items())
def test_a_table_names_its_vocabulary_whole_each_word_once(name: str, words: type[StrEnum]) -> None:
    found = [row[CANONICAL] for _, row in table(name).rows]
    assert sorted(found) == sorted(word.value for word in words)


@pytest.mark.parametrize(("name", "partners"), PARTNERS.items())
def test_a_table_speaks_to_the_systems_of_its_kind(name: str, partners: set[str]) -> None:
    assert partners <= set(table(name).columns)


@pytest.mark.parametrize("column", ["sap_s4", "d365", "shopify", "amazon"])
def test_every_reason_can_be_sent_to_every_erp_and_shop(column: str) -> None:
    unsent = {word.value for word in vocabulary.Reason} - set(outward("return_reason", column).entries)
    assert unsent == set()
