"""Airflow DAGs from the files in `flows/`; broken ones become DAGs that say so (see flow_errors.py)."""

from airflow.sdk import get_parsing_context

from hub.orchestration.dag_builder import build
from hub.orchestration.flow_files import plans
from hub.settings import from_environment

# a worker runs one DAG, so it builds one
globals().update(build(plans(from_environment().project_dir), only=get_parsing_context().dag_id))
