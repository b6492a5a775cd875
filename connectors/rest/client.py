"""A REST system: `Source`, `Sink`, `Probe` and `Lookup` over one `HttpSession`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

from connectors import watermark
from connectors.address import segment
from connectors.base import Batch, Connection, Cursor, Document, Exchange, Operation, Receipt, Tree
from connectors.classification import UNREADABLE, Intent
from connectors.errors import Config, Refused
from connectors.http import HttpSession, Request, Response
from connectors.rest import documents
from connectors.rest.settings import Resource, RestOperation, RestSettings
from connectors.retry import ShortRetry
from connectors.settings import asking, check_key, load, operation_of, resource_of
from connectors.trees import parse_json, text_at

_NOT_FOUND = 404
_MOST_PAGES = 100_000


def connect(system: Mapping[str, Any], connection: Connection) -> RestConnector:
    """Build the connector; no I/O yet."""
    return RestConnector(load(RestSettings, system), connection)


class RestConnector:
    """Safe for threads; close it once, when done."""

    def __init__(self, settings: RestSettings, connection: Connection) -> None:
        self._settings = settings
        self._session = HttpSession(connection, settings.http, {"accept": "application/json"})
        self._retry = ShortRetry(settings.retry)
        self._operations = settings.declared()

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        self.close()

    def close(self) -> None:
        """Close all connections; a second time does nothing."""
        self._session.close()

    # Source

    def read(self, resource: str, cursor: Cursor | None) -> Iterator[Batch]:
        """Yield one batch per page that holds records; the cursor is `{"since": time}`.

        Raises:
            Config: unknown resource, a page without the configured fields, a page on another host.
            Unavailable: the partner cannot answer now, or answers what is no JSON.
        """
        entry = resource_of(self._settings.resources, resource)
        if entry.path is None:
            raise Config(f"resource {resource!r}: expected 'path' to read, found none", code="not_readable")
        mark, seen, after = entry.watermark, None, dict(cursor or {})
        for page, document in self._pages(resource, entry, cursor):
            if mark and page.items:
                found = watermark.newest(page.items, mark.field, f"resource {resource!r}")
                seen = max(filter(None, (seen, found)), default=None)
                if mark.ordered or page.next is None:
                    after = dict(watermark.advanced(cursor, seen, datetime.now(UTC)))
            if page.items:
                yield Batch(documents=(document,), cursor=after)
        ended = watermark.advanced(cursor, seen, datetime.now(UTC)) if mark else after
        if dict(ended) != after:  # the last page was empty: the time seen before it still counts
            yield Batch(documents=(), cursor=ended)

    def release(self, resource: str, documents: Sequence[Document]) -> None:
        """Nothing to tell a REST partner: reading took nothing away."""

    def _pages(
        self, name: str, entry: Resource, cursor: Cursor | None
    ) -> Iterator[tuple[documents.Page, Document]]:
        request, tokens = self._first(entry, cursor), set[str]()
        for _ in range(_MOST_PAGES):
            response, page = self._page(request, entry)
            yield page, documents.document(name, response.body, response.media_type)
            if page.next is None:
                return
            if page.next in tokens:
                break
            tokens.add(page.next)
            request = self._following(request, response, entry, page.next)
        raise Config(
            f"resource {name!r}: expected pages that come to an end, found {page.next!r} again "
            f"after {len(tokens)} pages",
            code="paging_endless",
        )

    def _first(self, entry: Resource, cursor: Cursor | None) -> Request:
        params = dict(entry.params)
        if entry.limit:
            params[entry.limit.param] = str(entry.limit.value)
        if entry.watermark:
            since = watermark.since(cursor, entry.watermark.overlap)
            if since:
                params[entry.watermark.param] = watermark.rfc3339(since)
        return Request(method="GET", path=entry.path or "/", params=params, intent=Intent.READ)

    def _following(self, request: Request, response: Response, entry: Resource, token: str) -> Request:
        if entry.page_param:
            params = {**request.params, entry.page_param: token}
            return Request(method="GET", path=request.path, params=params, intent=Intent.READ)
        address = self._session.locate(urljoin(response.url, token))
        return Request(method="GET", path=address, intent=Intent.READ)

    def _page(self, request: Request, entry: Resource) -> tuple[Response, documents.Page]:
        def once() -> tuple[Response, documents.Page]:
            response, exchange = self._session.call(request)
            try:
                return response, documents.page(parse_json(response.body), entry)
            except ValueError as error:
                raise self._session.failure(UNREADABLE, request, str(error), exchange) from None

        return self._retry(once)

    # Lookup

    def lookup(self, resource: str, keys: Sequence[str]) -> Mapping[str, Tree]:
        """Ask for each record at the resource's `record` path; unknown keys are absent."""
        entry = resource_of(self._settings.resources, resource)
        if entry.record is None:
            raise Config(f"resource {resource!r}: expected 'record' to look up, found none", code="no_lookup")
        found: dict[str, Tree] = {}
        for key in dict.fromkeys(key for key in keys if key.strip()):
            answer = self._record(entry.record, key)
            if answer is not None:
                found[key] = answer[0]
        return found

    # Sink and Probe

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What can be done, by name."""
        return self._operations

    def write(self, operation: str, document: Document, key: str) -> Receipt:
        """Send the document once; `Unavailable` is repeated for some seconds.

        Raises:
            ConnectorError: by the table of `connectors.classification`.
        """
        entry = operation_of(self._settings.operations, operation)
        check_key(key, entry.key_length)
        headers = {"content-type": document.media_type}
        if entry.key_header:
            headers[entry.key_header] = key
        request = Request(
            method=entry.method,
            path=entry.path.replace("{key}", segment(key)),
            intent=Intent.WRITE,
            headers=headers,
            body=document.body,
            names_record="{key}" in entry.path and entry.method != "PUT",  # PUT makes what is not there
        )
        response, exchange = self._retry(lambda: self._session.call(request))
        return self._receipt(entry, request, response, exchange, key)

    def find(self, operation: str, key: str) -> Receipt | None:
        """Ask the operation's `find` path; 404 means that the partner has none.

        Without a `find` path the answer is None where a repeat is harmless (`native`, `replace`).

        Raises:
            Config: nobody can tell (`repeat: none` without `find`), or the question itself is refused.
        """
        entry = operation_of(self._settings.operations, operation)
        check_key(key, entry.key_length)
        if entry.find is None:
            if entry.repeat.value == "none":
                raise Config(f"operation {operation!r}: expected 'find' to ask, found none", code="no_probe")
            return None
        with asking(operation):
            answer = self._record(entry.find, key)
        if answer is None:
            return None
        tree, exchange = answer
        return Receipt(reference=_number(entry, tree) or key, body=tree, exchange=exchange, found=True)

    def _record(self, path: str, key: str) -> tuple[Tree, Exchange] | None:
        request = Request(
            method="GET", path=path.replace("{key}", segment(key)), intent=Intent.READ, names_record=True
        )

        def once() -> tuple[Tree, Exchange] | None:
            response, exchange = self._session.send(request)
            if response.status == _NOT_FOUND:
                if response.is_html:
                    raise Config(
                        f"{exchange.request}: expected the partner to say that it has no such record, "
                        "found a page that knows no such address",
                        code="http_404",
                        exchange=exchange,
                    )
                return None
            self._session.check(request, response, exchange)
            return self._tree(request, response, exchange), exchange

        return self._retry(once)

    def _tree(self, request: Request, response: Response, exchange: Exchange) -> Tree:
        try:
            return parse_json(response.body)
        except ValueError as error:
            raise self._session.failure(UNREADABLE, request, str(error), exchange) from None

    def _receipt(
        self, entry: RestOperation, request: Request, response: Response, exchange: Exchange, key: str
    ) -> Receipt:
        wants_answer = entry.number is not None or entry.failed_when is not None
        tree = self._tree(request, response, exchange) if response.body or wants_answer else None
        if entry.failed_when:
            failed = documents.failure_inside(tree, entry.failed_when)
            if failed:
                words, code = map(self._session.redactor.text, failed)
                raise Refused(
                    f"{exchange.request}: refused: {words[:500]}", code=code[:80], exchange=exchange
                )
        number = _number(entry, tree)
        if entry.number and number is None:
            raise self._session.failure(
                UNREADABLE, request, f"expected a number at {entry.number!r}, found none", exchange
            )
        return Receipt(reference=number or key, body=tree, exchange=exchange)


def _number(entry: RestOperation, tree: Tree) -> str | None:
    return text_at(tree, entry.number) if entry.number else None
