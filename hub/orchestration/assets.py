"""Names of the assets through which one DAG wakes another."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from airflow.sdk import Asset, AssetAlias

log = structlog.get_logger()

NEW_EFFECTS = AssetAlias("returns-hub-effects")
"""Outlet of every task: which targets really got something is known only when it has run."""


def inbox(flow: str) -> Asset:
    """Something arrived in the inbox of an intake flow."""
    return Asset(name=f"inbox {flow}", uri=f"returns-hub://inbox/{flow}")


def outbox(system: str) -> Asset:
    """Effects wait for a target."""
    return Asset(name=f"outbox {system}", uri=f"returns-hub://outbox/{system}")


def announce(targets: Iterable[str]) -> None:
    """Wake the deliveries to these systems, from inside the API server (tasks use outlet events).

    The effects are already in the hub's database: a lost announcement costs time until the next
    scheduled run, never data. So no failure here may become the caller's.
    """
    # imported here: tasks must not touch the metadata database, and they import this module
    from airflow.assets.manager import asset_manager  # noqa: PLC0415
    from airflow.models.asset import AssetModel  # noqa: PLC0415
    from airflow.utils.session import create_session  # noqa: PLC0415
    from sqlalchemy import select  # noqa: PLC0415

    names = {outbox(target).name for target in targets}
    try:
        with create_session() as session:
            for model in session.scalars(select(AssetModel).where(AssetModel.name.in_(names))):
                asset_manager.register_asset_change(asset=model, session=session)
    except Exception:
        log.exception("announcement lost", assets=sorted(names))
