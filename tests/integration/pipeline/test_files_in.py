"""Files that can never be taken, and empty ones: told, kept, and in nobody's way."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Connection
from hub.bootstrap import bootstrap
from hub.pipeline import account, admit, read
from hub.pipeline.context import Hub
from hub.settings import PROJECT_DIR, Settings
from tests.integration.pipeline.drift_shop import DOCUMENT, FLOW, MAPPING

SYSTEM = """\
system: shop
title: A shop
connector: files
connection: shop
resources:
  returns: {format: json/items, folder: /in, archive: /done, claim: /taken, unpack: true, stable_seconds: 0}
"""


def document(number: int) -> bytes:
    return json.dumps({"items": [{**DOCUMENT, "id": f"R-{number}"}]}).encode()


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return out.getvalue()


@pytest.fixture
def hub(hub_database: str, tmp_path: Path) -> Iterator[Hub]:
    project = tmp_path / "project"
    files = {
        "mappings/shop/system.yaml": SYSTEM,
        "mappings/shop/return_request.yaml": MAPPING,
        "mappings/shop/samples/one.json": json.dumps(DOCUMENT),
        "mappings/codes/return_reason.csv": "canonical,shop\ndamaged,BROKEN\n",
        "mappings/codes/unit.csv": "canonical,shop\nEA,PC\n",
        "dags/flows/shop_in.yaml": FLOW,
    }
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    shutil.copytree(PROJECT_DIR / "policies", project / "policies")
    for name in ("in", "done", "taken"):
        (tmp_path / name).mkdir()
    settings = Settings(project_dir=project, home=project / "home", database_url=hub_database)
    connection = Connection(id="shop", extra={"path": str(tmp_path)})
    with bootstrap(settings, connections=lambda _: connection) as made:
        yield made


def alerts(hub: Hub) -> list[tuple[str, str]]:
    return [(row["cause"], row["message"]) for row in hub.database.rows("console_alerts")]


def states(hub: Hub) -> dict[str, Any]:
    totals = admit.admit(hub, "shop_in", "test")
    assert account.account(hub, "test", flow="shop_in").balanced
    return {name: totals[name] for name in ("admitted", "repeat", "dead") if totals.get(name)}


def test_a_damaged_archive_is_an_alert_and_the_other_files_are_admitted(hub: Hub, tmp_path: Path) -> None:
    good = zipped(a=document(1), b=document(2))
    (tmp_path / "in/bad.zip").write_bytes(good[:-30])
    (tmp_path / "in/good.zip").write_bytes(good)
    assert read.read(hub, "shop_in", "test") == {"documents": 2, "new": 2, "alerts": 1}
    assert states(hub) == {"admitted": 2}
    [(cause, message)] = alerts(hub)
    assert cause == "read shop_in"
    assert "bad.zip: expected a whole zip file" in message
    (tmp_path / "in/bad.zip").write_bytes(zipped(c=document(3), again=document(1)))  # the partner repairs it
    read.read(hub, "shop_in", "test")
    assert states(hub) == {"admitted": 1, "repeat": 1}
    assert alerts(hub) == []
    assert [list((tmp_path / name).iterdir()) for name in ("in", "taken")] == [[], []]


def test_every_empty_file_is_a_dead_letter_that_says_so(hub: Hub, tmp_path: Path) -> None:
    for day, body in enumerate((b"", b"", document(1))):
        path = tmp_path / "in/returns.json"
        path.write_bytes(body)
        os.utime(path, (day, day))
        read.read(hub, "shop_in", "test")
        assert states(hub) == ({"dead": 1} if not body else {"admitted": 1})
    (tmp_path / "in/with_empty.zip").write_bytes(zipped(nothing=b"", something=document(2)))
    read.read(hub, "shop_in", "test")
    assert states(hub) == {"admitted": 1, "dead": 1}
    found = hub.database.rows("dead_letters", {"state": "", "flow": "shop_in", "run_id": "", "limit": 99})
    assert {one["summary"].partition(": ")[2] for one in found} == {
        "The file is empty: there is no JSON document."
    }
    assert sorted(one["document_key"].partition("@")[0] for one in found) == [
        "returns.json",
        "returns.json",
        "with_empty.zip",
    ]
