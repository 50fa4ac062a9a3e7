"""Operations on users, invitations, sessions and API keys."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import asyncpg
from pydantic import BaseModel, Field

from store.access import accounts, api_keys, invitations
from store.access.accounts import ROLES, LastAdmin
from store.access.invitations import LIFETIME, NoSuchUser
from store.postgres import Pool
from web.api.fields import Strict
from web.api.models import Words
from web.api.operation import Answer, Operation, OperationCall
from web.api.problems import Problem, not_found
from web.api.support import LEFT_OUT

Role = Literal["viewer", "sales", "operator", "admin"]
assert Role.__args__ == ROLES  # type: ignore[attr-defined]
Name = Annotated[Words, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


EMAIL = r"^[!-?A-~]+@[!-?A-~]+$"


class UserAccount(BaseModel):
    """A user of the desk."""

    name: str
    role: Role
    email: str | None
    created_at: datetime
    disabled_at: datetime | None
    invited_until: datetime | None = Field(description="The invitation is valid until then; null if there is none.")
    has_second_factor: bool
    has_single_sign_on: bool
    seen_at: datetime | None
    sessions: int = Field(description="The number of valid sessions.")


class UserAccounts(BaseModel):
    """By name."""

    users: list[UserAccount]


class NewUser(Strict):
    name: Name
    role: Role = "sales"
    email: Annotated[str, Field(pattern=EMAIL, max_length=200)] | None = Field(
        None, description="Identifies the user at the first single sign-on."
    )


class UserPatch(Strict):
    """The fields to set. A field that is left out does not change. Every change ends the user's sessions."""

    role: Role = LEFT_OUT
    disabled: bool = LEFT_OUT


class Invitation(BaseModel):
    """A link with which the user sets a password once. It is returned only here."""

    name: str
    path: str = Field(description="Path of the link; prefix it with the URL of the desk.")
    expires_at: datetime


class ApiKey(BaseModel):
    """An API key, without its secret."""

    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


class ApiKeys(BaseModel):
    """By name."""

    keys: list[ApiKey]


class UserOperations:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def table(self) -> list[Operation]:
        read, write = ("users:read", "admin"), ("users:write", "admin")
        return [
            Operation("GET", "/users", "listUsers", "List users", *read, self.list, UserAccounts),
            Operation("POST", "/users", "inviteUser", "Invite a user", *write, self.invite, Invitation, body=NewUser, status=201, problems=(409,)),
            Operation("PATCH", "/users/{name}", "patchUser", "Change the role, disable or enable a user", *write, self.patch, UserAccount, body=UserPatch, problems=(404, 409)),
            Operation("POST", "/users/{name}/invitation", "resetUser", "Reset the password and create an invitation", *write, self.reset, Invitation, status=201, problems=(404,)),
            Operation("DELETE", "/users/{name}/sessions", "signOutUser", "End all sessions of a user", *write, self.sign_out, UserAccount, problems=(404,)),
            Operation("GET", "/api-keys", "listApiKeys", "List API keys", *read, self.keys, ApiKeys),
            Operation("DELETE", "/api-keys/{id}", "revokeApiKey", "Revoke an API key", *write, self.revoke, ApiKeys, problems=(404,)),
        ]  # fmt: skip

    async def list(self, _: OperationCall) -> Answer:
        rows = await accounts.users(self._pool)
        return Answer(UserAccounts(users=[UserAccount.model_validate(dict(row)) for row in rows]))

    async def invite(self, call: OperationCall) -> Answer:
        new: NewUser = call.body
        try:
            token = await invitations.invite(self._pool, new.name, new.role, email=new.email, by=call.caller.actor.name)
        except asyncpg.UniqueViolationError:
            raise Problem(409, "Taken", "There is a user of that name or e-mail already.") from None
        return _invitation(new.name, token)

    async def patch(self, call: OperationCall) -> Answer:
        if not call.body.model_fields_set:
            raise Problem(422, "Nothing to change", "Give role, disabled, or both.")
        values: dict[str, Any] = {name: getattr(call.body, name) for name in call.body.model_fields_set}
        name = call.path["name"]
        try:
            if not await accounts.change_user(self._pool, name, **values, by=call.caller.actor.name):
                raise _nobody(name)
        except LastAdmin as error:
            raise Problem(409, "Not possible", f"{error}.") from None
        return await self._one(name)

    async def reset(self, call: OperationCall) -> Answer:
        name = call.path["name"]
        try:
            return _invitation(name, await invitations.reset(self._pool, name, by=call.caller.actor.name))
        except NoSuchUser:
            raise _nobody(name) from None

    async def sign_out(self, call: OperationCall) -> Answer:
        await accounts.end_sessions(self._pool, call.path["name"], by=call.caller.actor.name)
        return await self._one(call.path["name"])

    async def keys(self, _: OperationCall) -> Answer:
        return Answer(ApiKeys(keys=[ApiKey.model_validate(dict(row)) for row in await api_keys.keys(self._pool)]))

    async def revoke(self, call: OperationCall) -> Answer:
        if not await api_keys.revoke(self._pool, call.path["id"], by=call.caller.actor.name):
            raise not_found("There is no active key with this id.")
        return await self.keys(call)

    async def _one(self, name: str) -> Answer:
        for row in await accounts.users(self._pool):
            if row["name"] == name:
                return Answer(UserAccount.model_validate(dict(row)))
        raise _nobody(name)


def _nobody(name: str) -> Problem:
    return not_found(f"there is no user {name[:64]!r}")


def _invitation(name: str, token: str) -> Answer:
    return Answer(Invitation(name=name, path=f"/invitation/{token}", expires_at=datetime.now(UTC) + LIFETIME))
