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
