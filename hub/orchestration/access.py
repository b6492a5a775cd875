"""Who is signed in to Airflow, and what they may do on our pages."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import get_user
from airflow.configuration import conf
from fastapi import Depends, HTTPException


class Person(NamedTuple):
    """Somebody signed in; `can_repair` allows what makes effects at partners again."""

    name: str
    can_repair: bool


async def person(user: Annotated[BaseUser, Depends(get_user)]) -> Person:
    """The user of a request, by bearer token or Airflow's cookie.

    Seeing runs opens the pages, starting runs opens the buttons: both make the same things happen.
    We ask for permissions and not for role names, which each auth manager has its own of.

    Raises:
        HTTPException: 401 when nobody is signed in, 403 when they may see no runs.
    """
    may = get_auth_manager().is_authorized_dag
    if not may(method="GET", access_entity=DagAccessEntity.RUN, user=user):
        raise HTTPException(403, f"{user.get_name()} may not see runs")
    return Person(
        name=user.get_name(),
        can_repair=may(method="POST", access_entity=DagAccessEntity.RUN, user=user),
    )


def signing_secret() -> str:
    """What Airflow signs its sessions with: the same in all its API servers."""
    return str(conf.get_mandatory_value("api", "secret_key"))
