"""The dashboard's routes, ready to be mounted in the web process. Everything but the login needs a session."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.convertors import register_url_convertor
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from domain.handoff import CRMClient
from domain.phone import Phones
from knowledge.embedder import Embedders
from store.access import accounts
from store.access.access_log import AccessLog
from store.access.accounts import User
from store.postgres import STORE_ERRORS, Pool
from web.access import COOKIE, Guard, Page
from web.api.app import api_routes, nothing
from web.api.operation import PREFIX
from web.api.operations import operations
from web.away import Away
from web.desk.account import AccountPages
from web.desk.agenda import Agenda
from web.desk.beside import Beside
from web.desk.board import Board
from web.desk.chat_pages import ChatPages
from web.desk.crm import CrmPages
from web.desk.desk import Desk
from web.desk.find import Find
from web.desk.knowledge import KnowledgePages
from web.desk.lead_writes import LeadWrites
from web.desk.leads_csv import LeadsCsv
from web.desk.list_views import ListViews
from web.desk.login import BACK, Login, ours
from web.desk.many import Many
from web.desk.media import MediaProxy
from web.desk.menus import Menus
from web.desk.overview import OverviewPage
from web.desk.panel import Panel
from web.desk.reach import Reach
from web.desk.rules import RulePages
from web.desk.steps import StepPages
from web.desk.tabs import Tabs
from web.desk.tickets import TicketPages
from web.desk.users import KeyPages, UserPages
from web.desk.work import Work
from web.excuses import Excuses
from web.forms import RowId
from web.headers import Headers
from web.identity_provider import IdentityProvider
from web.live import Hub, is_over
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
    who signs people in beside passwords."""

    def __init__(
        self,
        pool: Pool,
        read_status: ReadStatus,
        embedders: Embedders,
        access_log: AccessLog,
        *,
        zone: str,
        phones: Phones,
        media_hosts: Sequence[str],
        crm: CRMClient,
        reach: Reach,
        provider: IdentityProvider | None,
    ) -> None:
        self._pool = pool
        self._read_status = read_status
        self._embedders = embedders
        self._phones = phones
        self._access_log = access_log
        self._crm = crm
        self._reach = reach
        self._provider = provider
        self._pages = Pages(zone)
        self._hub = Hub(pool)
        self._media = MediaProxy(pool, media_hosts)

    async def close(self) -> None:
        await self._hub.close()
        await self._media.close()

    def app(self) -> ASGIApp:
        # The headers stand outside of everything: a page that says what broke has them too.
        return Headers(self.site(), version=self._pages.version)

    def site(self) -> Starlette:
        pool, hub, pages, seen = self._pool, self._hub, self._pages, self._access_log
        excuses = Excuses(pages)
        guard = Guard(pool, excuses)
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
        handlers: dict[Any, Any] = {404: partial(nowhere, guard), Exception: excuses.broken}
        handlers |= dict.fromkeys(STORE_ERRORS, Away(pages).show)
        return Starlette(
            routes=[
                *login_routes(login),
                Route("/preferences", guard.page(choose_preferences), methods=["POST"]),
                Route("/live", guard.page(self._live)),
                *list_routes(guard, desk, tabs, LeadsCsv(pool, pages, views)),
                *desk_routes(guard, panel, writes, ChatPages(pool, pages), self._media),
                *work_routes(guard, Work(pool, pages, writes), Many(pool, pages, hub), menus),
                *overview_routes(
                    guard,
                    Find(pool, pages, hub, seen),
                    Board(pool, pages, hub, seen),
                    Agenda(pool, pages, hub, seen),
                    OverviewPage(pool, pages, hub, menus, seen),
                ),
                *beside_routes(guard, Beside(pool, writes, self._phones)),
                *crm_routes(guard, crm, StepPages(pool, pages, hub, seen), TicketPages(pool, pages, hub, seen)),
                *account_routes(guard, AccountPages(pool, pages)),
                *team_routes(guard, UserPages(pool, pages), KeyPages(pool, pages), RulePages(pool, pages, menus)),
                *knowledge_routes(guard, KnowledgePages(pool, pages, self._embedders, seen)),
                *ops_routes(guard, ops, letters, trace),
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


def list_routes(guard: Guard, desk: Desk, tabs: Tabs, file: LeadsCsv) -> list[Route]:
    return [
        Route("/", guard.page(desk.list)),
        Route("/leads/rows", guard.page(desk.rows)),
        Route("/leads/bar", guard.page(tabs.bar)),
        Route("/leads/choices", guard.page(tabs.choices)),
        Route("/leads.csv", guard.page(file.show, role="sales")),
    ]


def desk_routes(guard: Guard, panel: Panel, writes: LeadWrites, chat: ChatPages, media: MediaProxy) -> list[Route]:
    def write(path: str, act: Page) -> Route:
        return Route(f"/leads/{{id:uuid}}/{path}", guard.page(act, role="sales"), methods=["POST"])

    return [
        Route("/media/{id:path}", guard.page(media.show)),
        Route("/leads/{id:uuid}", guard.page(panel.show), methods=["GET"]),
        Route("/leads/{id:uuid}/find", guard.page(chat.find)),
        Route("/leads/{id:uuid}/belongings", guard.page(chat.belongings)),
        Route("/leads/{id:uuid}/unread", guard.page(writes.unread), methods=["POST"]),
        write("field", writes.field),
        write("let-go", writes.let_go),
        write("status", writes.move),
        write("notes", writes.note),
        write("delete", writes.delete),
        write("restore", writes.restore),
        write("suggestions/{suggestion:row}/{answer:str}", writes.answer),
    ]


def work_routes(guard: Guard, work: Work, many: Many, menus: Menus) -> list[Route]:
    return [
        Route("/leads/{id:uuid}/snooze", guard.page(work.snooze, role="sales"), methods=["POST"]),
        Route("/leads/{id:uuid}/tags", guard.page(work.tags, role="sales"), methods=["POST"]),
        Route("/leads/many", guard.page(many.act, role="sales"), methods=["POST"]),
        Route("/views", guard.page(menus.save), methods=["POST"]),
        Route("/views/{id:row}/delete", guard.page(menus.delete), methods=["POST"]),
    ]


def login_routes(login: Login) -> list[Route]:
    """The only pages without a session."""
    return [
        Route("/login", login.show, methods=["GET"]),
        Route("/login", ours(login.sign_in), methods=["POST"]),
        Route("/login/code", login.ask_code, methods=["GET"]),
        Route("/login/code", ours(login.take_code), methods=["POST"]),
        Route("/login/sso", login.depart, methods=["GET"]),
        Route(BACK, login.arrive, methods=["GET"]),
        Route("/invitation/{token}", login.invited, methods=["GET"]),
        Route("/invitation/{token}", ours(login.accept), methods=["POST"]),
        Route("/logout", ours(login.sign_out), methods=["POST"]),
    ]


def account_routes(guard: Guard, account: AccountPages) -> list[Route]:
    return [
        Route("/account", guard.page(account.show), methods=["GET"]),
        Route("/account/password", guard.page(account.password), methods=["POST"]),
        Route("/account/second-factor", guard.page(account.second_factor), methods=["POST"]),
        Route("/account/sign-out", guard.page(account.sign_out), methods=["POST"]),
    ]


def team_routes(guard: Guard, users: UserPages, keys: KeyPages, rules: RulePages) -> list[Route]:
    def route(path: str, show: Page, method: str = "GET") -> Route:
        return Route(path, guard.page(show, role="admin"), methods=[method])

    return [
        route("/users", users.show),
        route("/users", users.invite, "POST"),
        route("/users/{name}/{action}", users.act, "POST"),
        route("/keys", keys.show),
        route("/keys", keys.add, "POST"),
        route("/keys/{id}/revoke", keys.revoke, "POST"),
        route("/owners", rules.show),
        route("/owners", rules.add, "POST"),
        route("/owners/{id:row}/delete", rules.delete, "POST"),
    ]


def overview_routes(guard: Guard, find: Find, board: Board, agenda: Agenda, overview: OverviewPage) -> list[Route]:
    return [
        Route("/search", guard.page(find.everywhere)),
        Route("/board", guard.page(board.show)),
        Route("/tasks", guard.page(agenda.show)),
        Route("/overview", guard.page(overview.show)),
        Route("/overview/{part}.csv", guard.page(overview.csv)),
    ]


def beside_routes(guard: Guard, beside: Beside) -> list[Route]:
    def write(path: str, act: Page) -> Route:
        return Route(f"/leads/{{id:uuid}}/{path}", guard.page(act, role="sales"), methods=["POST"])

    return [
        write("steps/{step:row}/{verdict:str}", beside.decide),
        write("tickets", beside.open_ticket),
        write("people", beside.add_person),
        write("people/{contact:uuid}/remove", beside.remove_person),
    ]


def crm_routes(guard: Guard, crm: CrmPages, steps: StepPages, tickets: TicketPages) -> list[Route]:
    return [
        Route("/customers", guard.page(crm.customers)),
        Route("/handoffs", guard.page(crm.handoffs)),
        Route("/suggestions", guard.page(steps.list)),
        Route("/suggestions/{id:row}/{verdict:str}", guard.page(steps.decide, role="sales"), methods=["POST"]),
        Route("/tickets", guard.page(tickets.list)),
        Route("/tickets/{id:row}", guard.page(tickets.set, role="sales"), methods=["POST"]),
        Route("/deleted", guard.page(crm.deleted)),
    ]


def knowledge_routes(guard: Guard, knowledge: KnowledgePages) -> list[Route]:
    return [
        Route("/knowledge", guard.page(knowledge.show)),
        Route("/knowledge/{id:row}", guard.page(knowledge.article)),
    ]


def ops_routes(guard: Guard, ops: Ops, letters: LetterPages, trace: Trace) -> list[Route]:
    def route(path: str, show: Page, method: str = "GET") -> Route:
        return Route(f"/ops{path}", guard.page(show, role="operator"), methods=[method])

    return [
        route("", ops.overview),
        route("/status", ops.status),
        route("/lag.json", ops.lag),
        route("/reconcile", ops.reconcile),
        route("/access", ops.access),
        route("/trace", trace.show),
        route("/letters", letters.groups),
        route("/letters/{fingerprint}", letters.group),
        route("/letters/{fingerprint}/export", letters.export),
        route("/letters/{fingerprint}/replay", letters.replay, "POST"),
        route("/letters/{fingerprint}/discard", letters.discard, "POST"),
        route("/replays", letters.replays),
        route("/replays/{id:row}", letters.one_replay),
        route("/replays/{id:row}/cancel", letters.cancel, "POST"),
    ]
