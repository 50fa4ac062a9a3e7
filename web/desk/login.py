"""Signing in and out. What was wrong is never said; how often somebody may try is bounded."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from store.access import accounts
from store.access.accounts import SignInRefused, TooOften
from store.postgres import Pool
from web.access import COOKIE, FOREIGN, is_ours
from web.forms import form, inside
from web.render import Pages

WRONG = "That name and password do not go together."
LATER = "Too many wrong passwords from here. Try again in a quarter of an hour."


class Login:
    def __init__(self, pool: Pool, pages: Pages) -> None:
        self._pool = pool
        self._pages = pages

    async def show(self, request: Request) -> Response:
        ended = request.query_params.get("ended") == "1"
        behind = inside(request.query_params.get("next"))
        return self._pages.page(request, "login.html", next=behind, wrong=None, ended=ended)

    async def sign_in(self, request: Request) -> Response:
        if not is_ours(request):
            return PlainTextResponse(FOREIGN, 403)
        given = await form(request)
        address = request.client.host if request.client else "unknown"
        behind = inside(given.get("next"))
        try:
            token = await accounts.sign_in(
                self._pool, given.get("name", "").strip().lower(), given.get("password", ""), address=address
            )
        except SignInRefused:
            return self._pages.page(request, "login.html", 401, next=behind, wrong=WRONG)
        except TooOften:
            return self._pages.page(request, "login.html", 429, next=behind, wrong=LATER)
        answer = RedirectResponse(behind, 303)
        answer.set_cookie(COOKIE, token, max_age=7 * 86_400, secure=True, httponly=True, samesite="lax", path="/")
        return answer

    async def sign_out(self, request: Request) -> Response:
        if not is_ours(request):
            return PlainTextResponse(FOREIGN, 403)
        if token := request.cookies.get(COOKIE):
            await accounts.sign_out(self._pool, token)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, path="/")
        return answer
