"""What stands beside a lead's own fields: next steps, tickets, further people, how the chat feels."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from domain.field_kinds import NotAllowed
from domain.phone import Phones
from store.access.accounts import User
from store.crm import tickets
from store.leads import leads, next_steps, people
from store.leads.leads import NotFound
from store.postgres import Pool
from web.access import actor
from web.desk.lead_writes import LeadWrites
from web.desk.steps import decide
from web.forms import form


@dataclass(frozen=True, slots=True)
class LeadExtras:
    pool: Pool
    writes: LeadWrites
    phones: Phones

    async def decide(self, request: Request, user: User) -> Response:
        """A next step of this lead."""
        step, given = request.path_params["step"], await form(request)

        async def write() -> None:
            lead = await leads.current(self.pool, _lead(request))
            if (await next_steps.read(self.pool, step))["lead_id"] != lead["id"]:
                raise NotFound(f"there is no suggestion {step} for this lead")
            await decide(self.pool, step, request.path_params["verdict"], given.get("text"), user)

        return await self._write_and_show(request, user, write)

    async def open_ticket(self, request: Request, user: User) -> Response:
        """In the conversation that the lead is in, or was in last."""
        given = await form(request)

        async def write() -> None:
            conversation = await tickets.conversation_of(self.pool, _lead(request))
            if conversation is None:
                raise NotAllowed("there was no conversation with this lead yet")
            subject, priority = given.get("subject", ""), given.get("priority", "normal")
            await tickets.create(self.pool, conversation, subject, priority=priority, by=actor(user))

        return await self._write_and_show(request, user, write)

    async def add_person(self, request: Request, user: User) -> Response:
        given = await form(request)

        async def write() -> None:
            who, role = given.get("who", ""), given.get("role")
            try:
                await people.add(self.pool, _lead(request), who, role=role, by=actor(user), phones=self.phones)
            except NotFound as error:  # the panel stays
                raise NotAllowed(str(error)) from None

        return await self._write_and_show(request, user, write)

    async def remove_person(self, request: Request, user: User) -> Response:
        async def write() -> None:
            try:
                await people.remove(self.pool, _lead(request), request.path_params["contact"], by=actor(user))
            except NotFound as error:  # gone already, and the panel stays
                raise NotAllowed(str(error)) from None

        return await self._write_and_show(request, user, write)

    async def _write_and_show(self, request: Request, user: User, write: Any) -> Response:
        return await self.writes.write_and_show(request, user, _lead(request), write)


def _lead(request: Request) -> UUID:
    id: UUID = request.path_params["id"]
    return id
