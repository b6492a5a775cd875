"""RFC 9457: every refusal is one `application/problem+json` document, with all errors at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
_TITLES = {
    400: ("malformed", "The request cannot be read"),
    401: ("unauthenticated", "A valid API key is needed"),
    403: ("forbidden", "This is not allowed"),
    404: ("not-found", "There is nothing here"),
    405: ("method-not-allowed", "The method is not offered here"),
    409: ("conflict", "The request conflicts with an earlier one"),
    413: ("too-large", "The body is too large"),
    415: ("media-type", "The body's media type is not accepted"),
    422: ("invalid", "The return cannot be accepted as it is"),
    500: ("internal", "The hub failed"),
    503: ("unavailable", "The hub cannot answer right now"),
}


class FieldProblem(BaseModel):
    """One error at one place of the body."""

    pointer: str = Field(
        description="Where, as a JSON pointer (RFC 6901) into the body", examples=["/lines/0/sku"]
    )
    detail: str = Field(description="What is wrong, in a sentence")
    expected: str = Field("", description="What would have been accepted")
    found: str = Field("", description="What is there, shortened")


class ProblemDocument(BaseModel):
    """The body of every answer that is not a success."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(examples=["urn:returns-hub:problem:invalid"])
    title: str
    status: int
    detail: str
    instance: str = Field(description="Path of the request")
    errors: list[FieldProblem] = Field([], description="Every error of the body, none left for a second try")
    dead_letter_id: str | None = Field(
        None, description="What to name when asking the hub's operators about it"
    )


class Problem(Exception):  # noqa: N818  # RFC 9457's own word
    """A refusal on its way out.

    Args:
        status: HTTP status.
        detail: What is wrong with this request, with what was expected and found.
        errors: `FieldProblem`s as plain values.
        slug: Last part of the problem's type; the status has a default.
        headers: Extra headers of the answer.
        extra: Further members of the document.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        slug: str = "",
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = list(errors)
        self.slug = slug
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    def document(self, instance: str) -> dict[str, Any]:
        """The answer's body."""
        slug, title = _TITLES.get(self.status, ("http", "The request failed"))
        document: dict[str, Any] = {
            "type": f"urn:returns-hub:problem:{self.slug or slug}",
            "title": title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
        }
        if self.errors:
            document["errors"] = self.errors
        return {**document, **self.extra}


def respond(document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """A problem document as an HTTP answer."""
    return Response(orjson.dumps(document), document["status"], dict(headers or {}), MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make every refusal of an app a problem document, those of the framework included."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, problem: Problem) -> Response:
        return respond(problem.document(request.url.path), problem.headers)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        problem = Problem(error.status_code, str(error.detail), headers=error.headers)
        return respond(problem.document(request.url.path), problem.headers)


def pointer(steps: Sequence[str | int]) -> str:
    """An RFC 6901 pointer, `""` for the whole body."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
