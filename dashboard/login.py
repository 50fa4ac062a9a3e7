"""Signing in and out. What was wrong is never said; how often somebody may try is bounded."""

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from dashboard.access import COOKIE, is_ours
from dashboard.render import Pages
from store import accounts
from store.accounts import Refused, TooOften
from store.postgres import Pool

LONGEST_FORM = 100_000
WRONG = "That name and password do not go together."
LATER = "Too many wrong passwords. Try again in a quarter of an hour."


class Login:
    def __init__(self, pool: Pool, pages: Pages) -> None:
        self._pool = pool
        self._pages = pages

    async def show(self, request: Request) -> Response:
        return self._pages.show("login.html", next=_inside(request.query_params.get("next")), wrong=None)

    async def sign_in(self, request: Request) -> Response:
        if not is_ours(request):
            return PlainTextResponse("this form did not come from our page", 403)
        given = await form(request)
        address = request.client.host if request.client else "unknown"
        behind = _inside(given.get("next"))
        try:
            token = await accounts.sign_in(
                self._pool, given.get("name", "").strip().lower(), given.get("password", ""), address=address
            )
        except Refused:
            return self._pages.show("login.html", 401, next=behind, wrong=WRONG)
        except TooOften:
            return self._pages.show("login.html", 429, next=behind, wrong=LATER)
        answer = RedirectResponse(behind, 303)
        answer.set_cookie(COOKIE, token, max_age=7 * 86_400, secure=True, httponly=True, samesite="lax", path="/")
        return answer

    async def sign_out(self, request: Request) -> Response:
        if not is_ours(request):
            return PlainTextResponse("this form did not come from our page", 403)
        if token := request.cookies.get(COOKIE):
            await accounts.sign_out(self._pool, token)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, path="/")
        return answer


async def form(request: Request) -> dict[str, str]:
    """A form's fields; the last of each name. Ours are small."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            return {}
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=100))


def _inside(path: str | None) -> str:
    """Only ever a page of ours."""
    return path if path and path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
