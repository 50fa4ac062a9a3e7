"""The routes of the desk, the API and MCP. Pages need a session; the API and MCP also take keys."""

from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.convertors import register_url_convertor
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from domain.handoff import CRMClient
from domain.phone import Phones
from knowledge.embedder import Embedders
from store.access import accounts
from store.access.access_log import AccessLog
from store.access.accounts import User
from store.postgres import STORE_ERRORS, Pool
from web import routes
from web.access import COOKIE, Guard
from web.api.app import api_routes, nothing
from web.api.operation import PREFIX
from web.api.operations import operations
from web.database_error import DatabaseErrorPage
from web.desk.account import AccountPages
from web.desk.agenda import Agenda
from web.desk.board import Board
from web.desk.bulk import BulkActions
from web.desk.chat_pages import ChatPages
from web.desk.crm import CrmPages
from web.desk.desk import Desk
from web.desk.knowledge import KnowledgePages
from web.desk.lead_extras import LeadExtras
from web.desk.lead_import import ImportPages
from web.desk.lead_writes import LeadWrites
from web.desk.leads_csv import LeadsCsv
from web.desk.list_views import ListViews
from web.desk.login import Login
from web.desk.media import MediaPages
from web.desk.menus import Menus
from web.desk.overview import OverviewPage
from web.desk.panel import Panel
from web.desk.quick_search import QuickSearch
from web.desk.reply_links import ReplyLinks
from web.desk.rules import RulePages
from web.desk.steps import StepPages
from web.desk.tabs import Tabs
from web.desk.tickets import TicketPages
from web.desk.users import KeyPages, UserPages
from web.desk.work import Work
from web.error_pages import ErrorPages
from web.forms import RowId
from web.headers import Headers
from web.identity_provider import IdentityProvider
from web.live import Hub, is_over
from web.ops.hooks import HookPages
from web.ops.letters import LetterPages
from web.ops.ops import Ops, ReadStatus
from web.ops.trace import Trace
from web.preferences import choose
from web.render import Pages

STATIC = Path(__file__).parent / "static"
register_url_convertor("row", RowId())


class Dashboard:
    """`read_status` returns the status of the mirror; `zone` is the time zone of viewers who have not chosen one, such
    as Asia/Jakarta; `crm` takes handoffs; `reach` says where people are answered; `provider` is
    who signs people in beside passwords; `hooks_key` is HOOKS_KEY."""

    def __init__(
        self,
        pool: Pool,
        read_status: ReadStatus,
        embedders: Embedders,
        access_log: AccessLog,
        *,
        zone: str,
        phones: Phones,
        media: MediaPages,
        crm: CRMClient,
        reach: ReplyLinks,
        provider: IdentityProvider | None,
        hooks_key: bytes | None = None,
    ) -> None:
        self._pool = pool
        self._read_status = read_status
        self._embedders = embedders
        self._phones = phones
        self._access_log = access_log
        self._crm = crm
        self._reach = reach
        self._provider = provider
        self._hooks_key = hooks_key
        self._pages = Pages(zone)
        self._hub = Hub(pool)
        self._media = media

    async def close(self) -> None:
        await self._hub.close()
        await self._media.close()

    def app(self) -> ASGIApp:
        # The headers stand outside of everything: a page that says what broke has them too.
        return Headers(self.site(), version=self._pages.version)

    def site(self) -> Starlette:
        pool, hub, pages, seen = self._pool, self._hub, self._pages, self._access_log
        error_pages = ErrorPages(pages)
        guard = Guard(pool, error_pages)
        menus = Menus(pool, pages, hub)
        login, panel = Login(pool, pages, self._provider), Panel(pool, pages, menus, self._reach)
        writes = LeadWrites(pool, pages, hub, panel, self._phones)
        views = ListViews(pool, hub)
        tabs = Tabs(pool, pages, hub, views)
        desk = Desk(pool, pages, hub, views=views, tabs=tabs, panel=panel, menus=menus, access_log=seen)
        crm = CrmPages(pool, pages, self._phones, seen)
        ops, letters, trace = (
            Ops(pool, pages, hub, self._read_status),
            LetterPages(pool, pages),
            Trace(pool, pages, self._phones),
        )
        handlers: dict[Any, Any] = {404: partial(nowhere, guard), Exception: error_pages.broken}
        handlers |= dict.fromkeys(STORE_ERRORS, DatabaseErrorPage(pages).show)
        return Starlette(
            routes=[
                *routes.login_routes(login),
                guard.post("/preferences", choose_preferences, role="viewer"),
                guard.get("/live", self._live),
                *routes.list_routes(guard, desk, tabs, LeadsCsv(pool, pages, views)),
                *routes.desk_routes(guard, panel, writes, ChatPages(pool, pages), self._media),
                *routes.work_routes(guard, Work(pool, pages, writes), BulkActions(pool, pages, hub), menus),
                *routes.overview_routes(
                    guard,
                    QuickSearch(pool, pages, hub, seen),
                    Board(pool, pages, hub, seen),
                    Agenda(pool, pages, hub, seen),
                    OverviewPage(pool, pages, hub, menus, seen),
                ),
                *routes.beside_routes(guard, LeadExtras(pool, writes, self._phones)),
                *routes.crm_routes(guard, crm, StepPages(pool, pages, hub, seen), TicketPages(pool, pages, hub, seen)),
                *routes.account_routes(guard, AccountPages(pool, pages)),
                *routes.team_routes(
                    guard,
                    UserPages(pool, pages),
                    KeyPages(pool, pages),
                    RulePages(pool, pages, menus),
                    ImportPages(pool, pages, self._phones),
                ),
                *routes.knowledge_routes(guard, KnowledgePages(pool, pages, self._embedders, seen)),
                *routes.ops_routes(guard, ops, letters, trace, HookPages(pool, pages, self._hooks_key)),
                *api_routes(
                    pool,
                    self._phones,
                    operations(
                        pool, hub, self._read_status, self._embedders, self._phones, self._access_log, self._crm
                    ),
                    guard,
                    pages,
                ),
                Mount("/static/{version}", StaticFiles(directory=STATIC)),
            ],
            exception_handlers=handlers,
            middleware=[Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)],
        )

    async def _live(self, request: Request, user: User) -> Response:
        token = request.cookies[COOKIE]

        async def may() -> bool:
            return await accounts.still_signed_in(self._pool, token) is not None

        return self._hub.stream((user.id, token), may, partial(is_over, request))


async def nowhere(guard: Guard, request: Request, error: Exception) -> Response:
    """Where no route leads: JSON for programs, a page for people."""
    if request.url.path.startswith(PREFIX):
        return await nothing(request, error)
    return await guard.nowhere(request)


async def choose_preferences(request: Request, _: User) -> Response:
    return await choose(request)
