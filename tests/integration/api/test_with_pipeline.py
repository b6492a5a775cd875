"""The API and the console on the real pipeline, catalog and ERP."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.api import clients
from hub.api.app import create_app
from hub.api.body import check
from hub.settings import PROJECT_DIR
from sandboxes import scenario
from tests.integration.api.conftest import Api

SAMPLES = sorted(
    path for path in (PROJECT_DIR / "mappings/portal/samples").glob("*.json") if ".expected" not in path.name
)


@pytest.fixture
def real(world: Any) -> Api:
    announced: list[str] = []
    app = create_app(world.hub, announce=announced.extend)
    key = clients.add(world.hub.database, "webshop")
    return Api(app, None, world.hub.database, key, announced)  # type: ignore[arg-type]  # no fake is needed


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_what_the_mapping_takes_the_api_lets_in(sample: Path) -> None:
    body = orjson.loads(sample.read_bytes())
    del body["document"]  # what comes with a document is not in it
    assert check(orjson.dumps(body)).reference


def test_a_portal_learns_the_decision_at_once_and_the_rma_when_it_is_there(world: Any, real: Api) -> None:
    play = scenario.build(7, 40)
    world.partners.erp.store.seed({"orders": play["orders"]})
    expected = {truth["id"]: truth["outcome"] for truth in play["returns"]}
    for post in play["posts"][:6]:
        first, again = real.post(post["body"], key=post["key"]), real.post(post["body"], key=post["key"])
        assert first.status_code == 201, first.text
        assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
        decision = first.json()["decision"]
        assert decision["policy"]["name"] == "authorization"
        assert decision["outcome"] == expected[post["body"]["reference"]]
        assert decision["rule"]


def test_an_erp_that_is_down_holds_the_return_and_loses_nothing(world: Any, real: Api, body: Any) -> None:
    world.partners.erp.stop()
    answer = real.post(body(), key="k1")
    assert answer.status_code == 202, answer.text
    assert (answer.json()["status"], answer.json()["decision"]) == ("held", None)
    assert real.get(f"/returns/{answer.json()['return_id']}").json() == answer.json()
    assert real.post(body(), key="k1").content == answer.content


def test_what_cannot_be_mapped_is_a_dead_letter_with_its_places(real: Api, body: Any) -> None:
    wrong = body()
    wrong["lines"] = [{**wrong["lines"][0], "reason": "BECAUSE", "uom": "FATHOM"}]
    answer = real.post(wrong)
    assert answer.status_code == 422, answer.text
    problem = json.loads(answer.text)
    assert problem["dead_letter_id"]
    assert {error["pointer"] for error in problem["errors"]} == {"/lines/0/reason", "/lines/0/uom"}


def test_the_same_return_under_another_key_is_known(real: Api, body: Any) -> None:
    first, second = real.post(body(), key="k1"), real.post(body(), key="k2")
    assert (first.status_code, second.status_code) == (201, 200), second.text
    assert first.json()["return_id"] == second.json()["return_id"]
