"""A second terminal has the connections of the platform that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import Config
from hub.cli.session import connection, save_environment
from hub.settings import Settings


def test_a_connection_that_the_platform_was_started_with_is_known_in_other_terminals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_NORDWIND", raising=False)
    settings = Settings(project_dir=tmp_path, home=tmp_path, database_url="")
    with pytest.raises(Config, match="AIRFLOW_CONN_NORDWIND"):
        connection(settings, "nordwind")
    save_environment(settings, {"AIRFLOW_CONN_NORDWIND": '{"extra": {"path": "/srv/in"}}', "PATH": "/bin"})
    assert connection(settings, "nordwind").extra == {"path": "/srv/in"}
    assert "PATH" not in (tmp_path / "connections.json").read_text(encoding="utf-8")


def test_a_connection_that_is_not_there_is_answered_with_the_line_that_gives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_NORDWIND", raising=False)
    system = tmp_path / "mappings/nordwind/system.yaml"
    system.parent.mkdir(parents=True)
    system.write_text("system: nordwind\nconnector: files\nconnection: nordwind\n", encoding="utf-8")
    settings = Settings(project_dir=tmp_path, home=tmp_path, database_url="")
    line = """export AIRFLOW_CONN_NORDWIND='{"extra": {"path": "/folder/of/the/partner"}}'"""
    with pytest.raises(Config) as missing:
        connection(settings, "nordwind")
    assert missing.value.message.endswith(f"found nothing; {line}")


def test_what_stands_beside_extra_is_refused_with_its_right_place_and_no_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_NORDWIND", '{"path": "/srv/in"}')
    with pytest.raises(Config) as wrong:
        connection(Settings(project_dir=tmp_path, home=tmp_path, database_url=""), "nordwind")
    assert "found path" in wrong.value.message
    assert wrong.value.message.endswith('stands in extra: {"extra": {"path": …}}')
    assert "/srv" not in wrong.value.message
