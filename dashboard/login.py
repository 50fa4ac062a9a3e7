"""Signing in and out. What was wrong is never said; how often somebody may try is bounded."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from dashboard.access import COOKIE, is_ours
from dashboard.forms import form, inside
from dashboard.render import Pages
from store import accounts
from store.accounts import Refused, TooOften
from store.postgres import Pool

WRONG = "That name and password do not go together."
LATER = "Too many wrong passwords. Try again in a quarter of an hour."


class Login:
    def __init__(self, pool: Pool, pages: Pages) -> None:
        self._pool = pool
        self._pages = pages

    async def show(self, request: Request) -> Response:
        return self._pages.page(request, "login.html", next=inside(request.query_params.get("next")), wrong=None)

    async def sign_in(self, request: Request) -> Response:
        if not is_ours(request):
            return PlainTextResponse("this form did not come from our page", 403)
        given = await form(request)
        address = request.client.host if request.client else "unknown"
        behind = inside(given.get("next"))
        try:
            token = await accounts.sign_in(
                self._pool, given.get("name", "").strip().lower(), given.get("password", ""), address=address
            )
        except Refused:
            return self._pages.page(request, "login.html", 401, next=behind, wrong=WRONG)
        except TooOften:
            return self._pages.page(request, "login.html", 429, next=behind, wrong=LATER)
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
