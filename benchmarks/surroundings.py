"""What a measurement was made with."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

from hub.runtime.postgres import VERSION

_PACKAGES = {
    "Airflow": "apache-airflow",
    "psycopg": "psycopg",
    "orjson": "orjson",
    "jsonschema-rs": "jsonschema-rs",
    "zen-engine": "zen-engine",
    "jsonatapy": "jsonatapy",
    "jsonata-python": "jsonata-python",
    "jmespath": "jmespath",
    "pyx12": "pyx12",
    "pydifact": "pydifact",
    "Returns Hub": "returns-hub",
}


def surroundings() -> dict[str, str]:
    """Names and versions, and how many processors there are."""
    return {
        "Python": platform.python_version(),
        "PostgreSQL": f"{VERSION} (embedded)",
        **{name: version(package) for name, package in _PACKAGES.items()},
        "processors": str(os.cpu_count()),
        "machine": platform.machine(),
    }
