"""Pages for what can't be shown: in the frame, in the viewer's language, with a way back."""

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from store.access.accounts import User
from web.render import Pages
from web.words import translator

log = structlog.get_logger(__name__)

TITLES = {
    400: "That address is not quite right", 403: "You may not see this", 404: "There is nothing here",
    409: "That was not possible", 422: "That was not possible", 500: "Something went wrong",
}  # fmt: skip
USUAL = "That was not possible"
BROKEN = "The fault is on our side, and it is in the log. Try again in a moment."
NO_PAGE = "There is no such page."
NOT_THERE = "This does not exist, or somebody deleted it meanwhile."


class Refusal(PlainTextResponse):
    """An error as a template of words with values. `ErrorPages.instead` puts it into the viewer's language."""

    def __init__(self, words: str, status: int, **values: object) -> None:
        super().__init__(words.format(**values), status)
        self.words = words
        self.values = values


class ErrorPages:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def instead(self, request: Request, user: User, answer: Response) -> Response:
        """The answer, with a refusal in the viewer's language; as a page, if a browser would show a bare line."""
        if not isinstance(answer, PlainTextResponse) or answer.status_code < 400:
            return answer
        why = bytes(answer.body).decode()
        if isinstance(answer, Refusal):
            why = translator(self._pages.preferences(request).language)(answer.words, **answer.values)
        if wants_a_page(request):
            return self.page(request, answer.status_code, why, user=user)
        return PlainTextResponse(why, answer.status_code)

    def page(self, request: Request, code: int, why: str, **values: object) -> Response:
        title = TITLES.get(code, USUAL)
        return self._pages.page(request, "error.html", code, title=title, why=why, shown=code,
                                again=request.method == "GET" and code != 404, **values)  # fmt: skip

    async def broken(self, request: Request, _: Exception) -> Response:
        """500. Nothing is asked of the stores: they may be what is broken."""
        if not wants_a_page(request):
            return PlainTextResponse(BROKEN, 500)
        return self.page(request, 500, BROKEN)


def wants_a_page(request: Request) -> bool:
    """Whether a browser asks for a whole page, and not htmx for a part of one, or a program."""
    return "text/html" in request.headers.get("accept", "") and "hx-request" not in request.headers
