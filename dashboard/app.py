"""The dashboard's routes, ready to be mounted in the web process. Everything but the login needs a session."""

from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from dashboard.access import Guard
from dashboard.desk import Desk
from dashboard.headers import Headers
from dashboard.live import Hub
from dashboard.login import Login
from dashboard.render import Pages
from store.accounts import User
from store.postgres import Pool

STATIC = Path(__file__).parent / "static"


def dashboard(pool: Pool, hub: Hub, *, zone: str) -> Starlette:
    """`zone` is how times are said where a viewer has not chosen: Asia/Jakarta."""
    guard, pages = Guard(pool), Pages(ZoneInfo(zone))
    login, desk = Login(pool, pages), Desk(pool, pages)

    async def live(_: Request, __: User) -> Response:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(hub.listen(), media_type="text/event-stream", headers=headers)

    return Starlette(
        routes=[
            Route("/login", login.show, methods=["GET"]),
            Route("/login", login.sign_in, methods=["POST"]),
            Route("/logout", login.sign_out, methods=["POST"]),
            Route("/", guard.page(desk.list)),
            Route("/leads/rows", guard.page(desk.rows)),
            Route("/leads/{id:uuid}", guard.page(desk.lead), methods=["GET"]),
            Route("/leads/{id:uuid}/field", guard.page(desk.patch, role="sales"), methods=["POST"]),
            Route("/leads/{id:uuid}/let-go", guard.page(desk.let_go, role="sales"), methods=["POST"]),
            Route("/leads/{id:uuid}/status", guard.page(desk.move, role="sales"), methods=["POST"]),
            Route("/leads/{id:uuid}/notes", guard.page(desk.note, role="sales"), methods=["POST"]),
            Route(
                "/suggestions/{suggestion:int}/{answer:str}", guard.page(desk.answer, role="sales"), methods=["POST"]
            ),
            Route("/live", guard.page(live)),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Headers)],
    )
