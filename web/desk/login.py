"""Sign-in by password and code, or by an identity provider; invitations; sign-out."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from store.access import accounts, invitations, second_factor, single_sign_on
from store.access.accounts import CodeNeeded
from store.access.passwords import SHORTEST_PASSWORD, BadPassword, SignInRefused, TooOften
from store.access.second_factor import WrongCode
from store.access.single_sign_on import Departure
from store.postgres import Pool
from web.access import COOKIE, FOREIGN, is_ours
from web.forms import form, inside
from web.identity_provider import IdentityProvider, ProviderFailed
from web.render import Pages

WRONG = "The name or the password is wrong."
WRONG_CODE = "The code is wrong or was used already. Enter the next one."
LATER = "Too many failed attempts from here. Try again in a quarter of an hour."
AGAIN = "The sign-in expired. Sign in again."
UNKNOWN = "No user has this account. Ask an admin to invite your e-mail address."
AWAY = "Single sign-on does not answer. Try again, or use your password."
CANCELLED = "The sign-in was cancelled or refused. Try again, or use your password."
STEP = "signing_in"
STEP_SECONDS = 15 * 60
DAYS_7 = 7 * 86_400
BACK = "/login/sso/back"
# Browsers drop cookies of more than four kilobytes.
LONGEST_BEHIND = 1000
Handler = Callable[[Request], Awaitable[Response]]


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def browser_of(request: Request) -> str:
    return request.headers.get("user-agent", "")


def ours(handler: Handler) -> Handler:
    """Refuse a write that does not come from our own pages."""

    async def guarded(request: Request) -> Response:
        return await handler(request) if is_ours(request) else PlainTextResponse(FOREIGN, 403)

    return guarded


def entered(token: str, behind: str) -> Response:
    answer = RedirectResponse(inside(behind), 303)
    answer.set_cookie(COOKIE, token, max_age=DAYS_7, secure=True, httponly=True, samesite="lax", path="/")
    answer.delete_cookie(STEP, path="/login")
    return answer


def half_way(token: str, to: str, behind: str) -> Response:
    """Keep the token of a half-done sign-in in a cookie, with the page to open afterwards.

    The database must not hold that page: its address may contain a search for a person.
    """
    answer = RedirectResponse(to, 303)
    value = f"{token}|{quote(behind if len(behind) < LONGEST_BEHIND else '/')}"
    answer.set_cookie(STEP, value, max_age=STEP_SECONDS, secure=True, httponly=True, samesite="lax", path="/login")
    return answer


def step_of(request: Request) -> tuple[str, str]:
    """Return the token of a half-done sign-in, and the page to open afterwards."""
    token, _, behind = request.cookies.get(STEP, "").partition("|")
    return token, inside(unquote(behind))


class Login:
    def __init__(self, pool: Pool, pages: Pages, provider: IdentityProvider | None) -> None:
        self._pool = pool
        self._pages = pages
        self._provider = provider

    async def show(self, request: Request) -> Response:
        ended = request.query_params.get("ended") == "1"
        return self._page(request, 200, inside(request.query_params.get("next")), ended=ended)

    async def sign_in(self, request: Request) -> Response:
        given = await form(request)
        behind = inside(given.get("next"))
        try:
            token = await accounts.sign_in(
                self._pool, given.get("name", "").strip().lower(), given.get("password", ""),
                address=address_of(request), browser=browser_of(request),
            )  # fmt: skip
        except SignInRefused:
            return self._page(request, 401, behind, WRONG)
        except TooOften:
            return self._page(request, 429, behind, LATER)
        except CodeNeeded as needed:
            return half_way(needed.token, "/login/code", behind)
        return entered(token, behind)

    async def ask_code(self, request: Request) -> Response:
        if await second_factor.waiting(self._pool, step_of(request)[0]) is None:
            return RedirectResponse("/login", 303)
        return self._pages.page(request, "code.html", wrong=None)

    async def take_code(self, request: Request) -> Response:
        (token, behind), given = step_of(request), await form(request)
        try:
            session = await second_factor.finish(
                self._pool, token, given.get("code", ""), address=address_of(request), browser=browser_of(request)
            )
        except SignInRefused:
            return self._page(request, 401, "/", AGAIN)
        except WrongCode:
            return self._pages.page(request, "code.html", 401, wrong=WRONG_CODE)
        except TooOften:
            return self._pages.page(request, "code.html", 429, wrong=LATER)
        return entered(session, behind)

    async def depart(self, request: Request) -> Response:
        """Redirect the browser to the identity provider."""
        if self._provider is None:
            return RedirectResponse("/login", 303)
        departure = Departure.new()
        behind = inside(request.query_params.get("next"))
        try:
            return half_way(departure.token, await self._provider.address(departure, _back(request)), behind)
        except ProviderFailed:
            return self._page(request, 502, "/", AWAY)

    async def arrive(self, request: Request) -> Response:
        """Handle the return from the identity provider: with a code, or with an error."""
        given, (token, behind) = request.query_params, step_of(request)
        if self._provider is None:
            return RedirectResponse("/login", 303)
        departure = Departure(token)
        if not departure.is_of(given.get("state", "")):
            return self._page(request, 401, "/", AGAIN)
        if "code" not in given:  # the provider refused, or the user cancelled
            return self._page(request, 401, behind, CANCELLED)
        try:
            who = await self._provider.identity(given["code"], departure, _back(request))
            session = await single_sign_on.begin_session(
                self._pool, who, address=address_of(request), browser=browser_of(request)
            )
        except ProviderFailed:
            return self._page(request, 502, behind, AWAY)
        except SignInRefused:
            return self._page(request, 403, behind, UNKNOWN)
        return entered(session, behind)

    async def invited(self, request: Request) -> Response:
        return await self._invitation(request)

    async def accept(self, request: Request) -> Response:
        """Set the password of the form and sign the user in."""
        given = await form(request)
        try:
            user = await invitations.accept(self._pool, request.path_params["token"], given.get("password", ""))
        except BadPassword as error:
            return await self._invitation(request, str(error))
        if user is None:
            return await self._invitation(request)
        if await second_factor.is_set(self._pool, user.id):
            return RedirectResponse("/login", 303)
        return entered(
            await accounts.begin_session(
                self._pool, user.id, address=address_of(request), browser=browser_of(request)
            ), "/",
        )  # fmt: skip

    async def sign_out(self, request: Request) -> Response:
        if token := request.cookies.get(COOKIE):
            await accounts.sign_out(self._pool, token)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    async def _invitation(self, request: Request, wrong: str | None = None) -> Response:
        invited = await invitations.find(self._pool, request.path_params["token"])
        code = 410 if invited is None else 422 if wrong else 200
        return self._pages.page(
            request, "invitation.html", code, invited=invited, wrong=wrong, shortest=SHORTEST_PASSWORD,
            provider=self._provider.name if self._provider else None,
        )  # fmt: skip

    def _page(
        self, request: Request, code: int, behind: str, wrong: str | None = None, *, ended: bool = False
    ) -> Response:
        return self._pages.page(
            request, "login.html", code, next=behind, wrong=wrong, ended=ended,
            provider=self._provider.name if self._provider else None,
        )  # fmt: skip


def _back(request: Request) -> str:
    return str(request.url.replace(path=BACK, query=""))
