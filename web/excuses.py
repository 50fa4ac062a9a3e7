"""Pages for what can't be shown: in the frame, in the viewer's language, with a way back."""

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from store.access.accounts import User
from web.render import Pages

log = structlog.get_logger(__name__)

TITLES = {
    400: "That address is not quite right", 403: "You may not see this", 404: "There is nothing here",
    409: "That was not possible", 422: "That was not possible", 500: "Something went wrong",
}  # fmt: skip
USUAL = "That was not possible"
BROKEN = "The fault is on our side, and it is in the log. Try again in a moment."
NO_PAGE = "There is no such page."


class Excuses:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def instead(self, request: Request, user: User, answer: Response) -> Response:
        """The answer as it is; a page in its place, where a browser would show a bare line."""
        if not isinstance(answer, PlainTextResponse) or answer.status_code < 400 or not wants_a_page(request):
            return answer
        return self.page(request, answer.status_code, bytes(answer.body).decode(), user=user)

    def page(self, request: Request, code: int, why: str, **values: object) -> Response:
        title = TITLES.get(code, USUAL)
        return self._pages.page(request, "excuse.html", code, title=title, why=why, shown=code,
                                again=request.method == "GET" and code != 404, **values)  # fmt: skip

    async def broken(self, request: Request, _: Exception) -> Response:
        """500. Nothing is asked of the stores: they may be what is broken."""
        if not wants_a_page(request):
            return PlainTextResponse(BROKEN, 500)
        return self.page(request, 500, BROKEN)


def wants_a_page(request: Request) -> bool:
    """Whether a browser asks for a whole page, and not htmx for a part of one, or a program."""
    return "text/html" in request.headers.get("accept", "") and "hx-request" not in request.headers
