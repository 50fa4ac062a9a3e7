"""Errors as RFC 9457 problem details."""

from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import JSONResponse


class ProblemDetails(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field("about:blank", description="Always about:blank: the status says what kind it is.")
    title: str
    status: int
    detail: str = Field(description="What to do about it.")
    errors: list[str] | None = Field(None, description="Each thing that is wrong with the request.")


class Problem(Exception):
    """Ends an operation with this status and text."""

    def __init__(self, status: int, title: str, detail: str, *, headers: dict[str, str] | None = None,
                 errors: list[str] | None = None) -> None:  # fmt: skip
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}

    def response(self) -> JSONResponse:
        body: dict[str, Any] = ProblemDetails(
            title=self.title, status=self.status, detail=self.detail, errors=self.errors
        ).model_dump(exclude_none=True)  # fmt: skip
        return JSONResponse(body, self.status, self.headers, media_type="application/problem+json")


def not_found(what: str) -> Problem:
    return Problem(404, "Not found", what)
