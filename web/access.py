"""Who is asking: the cookie's session, the role that a page needs, and whether a write comes from our own pages."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from domain.lead import Source
from store.access import accounts
from store.access.accounts import User
from store.leads.leads import Actor
from store.postgres import Pool
from web.error_pages import NO_PAGE, ErrorPages, Refusal, wants_a_page
from web.forms import host_of, path_of

COOKIE = "session"
FOREIGN = (
    "This write did not come from one of our pages. Behind a proxy, it must pass the Host header on (docs/deploy.md)."
)
LOW_ROLE = "This needs the role {role}. Yours is {yours}."
log = structlog.get_logger(__name__)
Page = Callable[[Request, User], Awaitable[Response]]


class Guard:
    """Checks the session, the role and the origin before a page runs."""

    def __init__(self, pool: Pool, error_pages: ErrorPages) -> None:
        self._pool = pool
        self._error_pages = error_pages

    def get(self, path: str, show: Page, *, role: str = "viewer") -> Route:
        return Route(path, self.page(show, role=role), methods=["GET"])

    def post(self, path: str, act: Page, *, role: str = "sales") -> Route:
        """A write. It must come from our own pages."""
        return Route(path, self.page(act, role=role), methods=["POST"])

    def page(self, show: Page, *, role: str) -> Callable[[Request], Awaitable[Response]]:
        """Wrap a page: a visitor without a session is sent to the login and back; one with too low a role gets 403."""

        async def guarded(request: Request) -> Response:
            if request.method not in ("GET", "HEAD") and not is_ours(request):
                return PlainTextResponse(FOREIGN, 403)
            user = await self.user(request)
            if user is None:
                return _to_login(request)
            return self._error_pages.instead(request, user, await self._shown(request, user, show, role))

        return guarded

    async def _shown(self, request: Request, user: User, show: Page, role: str) -> Response:
        if not user.may(role):
            return Refusal(LOW_ROLE, 403, role=role, yours=user.role)
        return await show(request, user)

    async def nowhere(self, request: Request) -> Response:
        """Where no route leads: a page for who is signed in, the login for others."""
        user = await self.user(request) if wants_a_page(request) else None
        if user is None:
            return PlainTextResponse(NO_PAGE, 404)
        return self._error_pages.page(request, 404, NO_PAGE, user=user)

    async def user(self, request: Request) -> User | None:
        token = request.cookies.get(COOKIE)
        return await accounts.signed_in(self._pool, token) if token else None


def is_ours(request: Request) -> bool:
    """Browsers say where a request comes from, and a foreign page can't forge it."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    host = request.headers.get("host")
    ours = site == "same-origin" if site is not None else origin is not None and host_of(origin) == host
    if not ours:
        log.warning("a write from another page was refused", site=site, origin=host_of(origin or ""), host=host)
    return ours


def actor(user: User) -> Actor:
    return Actor(Source.HUMAN, f"user:{user.name}")


def _to_login(request: Request) -> Response:
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.headers.get("hx-request"):
        behind = quote(path_of(request.headers.get("hx-current-url", "")))
        return Response(
            status_code=401, headers={"HX-Redirect": f"/login?ended=1&next={behind}" if behind else "/login"}
        )
    return RedirectResponse(f"/login?next={quote(path if request.method == 'GET' else '/')}", 303)
