"""Next steps that were suggested: a list, and what people make of them."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from domain.field_kinds import NotAllowed
from domain.next_step import OPEN, TO_DO
from store.access.access_log import AccessLog
from store.access.accounts import User
from store.leads import next_steps
from store.leads.leads import NotFound
from store.postgres import Pool
from web.access import actor
from web.error_pages import NOT_THERE, Refusal
from web.forms import form, number
from web.live import Hub
from web.query import with_changes
from web.render import Pages
from web.words import told, translator

PAGE = 50
COULD_NOT = "could not be done"
INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
VIEWS: Final[Mapping[str, tuple[str, ...]]] = {
    "waiting": OPEN, "to do": TO_DO, "rejected": ("REJECTED",), "failed": ("FAILED",),
}  # fmt: skip
# As people say it, and which part of the content a person edits before approving.
TYPES: Final = {
    "TASK": "task", "PR": "change to the code", "REPLY": "reply", "FOLLOW_UP": "follow up", "SEND_EMAIL": "e-mail",
    "SCHEDULE_CALL": "call", "SEND_PROPOSAL": "proposal",
}  # fmt: skip
STATES: Final = {
    "DRAFT": "draft", "PENDING": "waits for you", "APPROVED": "approved", "REJECTED": "rejected",
    "MODIFIED": "approved, changed", "FAILED": "failed",
}  # fmt: skip
EDITED: Final = {
    "TASK": ("title",), "PR": ("description",), "REPLY": ("text",), "FOLLOW_UP": ("text", "reason"),
    "SEND_EMAIL": ("body",), "SCHEDULE_CALL": ("topic", "meetingType"), "SEND_PROPOSAL": ("body",),
}  # fmt: skip


class StepPages:
    def __init__(self, pool: Pool, pages: Pages, hub: Hub, access_log: AccessLog) -> None:
        self._access_log = access_log
        self._pool = pool
        self._pages = pages
        self._hub = hub

    async def list(self, request: Request, user: User) -> Response:
        query = dict(request.query_params)
        view = query.get("view") if query.get("view") in VIEWS else "waiting"
        rows = await next_steps.page(
            self._pool,
            status=VIEWS[view or "waiting"],
            before=number(query.get("before")),
            limit=PAGE,
            undone=view == "to do",
        )
        ids = [row["lead_id"] for row in rows]
        self._access_log.note(actor(user).name, "list", {"page": "suggestions", "view": view}, ids, live=True)
        given: dict[str, Any] = {
            "rows": rows, "query": query, "more": len(rows) == PAGE, "change": with_changes, "user": user,
            "step_words": step_words,
        }  # fmt: skip
        if "hx-request" in request.headers:
            return self._pages.part(request, "step_rows.html", **given)
        return self._pages.page(request, "steps.html", view=view, views=VIEWS, **given)

    async def decide(self, request: Request, user: User) -> Response:
        """Approve (with what was edited), reject, done or failed. Return the row; after a refusal a toast alone."""
        id, given = request.path_params["id"], await form(request)
        try:
            await decide(self._pool, id, request.path_params["verdict"], given.get("text"), user)
        except NotAllowed as error:
            text = told(error, translator(self._pages.preferences(request).language))
            trigger = json.dumps({"toast": {"text": text}})  # ASCII, as headers must be
            return Response("", 409, {"HX-Trigger": trigger, "HX-Reswap": "none"})
        except NotFound:
            return Refusal(NOT_THERE, 404)
        self._hub.forget()
        rows = await next_steps.page(self._pool, before=id + 1, limit=1)
        return self._pages.part(request, "step_rows.html", rows=rows, more=False, user=user, step_words=step_words)


async def decide(pool: Pool, id: int, verdict: str, text: str | None, user: User) -> None:
    """approve (with `text` in the place of what was suggested), reject, done or failed. Raises NotAllowed, NotFound."""
    match verdict:
        case "reject":
            await next_steps.reject(pool, id, by=actor(user))
        case "done":
            await next_steps.finish(pool, id, by=actor(user))
        case "failed":
            await next_steps.fail(pool, id, (text or "").strip() or COULD_NOT, by=actor(user))
        case "approve":
            await approve(pool, id, text, user)
        case _:
            raise NotFound("there is no such answer to a suggestion")


async def approve(pool: Pool, id: int, text: str | None, user: User) -> None:
    """With `text` in the place of what was suggested, if it is another. Raises NotAllowed, NotFound."""
    step = await next_steps.read(pool, id)
    content = orjson.loads(step["suggested_content"])
    words = (text or "").strip()
    name = _edited(step["type"], content)
    changed = content | {name: words} if words and words != content.get(name) else None
    await next_steps.approve(pool, id, by=actor(user), changed=changed)


def step_words(step: Any) -> dict[str, Any]:
    """What a page says of a step: its kind, where it stands, the words to edit, and the rest of its content."""
    content = orjson.loads(step["approved_content"] or step["suggested_content"])
    text = content.pop(_edited(step["type"], content), "")
    rest = [
        f"{_spoken(name)}: {', '.join(value) if isinstance(value, list) else value}" for name, value in content.items()
    ]
    return {
        "type": TYPES[step["type"]], "state": STATES[step["status"]], "text": text, "rest": rest,
        "open": step["status"] in OPEN,
    }  # fmt: skip


def _edited(kind: str, content: Mapping[str, Any]) -> str:
    """Which part of the content a person edits."""
    return next((name for name in EDITED[kind] if name in content), EDITED[kind][0])


def _spoken(name: str) -> str:
    """suggestedTimes, due_on: suggested times, due on."""
    return INNER_CAPITAL.sub(" ", name).replace("_", " ").lower()
