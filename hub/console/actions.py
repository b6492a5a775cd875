"""The two things one can do: replay a dead letter, or discard it with a reason."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from hub.console import forms, users
from hub.console.pages import MESSAGE
from hub.console.rendering import HEADERS, path_of
from hub.console.users import ConsoleUser
from hub.pipeline.context import Hub
from hub.threads import Threads

_LONGEST_NOTE = 2000
_log = logging.getLogger(__name__)

Announce = Callable[[Sequence[str]], None]


class Settle(Protocol):
    """`replay` and `discard` of `hub.pipeline.replay`."""

    def __call__(self, hub: Hub, dead_letter_id: UUID, actor: str, note: str) -> Mapping[str, Any]:
        """Settle a letter; LookupError when somebody did already, ValueError without a needed reason."""


class Actions:
    """The posting side of the dead letter page."""

    def __init__(
        self,
        hub: Callable[[], Hub],
        threads: Threads,
        signer: forms.Signer,
        settlers: Mapping[str, Settle],
        announce: Announce,
    ) -> None:
        self._hub = hub
        self._threads = threads
        self._signer = signer
        self._settlers = settlers
        self._announce = announce

    def router(self) -> APIRouter:
        """All addresses that can be posted to."""
        router = APIRouter()
        router.post("/deadletters/{letter_id}/replay", include_in_schema=False)(self.replay)
        router.post("/deadletters/{letter_id}/discard", include_in_schema=False)(self.discard)
        return router

    async def replay(self, request: Request, letter_id: UUID) -> Response:
        """Try again, with the mapping as it is now."""
        return await self._settle(request, letter_id, "replay")

    async def discard(self, request: Request, letter_id: UUID) -> Response:
        """Set aside for good."""
        return await self._settle(request, letter_id, "discard")

    async def _settle(self, request: Request, letter_id: UUID, action: str) -> Response:
        user = users.current(request)
        if not user.can_replay:
            raise HTTPException(
                403, f"{user.name} may read here; to {action}, the right to trigger DAG runs is needed."
            )
        hub = await self._threads.run(self._hub)
        forms.require_same_origin(request, hub.settings.console_url)
        posted = await forms.fields(request)
        if self._signer.read(user.name, f"{action} {letter_id}", posted.get("token", "")) is not True:
            raise HTTPException(403, "This form is too old, or not yours. Open the dead letter again.")
        note = posted.get("note", "").strip()[:_LONGEST_NOTE]
        said = await self._threads.run(partial(self._act, hub, letter_id, action, user, note))
        signed = self._signer.sign(user.name, MESSAGE, said, forms.MESSAGE_LIFETIME)
        query = {"said": signed}
        address = path_of(request.scope["root_path"], f"/deadletters/{letter_id}", query)
        return RedirectResponse(f"{address}#said", 303, dict(HEADERS))

    def _act(self, hub: Hub, letter_id: UUID, action: str, user: ConsoleUser, note: str) -> dict[str, Any]:
        """Do it and say what came of it: `tone`, `text`, and what the pipeline reported."""
        if action == "discard" and not note:
            return {"tone": "bad", "text": "Not discarded: say why in the note."}
        try:
            result = self._settlers[action](hub, letter_id, actor=user.name, note=note)
        except (LookupError, ValueError) as refusal:
            return {"tone": "bad", "text": f"Nothing was done: {refusal}."}
        targets = list(result.get("targets") or ())
        if targets:
            self._tell(targets)
        if action == "discard":
            return {"tone": "info", "text": "Discarded. It stays here with your reason; nothing was deleted."}
        return _replayed(result, targets)

    def _tell(self, targets: Sequence[str]) -> None:
        try:
            self._announce(targets)
        except Exception:  # noqa: BLE001  # see below
            # what there is to deliver is in the database, and the next scheduled run finds it
            _log.exception("targets %s could not be woken", targets)


def _replayed(result: Mapping[str, Any], targets: Sequence[str]) -> dict[str, Any]:
    state = str(result.get("state") or "").replace("_", " ")
    if result.get("problem"):
        return {
            "tone": "bad",
            "text": f"Replayed, and it failed again: {result['problem']}. It is parked now.",
        }
    wakes = f" Now to be delivered at {', '.join(targets)}." if targets else ""
    tone = "warn" if state == "held" else "good"
    return {"tone": tone, "text": f"Replayed: it is {state or 'on its way'}.{wakes}"}
