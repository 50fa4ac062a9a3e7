"""The simulated Kapso's REST API: pages and cursors of both kinds, limits, and faults of a service behind a proxy."""

import asyncio
import base64
import json
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tools.simulator import media
from tools.simulator.kapso import Webhooks
from tools.simulator.world import World

PLATFORM = "/platform/v1"
META = "/meta/whatsapp/v24.0"
FILES = "/files"
HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"


class Api:
    """`faults` is the share of requests that go wrong, seeded; `per_minute` what a key may ask."""

    def __init__(
        self, world: World, webhooks: Webhooks, *, key: str, per_minute: int = 100, faults: float = 0.0, seed: int = 0
    ) -> None:
        self._world = world
        self._webhooks = webhooks
        self._key = key
        self._per_minute = per_minute
        self._faults = faults
        self._random = random.Random(f"api {seed}")
        self._minute, self._asked = 0, 0
        self.refused = 0
        self.served = 0

    def app(self) -> Starlette:
        def route(path: str, answer: Callable[[Request], Awaitable[Response]], *methods: str) -> Route:
            async def guarded(request: Request) -> Response:
                return await self._guarded(request, answer)

            return Route(path, guarded, methods=list(methods) or ["GET"])

        async def file(request: Request) -> Response:
            """Without a key, as Kapso's are: the address is the secret."""
            body, kind = media.file(request.path_params["kind"], request.path_params["number"])
            return Response(body, media_type=kind)

        return Starlette(
            routes=[
                Route(FILES + "/{kind}/{number:int}", file),
                route(f"{META}/{{number}}/messages", self._messages),
                route(f"{META}/{{number}}/conversations", self._conversations),
                route(f"{PLATFORM}/events", self._events),
                route(f"{PLATFORM}/workflows/{{id}}/executions", self._executions),
                route(f"{PLATFORM}/workflow_executions/{{id}}", self._execution),
                route(f"{PLATFORM}/whatsapp/contacts", self._contacts),
                route(f"{PLATFORM}/whatsapp/contacts/{{id}}", self._contact, "GET", "DELETE"),
                route(f"{PLATFORM}/whatsapp/phone_numbers", self._phone_numbers),
                route(f"{PLATFORM}/webhook_deliveries", self._deliveries),
                route(f"{PLATFORM}/whatsapp/webhooks", self._webhooks_of, "GET", "POST"),
                route(f"{PLATFORM}/whatsapp/webhooks/{{id}}", self._webhook, "PATCH"),
                route(f"{PLATFORM}/whatsapp/phone_numbers/{{number}}/webhooks", self._webhooks_of, "GET", "POST"),
            ]
        )

    async def _guarded(self, request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.headers.get("x-api-key") != self._key:
            return JSONResponse({"error": "invalid api key"}, 401)
        minute = int(time.time() // 60)
        if minute != self._minute:
            self._minute, self._asked = minute, 0
        self._asked += 1
        left = self._per_minute - self._asked
        limits = {"X-RateLimit-Limit": str(self._per_minute), "X-RateLimit-Remaining": str(max(0, left))}
        if left < 0:
            self.refused += 1
            wait = str(60 - int(time.time() % 60))
            return JSONResponse({"error": "rate_limited", "message": "slow down"}, 429, limits | {"Retry-After": wait})
        if self._random.random() < self._faults:
            return await self._fault()
        self.served += 1
        response = await answer(request)
        response.headers.update(limits)
        return response

    async def _fault(self) -> Response:
        match self._random.randrange(4):
            case 0:
                return HTMLResponse(HTML, 502)
            case 1:
                return JSONResponse({"error": "internal"}, 500)
            case 2:
                return HTMLResponse(HTML, 200)
            case _:
                await asyncio.sleep(1)
                return JSONResponse({"error": "timeout"}, 504)

    # -- lists by cursor

    async def _messages(self, request: Request) -> Response:
        since, until = _window(request, "since", "until")
        return self._page(request, self._world.messages(since, until), lambda item: (item["timestamp"], item["id"]))

    async def _conversations(self, request: Request) -> Response:
        since, until = _window(request, "last_active_since", "last_active_until")
        chosen = [
            one for one in self._world.conversations.values() if since <= _unix(one.get("last_active_at")) <= until
        ]
        chosen.sort(key=lambda one: (_unix(one.get("last_active_at")), one["id"]), reverse=True)
        return self._page(request, chosen, lambda item: (_unix(item.get("last_active_at")), item["id"]))

    async def _events(self, request: Request) -> Response:
        since, until = _window(request, "occurred_after", "occurred_before")
        chosen = [one for one in self._world.events.values() if since <= _unix(one["occurred_at"]) <= until]
        chosen.sort(key=lambda one: (_unix(one["occurred_at"]), one["id"]), reverse=True)
        return self._page(request, chosen, lambda item: (_unix(item["occurred_at"]), item["id"]))

    async def _executions(self, request: Request) -> Response:
        since, until = _window(request, "created_after", "created_before")
        chosen = [
            one
            for one in self._world.executions.values()
            if one["workflow_id"] == request.path_params["id"] and since <= _unix(one["created_at"]) <= until
        ]
        chosen.sort(key=lambda one: (_unix(one["created_at"]), one["id"]), reverse=True)
        return self._page(request, chosen, lambda item: (_unix(item["created_at"]), item["id"]))

    async def _execution(self, request: Request) -> Response:
        found = self._world.executions.get(request.path_params["id"])
        if found is None:
            return JSONResponse({"error": "not_found"}, 404)
        known = self._world.conversations.get(found["whatsapp_conversation_id"]) or {}
        variables = {"customer_name": known.get("contact_name"), "handover": "asked"}
        return JSONResponse({"data": found | {"execution_context": {"vars": variables}}})

    async def _contacts(self, request: Request) -> Response:
        chosen = sorted(self._world.contacts.values(), key=lambda one: (one["created_at"], one["id"]), reverse=True)
        return self._page(request, chosen, lambda item: (item["created_at"], item["id"]))

    async def _deliveries(self, request: Request) -> Response:
        status = request.query_params.get("status")
        chosen = [item for item in self._webhooks.log if status in (None, item["status"])]
        return self._page(request, chosen, lambda item: (item["created_at"], item["id"]))

    def _page(
        self, request: Request, items: Sequence[dict[str, Any]], key: Callable[[dict[str, Any]], tuple[Any, Any]]
    ) -> Response:
        """Newest first; `next` is missing on the last page, where `after` may still be set, as Kapso does."""
        limit = min(int(request.query_params.get("limit", 20)), 100)
        if after := request.query_params.get("after"):
            place = json.loads(base64.b64decode(after))["values"]
            at = next((n for n, item in enumerate(items) if list(key(item)) == place), None)
            if at is None:
                return JSONResponse({"error": {"message": "unknown cursor"}}, 400)
            items = items[at + 1 :]
        page = list(items[:limit])
        paging: dict[str, Any] = {}
        if page:
            cursor = base64.b64encode(json.dumps({"values": key(page[-1])}).encode()).decode()
            paging = {"cursors": {"before": None, "after": cursor}}
            if len(items) > limit:
                paging["next"] = f"{request.url.path}?after={cursor}"
        return JSONResponse({"data": page, "paging": paging})

    # -- single things, and lists by number

    async def _contact(self, request: Request) -> Response:
        id = request.path_params["id"]
        if id not in self._world.contacts:
            return JSONResponse({"error": "not_found"}, 404)
        if request.method == "DELETE":
            self._world.forget_contact(id)
            return Response(status_code=204)
        return JSONResponse({"data": self._world.contacts[id]})

    async def _phone_numbers(self, _: Request) -> Response:
        number = {"id": "1", "phone_number_id": self._world.phone_number_id, "display_phone_number": "622130000000"}
        return JSONResponse({"data": [number], "meta": {"page": 1, "per_page": 100, "total_pages": 1}})

    async def _webhooks_of(self, request: Request) -> Response:
        number = request.path_params.get("number")
        if request.method == "POST":
            made = self._webhooks.configure(number, (await request.json())["whatsapp_webhook"])
            return JSONResponse({"data": made}, 201)
        found = [one for one in self._webhooks.configured.values() if one["phone_number_id"] == number]
        return JSONResponse({"data": found, "meta": {"page": 1, "per_page": 100, "total_pages": 1}})

    async def _webhook(self, request: Request) -> Response:
        webhook = self._webhooks.configured.get(request.path_params["id"])
        if webhook is None:
            return JSONResponse({"error": "not_found"}, 404)
        webhook.update((await request.json())["whatsapp_webhook"])
        if webhook["active"]:
            self._webhooks.resume()
        return JSONResponse({"data": webhook})


async def serve(api: Api, port: int) -> tuple[uvicorn.Server, "asyncio.Task[None]"]:
    """On this machine only; port 0 takes a free one. End it by `should_exit`."""
    config = uvicorn.Config(api.app(), host="127.0.0.1", port=port, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        if task.done():
            task.result()
            raise OSError(f"port {port} can't be had")
    return server, task


def _window(request: Request, since: str, until: str) -> tuple[float, float]:
    return _unix(request.query_params.get(since)), _unix(request.query_params.get(until), 4e9)


def _unix(text: str | None, otherwise: float = 0.0) -> float:
    return datetime.fromisoformat(text).timestamp() if text else otherwise
