"""Next steps that were suggested: a list, and what people make of them."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from dashboard.access import actor
from dashboard.forms import form, number
from dashboard.live import Hub
from dashboard.query import with_changes
from dashboard.render import Pages
from rows.lead import NotAllowed
from rows.next_step import OPEN, TO_DO
from store import next_steps
from store.accounts import User
from store.leads import NotFound
from store.postgres import Pool

PAGE = 50
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
    "TASK": "title", "PR": "description", "REPLY": "text", "FOLLOW_UP": "text", "SEND_EMAIL": "body",
    "SCHEDULE_CALL": "topic", "SEND_PROPOSAL": "body",
}  # fmt: skip


class StepPages:
    def __init__(self, pool: Pool, pages: Pages, hub: Hub) -> None:
        self._pool = pool
        self._pages = pages
        self._hub = hub

    async def list(self, request: Request, user: User) -> Response:
        query = dict(request.query_params)
        view = query.get("view") if query.get("view") in VIEWS else "waiting"
        rows = await next_steps.page(
            self._pool, status=VIEWS[view or "waiting"], before=number(query.get("before")), limit=PAGE
        )
        given: dict[str, Any] = {
            "rows": rows, "query": query, "more": len(rows) == PAGE, "change": with_changes, "user": user,
            "step_words": step_words,
        }  # fmt: skip
        if "hx-request" in request.headers:
            return self._pages.part(request, "step_rows.html", **given)
        return self._pages.page(request, "steps.html", view=view, views=VIEWS, **given)

    async def decide(self, request: Request, user: User) -> Response:
        """Approve, with what was edited, or reject. Answers with the row as it stands then."""
        id, given = request.path_params["id"], await form(request)
        try:
            if request.path_params["verdict"] == "reject":
                await next_steps.reject(self._pool, id, by=actor(user))
            else:
                await approve(self._pool, id, given.get("text"), user)
        except NotAllowed as error:
            return PlainTextResponse(str(error), 409)
        except NotFound as error:
            return PlainTextResponse(str(error), 404)
        self._hub.forget()
        rows = await next_steps.page(self._pool, before=id + 1, limit=1)
        return self._pages.part(request, "step_rows.html", rows=rows, more=False, user=user, step_words=step_words)


async def approve(pool: Pool, id: int, text: str | None, user: User) -> None:
    """With `text` in the place of what was suggested, if it is another. Raises NotAllowed, NotFound."""
    step = await next_steps.read(pool, id)
    content = orjson.loads(step["suggested_content"])
    words = (text or "").strip()
    changed = content | {EDITED[step["type"]]: words} if words and words != content[EDITED[step["type"]]] else None
    await next_steps.approve(pool, id, by=actor(user), changed=changed)


def step_words(step: Any) -> dict[str, Any]:
    """What a page says of a step: its kind, where it stands, the words to edit, and the rest of its content."""
    content = orjson.loads(step["approved_content"] or step["suggested_content"])
    text = content.pop(EDITED[step["type"]], "")
    rest = [f"{name.replace('_', ' ')}: {value}" for name, value in content.items()]
    return {
        "type": TYPES[step["type"]], "state": STATES[step["status"]], "text": text, "rest": rest,
        "open": step["status"] in OPEN,
    }  # fmt: skip
