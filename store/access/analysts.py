"""Read-only Postgres roles for analysts: they can read data about customers, but no secrets."""

import re
import secrets
from typing import Final

import asyncpg

from store.ops.dictionary import READABLE
from store.postgres import Connection, statement

# Relations of the data dictionary that analysts do not need: raw bodies, the access log, sessions of visitors.
NOT_FOR_ANALYSTS: Final = {"deliveries", "dead_letters", "access_log", "visitor_sessions"}
# Relations outside the data dictionary: tables behind the views, and the state of the mirror.
BESIDE: Final = (
    "lead_records", "lead_owners", "next_steps", "handoff_records", "conversation_sentiments", "contact_aliases",
    "temperature_words", "owner_rules", "alarms", "incidents", "drains", "delivery_days", "extraction_runs",
    "lag_samples", "model_days", "reconcile_runs", "vanished_contacts",
)  # fmt: skip
GRANTED: Final = (*(one for one in READABLE if one not in NOT_FOR_ANALYSTS), *BESIDE)
"""A relation that is not listed here is hidden, also one that a later release adds."""
# A visitor's browser uses the session id to come back: grant the other columns only.
HIDDEN_COLUMNS: Final = ("session_id",)
NAME: Final = re.compile(r"(?!pg_|public$|none$|current_|session_user$|user$)[a-z_][a-z0-9_]{0,62}")


class NotOurs(ValueError):
    """The role was not made by `grant`, or Postgres reserves the name."""


async def statements(connection: Connection, name: str, password: str | None) -> list[str]:
    """Return the SQL that creates the role or updates its rights. A `password` of None leaves the password unchanged.

    Raises NotOurs for a reserved name.
    """
    if not NAME.fullmatch(name):
        raise NotOurs(f"{name!r} can't be the name of a role: use small letters, digits and _, such as reports")
    given = (name, password, list(GRANTED), list(HIDDEN_COLUMNS))
    return [row[0] for row in await connection.fetch(statement("analyst_statements"), *given)]


async def grant(connection: asyncpg.Connection, name: str, *, new_password: bool = False) -> str | None:
    """Create the role or update its rights. Return the password if it is new. Raises NotOurs."""
    async with connection.transaction():
        ours = await connection.fetchval(statement("is_analyst"), name)
        if ours is False:
            raise NotOurs(f"there is a role {name} that this command did not make: choose another name")
        password = secrets.token_urlsafe(24) if ours is None or new_password else None
        for one in await statements(connection, name, password):
            await connection.execute(one)
    return password


async def drop(connection: asyncpg.Connection, name: str) -> bool:
    """Drop the role. Return False if there is none. Raises NotOurs."""
    async with connection.transaction():
        ours = await connection.fetchval(statement("is_analyst"), name)
        if ours is False:
            raise NotOurs(f"there is a role {name} that this command did not make")
        if ours:
            for row in await connection.fetch(statement("analyst_end_statements"), name):
                await connection.execute(row[0])
    return bool(ours)
