"""The sandbox partner systems as one supervised process; they share no code with the product."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.runtime.airflow_env import ConnectionFields
from hub.runtime.health import StartError
from hub.runtime.logs import tail
from hub.runtime.supervisor import Component, Supervisor

NAME = "sandboxes"


def start_sandboxes(
    supervisor: Supervisor, folder: Path, environment: Mapping[str, str], seed: int, seconds: float = 30.0
) -> Mapping[str, Any]:
    """Start them with their books in `folder` and return what their ports file says.

    Raises:
        StartError: No ports file in time.
    """
    ports = folder / "ports.json"
    ports.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "sandboxes", "run", "--dir", str(folder), "--ports-file", str(ports)]
    command += ["--seed", str(seed)]
    supervisor.start(Component(name=NAME, command=command, environment=environment, stage=0))
    deadline = time.monotonic() + seconds
    while (found := _read(ports)) is None:
        if time.monotonic() > deadline:
            log = supervisor.logs / f"{NAME}.log"
            raise StartError(f"{ports}: expected within {seconds:.0f} s, found none\n{tail(log)}")
        time.sleep(0.05)
    return found


def connections_of(ports: Mapping[str, Any]) -> dict[str, ConnectionFields]:
    """Airflow connections by id to what a ports file names; none for an empty one."""
    makers = {
        "sap_s4": ("erp", _erp),
        "wms": ("wms", _wms),
        "acme_edi": ("sftp", _sftp),
        "retail_edifact": ("retail", _sftp),
        "carrier_edi": ("carrier", _sftp),
    }
    return {name: make(ports[part]) for name, (part, make) in makers.items() if part in ports}


def _erp(part: Mapping[str, Any]) -> ConnectionFields:
    sign_in = {"login": part["login"], "password": part["password"]}
    return {"conn_type": "http", "host": part["host"], "port": part["port"], "schema": "http", **sign_in}


def _wms(part: Mapping[str, Any]) -> ConnectionFields:
    extra = {"token": part["token"]}
    return {"conn_type": "http", "host": part["host"], "port": part["port"], "schema": "http", "extra": extra}


def _sftp(part: Mapping[str, Any]) -> ConnectionFields:
    sign_in = {"login": part["login"], "password": part["password"]}
    extra = {"host_key": part["host_key"]}
    return {"conn_type": "sftp", "host": part["host"], "port": part["port"], **sign_in, "extra": extra}


def _read(ports: Path) -> Mapping[str, Any] | None:
    """The file's content; None while it is absent or half written."""
    try:
        found = json.loads(ports.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
