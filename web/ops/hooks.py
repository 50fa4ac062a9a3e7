"""The page Notifications: webhooks, Slack channels and e-mail addresses, with their secrets and failures."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from domain.hooks import EVENTS, KINDS, secret
from store.access.accounts import User
from store.hooks import hooks
from store.hooks.hooks import Hook, HookRefused
from store.postgres import Pool
from web.access import actor
from web.forms import form
from web.render import Pages

NO_KIND: Final = "Choose where notifications go."
NO_KEY: Final = "HOOKS_KEY is not set: webhooks can't be signed. Set it for the web processes and the workers."
GONE: Final = "This hook was removed."
CHANNELS: Final = {"webhook": "webhook (a URL)", "slack": "Slack", "email": "e-mail (an address)"}
EVENT_WORDS: Final = {
    "lead.created": "a lead is new", "lead.became_hot": "a lead became hot", "lead.status_changed": "a status changed",
    "handoff.created": "a handoff", "suggestion.decided": "a suggestion was decided", "alarm.began": "an alarm began",
    "alarm.ended": "an alarm ended",
}  # fmt: skip
assert (tuple(CHANNELS), tuple(EVENT_WORDS)) == (KINDS, EVENTS)


@dataclass(frozen=True, slots=True)
class HookPages:
    """`key` is HOOKS_KEY; without it, webhooks cannot be added."""

    pool: Pool
    pages: Pages
    key: bytes | None

    async def show(self, request: Request, user: User) -> Response:
        return await self._page(request, user)

    async def add(self, request: Request, user: User) -> Response:
        """Add a hook, and show the secret of a webhook. Form fields: `name`, `kind`, `target`, `event-…`."""
        given = await form(request)
        kind, name = given.get("kind", ""), given.get("name", "").strip().lower()
        if kind not in KINDS:
            return await self._page(request, user, wrong=NO_KIND)
        if kind == "webhook" and self.key is None:
            return await self._page(request, user, wrong=NO_KEY)
        events = [one for one in EVENTS if f"event-{one}" in given]
        try:
            made = await hooks.add(self.pool, name, kind, given.get("target", "").strip(), events, by=actor(user).name)
        except HookRefused as refused:
            return await self._page(request, user, wrong=str(refused))
        return await self._page(request, user, shown=made if kind == "webhook" else None)

    async def act(self, request: Request, user: User) -> Response:
        """Test, pause, resume, rotate, replay or remove a hook. Show the new secret after a rotation."""
        name, action = request.path_params["name"], request.path_params["action"]
        if action == "rotate":
            rotated = await hooks.rotate(self.pool, name)
            return await self._page(request, user, shown=rotated, wrong=None if rotated else GONE)
        match action:
            case "test":
                await hooks.test(self.pool, name)
            case "pause" | "resume":
                await hooks.pause(self.pool, name, paused=action == "pause")
            case "replay":
                await hooks.replay(self.pool, name)
            case "remove":
                await hooks.remove(self.pool, name)
        return RedirectResponse("/ops/hooks", 303)

    async def _page(
        self, request: Request, user: User, *, wrong: str | None = None, shown: Hook | None = None
    ) -> Response:
        held = secret(self.key, shown.id, shown.generation) if shown and self.key else None
        return self.pages.page(
            request, "ops_hooks.html", 422 if wrong else 200, user=user, wrong=wrong,
            hooks=await hooks.every(self.pool), secret=held, kinds=CHANNELS, events=EVENT_WORDS,
        )  # fmt: skip
