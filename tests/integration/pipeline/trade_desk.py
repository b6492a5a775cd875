"""A project of one EDI partner whose files lie in folders of this machine, on a real database."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import yaml

from connectors.base import Connection, Document
from connectors.codecs.edi.acknowledgement import Acknowledgement, read_acknowledgements
from hub.bootstrap import bootstrap
from hub.pipeline import account, admit, deliver
from hub.pipeline.context import Hub
from hub.settings import PROJECT_DIR, Settings

SYSTEM: dict[str, Any] = {
    "system": "acme_edi",
    "title": "A partner",
    "connector": "files",
    "connection": "acme_edi",
    "resources": {
        "inbound/180": {
            "format": "x12/180-004010",
            "folder": "/outbox",
            "pattern": "*",
            "stable_seconds": "0",
        },
        "inbound/997": {"format": "x12/997-004010", "folder": "/acks", "pattern": "*", "stable_seconds": "0"},
    },
    "operations": {
        f"upload_{set_}": {
            "format": form,
            "folder": "/inbox",
            "name": f"{set_}_{{key}}.edi",
            "repeat": "replace",
            "key_length": "60",
        }
        for set_, form in (
            ("180", "x12/180-004010"),
            ("997", "x12/997-004010"),
            ("ta1", "x12/997-004010"),
        )
    },
    "edi": {
        "standard": "x12",
        "sender": "RETURNSHUB",
        "sender_qualifier": "ZZ",
        "receiver": "ACME",
        "receiver_qualifier": "ZZ",
        "usage": "P",
        "delimiters": {"element": "*", "component": ">", "segment": "~"},
        "acks": {"send": {"interchange": "errors"}, "expect": {"within": "4 hours"}},
        "control": {"sequence": "warn"},
    },
    "fallback": "30 seconds",
}
FLOW = {
    "flow": "acme_returns_in",
    "owner": "tests",
    "on": "arrival",
    "entity": "us",
    "read": {"from": "acme_edi", "resource": "inbound/180"},
    "map": "acme.return_notice@1",
    "acknowledge": "997",
}
ACKS_FLOW = {
    "flow": "acme_acks_in",
    "owner": "tests",
    "on": "arrival",
    "read": {"from": "acme_edi", "resource": "inbound/997"},
    "acknowledgements": "true",
}


def x12(
    control: int,
    *claims: str,
    group: int | None = None,
    sender: str = "ACME",
    usage: str = "P",
    quantity: str = "1",
    ack: str = "0",
) -> str:
    """An interchange with a return notice for each claim."""
    number = control if group is None else group
    parties = f"ZZ*{sender:<15}*ZZ*{'RETURNSHUB':<15}"
    lines = [
        f"ISA*00*{'':10}*00*{'':10}*{parties}*261101*0830*U*00401*{control:09d}*{ack}*{usage}*>",
        f"GS*AN*{sender}*RETURNSHUB*20261101*0830*{number}*X*004010",
    ]
    for at, claim in enumerate(claims, 1):
        lines += [
            f"ST*180*{at:04d}",
            f"BGN*00*{claim}*20261031*1720",
            "RDR**CO",
            "PRF*PO-1",
            "N1*BY*ACME HARDWARE*92*S018",
            f"BLI*SK*614141000036*{quantity}*EA",
            f"SE*7*{at:04d}",
        ]
    lines += [f"GE*{len(claims)}*{number}", f"IEA*1*{control:09d}"]
    return "".join(f"{line}~\n" for line in lines)


def ack(control: int, *about: tuple[int, str, Sequence[str]], sender: str = "ACME", ta1: str = "") -> str:
    """An interchange with a 997 for each (group, AK9 verdict, AK2 to AK5 lines) and perhaps a TA1."""
    parties = f"ZZ*{sender:<15}*ZZ*{'RETURNSHUB':<15}"
    lines = [f"ISA*00*{'':10}*00*{'':10}*{parties}*261101*0900*U*00401*{control:09d}*0*P*>"]
    if ta1:
        lines.append(f"TA1*{ta1}")
    if about:
        lines.append(f"GS*FA*{sender}*RETURNSHUB*20261101*0900*{control}*X*004010")
    for at, (group, verdict, detail) in enumerate(about, 1):
        good = "0" if verdict == "R" else "1"
        body = [f"AK1*AN*{group}", *detail, f"AK9*{verdict}*1*1*{good}"]
        lines += [f"ST*997*{at:04d}", *body, f"SE*{len(body) + 2}*{at:04d}"]
    if about:
        lines.append(f"GE*{len(about)}*{control}")
    lines.append(f"IEA*{1 if about else 0}*{control:09d}")
    return "".join(f"{line}~\n" for line in lines)


class Desk:
    """The hub of one partner, its folders and its books."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.url = database_url
        self.partner = folder / "partner"
        for name in ("outbox", "inbox", "acks"):
            (self.partner / name).mkdir(parents=True)
        shutil.copytree(PROJECT_DIR / "mappings/acme_edi", folder / "mappings/acme_edi")
        shutil.copytree(PROJECT_DIR / "mappings/codes", folder / "mappings/codes")
        shutil.copytree(PROJECT_DIR / "policies", folder / "policies")
        # nobody knows an order here, and every return is rejected: so each notice is answered at once
        table = folder / "policies/authorization.csv"
        text = table.read_text(encoding="utf-8")
        table.write_text(
            text.replace(
                "order_not_found,false,,,,,,,,needs_review", "order_not_found,false,,,,,,,,rejected"
            ),
            encoding="utf-8",
        )
        flows = folder / "dags/flows"
        flows.mkdir(parents=True)
        shutil.copy(PROJECT_DIR / "dags/flows/acme_180_denied.yaml", flows)
        self.system = SYSTEM
        self.write(FLOW)
        self.write(ACKS_FLOW)
        self._settings = Settings(project_dir=folder, home=folder / "home", database_url=database_url)
        self.count = 0
        self.hub: Hub | None = None
        self.profile()

    def write(self, flow: dict[str, Any]) -> None:
        file = self.folder / f"dags/flows/{flow['flow']}.yaml"
        file.write_text(yaml.safe_dump(flow, sort_keys=False), encoding="utf-8")

    def profile(self, **edi: Any) -> None:
        """Change the profile and start again, as after an edit."""
        self.system = {**self.system, "edi": {**self.system["edi"], **edi}}
        text = yaml.safe_dump(self.system, sort_keys=False)
        (self.folder / "mappings/acme_edi/system.yaml").write_text(text, encoding="utf-8")
        self.close()
        known = Connection(id="acme_edi", extra={"path": str(self.partner)})
        self.hub = bootstrap(self._settings, connections=lambda _: known)

    def close(self) -> None:
        if self.hub is not None:
            self.hub.close()

    def send(self, *interchanges: str, flow: str = "acme_returns_in") -> list[str]:
        """One file with these interchanges; the states of its messages."""
        assert self.hub is not None
        self.count += 1
        name = f"file{self.count}.edi"
        document = Document(
            source_key=name,
            body="".join(interchanges).encode(),
            media_type="application/edi-x12",
            attributes={},
        )
        received = admit.receive(self.hub, flow, document, "run")
        return [message["state"] for message in received["messages"]]

    def deliver(self) -> dict[str, Any]:
        assert self.hub is not None
        return deliver.deliver(self.hub, "acme_edi", "run", budget=20)

    def rows(self, sql: str, *params: Any) -> list[Any]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode(), params)
            return cursor.fetchall() if cursor.description else []

    def interchanges(self, direction: str = "in") -> list[tuple[str, str]]:
        """(control number, state) in the order they came or went."""
        sql = "SELECT control, state FROM interchanges WHERE direction = %s ORDER BY id"
        return [(control.lstrip("0"), state) for control, state in self.rows(sql, direction)]

    def outcomes(self) -> list[tuple[str, str, str]]:
        """(kind, verdict, outcome) of all acknowledgements that came."""
        return self.rows("SELECT kind, verdict, outcome FROM acknowledgements ORDER BY id")

    def letters(self) -> list[dict[str, Any]]:
        assert self.hub is not None
        params = {"state": "waiting", "flow": "", "run_id": "", "limit": 99}
        return list(reversed(self.hub.database.rows("dead_letters", params)))

    def alerts(self) -> list[tuple[str, int]]:
        """(cause, how often) of open alerts."""
        return self.rows("SELECT cause, count FROM alerts WHERE closed_at IS NULL ORDER BY first_at, cause")

    def written(self, set_: str) -> list[bytes]:
        """What was delivered, oldest first."""
        files = (self.partner / "inbox").glob(f"{set_}_*.edi")
        return [path.read_bytes() for path in sorted(files, key=lambda path: path.stat().st_mtime_ns)]

    def answers(self) -> list[Acknowledgement]:
        """What we acknowledged, read back, oldest first."""
        self.deliver()
        files = sorted((self.partner / "inbox").glob("*.edi"), key=lambda path: path.stat().st_mtime_ns)
        return [one for path in files for one in read_acknowledgements(path.read_bytes())]

    def problems(self) -> list[str]:
        """What does not add up."""
        assert self.hub is not None
        flows = [account.account_of(self.hub, flow=name) for name in self.hub.catalog.intake]
        accounts = [*flows, account.account_of(self.hub, target="acme_edi")]
        return [problem for one in accounts for problem in one.problems]

    def states(self, flow: str = "acme_returns_in") -> dict[str, int]:
        assert self.hub is not None
        totals = account.account_of(self.hub, flow=flow).totals
        return {name: count for name, count in totals.items() if count and name != "documents_waiting"}
