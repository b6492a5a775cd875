"""Mounts the console and the intake API into Airflow's API server. No code lives here, on purpose."""

from functools import partial
from typing import ClassVar

from airflow.plugins_manager import AirflowPlugin

from hub.api.app import create_app as intake_api
from hub.bootstrap import bootstrap
from hub.console.app import create_app as console
from hub.orchestration.assets import announce
from hub.orchestration.connections import resolve

_hub = partial(bootstrap, connections=resolve)


class ReturnsHub(AirflowPlugin):
    """What Airflow shows and serves for us; the button on tasks is the operators' own."""

    name = "returns_hub"
    fastapi_apps: ClassVar = [
        {"name": "console", "app": console(), "url_prefix": "/hub/console"},
        {"name": "intake", "app": intake_api(_hub, announce=announce), "url_prefix": "/hub/api/v1"},
    ]
    external_views: ClassVar = [
        {"name": "Returns Hub", "href": "/hub/console/", "destination": "nav", "url_route": "returns-hub"}
    ]
