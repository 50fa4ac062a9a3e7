"""What an operation is, and how a request becomes one: who asks, may they, is what they sent in order."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import orjson
import structlog
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from domain.field_kinds import NotAllowed
from domain.lead import Source
from domain.lead_filter import LeadReader
from domain.phone import Phones
from store.access import accounts, api_keys
from store.leads.leads import Actor, NotFound, Stale
from store.postgres import FAULTS_OF_OURS, STORE_ERRORS, Pool
from web.access import COOKIE, FOREIGN, actor, is_ours
from web.api.fields import Context
from web.api.problems import Problem, not_found
from web.live import Over, is_over

PREFIX = "/api/v1"
LARGEST_BODY = 256 * 1024
Model = TypeVar("Model", bound=BaseModel)
# WhatsApp's ids, and those of other channels' sessions, may hold slashes.
ANY_ID = {"/messages/{id}": "/messages/{id:path}", "/handoffs/{session_id}": "/handoffs/{session_id:path}"}


@dataclass(frozen=True, slots=True)
class Caller:
    """A user with a session, or a program with a key."""

    actor: Actor
    reader: LeadReader | None
    may: Callable[["Operation"], bool]
    who: Hashable
    still: Callable[[], Awaitable[bool]]
    """Whether it still is one: keys are revoked, and sessions end."""


@dataclass(slots=True)
class OperationCall:
    """What an operation is given; `version` is what If-Match names, None where it names none or any."""

    caller: Caller
    path: Mapping[str, Any]
    query: Any
    body: Any
    version: int | None
    over: Over
    idempotency_key: str | None = None


@dataclass(slots=True)
class Answer:
    """`body` fits the operation's model; `version` becomes the ETag."""

    body: BaseModel
    version: int | None = None
    status: int = 200


@dataclass(frozen=True, slots=True)
class Operation:
    """One line of the table. `scope` is what a key needs, `role` what a user needs; `if_match`: None, may or must."""

    method: str
    path: str
    name: str
    summary: str
    scope: str
    role: str
    run: Callable[[OperationCall], Awaitable[Answer | Response]]
    answer: type[BaseModel] | None
    """None for a stream of events."""
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    if_match: str | None = None
    status: int = 200
    idempotent: bool = False
    """Whether an Idempotency-Key makes asking again harmless."""
    problems: tuple[int, ...] = field(default=())


log = structlog.get_logger(__name__)


class Gate:
    """Turns operations into routes."""

    def __init__(self, pool: Pool, phones: Phones) -> None:
        self._pool = pool
        self._context = Context(phones=phones)

    def routes(self, operations: list[Operation]) -> list[Route]:
        """Return one route per path, so that an unsupported method gets 405 with the list of allowed methods."""
        by_path: dict[str, dict[str, Operation]] = {}
        for one in operations:
            by_path.setdefault(one.path, {})[one.method] = one
        return [Route(PREFIX + ANY_ID.get(path, path), _Path(self, those)) for path, those in by_path.items()]

    def any_caller(self, show: Callable[[], Response]) -> Callable[[Request], Awaitable[Response]]:
        """Wrap a handler so that any session or key may call it, whatever its role or scopes."""

        async def opened(request: Request) -> Response:
            try:
                await self._caller(request)
            except Problem as problem:
                return problem.response()
            return show()

        return opened

    async def answer(self, request: Request, operations: Mapping[str, Operation]) -> Response:
        """Every way it can go wrong is a problem that says what to do."""
        try:
            return await self._answer(request, operations)
        except Problem as problem:
            return problem.response()
        except NotFound as error:
            return not_found(str(error)).response()
        except asyncpg.DataError as error:
            # Its text quotes the value. If the fault is ours, the log says where.
            log.warning("a value of a request cannot be stored", path=next(iter(operations.values())).path,
                        error=type(error).__name__)  # fmt: skip
            return Problem(422, "Not possible", "One of the values cannot be stored, such as a NUL character or a time "
                           "before the year 1. Correct it, and send it again.").response()  # fmt: skip
        except STORE_ERRORS as error:
            if isinstance(error, FAULTS_OF_OURS):
                raise
            if isinstance(error, asyncpg.QueryCanceledError):
                text = "The query took too long: narrow the filter, or ask for fewer rows."
            elif isinstance(error, TimeoutError):
                text = "Postgres did not answer in time. Narrow the filter, or ask again in 5 seconds."
            else:
                text = "Postgres does not answer. Ask again in 5 seconds."
            return Problem(503, "Not now", text, headers={"Retry-After": "5"}).response()
        except NotAllowed as error:
            return Problem(422, "Not possible", str(error)).response()
        except Stale as error:
            return Problem(412, "Changed meanwhile", f"{error}. Read it again, then decide.",
                           headers={"ETag": etag(error.current.version)}).response()  # fmt: skip

    async def _answer(self, request: Request, operations: Mapping[str, Operation]) -> Response:
        caller = await self._caller(request)
        if "\0" in request.url.path:
            raise not_found("The URL contains a NUL character. Remove it.")
        operation = operations.get("GET" if request.method == "HEAD" else request.method)
        if operation is None:
            allowed = ", ".join(sorted(operations))
            raise Problem(405, "Method not allowed", f"This path allows {allowed}.", headers={"Allow": allowed})
        if not caller.may(operation):
            needs = f"the scope {operation.scope} (keys) or the role {operation.role} (users)"
            raise Problem(403, "Not allowed", f"This needs {needs}.")
        call = OperationCall(
            caller,
            request.path_params,
            _parsed(operation.query, _given(request), "query", self._context) if operation.query else None,
            await _body(request, operation.body, self._context) if operation.body else None,
            _version(request, operation.if_match),
            partial(is_over, request),
            _key(request) if operation.idempotent else None,
        )
        answer = await operation.run(call)
        if isinstance(answer, Response):
            return answer
        headers = {"Cache-Control": "no-store"} | ({"ETag": etag(answer.version)} if answer.version else {})
        return JSONResponse(answer.body.model_dump(mode="json"), operation.status, headers)

    async def _caller(self, request: Request) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and (key := await api_keys.holder(self._pool, token.strip())):
            still_lives = partial(api_keys.lives, self._pool, key.id)
            by = Actor(Source.AGENT, f"key:{key.name}")
            return Caller(by, None, lambda one: one.scope in key.scopes, key.id, still_lives)
        cookie = request.cookies.get(COOKIE)
        user = await accounts.signed_in(self._pool, cookie) if cookie and not scheme else None
        if user is None:
            raise Problem(401, "Not authenticated", "Send Authorization: Bearer with an API key (mirror api-keys add).",
                          headers={"WWW-Authenticate": "Bearer"})  # fmt: skip
        if request.method not in ("GET", "HEAD") and not is_ours(request):
            raise Problem(403, "Not allowed", FOREIGN)

        async def still() -> bool:
            return bool(cookie and await accounts.still_signed_in(self._pool, cookie))

        return Caller(
            actor(user), LeadReader(user.id, user.since), lambda one: user.may(one.role), (user.id, cookie), still
        )


class _Path:
    """All methods of one path: an ASGI application, so that the router leaves methods to us."""

    def __init__(self, gate: Gate, operations: Mapping[str, Operation]) -> None:
        self._gate = gate
        self._operations = operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._gate.answer(Request(scope, receive), self._operations)
        await response(scope, receive, send)


def etag(version: int) -> str:
    return f'"{version}"'


def uuid_of(text: str) -> UUID:
    """Parse a UUID from the path. Raises a 404 Problem if the text is no UUID."""
    try:
        return UUID(text)
    except ValueError:
        raise not_found(f"{text[:40]!r} is not an id of this kind") from None


def number_of(text: str) -> int:
    """Parse a number from the path. Raises a 404 Problem if the text is no number."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise not_found(f"{text[:40]!r} is not an id of this kind")
    return int(text)


async def _body(request: Request, model: type[Model], context: Context) -> Model:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Problem(413, "Too large", f"A body has at most {LARGEST_BODY} bytes.")
    try:
        given = orjson.loads(body)
    except ValueError:
        raise Problem(400, "No JSON", "Send a JSON object as the body.") from None
    return _parsed(model, given, "body", context)


def _given(request: Request) -> dict[str, str | list[str]]:
    """What is given several times is a list: ?services=lawn&services=snow. Only lists of the model take it."""
    asked = request.query_params
    return {name: many if len(many := asked.getlist(name)) > 1 else many[0] for name in asked}


def _parsed(model: type[Model], given: Any, where: str, context: Context) -> Model:
    try:
        return model.model_validate(given, context=context)
    except ValidationError as error:
        wrong = [
            f"{'.'.join(map(str, one['loc'])) or where}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors(include_input=False)
        ]
        raise Problem(
            422, "Invalid request", f"The {where} is invalid. Correct what `errors` lists.", errors=wrong
        ) from None


def _key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= 200 and key.isprintable()):
        raise Problem(422, "Invalid request", "An Idempotency-Key has 1 to 200 characters.")
    return key


def _version(request: Request, if_match: str | None) -> int | None:
    given = request.headers.get("if-match")
    if if_match is None or given == "*":
        return None
    if given is None:
        if if_match == "must":
            raise Problem(428, "Which version?", 'Send If-Match with the ETag that you read, like "3".')
        return None
    # A proxy that compresses answers marks their ETags as weak; the version that they name is the same.
    bare = given.strip().removeprefix("W/").removeprefix('"').removesuffix('"')
    if not (bare.isascii() and bare.isdigit() and len(bare) < 10):
        raise Problem(422, "Invalid request", 'If-Match is none of our ETags, which are like "3"; * stands for any.')
    return int(bare)
