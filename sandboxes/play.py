"""Drives the scenario against running sandboxes and a hub, one JSON line per step."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sandboxes import carriers, fleet, scenario
from sandboxes.outbox import PlayError, Tell, drop
from sandboxes.portal import Portal, PortalBook
from sandboxes.scenario import Scenario

ODATA = "/sap/opu/odata/sap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to play. `outage` and `pace` are seconds: the ERP's absence, and the pause between files.

    `patience` is how many seconds a post waits for an answer, and the carrier for the next RMA number.
    `carriers`: parcels travel once their senders know their RMA numbers; without a hub nothing travels.
    """

    directory: Path
    hub: str = ""
    api_key: str = ""
    returns: int = scenario.DEFAULT_RETURNS
    outage: float = 60.0
    pace: float = 1.0
    workers: int = 4
    patience: float = 900.0
    faults: bool = True
    carriers: bool = True


def say(step: Mapping[str, Any]) -> None:
    """Print one step as a JSON line."""
    sys.stdout.write(json.dumps(step) + "\n")
    sys.stdout.flush()


def prepare(directory: Path, returns: int) -> Scenario:
    """The scenario of this folder: of an earlier play, else made up and stored. Raises PlayError."""
    seed = fleet.read(directory)["seed"]
    if (directory / scenario.FILE).exists():
        known = scenario.load(directory)
        if (known["seed"], len(known["returns"])) != (seed, returns):
            found = f"seed {known['seed']} and {len(known['returns'])}"
            raise PlayError(f"{directory}: expected seed {seed} and {returns} returns, found {found}")
        return known
    made = scenario.build(seed, returns)
    scenario.save(made, directory)
    # what is written is what is played: both are read back from JSON
    return scenario.load(directory)


def play(options: Options, tell: Tell = say) -> None:
    """Seed, set faults, drop files and post at the same time, take the ERP down in the middle.

    When all that is sent, parcels travel whose senders know their RMA numbers.

    Can be repeated after a crash: what the partners' books hold already is not sent again.

    Raises:
        PlayError: The folder holds another scenario.
        KeyRefusedError: The hub does not know the API key.
    """
    began = time.monotonic()
    story = prepare(options.directory, options.returns)
    endpoints = fleet.read(options.directory)
    tell({"step": "scenario", "seed": story["seed"], "returns": len(story["returns"])})
    tell({"step": "orders", **_post(endpoints["erp"]["url"], "seed", {"orders": story["orders"]})})
    if options.faults:
        _set_faults(endpoints, story, tell)
    with ThreadPoolExecutor(3, "play") as pool:
        running = [
            pool.submit(_drop_files, options, endpoints, story, tell),
            pool.submit(_announce, options, endpoints, story, tell),
        ]
        if options.hub:
            running.append(pool.submit(_post_returns, options, story, tell))
        for one in running:
            one.result()
    if options.hub and options.carriers:
        carriers.carry(endpoints, story, tell, quiet=options.patience)
    tell({"step": "done", "seconds": round(time.monotonic() - began, 1)})


def _post(url: str, control: str, body: Mapping[str, Any]) -> dict[str, Any]:
    answer = httpx.post(f"{url}/_sandbox/{control}", json=body, timeout=60).raise_for_status()
    result: dict[str, Any] = answer.json()
    return result


def rules(returns: int) -> dict[str, list[dict[str, Any]]]:
    """The fault plan of a scenario with so many returns, per sandbox."""

    def at(*shares: int) -> list[int]:
        return sorted({max(2, returns * share // 100) for share in shares})

    def create(service: str) -> str:
        return f"POST {ODATA}/{service}"

    lost, busy = {"action": "commit_then_drop"}, {"action": "status", "status": 429, "retry_after": 1}
    away = {"action": "status", "status": 503, "retry_after": 2}
    return {
        "erp": [
            {"match": create("API_CUSTOMER_RETURN_SRV"), "nth": at(3, 20, 45), **lost},
            {"match": create("API_CUSTOMER_RETURN_SRV"), "nth": at(10, 30), **away},
            {"match": create("API_MATERIAL_DOCUMENT_SRV"), "nth": at(4, 25), **lost},
            {"match": create("API_MATERIAL_DOCUMENT_SRV"), "nth": at(15), "action": "500_after_commit"},
            {"match": create("API_CREDIT_MEMO_REQUEST_SRV"), "nth": at(5, 35), **lost},
            {"match": create("API_CREDIT_MEMO_REQUEST_SRV"), "nth": at(12), **busy},
            {"match": f"GET {ODATA}/API_SALES_ORDER_SRV", "nth": [3], **busy},
            {"match": f"GET {ODATA}/API_SALES_ORDER_SRV", "nth": [6], **away},
        ],
        "wms": [
            {"match": "PUT /api/v1/expected-receipts", "nth": at(8, 40), **lost},
            {"match": "PUT /api/v1/expected-receipts", "nth": at(16), **away},
            {"match": "GET /api/v1/receipts", "nth": [2], **busy},
            {"match": "GET /api/v1/inspections", "nth": [3], **away},
        ],
        "sftp": [
            {"match": "LIST /outbox", "nth": [3], "action": "drop"},
            {"match": "RENAME /inbox", "nth": at(6, 30), **lost},
        ],
        "retail": [{"match": "RENAME /inbox", "nth": [3], **lost}],
        "carrier": [{"match": "LIST /outbox", "nth": [2], "action": "drop"}],
    }


def _set_faults(endpoints: Mapping[str, Any], story: Scenario, tell: Tell) -> None:
    urls = {name: endpoints[name]["control_url"] for name in fleet.FILE_PARTNERS}
    urls |= {name: endpoints[name]["url"] for name in ("erp", "wms")}
    for name, plan in rules(len(story["returns"])).items():
        tell({"step": "faults", "sandbox": name, **_post(urls[name], "faults", {"rules": plan})})


def _drop_files(options: Options, endpoints: Mapping[str, Any], story: Scenario, tell: Tell) -> None:
    pause = threading.Event()
    middle = len(story["files"]) // 2
    for position, file in enumerate(story["files"]):
        if position == middle and options.outage > 0:
            _post(endpoints["erp"]["url"], "faults", {"down": options.outage})
            tell({"step": "erp_down", "seconds": options.outage})
        if not drop(endpoints, "sftp", file["name"], file["text"]):
            tell({"step": "file", "name": file["name"], "skipped": "dropped before"})
            continue
        count = sum(len(group["transactions"]) for group in file["groups"])
        tell({"step": "file", "name": file["name"], "transactions": count})
        pause.wait(options.pace)


def _announce(options: Options, endpoints: Mapping[str, Any], story: Scenario, tell: Tell) -> None:
    """The retailer's files, at its own pace."""
    pause = threading.Event()
    for file in story["announcements"]:
        if not drop(endpoints, "retail", file["name"], file["text"]):
            tell({"step": "file", "name": file["name"], "skipped": "dropped before"})
            continue
        tell({"step": "file", "name": file["name"], "messages": len(file["claims"])})
        pause.wait(options.pace)


def _post_returns(options: Options, story: Scenario, tell: Tell) -> None:
    book = PortalBook(options.directory / "portal")
    portal = Portal(book, options.hub, options.api_key, options.patience)
    posts: Sequence[Mapping[str, Any]] = story["posts"]
    size = max(1, len(posts) // 8)
    try:
        for at in range(0, len(posts), size):
            statuses = portal.post_all(posts[at : at + size], options.workers)
            tell({"step": "portal", "posted": min(at + size, len(posts)), "of": len(posts), **statuses})
    finally:
        portal.close()
        book.close()
