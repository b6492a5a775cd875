"""From system.yaml to a connector."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from connectors.base import Connection, Sink, Source
from connectors.errors import Config
from connectors.registry import CONNECTORS, Connector, capabilities, connect

SYSTEMS: dict[str, dict[str, Any]] = {name: {"system": name, "connector": name} for name in CONNECTORS}
EXTRA: dict[str, dict[str, Any]] = {
    "files": {"path": "/srv/partner"},
    "sftp": {"host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIBIwVTBmlpZr6HvEJfrrDvrKpjb8ebpt7hHtZgz8ZPs"},
}


@pytest.mark.parametrize("name", sorted(CONNECTORS))
def test_every_connector_connects_without_io_and_closes_twice(name: str) -> None:
    with connect(
        SYSTEMS[name], Connection(id=name, host="127.0.0.1", port=1, extra=EXTRA.get(name, {}))
    ) as one:
        assert isinstance(one, Connector)
        assert isinstance(one, Source)
        assert isinstance(one, Sink) is (name != "inbox")
        one.close()


@pytest.mark.parametrize("name", sorted(CONNECTORS))
def test_every_connector_tells_what_it_can_without_a_connection(name: str) -> None:
    found = capabilities(SYSTEMS[name])
    assert (found.connector, found.resources, dict(found.operations)) == (name, frozenset(), {})


@pytest.mark.parametrize("system", [{"connector": "edi"}, {}, {"connector": None}])
def test_an_unknown_connector_names_the_known_ones(system: dict[str, Any]) -> None:
    with pytest.raises(Config, match="expected one of files, inbox, odata, rest, sap_s4, sftp"):
        capabilities({"system": "x", **system})


def test_network_libraries_are_loaded_only_when_needed() -> None:
    code = (
        "import sys; from connectors.registry import capabilities as c;"
        "[c({'system': 'x', 'connector': n}) for n in ('inbox', 'sftp')];"
        "sys.exit('paramiko' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own line


def test_an_inbox_reads_nothing_and_knows_its_resources() -> None:
    system = {"system": "portal", "connector": "inbox", "resources": {"returns": {"format": "json"}}}
    with connect(system, Connection(id="portal")) as portal:
        assert isinstance(portal, Source)
        assert list(portal.read("returns", None)) == []
        portal.release("returns", [])
        with pytest.raises(Config, match="returns"):
            portal.read("orders", None)


def test_an_inbox_offers_no_operations() -> None:
    with pytest.raises(Config, match="operations"):
        capabilities({"system": "p", "connector": "inbox", "operations": {"call": {"repeat": "none"}}})
