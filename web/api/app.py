"""The API's routes, its OpenAPI document, and the page that says it to people."""

from functools import cache, partial
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from domain.phone import Phones
from store.access.accounts import User
from store.postgres import Pool
from web.access import Guard
from web.api.openapi import document
from web.api.operation import PREFIX, Gate, Operation
from web.api.problems import not_found
from web.render import Pages


def api_routes(pool: Pool, phones: Phones, operations: list[Operation], guard: Guard, pages: Pages) -> list[Route]:
    gate, openapi = Gate(pool, phones), cache(partial(document, operations))

    async def docs(request: Request, user: User) -> Response:
        return pages.page(
            request,
            "api.html",
            user=user,
            openapi=openapi(),
            resolve=lambda ref: _resolve(openapi(), ref),
            kind=_kind,
            pretty=lambda value: orjson.dumps(value, option=orjson.OPT_INDENT_2).decode(),
        )

    return [
        *gate.routes(operations),
        Route(f"{PREFIX}/openapi.json", gate.any_caller(lambda: JSONResponse(openapi()))),
        guard.get("/api/docs", docs),
    ]


async def nothing(request: Request, _: Exception) -> Response:
    """Where no route leads."""
    if request.url.path.startswith(PREFIX):
        return not_found(f"there is nothing here; see {PREFIX}/openapi.json").response()
    return PlainTextResponse("there is no such page", 404)


def _resolve(openapi: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The model that a reference names."""
    name = schema["$ref"].rpartition("/")[2]
    return {"name": name, **openapi["components"]["schemas"][name]}


def _kind(schema: dict[str, Any]) -> str:
    """What a parameter is, in a word or two."""
    if "anyOf" in schema:
        return " / ".join(_kind(one) for one in schema["anyOf"] if one.get("type") != "null")
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return _kind(schema["items"])
    return str(schema.get("format") or schema.get("type", ""))
