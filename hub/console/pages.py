"""The pages one reads; each is a question to the database and a template."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from hub.console import data, forms, showing, timeline, users
from hub.console.data import Hits, LetterFilter
from hub.console.rendering import HEADERS, STYLESHEET, page, path_of
from hub.console.users import ConsoleUser
from hub.pipeline.context import Hub
from hub.threads import Threads

MESSAGE: Final = "message after redirect"
_LONGEST: Final = 200
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

Text = Annotated[str, Query(max_length=_LONGEST)]


class Pages:
    """Reading pages around one hub."""

    def __init__(self, hub: Callable[[], Hub], threads: Threads, signer: forms.Signer) -> None:
        self._hub = hub
        self._threads = threads
        self._signer = signer

    def router(self) -> APIRouter:
        """All addresses that can be read."""
        router = APIRouter()
        for path, endpoint in (
            ("/", self.overview),
            ("/search", self.search),
            ("/returns/{return_id}", self.return_page),
            ("/payloads/{sha256}", self.payload),
            ("/payloads/{sha256}/download", self.download),
            ("/interchanges", self.interchanges),
            ("/deadletters", self.letters),
            ("/deadletters/{letter_id}", self.letter),
            ("/runs/{run_id:path}", self.run),
            ("/console.css", self.stylesheet),
        ):
            router.get(path, include_in_schema=False)(endpoint)
        return router

    async def overview(self, request: Request) -> Response:
        """Totals, what needs attention, and the newest returns."""
        found = await self._ask(data.overview)
        return page(request, "overview.html", customer=timeline.customer, **found)

    async def search(self, request: Request, q: str = "") -> Response:
        """One hit: its page; several or none: a list."""
        text = q.replace("\x00", "").strip()[:_LONGEST]
        hits = await self._ask(lambda hub: data.search(hub, text)) if text else Hits()
        only = _only(hits)
        if only:
            return RedirectResponse(path_of(request.scope["root_path"], only, {}), 303, dict(HEADERS))
        return page(request, "search.html", q=text, hits=hits, customer=timeline.customer)

    async def return_page(self, request: Request, return_id: UUID) -> Response:
        """A return: what it is now, and its whole way."""
        way = await self._ask(lambda hub: timeline.way(hub, return_id))
        if not way.exists:
            raise HTTPException(404, f"There is no return {return_id}.")
        return page(
            request,
            "return.html",
            way=way,
            it=way.return_,
            return_id=return_id,
            happenings=timeline.happenings,
        )

    async def payload(self, request: Request, sha256: str) -> Response:
        """Stored bytes, shown as text."""
        stored = await self._stored(sha256)
        return page(request, "payload.html", stored=stored, shown=showing.show(bytes(stored["body"])))

    async def download(self, sha256: str) -> Response:
        """Stored bytes as they are; a browser saves them and never shows them."""
        stored = await self._stored(sha256)
        headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{sha256[:16]}{_suffix(stored)}"'}
        return Response(bytes(stored["body"]), headers=headers, media_type="application/octet-stream")

    async def interchanges(self, request: Request, system: Text = "", state: Text = "") -> Response:
        """EDI interchanges both ways, and what partners said about ours; `state=open` shows what waits."""
        waiting = state == "open"
        found = await self._ask(lambda hub: data.interchanges(hub, system, waiting=waiting))
        return page(request, "interchanges.html", system=system, waiting=waiting, **found)

    async def letters(
        self,
        request: Request,
        state: Text = "",
        flow: Text = "",
        run: Annotated[str, Query(max_length=500)] = "",
        fingerprint: Text = "",
        before: UUID | None = None,
    ) -> Response:
        """Dead letters, grouped by cause."""
        wanted = LetterFilter(state, flow, run, fingerprint)
        found = await self._ask(lambda hub: data.letter_list(hub, wanted, before))
        user = users.current(request)
        return page(request, "letters.html", wanted=wanted, sign=partial(self._sign, user, "replay"), **found)

    async def letter(self, request: Request, letter_id: UUID, said: str = "") -> Response:
        """One dead letter with everything needed to understand and settle it."""
        found = await self._ask(lambda hub: data.letter(hub, letter_id))
        if found is None:
            raise HTTPException(404, f"There is no dead letter {letter_id}.")
        user = users.current(request)
        tokens = {action: self._sign(user, action, letter_id) for action in ("replay", "discard")}
        return page(
            request,
            "letter.html",
            tokens=tokens,
            said=self._signer.read(user.name, MESSAGE, said),
            show=lambda stored: showing.show(bytes(stored["body"])),
            note_of=timeline.note_of,
            **found,
        )

    def _sign(self, user: ConsoleUser, action: str, letter_id: UUID) -> str:
        """The token of one form: this user, this action, this letter."""
        return self._signer.sign(user.name, f"{action} {letter_id}", True, forms.FORM_LIFETIME)  # noqa: FBT003  # a signed yes

    async def run(self, request: Request, run_id: str) -> Response:
        """A run's dead letters, settled ones included."""
        query = {"run": run_id, "state": "all"}
        return RedirectResponse(
            path_of(request.scope["root_path"], "/deadletters", query), 303, dict(HEADERS)
        )

    async def stylesheet(self) -> Response:
        """The only asset there is."""
        headers = {**HEADERS, "Cache-Control": "private, max-age=3600"}
        return Response(STYLESHEET.read_bytes(), headers=headers, media_type="text/css")

    async def _stored(self, sha256: str) -> Any:
        stored = await self._ask(lambda hub: data.payload(hub, sha256)) if _DIGEST.fullmatch(sha256) else None
        if stored is None:
            raise HTTPException(404, "There are no stored bytes under this digest.")
        return stored

    async def _ask(self, question: Callable[[Hub], Any]) -> Any:
        return await self._threads.run(partial(self._answer, question))

    def _answer(self, question: Callable[[Hub], Any]) -> Any:
        # making the hub at the first request blocks too
        return question(self._hub())


def _only(hits: Hits) -> str:
    """The page of the only thing found; empty when there are several, or none."""
    paths = [f"/returns/{found['return_id']}" for found in hits.returns]
    paths += [f"/deadletters/{hits.letter}"] if hits.letter else []
    paths += [f"/payloads/{hits.payload}"] if hits.payload else []
    paths += [f"/deadletters/{message['letter']}" if message["letter"] else "" for message in hits.messages]
    paths += ["" for _ in hits.effects]
    return paths[0] if len(paths) == 1 else ""


def _suffix(stored: Any) -> str:
    known = {
        "application/json": ".json",
        "application/edi-x12": ".edi",
        "text/csv": ".csv",
        "application/xml": ".xml",
    }
    return known.get(str(stored["media_type"]).partition(";")[0].lower(), ".bin")
