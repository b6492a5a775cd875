"""Commands to try a partner from a terminal: what crosses the wire, exactly."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from connectors.base import Document, Exchange, Probe, Receipt, Sink, Source
from connectors.errors import Config, ConnectorError
from hub.cli.output import AsJson, Failed, console, dumps, emit, failures
from hub.cli.session import hub_session

SystemName = Annotated[str, typer.Argument(help="A system: the name of its folder in mappings/.")]
Key = Annotated[str, typer.Option("--key", help="The business key of the effect.")]


class NotPossible(LookupError):  # noqa: N818  # reads as what happened
    """The system's connector cannot do this."""


MEDIA_TYPES = {".edi": "application/edi-x12", ".x12": "application/edi-x12", ".json": "application/json"}


def read(
    system: SystemName,
    resource: Annotated[str, typer.Argument(help="One of the system's resources.")],
    since: Annotated[str, typer.Option(help="Only what changed since then, where the system can tell.")] = "",
    limit: Annotated[int, typer.Option(help="Documents at most.")] = 10,
    json: AsJson = False,
) -> None:
    """Read documents and print them as they came. Nothing is stored, archived or acknowledged."""
    with failures(as_json=json), hub_session() as hub:
        _known(hub.catalog.systems, system, resource, "resources")
        connector = hub.connector(system)
        if not isinstance(connector, Source):
            raise NotPossible(f"{system} cannot be read: its connector has no source")
        found: list[Document] = []
        for batch in connector.read(resource, {"since": since} if since else None):
            found.extend(batch.documents)
            if len(found) >= limit:
                break
        found = found[:limit]
        emit([_document(one) for one in found], as_json=json, people=lambda: _show_documents(found))


def send(
    system: SystemName,
    operation: Annotated[str, typer.Argument(help="One of the system's operations.")],
    file: Annotated[Path, typer.Argument(help="The exact bytes to send.", exists=True, dir_okay=False)],
    key: Key,
    json: AsJson = False,
) -> None:
    """Send a file through an operation, once, and print what went and what came back.

    It bypasses the ledger on purpose: the hub does not know of it, and pressing it twice sends twice.
    """
    with failures(as_json=json), hub_session() as hub:
        _known(hub.catalog.systems, system, operation, "operations")
        connector = hub.connector(system)
        if not isinstance(connector, Sink):
            raise NotPossible(f"{system} cannot be written to: its connector has no sink")
        media_type = (
            MEDIA_TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        )
        document = Document(source_key=key, body=file.read_bytes(), media_type=media_type)
        try:
            receipt = connector.write(operation, document, key)
        except ConnectorError as error:
            _report_error(error, as_json=json)
            raise Failed from None
        emit(_receipt(receipt), as_json=json, people=lambda: _show_receipt(receipt))


def find(
    system: SystemName,
    operation: Annotated[str, typer.Argument(help="The operation whose effect is looked for.")],
    key: Key,
    json: AsJson = False,
) -> None:
    """Ask a partner whether an effect exists under a business key; exit code 1 when it does not."""
    with failures(as_json=json), hub_session() as hub:
        _known(hub.catalog.systems, system, operation, "operations")
        connector = hub.connector(system)
        if not isinstance(connector, Probe):
            raise NotPossible(f"{system} cannot be asked: its connector has no probe")
        receipt = connector.find(operation, key)
        if receipt is None:
            emit(
                {"found": False},
                as_json=json,
                people=lambda: console.print(f"{system} has nothing under {key}"),
            )
            raise Failed
        emit(_receipt(receipt), as_json=json, people=lambda: _show_receipt(receipt))


def _known(systems: Mapping[str, Any], system: str, name: str, kind: str) -> None:
    if system not in systems:
        raise LookupError(f"there is no system '{system}'; known: {', '.join(sorted(systems))}")
    names = getattr(systems[system], kind)
    if name not in names:
        raise LookupError(f"{system} has no '{name}' among its {kind}: {', '.join(sorted(names)) or 'none'}")


def _document(document: Document) -> dict[str, Any]:
    return {
        "source_key": document.source_key,
        "media_type": document.media_type,
        "attributes": dict(document.attributes),
        "body": document.body,
    }


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {
        "found": receipt.found,
        "reference": receipt.reference,
        "body": receipt.body,
        "exchange": _exchange(receipt.exchange),
    }


def _exchange(exchange: Exchange | None) -> dict[str, Any] | None:
    if exchange is None:
        return None
    return {name: getattr(exchange, name) for name in Exchange.__dataclass_fields__}


def _show_documents(documents: list[Document]) -> None:
    for document in documents:
        console.print(
            f"[bold]{document.source_key}[/bold]  {document.media_type}  {len(document.body)} bytes"
        )
        console.print(document.body.decode("utf-8", "backslashreplace"), markup=False, soft_wrap=True)
    if not documents:
        console.print("nothing new")


def _show_receipt(receipt: Receipt) -> None:
    _show_exchange(receipt.exchange)
    console.print(f"[green]{'found' if receipt.found else 'done'}[/green]: {receipt.reference}")


def _show_exchange(exchange: Exchange | None) -> None:
    if exchange is None:
        return
    for mark, line, headers, body in (
        ("→", exchange.request, exchange.request_headers, exchange.request_body),
        ("←", exchange.response or "(no answer)", exchange.response_headers, exchange.response_body),
    ):
        console.print(f"[bold]{mark} {line}[/bold]", soft_wrap=True)
        for name, value in headers.items():
            console.print(f"  {name}: {value}", markup=False, style="dim", soft_wrap=True)
        if body:
            console.print(body.decode("utf-8", "backslashreplace"), markup=False, soft_wrap=True)
    console.print(f"[dim]{exchange.elapsed:.3f} s[/dim]")


def _report_error(error: ConnectorError, *, as_json: bool) -> None:
    kind = type(error).__name__
    if as_json:
        print(  # noqa: T201
            dumps(
                {
                    "error": {"kind": kind, "code": error.code, "message": error.message},
                    "retry_after": error.retry_after,
                    "exchange": _exchange(error.exchange),
                }
            )
        )
        return
    _show_exchange(error.exchange)
    if isinstance(error, Config):
        console.print("[dim]nothing happened there: the fault is in the connection or the system file[/dim]")
    console.print(f"[red]{kind}[/red] {error.code}: {error.message}", soft_wrap=True)
