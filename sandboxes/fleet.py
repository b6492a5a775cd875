"""All sandboxes of one folder: started together, found again on the same ports with the same credentials."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandboxes import erp, sftp, wms
from sandboxes.erp import Erp
from sandboxes.sftp import Sftp
from sandboxes.wms import Wms
from sandboxes.wms.simulation import Habits

FILE = "fleet.json"

Endpoints = dict[str, Any]
"""`seed`, `erp {url, host, port, login, password}`, `wms {url, host, port, token}`,
`sftp {host, port, login, password, host_key, partner_login, partner_password, control_url, control_port}`
of ACME, `retail` and `carrier` of the same shape."""

FILE_PARTNERS = {"sftp": "acme", "retail": "retail", "carrier": "carrier"}
"""Partners that exchange files: the name of their server here → how their own system signs in there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The running sandboxes; `sftp` is ACME's server."""

    erp: Erp
    wms: Wms
    sftp: Sftp
    retail: Sftp
    carrier: Sftp
    endpoints: Endpoints

    def stop(self) -> None:
        """Stop all of them."""
        for one in (self.erp, self.wms, self.sftp, self.retail, self.carrier):
            one.stop()


def start(directory: Path, seed: int = 1, ports: Mapping[str, int] | None = None, **habits: Any) -> Fleet:
    """Start ERP, WMS and the SFTP servers of ACME, the retailer and the carrier below `directory`.

    Args:
        directory: Their books, one folder each; ports and credentials of an earlier start are used again.
        seed: Decides what the warehouse finds; the seed of an earlier start wins.
        ports: `erp`, `wms`, `sftp`, `sftp_control`, and so on for `retail` and `carrier`; a missing one is
            remembered or free.
        habits: Overrides of `sandboxes.wms.simulation.Habits`.

    Raises:
        OSError: A port is taken.
    """
    known = _known(directory)
    seed = known.get("seed", seed)
    wanted = _ports(known) | dict(ports or {})
    passwords = _passwords(known)
    ledger = erp.start(directory / "erp", port=wanted["erp"], password=passwords["erp"])
    warehouse = wms.start(
        directory / "wms", port=wanted["wms"], token=passwords["wms"], habits=Habits(seed=seed, **habits)
    )
    partners = {
        name: sftp.start(
            directory / name,
            port=wanted[name],
            control_port=wanted[f"{name}_control"],
            users={"hub": passwords[name], login: passwords[f"{name}_partner"]},
        )
        for name, login in FILE_PARTNERS.items()
    }
    endpoints = _endpoints(seed, ledger, warehouse, partners)
    write(directory / FILE, endpoints)
    return Fleet(
        erp=ledger,
        wms=warehouse,
        sftp=partners["sftp"],
        retail=partners["retail"],
        carrier=partners["carrier"],
        endpoints=endpoints,
    )


def _known(directory: Path) -> Endpoints:
    return read(directory) if (directory / FILE).exists() else {}


def _ports(known: Mapping[str, Any]) -> dict[str, int]:
    ports = {name: known.get(name, {}).get("port", 0) for name in ("erp", "wms", *FILE_PARTNERS)}
    return ports | {f"{name}_control": known.get(name, {}).get("control_port", 0) for name in FILE_PARTNERS}


def _passwords(known: Mapping[str, Any]) -> dict[str, str]:
    kept = {"erp": known.get("erp", {}).get("password"), "wms": known.get("wms", {}).get("token")}
    for name in FILE_PARTNERS:
        kept[name] = known.get(name, {}).get("password")
        kept[f"{name}_partner"] = known.get(name, {}).get("partner_password")
    return {name: password or secrets.token_urlsafe(18) for name, password in kept.items()}


def _endpoints(seed: int, ledger: Erp, warehouse: Wms, partners: Mapping[str, Sftp]) -> Endpoints:
    host = "127.0.0.1"
    return {
        "seed": seed,
        "erp": {
            "url": ledger.url,
            "host": host,
            "port": ledger.port,
            "login": ledger.login,
            "password": ledger.password,
        },
        "wms": {"url": warehouse.url, "host": host, "port": warehouse.port, "token": warehouse.token},
        **{name: _file_partner(host, name, partner) for name, partner in partners.items()},
    }


def _file_partner(host: str, name: str, partner: Sftp) -> dict[str, Any]:
    login = FILE_PARTNERS[name]
    return {
        "host": host,
        "port": partner.port,
        "login": "hub",
        "password": partner.users["hub"],
        "host_key": partner.host_key,
        "partner_login": login,
        "partner_password": partner.users[login],
        "control_url": partner.url,
        "control_port": partner.control.port,
    }


def read(directory: Path) -> Endpoints:
    """The endpoints of the sandboxes in this folder. Raises FileNotFoundError when none were started."""
    path = directory / FILE
    if not path.exists():
        raise FileNotFoundError(f"{path}: expected sandboxes started with `run`, found no such file")
    endpoints: Endpoints = json.loads(path.read_text(encoding="utf-8"))
    return endpoints


def write(path: Path, endpoints: Mapping[str, Any]) -> None:
    """Write endpoints for callers, readable by the owner only, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".tmp")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(endpoints, indent=1) + "\n", encoding="utf-8")
    draft.replace(path)


@contextmanager
def serve(directory: Path, **options: Any) -> Iterator[Fleet]:
    """Run all sandboxes for the length of a `with` block; options as in `start`."""
    fleet = start(directory, **options)
    try:
        yield fleet
    finally:
        fleet.stop()
