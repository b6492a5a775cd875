"""One hub for the time of a command."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from connectors.base import Connection
from connectors.errors import Config
from hub.mapping import yaml_strict
from hub.mapping.yaml_strict import YamlError
from hub.pipeline.context import Hub
from hub.settings import Settings, from_environment


@contextmanager
def hub_session() -> Iterator[Hub]:
    """Build the hub from the environment; connections also come from a running `returns-hub up`."""
    from hub.bootstrap import bootstrap  # loads the catalog: not for --help

    settings = from_environment()
    with bootstrap(settings, connections=lambda name: connection(settings, name)) as hub:
        yield hub


def connection(settings: Settings, name: str) -> Connection:
    """Resolve a connection: `AIRFLOW_CONN_*`, else what `returns-hub up` gave Airflow on this machine.

    Raises:
        Config: Neither knows it.
    """
    from hub.connections import from_environment as resolve

    try:
        return resolve(name)
    except Config as missing:
        if missing.code != "connection_missing":
            raise
    try:
        return resolve(name, saved_environment(settings))
    except Config as missing:
        export = _export(settings, name) if missing.code == "connection_missing" else ""
        raise (Config(f"{missing.message}; {export}", code=missing.code) if export else missing) from None


def _export(settings: Settings, name: str) -> str:
    """The line that gives a connection, in the form that its system's connector wants."""
    from hub.authoring.starters import connection_hint
    from hub.flows.draft import SYSTEM_FILE

    for path in sorted((settings.project_dir / "mappings").glob(f"*/{SYSTEM_FILE}")):
        with suppress(YamlError, KeyError):
            fields = yaml_strict.load(path).fields()
            if fields["connection"].text() == name:
                return connection_hint(name, fields["connector"].text())
    return ""


def save_environment(settings: Settings, environment: Mapping[str, str]) -> None:
    """Keep the connections of a platform for commands in other terminals, readable by its owner only."""
    kept = {name: value for name, value in environment.items() if name.startswith("AIRFLOW_CONN_")}
    path = settings.home / "connections.json"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(kept, file)


def saved_environment(settings: Settings) -> Mapping[str, str]:
    """What `save_environment` kept; empty when nothing was started here."""
    path = settings.home / "connections.json"
    if not path.exists():
        return {}
    found: Mapping[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found
