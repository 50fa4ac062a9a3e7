"""The pages /users and /keys, for admins: users with their roles and sessions, the audit log, and API keys."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from store.access import account_changes, accounts, api_keys, invitations, second_factor
from store.access.accounts import ROLES, LastAdmin, User
from store.access.api_keys import SCOPES, BadScope
from store.access.invitations import LIFETIME, NoSuchUser
from store.postgres import Pool
from web.access import actor
from web.forms import form, number
from web.render import Pages

BAD_NAME = "Use lowercase letters, digits, . _ - in the name, and begin with a letter or digit."
BAD_EMAIL = "This is not a valid e-mail address."
TAKEN = "The user name or e-mail is already taken."
GONE = "This user does not exist."
LAST_ADMIN = "This is the last admin. Make another user an admin first."
BAD_DAYS = "Enter a number of days from 1 to 3650, or leave the field empty."
NO_SCOPE = "Choose at least one scope."
CHANGES = 50
LONGEST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class UserPages:
    pool: Pool
    pages: Pages

    async def show(self, request: Request, user: User) -> Response:
        return await self._page(request, user)

    async def invite(self, request: Request, user: User) -> Response:
        """Invite a user. Form fields: `name`, `role`, `email` (optional). Only this response shows the link."""
        given = await form(request)
        name, role, email = given.get("name", "").strip().lower(), given.get("role", ""), given.get("email", "").strip()
        try:
            token = await invitations.invite(self.pool, name, role, email=email or None, by=actor(user).name)
        except asyncpg.UniqueViolationError:
            return await self._page(request, user, wrong=TAKEN)
        except asyncpg.CheckViolationError as error:
            wrong = BAD_EMAIL if error.constraint_name == "users_email_check" else BAD_NAME
            return await self._page(request, user, wrong=wrong)
        return await self._page(request, user, link=(name, _link(request, token)))

    async def act(self, request: Request, user: User) -> Response:
        """Run the action of the path on the user of the path."""
        name, action = request.path_params["name"], request.path_params["action"]
        if action == "reset":
            try:
                token = await invitations.reset(self.pool, name, by=actor(user).name)
            except NoSuchUser:
                return await self._page(request, user, wrong=GONE)
            return await self._page(request, user, link=(name, _link(request, token)))
        try:
            done = await self._done(action, name, await form(request), actor(user).name)
        except LastAdmin:
            return await self._page(request, user, wrong=LAST_ADMIN)
        return RedirectResponse("/users", 303) if done else await self._page(request, user, wrong=GONE)

    async def _done(self, action: str, name: str, given: dict[str, str], by: str) -> bool:
        pool, role = self.pool, given.get("role", "")
        acts: dict[str, Callable[[], Awaitable[object]]] = {
            "disable": lambda: accounts.change_user(pool, name, disabled=True, by=by),
            "enable": lambda: accounts.change_user(pool, name, disabled=False, by=by),
            "sign-out": lambda: accounts.end_sessions(pool, name, by=by, id=number(given.get("session"))),
            "second-factor": lambda: self._without_factor(name, by),
        }
        if role in ROLES:
            acts["role"] = lambda: accounts.change_user(pool, name, role=role, by=by)
        return action in acts and await acts[action]() is not False

    async def _without_factor(self, name: str, by: str) -> bool:
        """Return False if the user does not exist. It is no error if the factor is off already."""
        if await second_factor.remove(self.pool, name, by=by):
            return True
        return any(one["name"] == name for one in await accounts.users(self.pool))

    async def _page(
        self, request: Request, user: User, *, wrong: str | None = None, link: tuple[str, str] | None = None
    ) -> Response:
        people = await accounts.users(self.pool)
        sessions = {one["name"]: await accounts.sessions(self.pool, one["name"]) for one in people if one["sessions"]}
        changes = await account_changes.recent(self.pool, CHANGES)
        return self.pages.page(
            request, "users.html", 422 if wrong else 200, user=user, people=people, sessions=sessions, changes=changes,
            roles=ROLES, wrong=wrong, link=link, days=LIFETIME.days,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class KeyPages:
    pool: Pool
    pages: Pages

    async def show(self, request: Request, user: User) -> Response:
        return await self._page(request, user)

    async def add(self, request: Request, user: User) -> Response:
        """Add a key. Form fields: `name`, `days` (optional), `scope-…` for each scope. Only here is the key shown."""
        given = await form(request)
        scopes = [name.removeprefix("scope-") for name in given if name.startswith("scope-")]
        asked = given.get("days", "").strip()
        days = number(asked)
        if asked and not (days and days <= LONGEST_DAYS):
            return await self._page(request, user, wrong=BAD_DAYS)
        until = datetime.now(UTC) + timedelta(days=days) if days else None
        if not scopes:
            return await self._page(request, user, wrong=NO_SCOPE)
        try:
            key = await api_keys.add(
                self.pool, given.get("name", "").strip().lower(), scopes, expires_at=until, by=actor(user).name
            )
        except BadScope:
            return await self._page(request, user, wrong=NO_SCOPE)
        except asyncpg.CheckViolationError:
            return await self._page(request, user, wrong=BAD_NAME)
        return await self._page(request, user, key=key)

    async def revoke(self, request: Request, user: User) -> Response:
        await api_keys.revoke(self.pool, request.path_params["id"], by=actor(user).name)
        return RedirectResponse("/keys", 303)

    async def _page(
        self, request: Request, user: User, *, wrong: str | None = None, key: str | None = None
    ) -> Response:
        return self.pages.page(
            request, "keys.html", 422 if wrong else 200, user=user, keys=await api_keys.keys(self.pool), scopes=SCOPES,
            now=datetime.now(UTC), wrong=wrong, key=key,
        )  # fmt: skip


def _link(request: Request, token: str) -> str:
    return str(request.url.replace(path=f"/invitation/{token}", query=""))
