"""The dashboard's routes, ready to be mounted in the web process. Everything but the login needs a session."""

from collections.abc import Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from dashboard.access import Guard, Page
from dashboard.api.app import api_routes, nothing
from dashboard.api.operations import operations
from dashboard.beside import Beside
from dashboard.crm import CrmPages
from dashboard.desk import Desk
from dashboard.headers import Headers
from dashboard.knowledge import KnowledgePages
from dashboard.letters import Letters
from dashboard.live import Hub
from dashboard.login import Login
from dashboard.media import Media
from dashboard.ops import Look, Ops
from dashboard.panel import Panel
from dashboard.preferences import choose
from dashboard.render import Pages
from dashboard.steps import StepPages
from dashboard.tickets import TicketPages
from dashboard.trace import Trace
from knowledge.embedder import Embedders
from store.accounts import User
from store.postgres import Pool

STATIC = Path(__file__).parent / "static"


class Dashboard:
    """`look` tells how the mirror does; `zone` is how times are said where a viewer has not chosen: Asia/Jakarta."""

    def __init__(self, pool: Pool, look: Look, embedders: Embedders, *, zone: str, media_hosts: Sequence[str]) -> None:
        self._pool = pool
        self._look = look
        self._embedders = embedders
        self._pages = Pages(zone)
        self._hub = Hub(pool)
        self._media = Media(pool, media_hosts)

    async def close(self) -> None:
        await self._hub.close()
        await self._media.close()

    def app(self) -> Starlette:
        pool, hub, pages, guard = self._pool, self._hub, self._pages, Guard(self._pool)
        login, panel = Login(pool, pages), Panel(pool, pages, hub)
        desk, crm = Desk(pool, pages, hub, panel), CrmPages(pool, pages)
        ops, letters, trace = Ops(pool, pages, hub, self._look), Letters(pool, pages), Trace(pool, pages)
        return Starlette(
            routes=[
                Route("/login", login.show, methods=["GET"]),
                Route("/login", login.sign_in, methods=["POST"]),
                Route("/logout", login.sign_out, methods=["POST"]),
                Route("/preferences", guard.page(choose_preferences), methods=["POST"]),
                Route("/live", guard.page(self._live)),
                *desk_routes(guard, desk, panel, self._media),
                *beside_routes(guard, Beside(pool, panel)),
                *crm_routes(guard, crm, StepPages(pool, pages, hub), TicketPages(pool, pages, hub)),
                *knowledge_routes(guard, KnowledgePages(pool, pages, self._embedders)),
                *ops_routes(guard, ops, letters, trace),
                *api_routes(pool, operations(pool, hub, self._look, self._embedders), guard, pages),
                Mount("/static", StaticFiles(directory=STATIC)),
            ],
            exception_handlers={404: nothing},
            middleware=[Middleware(Headers), Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)],
        )

    async def _live(self, _: Request, __: User) -> Response:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._hub.listen(), media_type="text/event-stream", headers=headers)


async def choose_preferences(request: Request, _: User) -> Response:
    return await choose(request)


def desk_routes(guard: Guard, desk: Desk, panel: Panel, media: Media) -> list[Route]:
    def write(path: str, act: Page) -> Route:
        return Route(f"/leads/{{id:uuid}}/{path}", guard.page(act, role="sales"), methods=["POST"])

    return [
        Route("/", guard.page(desk.list)),
        Route("/leads/rows", guard.page(desk.rows)),
        Route("/leads/bar", guard.page(desk.bar)),
        Route("/media/{id:path}", guard.page(media.show)),
        Route("/leads.csv", guard.page(desk.export, role="sales")),
        Route("/leads/{id:uuid}", guard.page(panel.show), methods=["GET"]),
        Route("/leads/{id:uuid}/unread", guard.page(panel.unread), methods=["POST"]),
        write("field", panel.field),
        write("let-go", panel.let_go),
        write("status", panel.move),
        write("notes", panel.note),
        write("delete", panel.delete),
        write("restore", panel.restore),
        write("suggestions/{suggestion:int}/{answer:str}", panel.answer),
    ]


def beside_routes(guard: Guard, beside: Beside) -> list[Route]:
    def write(path: str, act: Page) -> Route:
        return Route(f"/leads/{{id:uuid}}/{path}", guard.page(act, role="sales"), methods=["POST"])

    return [
        write("steps/{step:int}/{verdict:str}", beside.decide),
        write("tickets", beside.open_ticket),
        write("people", beside.add_person),
        write("people/{contact:uuid}/remove", beside.remove_person),
    ]


def crm_routes(guard: Guard, crm: CrmPages, steps: StepPages, tickets: TicketPages) -> list[Route]:
    return [
        Route("/customers", guard.page(crm.customers)),
        Route("/handoffs", guard.page(crm.handoffs)),
        Route("/suggestions", guard.page(steps.list)),
        Route("/suggestions/{id:int}/{verdict:str}", guard.page(steps.decide, role="sales"), methods=["POST"]),
        Route("/tickets", guard.page(tickets.list)),
        Route("/tickets/{id:int}", guard.page(tickets.set, role="sales"), methods=["POST"]),
        Route("/deleted", guard.page(crm.deleted)),
    ]


def knowledge_routes(guard: Guard, knowledge: KnowledgePages) -> list[Route]:
    return [
        Route("/knowledge", guard.page(knowledge.show)),
        Route("/knowledge/{id:int}", guard.page(knowledge.article)),
    ]


def ops_routes(guard: Guard, ops: Ops, letters: Letters, trace: Trace) -> list[Route]:
    def route(path: str, show: Page, method: str = "GET") -> Route:
        return Route(f"/ops{path}", guard.page(show, role="operator"), methods=[method])

    return [
        route("", ops.overview),
        route("/status", ops.status),
        route("/lag.json", ops.lag),
        route("/reconcile", ops.reconcile),
        route("/trace", trace.show),
        route("/letters", letters.groups),
        route("/letters/{fingerprint}", letters.group),
        route("/letters/{fingerprint}/export", letters.export),
        route("/letters/{fingerprint}/replay", letters.replay, "POST"),
        route("/letters/{fingerprint}/discard", letters.discard, "POST"),
        route("/replays", letters.replays),
        route("/replays/{id:int}", letters.one_replay),
        route("/replays/{id:int}/cancel", letters.cancel, "POST"),
    ]
