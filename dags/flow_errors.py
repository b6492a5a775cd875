"""Shows what is broken in the project's files as an Airflow import error, with file and line.

A file of its own: Airflow stops all DAGs of a file that has an import error, and the healthy flows in
flows.py are to go on. It defines no DAG.
"""

from hub.orchestration.flow_files import check
from hub.settings import from_environment

check(from_environment().project_dir)
