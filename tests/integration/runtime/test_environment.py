from __future__ import annotations

import json
import os
import socket
import stat
from pathlib import Path

import pytest

from hub.runtime.airflow_env import airflow_environment
from hub.runtime.keys import ROLES, ensure_keys
from hub.runtime.logs import bound, open_log, tail
from hub.runtime.ports import remembered_port
from hub.runtime.sandbox import connections_of
from hub.settings import Settings

PORTS = {
    "erp": {"url": "http://…", "host": "127.0.0.1", "port": 8001, "login": "hub", "password": "p1"},
    "wms": {"url": "http://…", "host": "127.0.0.1", "port": 8002, "token": "t1"},
    "sftp": {
        "host": "127.0.0.1",
        "port": 8022,
        "login": "hub",
        "password": "p2",
        "host_key": "ssh-ed25519 AAAA",
        "partner_login": "acme",
        "partner_password": "p3",
    },
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(project_dir=tmp_path, home=tmp_path / "home", database_url="postgresql://hub")


def test_secrets_are_made_once_and_nobody_else_can_read_them(tmp_path: Path) -> None:
    first, second = ensure_keys(tmp_path), ensure_keys(tmp_path)
    assert first == second
    assert len(first.jwt.encode()) >= 64
    assert set(first.passwords) == set(ROLES)
    files = list((tmp_path / "secrets").iterdir())
    assert len(files) == 4
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_two_homes_share_no_secret(tmp_path: Path) -> None:
    one, other = ensure_keys(tmp_path / "one"), ensure_keys(tmp_path / "other")
    assert one.fernet != other.fernet
    assert one.passwords != other.passwords


def test_the_environment_names_every_connection_and_no_mapping_to_all_admins(settings: Settings) -> None:
    found = airflow_environment(settings, ensure_keys(settings.home), 8080, connections_of(PORTS))
    acme = json.loads(found["AIRFLOW_CONN_ACME_EDI"])
    assert (acme["host"], acme["port"], acme["login"]) == ("127.0.0.1", 8022, "hub")
    assert acme["extra"] == {"host_key": "ssh-ed25519 AAAA"}
    assert json.loads(found["AIRFLOW_CONN_WMS"])["extra"] == {"token": "t1"}
    assert json.loads(found["AIRFLOW_CONN_SAP_S4"])["password"] == "p1"
    assert found["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] == "False"
    assert found["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8080/execution/"
    assert all(isinstance(value, str) for value in found.values())


def test_the_partners_own_credentials_stay_with_the_partner(settings: Settings) -> None:
    found = airflow_environment(settings, ensure_keys(settings.home), 8080, connections_of(PORTS))
    assert not [name for name, value in found.items() if "p3" in value and name.startswith("AIRFLOW_CONN")]


def test_without_sandboxes_there_are_no_connections() -> None:
    assert connections_of({}) == {}


def test_a_port_is_remembered_until_somebody_else_has_it(tmp_path: Path) -> None:
    port = remembered_port(tmp_path, "airflow")
    assert remembered_port(tmp_path, "airflow") == port
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        assert remembered_port(tmp_path, "airflow") != port


def test_a_log_over_its_limit_moves_aside_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "component.log"
    descriptor = open_log(path)
    os.write(descriptor, b"old\n" * 100)
    assert bound(path, limit=100)
    os.write(descriptor, b"new\n")
    os.close(descriptor)
    assert path.read_text() == "new\n"
    assert (tmp_path / "logs" / "component.log.1").read_text() == "old\n" * 100
    assert tail(path) == "new"
    assert not bound(path, limit=100)
