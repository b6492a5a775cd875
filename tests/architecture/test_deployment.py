"""docker-compose.yml and the image, as far as they can be proved without Docker."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub import settings
from hub.runtime.airflow_env import airflow_environment
from hub.runtime.keys import Keys

AIRFLOW = {
    "airflow-apiserver",
    "airflow-dag-processor",
    "airflow-scheduler",
    "airflow-triggerer",
    "airflow-worker",
}
SECRET = re.compile(r"password|secret|fernet|_key|requirepass", re.IGNORECASE)
REQUIRED = re.compile(r"\$\{([A-Z_]+):\?\}")

Tree = Mapping[str, Any]


@pytest.fixture(scope="module")
def compose(root: Path) -> Tree:
    found: Tree = yaml.safe_load((root / "docker-compose.yml").read_text())
    return found


@pytest.fixture(scope="module")
def environment(compose: Tree) -> Mapping[str, str]:
    found: Mapping[str, str] = compose["services"]["airflow-scheduler"]["environment"]
    return found


@pytest.fixture(scope="module")
def local(root: Path) -> Mapping[str, str]:
    """What a start on one machine sets."""
    keys = Keys(fernet="f", jwt="j", session="s", passwords={}, passwords_file=Path("p"))
    here = settings.Settings(project_dir=root, home=Path("home"), database_url="postgresql://h/hub")
    return airflow_environment(here, keys, 8080, {})


def test_it_starts_the_database_the_broker_airflow_and_one_migration(compose: Tree) -> None:
    assert set(compose["services"]) == AIRFLOW | {"postgres", "redis", "migrate"}


def test_one_image_runs_everything_of_ours(compose: Tree) -> None:
    services = compose["services"]
    ours = {services[name]["image"] for name in AIRFLOW | {"migrate"}}
    assert ours == {"${RETURNS_HUB_IMAGE:-returns-hub:0.1.0}"}
    assert services["migrate"]["build"]["dockerfile"] == "deploy/Dockerfile"


def test_nothing_starts_before_the_schema_is_there(compose: Tree) -> None:
    services = compose["services"]
    for name in AIRFLOW:
        waits = {other: how["condition"] for other, how in services[name]["depends_on"].items()}
        assert waits["postgres"] == waits["redis"] == "service_healthy", name
        assert waits["migrate"] == "service_completed_successfully", name
    assert set(services["migrate"]["depends_on"]) == {"postgres"}
    assert services["migrate"]["command"][-1] == "airflow db migrate && returns-hub migrate"
    assert services["migrate"]["restart"] == "no"


def test_everything_that_stays_up_says_whether_it_is_healthy(compose: Tree) -> None:
    services = compose["services"]
    assert {name for name, one in services.items() if "healthcheck" not in one} == {"migrate"}
    asked = [one["healthcheck"]["test"] for one in services.values() if "healthcheck" in one]
    assert {test[0] for test in asked} == {"CMD", "CMD-SHELL"}


def test_state_is_kept_in_volumes(compose: Tree) -> None:
    services = compose["services"]
    kept = {mount.partition(":")[0] for one in services.values() for mount in one.get("volumes", ())}
    assert set(compose["volumes"]) == {mount for mount in kept if not mount.startswith(".")}
    assert "postgres-data:/var/lib/postgresql" in services["postgres"]["volumes"]
    assert {"airflow-logs:/opt/airflow/logs", "airflow-state:/opt/airflow/state"} <= set(
        services["airflow-worker"]["volumes"]
    )


def test_tasks_go_to_celery_workers(environment: Mapping[str, str]) -> None:
    assert environment["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert environment["AIRFLOW__CELERY__BROKER_URL"].startswith("redis://")
    assert environment["AIRFLOW__CELERY__RESULT_BACKEND"].startswith("db+postgresql://")
    assert (
        environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://airflow-apiserver:8080/execution/"
    )


def strings(tree: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every scalar with its place; what follows `--option` in a list stands at that option."""
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            yield from strings(value, f"{place}.{name}")
    elif isinstance(tree, list):
        for value, before in zip(tree, ["", *tree], strict=False):
            option = before if isinstance(before, str) and before.startswith("--") else ""
            yield from strings(value, f"{place}.{option}")
    else:
        yield place, str(tree)


def test_no_secret_stands_in_the_file_and_a_missing_one_stops_the_start(compose: Tree) -> None:
    for place, value in strings(compose["services"]):
        secret = SECRET.search(place.rpartition(".")[2]) and not place.endswith("_FILE")
        address = re.search(r"://[^/@:]*:([^/@]*)@", value)
        held = [value] if secret else [address[1]] if address else []
        assert [one for one in held if not REQUIRED.fullmatch(one)] == [], place


def test_the_example_names_exactly_what_is_required(root: Path, compose: Tree) -> None:
    required = {name for _, value in strings(compose) for name in REQUIRED.findall(value)}
    lines = (root / "deploy" / "example.env").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(example) == required
    assert set(example.values()) == {""}


def test_hub_variables_are_those_that_the_hub_reads(environment: Mapping[str, str], root: Path) -> None:
    read = set(re.findall(r"RETURNS_HUB_[A-Z_]+", Path(settings.__file__).read_text()))
    ours = {name for name in environment if name.startswith("RETURNS_HUB_")}
    assert ours == read
    assert environment["RETURNS_HUB_DATABASE_URL"].startswith("postgresql://hub:")
    project = environment["RETURNS_HUB_PROJECT"]
    assert f"WORKDIR {project}\n" in (root / "deploy" / "Dockerfile").read_text()
    assert environment["AIRFLOW__CORE__DAGS_FOLDER"] == f"{project}/dags"
    assert environment["AIRFLOW__CORE__PLUGINS_FOLDER"] == f"{project}/plugins"


SAME = (
    "CORE__LOAD_EXAMPLES", "CORE__DAGS_ARE_PAUSED_AT_CREATION", "CORE__TEST_CONNECTION",
    "CORE__SIMPLE_AUTH_MANAGER_USERS", "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "API__INSTANCE_NAME",
    "API_AUTH__JWT_ISSUER", "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD",
    "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL", "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL", "DAG_PROCESSOR__REFRESH_INTERVAL",
    "WORKERS__MIN_HEARTBEAT_INTERVAL", "WORKERS__MAX_FAILED_HEARTBEATS", "USAGE_DATA_COLLECTION__ENABLED",
)  # fmt: skip


@pytest.mark.parametrize("option", SAME)
def test_airflow_is_set_up_as_on_one_machine(
    environment: Mapping[str, str], local: Mapping[str, str], option: str
) -> None:
    name = f"AIRFLOW__{option}"
    default = re.fullmatch(r"\$\{[A-Z_]+:-(.*)\}", environment[name])
    assert (default[1] if default else environment[name]) == local[name]


ELSEWHERE = {"AIRFLOW__CORE__EXECUTOR", "AIRFLOW__API__BASE_URL", "AIRFLOW__CORE__FERNET_KEY"}


def test_secrets_of_airflow_have_the_names_that_one_machine_gives_them(
    environment: Mapping[str, str], local: Mapping[str, str]
) -> None:
    secret = {name for name in local if name.startswith("AIRFLOW__") and SECRET.search(name)}
    assert {name for name in secret | ELSEWHERE if name not in environment} == set()


def test_the_image_stands_on_airflows_own_and_installs_only_what_is_pinned(root: Path) -> None:
    text = (root / "deploy" / "Dockerfile").read_text()
    pinned = re.search(r"^apache-airflow==(\S+)", (root / "constraints.txt").read_text(), re.MULTILINE)
    assert pinned
    assert f"FROM apache/airflow:{pinned[1]}-python3.11\n" in text
    installs = [line for line in text.splitlines() if "pip install" in line]
    assert all("--constraints constraints.txt" in line or "--require-hashes" in line for line in installs)
    assert text.rindex("USER airflow") > text.rindex("USER root")
    kept = (root / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in kept
    assert all((root / line[1:]).exists() for line in kept if line.startswith("!"))
