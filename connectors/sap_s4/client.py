"""An S/4HANA system is an OData system with checked settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base import Connection
from connectors.odata.client import ODataConnector
from connectors.sap_s4.settings import SapSettings
from connectors.settings import load


def connect(system: Mapping[str, Any], connection: Connection) -> ODataConnector:
    """Build the connector; no I/O yet."""
    return ODataConnector(load(SapSettings, system), connection)
