"""Airflow's connections as the hub's `Connection`: from any secrets backend Airflow is set up with."""

from __future__ import annotations

from airflow.sdk import Connection as AirflowConnection
from airflow.sdk.exceptions import AirflowNotFoundException

from connectors.base import Connection
from connectors.errors import Config


def resolve(name: str) -> Connection:
    """The connection of that id; works inside tasks and triggers.

    Raises:
        Config: Airflow has none.
    """
    try:
        found = AirflowConnection.get(name)
    except AirflowNotFoundException:
        raise Config(
            f"connection '{name}': expected in Airflow (Admin → Connections, a secrets backend or "
            f"AIRFLOW_CONN_{name.upper()}), found none",
            code="connection_missing",
        ) from None
    return Connection(
        id=name,
        type=found.conn_type or "",
        host=found.host or "",
        port=found.port,
        schema=found.schema or "",
        login=found.login or "",
        password=found.password or "",
        extra=found.extra_dejson,
    )
