"""The published description: `openapi.json`, and a page of it that needs no script and no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from hub.api.models import ReturnRequest
from hub.api.problems import MEDIA_TYPE, ProblemDocument

_REF: Final = "#/components/schemas/{model}"
_EXAMPLE: Final = {
    "reference": "WEB-10017",
    "customer": {"number": "17100001", "name": "Hardware Retail Ltd", "email": "returns@customer.example"},
    "po_number": "4500017",
    "requested_at": "2026-11-02T09:30:00+01:00",
    "resolution": "credit",
    "currency": "EUR",
    "lines": [
        {"sku": "TG11", "quantity": "2", "uom": "EA", "reason": "DEFECTIVE", "comment": "does not start"}
    ],
}

# the body is parsed by hand, so that fractions stay exact; the framework is told its schema here
REQUEST_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": _REF.format(model="ReturnRequest")}, "example": _EXAMPLE}
        },
    }
}


def _problem(text: str) -> dict[str, Any]:
    return {"description": text, "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}}


_AUTH: Final[dict[int | str, dict[str, Any]]] = {401: _problem("No API key, or an unknown one")}
POST_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "Known already: the same reference with the same content"},
    202: {"description": "Stored; decided once a system that is down answers again (`status` is `held`)"},
    400: _problem("Not JSON, not UTF-8, or a name given twice"),
    **_AUTH,
    409: _problem("The Idempotency-Key is in use (Retry-After) or was used for another body"),
    413: _problem("More than 1 MB"),
    415: _problem("Not application/json"),
    422: _problem("Errors in the body, all at once; or stored as a dead letter, whose id is named"),
    503: _problem("The hub cannot answer now (Retry-After)"),
}
GET_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    **_AUTH,
    404: _problem("No such return of this client"),
    422: {"description": "Not used"},
}


def install(app: FastAPI) -> None:
    """Publish the schemas that the framework does not see."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(
                get_openapi(title=app.title, version=app.version, routes=app.routes)
            )
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # the framework's documented way to extend it


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for model, name in ((ReturnRequest, "ReturnRequest"), (ProblemDocument, "Problem")):
        schema = model.model_json_schema(ref_template=_REF)
        schemas |= schema.pop("$defs", {})
        schemas[name] = schema
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    document["paths"]["/returns/{return_id}"]["get"]["responses"].pop("422", None)
    return document


def page(document: Mapping[str, Any]) -> str:
    """The description as one HTML page."""
    operations = [
        _operation(path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = [_schema(name, schema) for name, schema in document["components"]["schemas"].items()]
    return _PAGE.format(
        title=escape(document["info"]["title"]), operations="".join(operations), schemas="".join(schemas)
    )


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    parameters = "".join(
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{escape(p['in'])}</td>"
        f"<td>{escape(p.get('description', ''))}</td></tr>"
        for p in operation.get("parameters", ())
    )
    answers = "".join(
        f"<tr><td>{escape(status)}</td><td colspan=2>{escape(answer['description'])}</td></tr>"
        for status, answer in sorted(operation["responses"].items())
    )
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    example = json.dumps(content["example"], indent=2) if "example" in content else ""
    return (
        f"<section><h2>{escape(method.upper())} <code>{escape(path)}</code></h2>"
        f"<p>{escape(operation.get('description', ''))}</p>"
        + (f"<h3>Example body</h3><pre>{escape(example)}</pre>" if example else "")
        + f"<table><caption>Parameters and answers</caption>{parameters}{answers}</table></section>"
    )


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    fields = "".join(
        f"<tr><td><code>{escape(field)}</code></td><td>{'required' if field in required else ''}</td>"
        f"<td>{escape(_type(spec))}</td><td>{escape(spec.get('description', ''))}</td></tr>"
        for field, spec in schema.get("properties", {}).items()
    )
    return f"<section id='{escape(name)}'><h3>{escape(name)}</h3><table>{fields}</table></section>"


def _type(spec: Mapping[str, Any]) -> str:
    if "$ref" in spec:
        return str(spec["$ref"]).rpartition("/")[2]
    if "anyOf" in spec:
        return " or ".join(_type(option) for option in spec["anyOf"])
    kind = str(spec.get("type", "any"))
    if kind == "array":
        return f"list of {_type(spec.get('items', {}))}"
    limit = f", at most {spec['maxLength']} characters" if "maxLength" in spec else ""
    return f"{spec.get('format', kind)}{limit}"


_PAGE: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }} caption {{ text-align: left; font-weight: 600 }}
td {{ border-bottom: 1px solid #8886; padding: .3rem .6rem .3rem 0; vertical-align: top }}
pre {{ overflow: auto; border: 1px solid #8886; border-radius: 6px; padding: .8rem }}
</style></head><body><h1>{title}</h1>
<p>Machines read <a href="openapi.json">openapi.json</a>.
Every request carries the client's key in <code>X-API-Key</code>.</p>
{operations}<h2>Schemas</h2>{schemas}</body></html>"""
