"""Every connector against its partner's sandbox, by the suites that authors use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.base import Connection, Document
from connectors.registry import Connector, connect
from hub.testing.contract import SinkContract, SourceContract, Trouble
from sandboxes import erp, sftp, wms
from sandboxes.wms.simulation import Habits

NO_RETRY = {"attempts": 1}

SAP = {
    "system": "sap_s4",
    "connector": "sap_s4",
    "retry": NO_RETRY,
    "operations": {
        "create_customer_return": {
            "service": "API_CUSTOMER_RETURN_SRV",
            "entity": "A_CustomerReturn",
            "key": "PurchaseOrderByCustomer",
            "number": "CustomerReturn",
            "repeat": "lookup",
            "key_length": 35,
        }
    },
}
WMS = {
    "system": "wms",
    "connector": "rest",
    "retry": NO_RETRY,
    "resources": {
        "receipts": {
            "path": "/api/v1/receipts",
            "items": "items",
            "next": "next_cursor",
            "page_param": "cursor",
            "watermark": {"field": "updated_at", "param": "updated_since", "overlap": 120},
            "limit": {"param": "limit", "value": 2},
        }
    },
    "operations": {
        "expect_receipt": {
            "method": "PUT",
            "path": "/api/v1/expected-receipts/{key}",
            "find": "/api/v1/expected-receipts/{key}",
            "repeat": "replace",
            "number": "id",
        }
    },
}
ACME = {
    "system": "acme_edi",
    "connector": "sftp",
    "retry": NO_RETRY,
    "resources": {
        "inbound/180": {"folder": "/outbox", "pattern": "*.edi", "archive": "/archive", "stable_seconds": 0}
    },
    "operations": {"upload_180": {"folder": "/inbox", "name": "180_{key}.edi", "repeat": "replace"}},
}

FILES = {
    "system": "depot",
    "connector": "files",
    "retry": NO_RETRY,
    "resources": {"returns": {"folder": "/in", "pattern": "*.csv", "archive": "/done", "stable_seconds": 0}},
    "operations": {"write": {"folder": "/out", "name": "order_{key}.csv", "repeat": "replace"}},
}


class ErpBench:
    operation = "create_customer_return"
    secrets = ("erp-canary-1", "erp-canary-2")

    def __init__(self, partner: erp.Erp) -> None:
        self._partner = partner

    def connect(self) -> Connector:
        return self._connect("erp-canary-1")

    def connect_badly(self) -> Connector:
        return self._connect("erp-canary-2")

    def _connect(self, password: str) -> Connector:
        port = self._partner.port
        return connect(
            SAP,
            Connection(
                id="sap_s4", host="127.0.0.1", port=port, schema="http", login="hub", password=password
            ),
        )

    def document(self, key: str) -> Document:
        item = {"Material": "SKU-1", "RequestedQuantity": "2", "RequestedQuantityUnit": "EA"}
        body = {
            "CustomerReturnType": "CBAR",
            "SoldToParty": "C1",
            "PurchaseOrderByCustomer": key,
            "to_Item": [item],
        }
        return Document(source_key=key, body=json.dumps(body).encode(), media_type="application/json")

    def prepare(self, trouble: Trouble) -> bool:
        action = {
            Trouble.LOST_ANSWER: {"action": "commit_then_drop"},
            Trouble.TURNED_AWAY: {"action": "status", "status": 503, "retry_after": 60},
            Trouble.REFUSED: {"action": "status", "status": 400},
        }[trouble]
        self._partner.faults.load([{"match": "POST /sap/opu/odata/sap/", "nth": 1, **action}])
        return True

    def effects(self, key: str) -> int:
        return len(self._partner.books()["customer_returns"]["by_key"].get(key, []))


class WmsBench:
    operation = "expect_receipt"
    resource = "receipts"
    secrets = ("wms-canary-1", "wms-canary-2")

    def __init__(self, partner: wms.Wms) -> None:
        self._partner = partner

    def connect(self) -> Connector:
        return self._connect("wms-canary-1")

    def connect_badly(self) -> Connector:
        return self._connect("wms-canary-2")

    def _connect(self, token: str) -> Connector:
        port = self._partner.port
        return connect(
            WMS, Connection(id="wms", host="127.0.0.1", port=port, schema="http", extra={"token": token})
        )

    def document(self, key: str) -> Document:
        line = {"line_no": 1, "sku": "SKU-1", "quantity": 2, "uom": "EA"}
        body = {"rma": key, "site": "DC1", "customer": "C1", "lines": [line]}
        return Document(source_key=key, body=json.dumps(body).encode(), media_type="application/json")

    def prepare(self, trouble: Trouble) -> bool:
        action = {
            Trouble.LOST_ANSWER: {"action": "commit_then_drop"},
            Trouble.TURNED_AWAY: {"action": "status", "status": 429, "retry_after": 60},
            Trouble.REFUSED: {"action": "status", "status": 422},
        }[trouble]
        self._partner.faults.load([{"match": "PUT /api/v1/expected-receipts", "nth": 1, **action}])
        return True

    def effects(self, key: str) -> int:
        return int(key in self._partner.books()["expected_receipts"]["by_rma"])

    def put(self, count: int) -> None:
        with self.connect() as connector:
            for number in range(count):
                connector.write(self.operation, self.document(f"RMA-{number}"), f"RMA-{number}")  # type: ignore[attr-defined]  # a Sink too

    def records(self, document: Document) -> list[str]:
        return [json.dumps(item, sort_keys=True) for item in json.loads(document.body)["items"]]


class SftpBench:
    operation = "upload_180"
    resource = "inbound/180"
    secrets = ("sftp-canary-1", "sftp-canary-2")

    def __init__(self, partner: sftp.Sftp) -> None:
        self._partner = partner

    def connect(self) -> Connector:
        return self._connect("sftp-canary-1")

    def connect_badly(self) -> Connector:
        return self._connect("sftp-canary-2")

    def _connect(self, password: str) -> Connector:
        extra = {"host_key": self._partner.host_key}
        port = self._partner.port
        return connect(
            ACME,
            Connection(
                id="acme_edi", host="127.0.0.1", port=port, login="hub", password=password, extra=extra
            ),
        )

    def document(self, key: str) -> Document:
        return Document(source_key=key, body=f"ISA*{key}~".encode(), media_type="application/edi-x12")

    def prepare(self, trouble: Trouble) -> bool:
        rules = {
            Trouble.LOST_ANSWER: [{"match": "RENAME /inbox", "nth": 1, "action": "commit_then_drop"}],
            Trouble.TURNED_AWAY: [{"match": "WRITE /inbox", "nth": 1, "action": "drop"}],
        }.get(trouble)
        self._partner.faults.load(rules or [])
        return rules is not None

    def effects(self, key: str) -> int:
        return len(list((self._partner.root / "inbox").glob(f"180_{key}.edi")))

    def put(self, count: int) -> None:
        for number in range(count):
            (self._partner.root / "outbox" / f"{number}.edi").write_bytes(b"ISA*%d~" % number)

    def records(self, document: Document) -> list[str]:
        return [f"{document.source_key} {document.body!r}"]


class FilesBench:
    operation = "write"
    resource = "returns"
    secrets = ()

    def __init__(self, root: Path) -> None:
        self._root = root
        for name in ("in", "out", "done"):
            (root / name).mkdir()

    def connect(self) -> Connector:
        return connect(FILES, Connection(id="depot", extra={"path": str(self._root)}))

    def connect_badly(self) -> Connector:
        return connect(FILES, Connection(id="depot", extra={"path": str(self._root / "elsewhere")}))

    def document(self, key: str) -> Document:
        return Document(source_key=key, body=f"id\n{key}\n".encode(), media_type="text/csv")

    def prepare(self, trouble: Trouble) -> bool:  # noqa: ARG002 - a folder answers or it does not
        return False

    def effects(self, key: str) -> int:
        return len(list((self._root / "out").glob(f"order_{key}.csv")))

    def put(self, count: int) -> None:
        for number in range(count):
            (self._root / "in" / f"{number}.csv").write_bytes(b"id\n%d\n" % number)

    def records(self, document: Document) -> list[str]:
        return [f"{document.source_key} {document.body!r}"]


class TestFilesSink(SinkContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> FilesBench:
        return FilesBench(tmp_path)


class TestFilesSource(SourceContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> FilesBench:
        return FilesBench(tmp_path)


class TestOdataSink(SinkContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[ErpBench]:
        with erp.serve(tmp_path, password="erp-canary-1") as partner:
            yield ErpBench(partner)


class TestRestSink(SinkContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[WmsBench]:
        with wms.serve(tmp_path, token="wms-canary-1") as partner:
            yield WmsBench(partner)


class TestRestSource(SourceContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[WmsBench]:
        habits = Habits(arrives=(0, 0), inspects=(0, 0), repeated=0)
        with wms.serve(tmp_path, token="wms-canary-1", habits=habits) as partner:
            yield WmsBench(partner)


class TestSftpSink(SinkContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[SftpBench]:
        with sftp.serve(tmp_path, users={"hub": "sftp-canary-1"}) as partner:
            yield SftpBench(partner)


class TestSftpSource(SourceContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[SftpBench]:
        with sftp.serve(tmp_path, users={"hub": "sftp-canary-1"}) as partner:
            yield SftpBench(partner)
