import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.flows.catalog import Catalog, load_catalog
from hub.flows.subscription import KeyMissing, business_key, matching, readable_key
from tests.unit.flows.conftest import PROJECT


@pytest.fixture(scope="module", name="catalog")
def _catalog() -> Catalog:
    return load_catalog(PROJECT)


def names(catalog: Catalog, fact: str, data: dict[str, Any], return_: dict[str, Any]) -> list[str]:
    return [flow.flow for flow in matching(catalog, fact, data, return_)]


ACME = {"return_id": "r", "origin": {"system": "acme", "id": "CLM000101"}}
PORTAL = {"return_id": "r", "origin": {"system": "portal", "id": "WEB-000321"}}


def test_a_fact_starts_the_flows_whose_conditions_hold(catalog: Catalog) -> None:
    assert names(catalog, "authorization.decided", {"outcome": "approved"}, ACME) == ["erp_rma"]
    assert names(catalog, "authorization.decided", {"outcome": "rejected"}, ACME) == ["acme_180_denied"]
    assert names(catalog, "authorization.decided", {"outcome": "rejected"}, PORTAL) == []
    assert names(catalog, "authorization.decided", {"outcome": "needs_review"}, ACME) == []
    assert names(catalog, "return.authorized", {}, ACME) == ["acme_180_authorized", "wms_expected_receipt"]
    assert names(catalog, "return.authorized", {}, PORTAL) == ["wms_expected_receipt"]
    assert names(catalog, "party.notified", {}, ACME) == []


def test_truth_values_are_compared_as_yaml_writes_them(catalog: Catalog) -> None:
    assert names(catalog, "disposition.decided", {"credit": True}, ACME) == [
        "erp_credit_memo",
        "erp_goods_movement",
    ]
    assert names(catalog, "disposition.decided", {"credit": False}, ACME) == ["erp_goods_movement"]
    assert names(catalog, "disposition.decided", {}, ACME) == ["erp_goods_movement"]


def test_keys_fit_the_partner_and_can_be_read(catalog: Catalog) -> None:
    fact = {"data": {"disposition_id": "D-I60000017-1", "rma_number": "60000017"}}
    scope = {"fact": fact, "return": ACME}
    key = business_key(catalog, catalog.delivery["erp_rma"], scope)
    assert re.fullmatch(r"RH-ACME-CLM000101\.[A-Z2-7]{13}", key)
    assert len(key) <= 35
    assert business_key(catalog, catalog.delivery["erp_credit_memo"], scope) == "RH-D-I60000017-1"
    assert re.fullmatch(
        r"RH\.[A-Z2-7]{13}|RH-D-I60000017-1",
        business_key(catalog, catalog.delivery["erp_goods_movement"], scope),
    )
    assert business_key(catalog, catalog.delivery["acme_180_denied"], scope) == "RH-RD-CLM000101"
    assert business_key(catalog, catalog.delivery["wms_expected_receipt"], scope) == "60000017"


def test_a_key_without_a_ground_is_refused(catalog: Catalog) -> None:
    with pytest.raises(
        KeyMissing, match=r"flow erp_rma: the key needs return\.origin\.system, found nothing there"
    ):
        business_key(catalog, catalog.delivery["erp_rma"], {"fact": {"data": {}}, "return": {}})


@pytest.mark.parametrize(
    ("parts", "longest", "key"),
    [
        (["CLM100"], 35, "RH-CLM100"),
        (["RA", "CLM-100"], 35, "RH-RA-CLM-100"),
        (["ABCDEFGHIJKLM"], 16, "RH-ABCDEFGHIJKLM"),
    ],
)
def test_a_short_plain_key_stays_as_it_is(parts: list[str], longest: int, key: str) -> None:
    assert readable_key(parts, longest) == key


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["A-B", "C"], ["A", "B-C"]),
        (["acme", "1"], ["ACME", "1"]),
        (["A B"], ["AB"]),
        (["", "A"], ["A", ""]),
        (["X" * 40], ["X" * 41]),
        (["ä"], ["a"]),
        (["AB"], ["A", "B"]),
    ],
)
def test_parts_that_look_alike_have_different_keys(first: list[str], second: list[str]) -> None:
    for longest in (16, 20, 35, 64):
        assert readable_key(first, longest) != readable_key(second, longest)


texts = st.text(st.sampled_from("AaBb1-._ ä"), max_size=12)


@given(
    st.lists(st.tuples(texts, texts), min_size=2, max_size=30, unique=True),
    st.sampled_from([16, 20, 21, 35, 64]),
)
def test_keys_are_short_printable_stable_and_never_shared(pairs: list[tuple[str, str]], longest: int) -> None:
    keys = [readable_key(pair, longest) for pair in pairs]
    assert len(set(keys)) == len(keys)
    assert keys == [readable_key(pair, longest) for pair in pairs]
    for key in keys:
        assert len(key) <= longest
        assert re.fullmatch(r"RH[-.][A-Z0-9_.-]*[A-Z0-9_]", key)
        assert key == key.upper()
