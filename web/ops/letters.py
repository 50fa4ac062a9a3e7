"""Dead letters by cause: look at them, plan, replay at a pace, watch, cancel, put aside, export."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from domain.delivery import FailureKind
from domain.masking import masked
from store.access.accounts import User
from store.leads import leads
from store.ops import dead_letters, replays
from store.ops.dead_letters import LetterGroup, LetterQuery
from store.ops.replays import ReplayRecord
from store.postgres import Pool
from web.access import actor
from web.error_pages import NOT_THERE, Refusal
from web.forms import form
from web.render import Pages

CAUSES: Final[Mapping[FailureKind, str]] = {
    "malformed": "The body is not valid for the event that it names.",
    "mismatch": "The header and the body name different events, or none.",
    "refused": "Postgres refuses a value of the event.",
    "unexpected": "This release does not know the event; a newer one may apply it.",
    "crash": "Each process that settled it crashed, so it is set aside.",
}
SLOWEST, FASTEST, USUAL = 1.0, 1000.0, 100.0
Advice: TypeAlias = Literal["plan", "replay", "discard"]
STATES = ("open", "replayed", "discarded")


class LetterPages:
    def __init__(self, pool: Pool, pages: Pages) -> None:
        self._pool = pool
        self._pages = pages

    async def groups(self, request: Request, user: User) -> Response:
        state = _state(request)
        found = await dead_letters.groups(self._pool, LetterQuery(state=state))
        values: dict[str, Any] = {"groups": found, "state": state, "states": STATES}
        if request.headers.get("hx-request"):
            return self._pages.part(request, "ops_groups.html", **values)
        return self._pages.page(request, "ops_letters.html", user=user, **values)

    async def group(self, request: Request, user: User) -> Response:
        """One cause: a masked body, and what can be done."""
        fingerprint, state = request.path_params["fingerprint"], _state(request)
        groups = await dead_letters.groups(self._pool, LetterQuery(state=state, fingerprint=fingerprint))
        example = await self._example(groups[0].example) if groups else None
        body = masked(await dead_letters.Bodies(self._pool).of(example)) if example else None
        past = [one for one in await replays.newest(self._pool) if one.filter.get("fingerprint") == fingerprint]
        return self._pages.page(
            request, "ops_letter.html", user=user, group=groups[0] if groups else None, fingerprint=fingerprint,
            example=example, body=body, state=state, states=STATES, past=past, usual=USUAL,
            advice=advice(past, groups), causes=CAUSES,
        )  # fmt: skip

    async def _example(self, id: int) -> dead_letters.Letter | None:
        async for letter in dead_letters.matching(self._pool, LetterQuery(state=None, id=id)):
            return letter
        return None

    # -- what can be done

    async def replay(self, request: Request, user: User) -> Response:
        """A plan, or with `go` the thing itself; a worker takes it up."""
        fingerprint, given = request.path_params["fingerprint"], await form(request)
        wanted = LetterQuery(fingerprint=fingerprint)
        id = await replays.ask(
            self._pool, wanted, by=actor(user).name, planned=await dead_letters.count(self._pool, wanted),
            go=given.get("go") == "yes", per_second=pace(given.get("per_second", "")),
        )  # fmt: skip
        return RedirectResponse(f"/ops/replays/{id}", 303)

    async def discard(self, request: Request, user: User) -> Response:
        fingerprint = request.path_params["fingerprint"]
        await dead_letters.discard(self._pool, LetterQuery(fingerprint=fingerprint))
        return RedirectResponse(f"/ops/letters/{fingerprint}?state=discarded", 303)

    async def export(self, request: Request, user: User) -> Response:
        """A JSON object a line, with whole bodies: personal data, so who took it is kept."""
        wanted = LetterQuery(state=_state(request), fingerprint=request.path_params["fingerprint"])
        await leads.log_access(self._pool, None, actor(user).name, "export")
        headers = {"Content-Disposition": 'attachment; filename="dead-letters.jsonl"'}
        return StreamingResponse(self._lines(wanted), media_type="application/x-ndjson", headers=headers)

    async def _lines(self, wanted: LetterQuery) -> AsyncIterator[bytes]:
        bodies = dead_letters.Bodies(self._pool)
        async for letter in dead_letters.matching(self._pool, wanted):
            plain = letter._asdict() | {"body": (await bodies.of(letter)).decode(errors="backslashreplace")}
            yield orjson.dumps(plain, default=str, option=orjson.OPT_APPEND_NEWLINE)

    # -- replays

    async def replays(self, request: Request, user: User) -> Response:
        found = await replays.newest(self._pool)
        if request.headers.get("hx-request"):
            return self._pages.part(request, "ops_replay_rows.html", replays=found)
        return self._pages.page(request, "ops_replays.html", user=user, replays=found)

    async def one_replay(self, request: Request, user: User) -> Response:
        found = await replays.read(self._pool, request.path_params["id"])
        if found is None:
            return Refusal(NOT_THERE, 404)
        if request.headers.get("hx-request"):
            return self._pages.part(request, "ops_progress.html", replay=found)
        return self._pages.page(request, "ops_replay.html", user=user, replay=found)

    async def cancel(self, request: Request, user: User) -> Response:
        id = request.path_params["id"]
        await replays.cancel(self._pool, id, by=actor(user).name)
        return RedirectResponse(f"/ops/replays/{id}", 303)


def advice(past: Sequence[ReplayRecord], groups: Sequence[LetterGroup]) -> Advice:
    """Advise the next action for letters of one cause.

    Plan until a dry run is newer than the last failure. Then replay if it would apply any event, else discard. `past`
    holds earlier replays, the newest first.
    """
    for plan in past:
        if not plan.go and plan.state == "done" and groups and plan.asked_at >= groups[0].last_failed_at:
            return "replay" if plan.applied else "discard"
    return "plan"


def pace(text: str) -> float:
    """So many a second: within reason, and the usual pace for what is no number."""
    try:
        return min(FASTEST, max(SLOWEST, float(text)))
    except ValueError:
        return USUAL


def _state(request: Request) -> str:
    state = request.query_params.get("state", "")
    return state if state in STATES else STATES[0]
