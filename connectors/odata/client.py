"""An OData system: `Source`, `Lookup`, `Sink` and `Probe` over one `HttpSession`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

from connectors import watermark
from connectors.base import Batch, Connection, Cursor, Document, Exchange, Operation, Receipt, Tree
from connectors.classification import UNREADABLE, Intent
from connectors.errors import Config, Refused, Unavailable
from connectors.http import HttpSession, Request, Response
from connectors.odata import csrf, documents, filters
from connectors.odata.settings import ODataOperation, ODataSettings, Resource
from connectors.retry import ShortRetry
from connectors.settings import asking, check_key, load, operation_of, resource_of
from connectors.trees import parse_json, text_at

_LOG = logging.getLogger(__name__)
_MOST_PAGES = 100_000


def connect(system: Mapping[str, Any], connection: Connection) -> ODataConnector:
    """Build the connector; no I/O yet."""
    return ODataConnector(load(ODataSettings, system), connection)


class ODataConnector:
    """Safe for threads; close it once, when done."""

    def __init__(self, settings: ODataSettings, connection: Connection) -> None:
        self._settings = settings
        self._odata = settings.odata
        headers = {"accept": "application/json", **settings.odata.headers}
        self._session = HttpSession(connection, settings.http, headers)
        self._retry = ShortRetry(settings.retry)
        self._operations = settings.declared()
        self._csrf = csrf.CsrfToken(self._fetch_token)

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
            Config: unknown resource, a page without the change time, a next link to another host.
            Unavailable: the partner cannot answer now, or answers what is no OData.
        """
        entry = resource_of(self._settings.resources, resource)
        mark, seen, after = entry.watermark, None, dict(cursor or {})
        for page, body in self._pages(self._query(entry, self._since(entry, cursor))):
            if mark and page.rows:
                found = watermark.newest(page.rows, mark.field, f"resource {resource!r}")
                seen = max(filter(None, (seen, found)), default=None)
                if mark.ordered or page.next is None:
                    after = dict(watermark.advanced(cursor, seen, datetime.now(UTC)))
            if page.rows:
                yield Batch(documents=(documents.document(resource, body),), cursor=after)
        ended = watermark.advanced(cursor, seen, datetime.now(UTC)) if mark else after
        if dict(ended) != after:  # the last page was empty: the time seen before it still counts
            yield Batch(documents=(), cursor=ended)

    def release(self, resource: str, documents: Sequence[Document]) -> None:
        """Nothing to tell an OData partner: reading took nothing away."""

    def _since(self, entry: Resource, cursor: Cursor | None) -> str | None:
        if entry.watermark is None:
            return None
        since = watermark.since(cursor, entry.watermark.overlap)
        return filters.at_least(entry.watermark.field, since, self._odata.version) if since else None

    # Lookup

    def lookup(self, resource: str, keys: Sequence[str]) -> Mapping[str, Tree]:
        """Ask for many keys at a time; records come plain (see `documents`).

        A key that several records carry gives the first of them, with a warning in the log; with
        `many: true` in system.yaml every key gives a list.
        """
        entry = resource_of(self._settings.resources, resource)
        if entry.key is None:
            raise Config(f"resource {resource!r}: expected 'key' to look up, found none", code="no_lookup")
        wanted = list(dict.fromkeys(key for key in keys if key.strip()))
        found: dict[str, list[Tree]] = {}
        for chunk in filters.chunks(wanted, self._odata.keys_per_lookup):
            choice = filters.any_of(entry.key, chunk, self._odata.version)
            for row in self._rows(self._query(entry, choice)):
                found.setdefault(self._asked(row, entry.key, chunk), []).append(row)
        if entry.many:
            return found
        for key, rows in found.items():
            if len(rows) > 1:
                _LOG.warning(
                    "%s: %d records carry %s %r, taking the first", resource, len(rows), entry.key, key
                )
        return {key: rows[0] for key, rows in found.items()}

    def _asked(self, row: Tree, field: str, keys: Sequence[str]) -> str:
        """Which of the keys asked for a row belongs to; partners store some in capitals."""
        value = text_at(row, field) or ""
        if value in keys:
            return value
        folded = {key.strip().casefold(): key for key in keys}
        try:
            return folded[value.strip().casefold()]
        except KeyError:
            raise Config(
                f"expected records whose {field} is one of {len(keys)} keys asked for, found {value!r}: "
                "the partner does not filter by it",
                code="filter_ignored",
            ) from None

    # Sink and Probe

    @property
    def operations(self) -> Mapping[str, Operation]:
        """What can be done, by name."""
        return self._operations

    def write(self, operation: str, document: Document, key: str) -> Receipt:
        """Insert the document once; `Unavailable` is repeated for some seconds.

        Raises:
            Contract: the document does not carry the key in the operation's `key` property.
            ConnectorError: by the table of `connectors.classification`.
        """
        entry = operation_of(self._settings.operations, operation)
        check_key(key, entry.key_length)
        if entry.key:
            documents.carry_key(document.body, entry.key, key)
        return self._retry(lambda: self._insert(entry, document))

    def find(self, operation: str, key: str) -> Receipt | None:
        """Look for the business key. Where several carry it, the lowest number is the first made.

        Raises:
            Config: nobody can tell (an operation without `key`), the question itself is refused, or the
                partner ignores the filter.
        """
        entry = operation_of(self._settings.operations, operation)
        check_key(key, entry.key_length)
        if entry.key is None:
            raise Config(f"operation {operation!r}: expected 'key' to ask for, found none", code="no_probe")
        resource = Resource(service=entry.service, entity=entry.entity, expand=entry.expand)
        exchanges: list[Exchange] = []
        choice = filters.eq(entry.key, key, self._odata.version)
        with asking(operation):
            rows = self._rows(self._query(resource, choice), exchanges)
        for row in rows:
            self._asked(row, entry.key, [key])
        if not rows:
            return None
        if len(rows) > 1:
            _LOG.warning("%s: %d records carry %s %r", operation, len(rows), entry.key, key)
        numbers = {text_at(row, entry.number) or "": row for row in rows}
        number = min(numbers, key=lambda text: (len(text), text))
        return Receipt(reference=number, body=numbers[number], exchange=exchanges[0], found=True)

    def _insert(self, entry: ODataOperation, document: Document) -> Receipt:
        token = self._csrf.current(entry.service) if self._odata.csrf else None
        request = self._insertion(entry, document, token)
        response, exchange = self._session.send(request)
        if token is not None and csrf.is_required(response):
            request = self._insertion(entry, document, self._csrf.renewed(token, entry.service))
            response, exchange = self._session.send(request)
        self._check(request, response, exchange)
        try:
            record = documents.entity(parse_json(response.body))
        except ValueError as error:
            raise self._session.failure(UNREADABLE, request, str(error), exchange) from None
        number = text_at(record, entry.number)
        if number is None:
            detail = f"expected a number in {entry.number}, found none"
            raise self._session.failure(UNREADABLE, request, detail, exchange)
        # what is created is created: no further reading may turn this receipt into an error
        return Receipt(reference=number, body=documents.plain(record, lambda _: []), exchange=exchange)

    def _insertion(self, entry: ODataOperation, document: Document, token: str | None) -> Request:
        headers = {"content-type": document.media_type}
        if token is not None:
            headers[csrf.HEADER] = token
        return Request(
            method="POST",
            path=self._path(entry.service, entry.entity),
            intent=Intent.WRITE,
            params=self._odata.params,
            headers=headers,
            body=document.body,
        )

    def _fetch_token(self, service: str) -> str:
        request = Request(
            method="GET",
            path=self._path(service, ""),
            intent=Intent.READ,
            params=self._odata.params,
            headers={csrf.HEADER: "Fetch"},
        )
        response, exchange = self._session.send(request)
        self._check(request, response, exchange)
        token = response.headers.get(csrf.HEADER, "")
        if not token or token.lower() == "required":
            raise Config(
                f"{exchange.request}: expected an {csrf.HEADER} header in the answer, found none; "
                "set odata.csrf to false if the system has no such tokens",
                code="csrf_missing",
                exchange=exchange,
            )
        return token

    # Asking

    def _path(self, service: str, entity: str) -> str:
        return "/".join([self._odata.root, *filter(None, [service.strip("/")]), entity])

    def _query(self, entry: Resource, choice: str | None) -> Request:
        mark = entry.watermark
        options = {
            "$filter": filters.all_of(entry.filter, choice),
            "$expand": entry.expand,
            "$select": entry.select,
            "$orderby": f"{mark.field} asc" if mark else None,
            "$top": str(entry.top) if entry.top else None,
        }
        params = {**self._odata.params, **{name: value for name, value in options.items() if value}}
        path = self._path(entry.service, entry.entity)
        return Request(method="GET", path=path, intent=Intent.READ, params=params)

    def _rows(self, request: Request, exchanges: list[Exchange] | None = None) -> list[Tree]:
        """All records, plain, over all pages."""

        def follow(link: str) -> list[Tree]:
            address = self._session.locate(urljoin(self._session.base + request.path, link))
            behind = Request(method="GET", path=address, intent=Intent.READ)
            return [row for page, _ in self._pages(behind) for row in page.rows]

        pages = self._pages(request, exchanges)
        return [documents.plain(row, follow) for page, _ in pages for row in page.rows]

    def _pages(
        self, request: Request, exchanges: list[Exchange] | None = None
    ) -> Iterator[tuple[documents.Page, bytes]]:
        links: set[str] = set()
        for _ in range(_MOST_PAGES):
            response, exchange, page = self._retry(partial(self._page, request))
            if exchanges is not None:
                exchanges.append(exchange)
            yield page, response.body
            if page.next is None:
                return
            if page.next in links:
                break
            links.add(page.next)
            # V2 gives an absolute address, V4 a relative one; neither may lead to another host
            address = self._session.locate(urljoin(response.url, page.next))
            request = Request(method="GET", path=address, intent=Intent.READ)
        raise Config(
            f"{request.path}: expected pages that come to an end, found the same next link again "
            f"after {len(links)} pages",
            code="paging_endless",
        )

    def _page(self, request: Request) -> tuple[Response, Exchange, documents.Page]:
        response, exchange = self._session.send(request)
        self._check(request, response, exchange)
        try:
            return response, exchange, documents.page(parse_json(response.body))
        except ValueError as error:
            raise self._session.failure(UNREADABLE, request, str(error), exchange) from None

    def _check(self, request: Request, response: Response, exchange: Exchange) -> None:
        words, code = documents.problem(response.body) if response.status >= 400 else ("", "")  # noqa: PLR2004 - HTTP's error statuses
        try:
            self._session.check(request, response, exchange, words, code)
        except Refused as refused:
            if code not in self._odata.transient_codes:
                raise
            raise Unavailable(refused.message, code=refused.code, exchange=exchange) from None
