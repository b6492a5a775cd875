"""First files of a system and of a flow, to be completed by a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.authoring.yamltext import scalar

_CONNECTION = {
    "files": '{"extra": {"path": "/folder/of/the/partner"}}',
    "sftp": '{"host": "…", "login": "…", "password": "…", "extra": {"host_key": "as ssh-keyscan prints it"}}',
    "rest": '{"host": "…", "schema": "https", "extra": {"token": "…"}}',
    "odata": '{"host": "…", "schema": "https", "login": "…", "password": "…"}',
    "sap_s4": '{"host": "…", "schema": "https", "login": "…", "password": "…"}',
}
_RESOURCE: Mapping[str, str] = {
    "files": """\
    folder: /in                  # under the connection's path
    pattern: "*{ending}"
    archive: /done
    stable_seconds: 60           # 0 when the partner renames finished files into place
""",
    "sftp": """\
    folder: /outbox
    pattern: "*{ending}"
    archive: /archive
    stable_seconds: 60           # 0 when the partner renames finished files into place
""",
    "rest": """\
    path: /api/{resource}        # TODO the partner's address of the list
    items: {items}
    # watermark: {{field: updated_at, param: updated_since, overlap: 120}}
""",
    "odata": """\
    service: TODO_SERVICE        # TODO the OData service and the set of entities
    entity: TODO_ENTITY
    watermark: {{field: LastChangeDateTime, overlap: 120}}
""",
    "sap_s4": """\
    service: API_CUSTOMER_RETURN_SRV
    entity: A_CustomerReturn
    watermark: {{field: LastChangeDateTime, overlap: 120}}
""",
    "inbox": "",
}
_ENDINGS = {"csv": ".csv", "xlsx": ".xlsx", "xml": ".xml", "json": ".json", "json/items": ".json"}


def system(name: str, connector: str, resource: str, form: str, options: Mapping[str, Any]) -> str:
    """The text of a first `system.yaml`.

    Args:
        name: The system.
        connector: Its connector.
        resource: What is read there.
        form: The format of it.
        options: What the codec needs to know beside.

    Raises:
        LookupError: There is no such connector.
    """
    if connector not in _RESOURCE:
        raise LookupError(f"expected a connector of {', '.join(sorted(_RESOURCE))}, found '{connector}'")
    own = {key: value for key, value in options.items() if key != "items" or connector != "rest"}
    text = "# yaml-language-server: $schema=../system.schema.json\n"
    text += f"system: {name}\ntitle: {name}\nowner: returns-platform\nconnector: {connector}\n"
    if connector != "inbox":
        text += f"connection: {name}\n"
    text += f"resources:\n  {resource}:\n    format: {form}\n"
    ending = _ENDINGS.get(form, ".edi" if form.startswith(("x12/", "edifact/")) else "")
    items = scalar(str(options.get("items") or "items"))
    text += _RESOURCE[connector].format(ending=ending, resource=resource, items=items)
    if own:
        text += "    options:\n"
        text += "".join(f"      {key}: {_option(value)}\n" for key, value in own.items())
    return text


def connection_hint(name: str, connector: str) -> str:
    """How to give the connection to commands; empty when the connector has none."""
    found = _CONNECTION.get(connector)
    return f"export AIRFLOW_CONN_{name.upper()}='{found}'" if found else ""


def flow(name: str, system: str, resource: str, mapping: str, entity: str) -> str:
    """The text of a first intake flow."""
    return (
        "# yaml-language-server: $schema=flow.schema.json\n"
        f"flow:   {name}\n"
        "owner:  returns-platform\n"
        "every:  5 minutes\n"
        f"entity: {entity}\n"
        f"read:   {{from: {system}, resource: {scalar(resource, flow=True)}}}\n"
        f"map:    {mapping}\n"
    )


def _option(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(scalar(str(one), flow=True) for one in value)}]"
    return scalar(str(value))
