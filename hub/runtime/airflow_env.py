"""Everything Airflow must know, as environment variables; there is no airflow.cfg to edit.

Recovery is set so that after `kill -9` of any component work goes on within a minute:
the supervisor restarts it in half a second; a scheduler is ready again after about ten; tasks of a
dead scheduler are put back once its heartbeat is 20 s old, looked for every 10 s; a task whose own
supervisor died is failed, and by its retry policy repeated, after 40 s without heartbeat.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hub.runtime.keys import ROLES, Keys
from hub.settings import Settings, embedded_socket_dir

HOST = "127.0.0.1"
PARALLELISM = 4
"""Tasks at once. Each idle worker costs 8 MB, each running one 120 MB and a core."""

Option = str | int | float | bool

ConnectionFields = Mapping[str, Any]
"""`conn_type`, `host`, `port`, `login`, `password`, `schema`, `extra` of an Airflow connection."""


def airflow_environment(
    settings: Settings, keys: Keys, port: int, connections: Mapping[str, ConnectionFields]
) -> dict[str, str]:
    """Variables for all Airflow components of `settings.home`, its API server on `port`.

    Pure: reads and writes nothing. `connections` maps connection ids to their fields.
    """
    return {
        "AIRFLOW_HOME": str(settings.home / "airflow"),
        "NO_COLOR": "1",
        **_options(_core(settings, keys, port)),
        **_options(_timing()),
        **{_connection_variable(name): json.dumps(fields) for name, fields in connections.items()},
        "RETURNS_HUB_PROJECT": str(settings.project_dir),
        "RETURNS_HUB_HOME": str(settings.home),
        "RETURNS_HUB_DATABASE_URL": settings.database_url,
        "RETURNS_HUB_CONSOLE_URL": settings.console_url or f"{base_url(port)}/hub/console",
    }


def base_url(port: int) -> str:
    """Where Airflow's API server, and with it the console and the intake API, answers."""
    return f"http://{HOST}:{port}"


def _connection_variable(name: str) -> str:
    return f"AIRFLOW_CONN_{name.upper()}"


def _options(options: Mapping[str, Option]) -> dict[str, str]:
    return {f"AIRFLOW__{name.upper()}": str(value) for name, value in options.items()}


def _core(settings: Settings, keys: Keys, port: int) -> dict[str, Option]:
    sockets = embedded_socket_dir(settings.home)
    return {
        "core__executor": "LocalExecutor",
        "core__parallelism": PARALLELISM,
        "core__dags_folder": str(settings.project_dir / "dags"),
        "core__plugins_folder": str(settings.project_dir / "plugins"),
        "core__load_examples": False,
        "core__dags_are_paused_at_creation": False,
        "core__test_connection": "Enabled",
        "core__fernet_key": keys.fernet,
        "core__hostname_callable": "socket.gethostname",  # the default asks the name server
        "core__execution_api_server_url": f"{base_url(port)}/execution/",
        "core__simple_auth_manager_users": ",".join(f"{user}:{role}" for user, role in ROLES.items()),
        "core__simple_auth_manager_passwords_file": str(keys.passwords_file),
        "core__simple_auth_manager_all_admins": False,
        "database__sql_alchemy_conn": f"postgresql+psycopg2://postgres@/airflow?host={sockets}",
        "database__sql_alchemy_conn_async": f"postgresql+asyncpg://postgres@/airflow?host={sockets}",
        "api__host": HOST,
        "api__port": port,
        "api__base_url": base_url(port),
        "api__workers": 1,
        "api__secret_key": keys.session,
        "api__instance_name": "Returns Hub",
        "api_auth__jwt_secret": keys.jwt,
        "api_auth__jwt_issuer": "returns-hub",
        "logging__base_log_folder": str(settings.home / "logs" / "tasks"),
        "logging__dag_processor_child_process_log_directory": str(settings.home / "logs" / "dag_processor"),
        "logging__colored_console_log": False,
        "logging__namespace_levels": "http.access=WARNING",  # a line per heartbeat and second
        "usage_data_collection__enabled": False,
    }


def _timing() -> dict[str, Option]:
    return {
        "scheduler__scheduler_health_check_threshold": 20,
        "scheduler__orphaned_tasks_check_interval": 10,
        "scheduler__task_instance_heartbeat_timeout": 40,
        "scheduler__task_instance_heartbeat_timeout_detection_interval": 10,
        "scheduler__task_queued_timeout": 60,
        "scheduler__task_queued_timeout_check_interval": 15,
        "scheduler__scheduler_idle_sleep_time": 0.5,
        "dag_processor__refresh_interval": 10,
        "dag_processor__min_file_process_interval": 20,
        "dag_processor__parsing_processes": 1,
        "core__min_serialized_dag_update_interval": 5,
        "workers__min_heartbeat_interval": 1,  # the default of 5 makes many short tasks wait
        "workers__max_failed_heartbeats": 20,  # a restarting API server costs no task
    }
