"""The console on the real pipeline: what could not pass is repaired from its page."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.base import Document
from hub.bootstrap import bootstrap
from hub.console.app import create_app
from hub.console.users import ConsoleUser
from hub.pipeline.admit import receive
from hub.pipeline.context import Hub
from hub.settings import PROJECT_DIR
from tests.console.conftest import request


@pytest.fixture
def app(world: Any) -> Any:
    return create_app(world.hub, lambda: ConsoleUser("ops", can_replay=True))


def post(world: Any, **more: Any) -> dict[str, Any]:
    """Bring a return in whose unit nobody knows."""
    line = {"sku": "TG11", "quantity": "2", "uom": "FATHOM", "reason": "DEFECTIVE"}
    body = {"reference": "WEB-1", "customer": {"number": "1"}, "po_number": "P-1", "lines": [line], **more}
    body.setdefault("requested_at", "2026-11-02T09:30:00Z")
    document = Document(
        source_key="webshop/k1",
        body=orjson.dumps(body),
        media_type="application/json",
        attributes={"client": "webshop"},
    )
    received = receive(world.hub, flow="portal_returns_in", document=document, run_id="api:k1")
    return dict(received["messages"][0])


def press(app: Any, letter: Any, action: str, note: str) -> str:
    page = request(app, "GET", f"/deadletters/{letter}").text
    token = re.search(rf'/{action}">\s*<input type="hidden" name="token" value="([^"]+)"', page)
    assert token is not None, page
    answer = request(
        app,
        "POST",
        f"/deadletters/{letter}/{action}",
        data={"token": token[1], "note": note},
        headers={"Origin": "http://hub.example"},
    )
    assert answer.status_code == 303, answer.text
    return unescape(request(app, "GET", answer.headers["location"].partition("#")[0]).text)


def test_what_fails_again_is_parked_and_its_new_letter_is_one_click_away(world: Any, app: Any) -> None:
    message = post(world)
    assert message["state"] == "dead"
    found = request(app, "GET", "/search", params={"q": "WEB-1"})
    assert found.headers["location"] == f"/deadletters/{message['dead_letter_id']}"
    text = press(app, message["dead_letter_id"], "replay", "trying")
    assert "failed again" in text
    parked = world.hub.database.rows(
        "dead_letters", {"state": "parked", "run_id": "", "flow": "", "limit": 5}
    )
    assert len(parked) == 1
    assert f'/deadletters/{parked[0]["id"]}">Go to the new letter' in text


def test_once_the_code_table_is_repaired_a_replay_passes(world: Any, tmp_path: Path) -> None:
    message = post(world)
    with repaired(world, tmp_path) as hub:
        check_replay(create_app(hub, lambda: ConsoleUser("ops", can_replay=True)), message)


@contextmanager
def repaired(world: Any, folder: Path) -> Iterator[Hub]:
    """The same hub after somebody taught its code table the unit."""
    for part in ("mappings", "policies", "dags"):
        shutil.copytree(PROJECT_DIR / part, folder / "project" / part)
    table = folder / "project/mappings/codes/unit.csv"
    known = table.read_text(encoding="utf-8")
    assert "EA <PCS <PC," in known
    table.write_text(known.replace("EA <PCS <PC,", "EA <PCS <PC <FATHOM,"), encoding="utf-8")
    settings = replace(world.hub.settings, project_dir=folder / "project")
    with bootstrap(settings, connections=world.hub.connections) as hub:
        yield hub


def check_replay(app: Any, message: dict[str, Any]) -> None:
    text = press(app, message["dead_letter_id"], "replay", "code table fixed")
    assert "Replayed: it is admitted" in text
    assert "code table fixed" in text
    page = request(app, "GET", "/search", params={"q": "P-1"})
    assert page.headers["location"].startswith("/returns/")
    way = request(app, "GET", page.headers["location"]).text
    assert "dead letter replayed" in way
    assert "return.requested" in way


def test_a_discarded_message_leaves_the_list_and_stays_visible(world: Any, app: Any) -> None:
    message = post(world)
    assert "Discarded" in press(app, message["dead_letter_id"], "discard", "sent by mistake")
    assert "No dead letter is open" in request(app, "GET", "/deadletters").text
    assert "lines[0].uom" in request(app, "GET", "/deadletters", params={"state": "discarded"}).text
