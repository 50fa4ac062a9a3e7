"""The dashboard's routes, ready to be mounted in the web process. Everything but the login needs a session."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from dashboard.access import Guard
from dashboard.desk import Desk
from dashboard.headers import Headers
from dashboard.live import Hub
from dashboard.login import Login
from dashboard.panel import Panel
from dashboard.preferences import choose
from dashboard.render import Pages
from store.accounts import User
from store.postgres import Pool

STATIC = Path(__file__).parent / "static"


def dashboard(pool: Pool, hub: Hub, *, zone: str) -> Starlette:
    """`zone` is how times are said where a viewer has not chosen: Asia/Jakarta."""
    guard, pages = Guard(pool), Pages(zone)
    login, panel = Login(pool, pages), Panel(pool, pages, hub)
    desk = Desk(pool, pages, hub, panel)

    async def live(_: Request, __: User) -> Response:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(hub.listen(), media_type="text/event-stream", headers=headers)

    return Starlette(
        routes=[
            Route("/login", login.show, methods=["GET"]),
            Route("/login", login.sign_in, methods=["POST"]),
            Route("/logout", login.sign_out, methods=["POST"]),
            Route("/preferences", guard.page(choose_preferences), methods=["POST"]),
            Route("/live", guard.page(live)),
            *desk_routes(guard, desk, panel),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Headers), Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)],
    )


async def choose_preferences(request: Request, _: User) -> Response:
    return await choose(request)


def desk_routes(guard: Guard, desk: Desk, panel: Panel) -> list[Route]:
    def write(path: str, act: object) -> Route:
        return Route(f"/leads/{{id:uuid}}/{path}", guard.page(act, role="sales"), methods=["POST"])  # type: ignore[arg-type]

    return [
        Route("/", guard.page(desk.list)),
        Route("/leads/rows", guard.page(desk.rows)),
        Route("/leads/bar", guard.page(desk.bar)),
        Route("/leads.csv", guard.page(desk.export, role="sales")),
        Route("/leads/{id:uuid}", guard.page(panel.show), methods=["GET"]),
        Route("/leads/{id:uuid}/unread", guard.page(panel.unread), methods=["POST"]),
        write("field", panel.field),
        write("let-go", panel.let_go),
        write("status", panel.move),
        write("notes", panel.note),
        write("suggestions/{suggestion:int}/{answer:str}", panel.answer),
    ]
