"""What stands beside a lead's own fields: next steps, tickets, further people, how the chat feels."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from dashboard.access import actor
from dashboard.forms import form
from dashboard.panel import Panel
from dashboard.steps import approve
from rows.lead import NotAllowed
from store import next_steps, people, tickets
from store.accounts import User
from store.leads import NotFound
from store.postgres import Pool


@dataclass(frozen=True, slots=True)
class Beside:
    pool: Pool
    panel: Panel

    async def decide(self, request: Request, user: User) -> Response:
        """A next step of this lead."""
        step, given = request.path_params["step"], await form(request)

        async def write() -> None:
            if request.path_params["verdict"] == "reject":
                await next_steps.reject(self.pool, step, by=actor(user))
            else:
                await approve(self.pool, step, given.get("text"), user)

        return await self._written(request, user, write)

    async def open_ticket(self, request: Request, user: User) -> Response:
        """In the conversation that the lead is in, or was in last."""
        given = await form(request)

        async def write() -> None:
            conversation = await tickets.conversation_of(self.pool, _lead(request))
            if conversation is None:
                raise NotAllowed("there was no conversation with this lead yet")
            subject, priority = given.get("subject", ""), given.get("priority", "normal")
            await tickets.create(self.pool, conversation, subject, priority=priority, by=actor(user))

        return await self._written(request, user, write)

    async def add_person(self, request: Request, user: User) -> Response:
        given = await form(request)

        async def write() -> None:
            who, role = given.get("who", ""), given.get("role")
            try:
                await people.add(self.pool, _lead(request), who, role=role, by=actor(user))
            except NotFound as error:  # the panel stays
                raise NotAllowed(str(error)) from None

        return await self._written(request, user, write)

    async def remove_person(self, request: Request, user: User) -> Response:
        async def write() -> None:
            try:
                await people.remove(self.pool, _lead(request), request.path_params["contact"], by=actor(user))
            except NotFound as error:  # gone already, and the panel stays
                raise NotAllowed(str(error)) from None

        return await self._written(request, user, write)

    async def _written(self, request: Request, user: User, write: Any) -> Response:
        return await self.panel.written(request, user, _lead(request), write)


def _lead(request: Request) -> UUID:
    id: UUID = request.path_params["id"]
    return id
