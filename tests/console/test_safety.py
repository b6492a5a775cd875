"""Nobody sees or does what they may not, and no document runs in anybody's browser."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute

from hub.console.forms import Signer

ORIGIN = {"Origin": "http://hub.example"}


def addresses(console: Any) -> Iterator[tuple[str, str]]:
    """Every (method, path) of the route table, with ids filled in."""
    seeded = console.seeded
    filled = {
        "return_id": seeded.return_id, "letter_id": seeded.letter_id, "sha256": seeded.raw_sha256,
        "run_id:path": "some/run", "path:path": "anything/else",
    }  # fmt: skip
    for route in console.app.routes:
        assert isinstance(route, APIRoute), f"{route} is not asked who is there"
        path = re.sub(r"{(.+?)}", lambda name: str(filled[name[1]]), route.path)
        for method in sorted(route.methods or ()):
            yield method, path


def test_every_address_asks_who_is_there(console: Any, make_console: Callable[..., Any]) -> None:
    locked = make_console(None)
    found = list(addresses(console))
    assert len(found) > 12
    for method, path in found:
        for app in (locked, console):
            answer = app.request(method, path, "", headers=ORIGIN)
            assert answer.status_code == 401, (method, path)
            assert str(console.seeded.return_id) not in answer.text


def test_a_dependency_that_gives_something_else_lets_nobody_in(make_console: Callable[..., Any]) -> None:
    assert make_console(lambda: "admin").get("/").status_code == 401
    assert make_console(lambda: None).get("/").status_code == 401


def test_who_may_read_may_read_everything_and_do_nothing(console: Any) -> None:
    for method, path in addresses(console):
        answer = console.request(method, path, "viewer", headers=ORIGIN)
        if method == "POST" and "anything" not in path:
            assert answer.status_code == 403, path
        elif method == "GET" and "anything" not in path:
            assert answer.status_code in (200, 303), path
        else:
            assert answer.status_code in (404, 405), (method, path)
    assert not console.replay.calls
    assert not console.discard.calls
    page = console.get(f"/deadletters/{console.seeded.letter_id}", "viewer").text
    assert "<form method" not in page
    assert "the right to trigger DAG runs is needed" in page


def test_a_replay_is_done_once_told_and_shown(console: Any) -> None:
    answer = press(console, "replay", note="code table fixed")
    assert answer.status_code == 303
    assert console.replay.calls == [(console.seeded.letter_id, "ops", "code table fixed")]
    assert console.announced == ["sap_s4"]
    page = console.get(answer.headers["location"].partition("#")[0]).text
    assert "Replayed: it is admitted. Now to be delivered at sap_s4." in page
    assert "code table fixed" in page
    assert "<form method" not in page


def test_a_second_press_changes_nothing_and_says_so(console: Any) -> None:
    form = tokens(console)
    press(console, "replay", form=form)
    again = press(console, "replay", form=form)
    assert "Nothing was done" in console.get(again.headers["location"].partition("#")[0]).text
    assert len(console.replay.calls) == 1


def test_a_replay_that_fails_again_says_why(console: Any) -> None:
    console.replay.result = {
        "state": "parked",
        "targets": [],
        "problem": "lines[0].uom: <i>still</i> unknown",
    }
    answer = press(console, "replay")
    page = console.get(answer.headers["location"].partition("#")[0]).text
    assert "failed again: lines[0].uom: &lt;i&gt;still&lt;/i&gt; unknown" in page


def test_a_discard_needs_a_reason(console: Any) -> None:
    answer = press(console, "discard", note="  ")
    assert "say why" in console.get(answer.headers["location"].partition("#")[0]).text
    assert not console.discard.calls
    press(console, "discard", note="sent in error, confirmed by phone")
    assert console.discard.calls == [(console.seeded.letter_id, "ops", "sent in error, confirmed by phone")]


def test_a_failed_announcement_does_not_fail_the_replay(console: Any) -> None:
    console.replay.result = {"state": "admitted", "targets": ["broken"]}
    assert press(console, "replay").status_code == 303
    assert console.announced == ["broken"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://hub.example.evil.example"},
    ],
)
def test_forms_from_elsewhere_are_refused(console: Any, headers: dict[str, str]) -> None:
    path = f"/deadletters/{console.seeded.letter_id}/replay"
    answer = console.request("POST", path, data={"token": tokens(console)["replay"]}, headers=headers)
    assert answer.status_code == 403
    assert not console.replay.calls


def test_tokens_are_bound_to_user_action_and_letter(console: Any) -> None:
    form = tokens(console)
    letter = console.seeded.letter_id
    for user, path, token in (
        ("mallory", f"/deadletters/{letter}/replay", form["replay"]),
        ("ops", f"/deadletters/{letter}/discard", form["replay"]),
        ("ops", f"/deadletters/{uuid4()}/replay", form["replay"]),
        ("ops", f"/deadletters/{letter}/replay", form["replay"][:-2] + "AA"),
        ("ops", f"/deadletters/{letter}/replay", ""),
        ("ops", f"/deadletters/{letter}/replay", "a.b.c"),
        ("ops", f"/deadletters/{letter}/replay", "é.é"),
    ):
        answer = console.request("POST", path, user, data={"token": token, "note": "x"}, headers=ORIGIN)
        assert answer.status_code == 403, (user, path, token)
    assert not console.replay.calls


def test_signed_values_end_with_their_time() -> None:
    signer = Signer(lambda: "secret")
    assert signer.read("ops", "p", signer.sign("ops", "p", {"a": 1}, 10)) == {"a": 1}
    assert signer.read("ops", "p", signer.sign("ops", "p", {"a": 1}, -1)) is None


def test_a_forged_message_is_not_shown(console: Any) -> None:
    page = console.get(f"/deadletters/{console.seeded.letter_id}?said=Call+this+number").text
    assert "Call this number" not in page


def test_no_document_runs_in_a_browser(console: Any) -> None:
    seeded = console.seeded
    tree = seeded.database.rows("dead_letter", {"id": seeded.letter_id})[0]["tree_sha256"]
    paths = [
        "/", "/deadletters", f"/deadletters/{seeded.letter_id}", f"/deadletters/{seeded.effect_letter_id}",
        f"/returns/{seeded.return_id}", f"/payloads/{tree}", "/search?q=%3Cscript%3Ealert(1)%3C/script%3E",
        "/deadletters?run=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "/%3Cscript%3E", "/returns/%3Cscript%3E",
    ]  # fmt: skip
    for path in paths:
        answer = console.get(path)
        text = answer.text
        assert "<script" not in text.lower(), path
        assert "<img" not in text.lower(), path
        assert "<b>" not in text.replace("<b>1</b>", ""), path
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "onerror" in unescape(console.get(f"/deadletters/{seeded.letter_id}").text)


def test_secrets_in_attempts_and_alerts_are_masked(console: Any) -> None:
    for path in (
        "/",
        f"/returns/{console.seeded.return_id}",
        f"/deadletters/{console.seeded.effect_letter_id}",
    ):
        text = console.get(path).text
        for secret in ("aHViOnNlY3JldA", "topsecret", "s3cr3t"):
            assert secret not in text, path
        assert "[masked]" in text


def test_pages_load_nothing_from_elsewhere(console: Any) -> None:
    css = console.get("/console.css")
    assert css.headers["content-type"].startswith("text/css")
    assert "url(" not in css.text
    for path in ("/", "/deadletters", f"/returns/{console.seeded.return_id}"):
        for address in re.findall(r'(?:href|src|action)="([^"]+)"', console.get(path).text):
            assert address.startswith(("/hub/console", "#")), address


def tokens(console: Any) -> dict[str, str]:
    page = console.get(f"/deadletters/{console.seeded.letter_id}").text
    found = re.findall(r'/(replay|discard)">\s*<input type="hidden" name="token" value="([^"]+)"', page)
    return dict(found)


def press(console: Any, action: str, note: str = "", form: dict[str, str] | None = None) -> Any:
    data = {"token": (form or tokens(console))[action], "note": note}
    path = f"/deadletters/{console.seeded.letter_id}/{action}"
    return console.request("POST", path, data=data, headers=ORIGIN)
