"""Mounts the console and the intake API into Airflow's API server. No code lives here, on purpose."""

from functools import partial
from typing import Annotated, ClassVar

from airflow.plugins_manager import AirflowPlugin
from fastapi import Depends

from hub.api.app import create_app as intake
from hub.bootstrap import bootstrap
from hub.console.app import create_app as console
from hub.console.users import ConsoleUser
from hub.once import Once
from hub.orchestration.access import Person, person, signing_secret
from hub.orchestration.assets import announce
from hub.orchestration.connections import resolve

_hub = Once(partial(bootstrap, connections=resolve))


def console_user(who: Annotated[Person, Depends(person)]) -> ConsoleUser:
    """The console's view of who is signed in."""
    return ConsoleUser(name=who.name, can_replay=who.can_repair)


_CONSOLE = console(_hub, console_user, secret=signing_secret, announce=announce)


class ReturnsHub(AirflowPlugin):
    """What Airflow shows and serves for us; the button on tasks is the operators' own."""

    name = "returns_hub"
    fastapi_apps: ClassVar = [
        {"name": "console", "app": _CONSOLE, "url_prefix": "/hub/console"},
        {"name": "intake", "app": intake(_hub, announce=announce), "url_prefix": "/hub/api/v1"},
    ]
    external_views: ClassVar = [
        {"name": "Returns Hub", "href": "/hub/console/", "destination": "nav", "url_route": "returns-hub"}
    ]
