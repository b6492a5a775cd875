"""Pages answer the three questions: where is my record, why did it fail, can I run it again."""

import re
from typing import Any
from uuid import UUID

import pytest

from hub.console.app import create_app
from hub.console.users import ConsoleUser
from tests.console.conftest import request


def test_the_overview_shows_totals_conditions_and_what_needs_attention(console: Any) -> None:
    text = console.get("/").text
    for expected in (
        "acme_returns_in",
        "portal_returns_in",
        "sap_s4",
        "wms",
        "paused",
        "2 in all",
        "60000012",
    ):
        assert expected in text
    row = re.search(r"<th scope=\"row\">portal_returns_in</th>(.*?)</tr>", text, re.DOTALL)
    assert row is not None
    assert re.findall(r">(\d+)<", row[1]) == ["1", "0", "1", "0", "0", "0", "0", "0", "1", "0", "0"]


def test_interchanges_are_listed_with_what_they_wait_for(console: Any) -> None:
    text = console.get("/interchanges").text
    assert "000000042" in text
    assert "ACME → HUB" in text
    assert (
        "Nothing waits for a partner"
        in console.request("GET", "/interchanges", params={"state": "open"}).text
    )


def test_an_empty_hub_says_what_to_do(empty: Any) -> None:
    app = create_app(lambda: empty, lambda: ConsoleUser("ops"))
    overview = request(app, "GET", "/").text
    assert "no open alert and no open dead letter" in overview
    assert "/hub/api/v1/returns" in overview
    assert "No dead letter is open" in request(app, "GET", "/deadletters").text


@pytest.mark.parametrize(
    "key",
    ["60000012", "  60000012\n", "6000 0012", "4500017", "CLAIM-7", "claim-7 ", "SN-2", "RC-1", "000000042"],
)
def test_any_number_leads_to_its_return(console: Any, key: str) -> None:
    found = console.request("GET", "/search", params={"q": key})
    assert found.status_code == 303
    assert found.headers["location"] == f"/hub/console/returns/{console.seeded.return_id}"


def test_ids_lead_to_what_they_name(console: Any) -> None:
    seeded = console.seeded
    effect = seeded.database.rows("dead_letter", {"id": seeded.effect_letter_id})[0]["effect_id"]
    for key, page in (
        (seeded.return_id, f"/returns/{seeded.return_id}"),
        (effect, f"/returns/{seeded.return_id}"),
        (seeded.letter_id, f"/deadletters/{seeded.letter_id}"),
        (seeded.raw_sha256, f"/payloads/{seeded.raw_sha256}"),
        ("WEB-77", f"/deadletters/{seeded.letter_id}"),
    ):
        found = console.request("GET", "/search", params={"q": str(key)})
        assert found.headers.get("location") == f"/hub/console{page}", key


def test_several_hits_are_listed(console: Any) -> None:
    with console.seeded.database.transaction() as tx:
        tx.execute(
            "INSERT INTO business_keys VALUES ('4500017', 'reference.customer_po', %s)",
            (console.seeded.early_id,),
        )
    text = console.request("GET", "/search", params={"q": "4500017"}).text
    assert str(console.seeded.return_id) in text
    assert str(console.seeded.early_id) in text


@pytest.mark.parametrize("key", ["", "   ", "nothing", "%", "'; DROP TABLE returns; --", "\x00", "x" * 5000])
def test_a_search_without_hits_says_what_to_try(console: Any, key: str) -> None:
    found = console.request("GET", "/search", params={"q": key})
    assert found.status_code == 200
    assert "empty" in found.text


def test_a_return_shows_what_it_is_and_its_whole_way(console: Any) -> None:
    text = console.get(f"/returns/{console.seeded.return_id}").text
    for expected in (
        "60000012", "Bought 12 days ago", "row 3: recent and on the order", "1+ab12cd", "17100001", "SN-1",
        "over received", "create_customer_return", "Unavailable", "http_503", "acme.return_notice@1+c0ffee",
        f"/payloads/{console.seeded.raw_sha256}", f"/deadletters/{console.seeded.effect_letter_id}",
    ):  # fmt: skip
        assert expected in text, expected
    order = [
        text.index(f"> {kind} ")
        for kind in ("return.requested", "authorization.decided", "return.authorized")
    ]
    order = order or []
    stamps = re.findall(r'<div class="at"><time datetime="([^"]+)"', text)
    assert stamps == sorted(stamps)
    assert len(stamps) >= 8


def test_a_return_that_began_with_its_receipt_has_a_page(console: Any) -> None:
    text = console.get(f"/returns/{console.seeded.early_id}").text
    assert "No RMA yet" in text
    assert "nobody has asked for this return yet" in text
    assert "unmatched receipt" in text


def test_a_dead_letter_shows_every_error_with_place_found_and_expected(console: Any) -> None:
    text = console.get(f"/deadletters/{console.seeded.letter_id}").text
    for expected in (
        "3 errors, all that were found", "lines[0].reason.canonical", "crosswalk(reason)", "31.02.2026",
        "UN/ECE Rec 20", "portal.return_request@1+feed", "As it was decoded", "message dead",
    ):  # fmt: skip
        assert expected in text, expected


def test_a_refused_effect_shows_what_was_sent_and_answered(console: Any) -> None:
    text = console.get(f"/deadletters/{console.seeded.effect_letter_id}").text
    for expected in (
        "Material TG11 is blocked",
        "400 Bad Request",
        "CustomerReturnType",
        "create_credit_memo_request",
    ):
        assert expected in text, expected


def test_dead_letters_are_filtered_by_state_flow_run_and_cause(console: Any) -> None:
    seeded = console.seeded
    fingerprint = seeded.database.rows("dead_letter", {"id": seeded.letter_id})[0]["fingerprint"]

    def listed(**query: str) -> set[str]:
        text = console.request("GET", "/deadletters", params=query).text
        known = {str(seeded.letter_id): "message", str(seeded.effect_letter_id): "effect"}
        return {name for letter, name in known.items() if f"/deadletters/{letter}" in text}

    assert listed() == {"message", "effect"}
    assert listed(flow="portal_returns_in") == {"message"}
    assert listed(flow="sap_s4") == {"effect"}
    assert listed(run=seeded.run_id) == {"effect"}
    assert listed(fingerprint=fingerprint) == {"message"}
    assert listed(state="replayed") == set()
    assert listed(state="all", run="api:other") == set()


def test_long_lists_go_on_on_the_next_page(console: Any) -> None:
    with console.seeded.database.transaction() as tx:
        tx.execute(
            "INSERT INTO dead_letters (id, kind, flow, class, step, code, fingerprint, summary, errors)"
            " SELECT gen_random_uuid(), 'message', 'f', 'Contract', 'map', 'c', 'fp', 'bulk ' || n, '[]'"
            " FROM generate_series(1, 120) n"
        )
    seen: list[str] = []
    path = "/deadletters?flow=f"
    for _ in range(3):
        text = console.get(path).text
        seen += re.findall(r">(bulk \d+)</a>", text)
        older = re.search(r'href="([^"]+)">Older letters', text)
        path = older[1].replace("&amp;", "&") if older else ""
    assert (len(seen), len(set(seen)), path) == (120, 120, "")


def test_a_run_leads_to_its_dead_letters_settled_ones_included(console: Any) -> None:
    found = console.get(f"/runs/{console.seeded.run_id.replace('+', '%2B')}")
    assert found.status_code == 303
    text = console.get(found.headers["location"]).text
    assert str(console.seeded.effect_letter_id) in text
    assert str(console.seeded.letter_id) not in text


def test_x12_is_shown_one_segment_a_line_and_downloads_as_it_came(console: Any) -> None:
    sha256 = console.seeded.raw_sha256
    text = console.get(f"/payloads/{sha256}").text
    assert "\nBGN*00*CLAIM-7*20261102~\n" in text
    raw = console.get(f"/payloads/{sha256}/download")
    assert raw.content.startswith(b"ISA*00*")
    assert raw.headers["content-disposition"].startswith("attachment")
    assert raw.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/returns/abc",
        f"/returns/{UUID(int=1)}",
        "/deadletters/00000000-0000-0000-0000-000000000002",
        "/payloads/abc",
        "/payloads/" + "0" * 64,
        "/payloads/%2e%2e%2f%2e%2e%2fetc",
        "/deadletters?before=zzz",
    ],
)
def test_what_is_not_there_is_said_so(console: Any, path: str) -> None:
    found = console.get(path)
    assert found.status_code == 404
    assert "Nothing here" in found.text


def test_times_carry_their_offset_and_an_age(console: Any) -> None:
    text = console.get(f"/returns/{console.seeded.return_id}").text
    shown = r'<span class="stamp">\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC</span> <span class="age">'
    assert re.search(r'datetime="[^"]+\+00:00" title="[^"]+">' + shown, text)


def test_a_database_that_is_down_gives_a_page_that_says_so(console: Any) -> None:
    console.seeded.database.close()
    found = console.get("/")
    assert found.status_code == 503
    assert "does not answer" in found.text


def test_the_list_has_a_replay_button_for_those_who_may(make_console: Any) -> None:
    texts = {}
    for may in (True, False):
        console = make_console(lambda may=may: ConsoleUser("somebody", can_replay=may))
        texts[may] = console.get("/deadletters").text
    form = f"/deadletters/{console.seeded.letter_id}/replay"
    assert (form in texts[True], form in texts[False]) == (True, False)
