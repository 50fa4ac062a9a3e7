"""Read-only roles of Postgres for analysts: they read what is about customers, and nothing that opens a door."""

import re
import secrets
from typing import Final

import asyncpg

from store.ops.dictionary import READABLE
from store.postgres import Connection, statement

# Of what people read: raw bodies, who looked at whom, and what lets a visitor's browser in.
NOT_FOR_ANALYSTS: Final = {"deliveries", "dead_letters", "access_log", "visitor_sessions"}
# What stands behind the views, and what the mirror says of its own work.
BESIDE: Final = (
    "lead_records", "lead_owners", "next_steps", "handoff_records", "conversation_sentiments", "contact_aliases",
    "temperature_words", "owner_rules", "alarms", "drains", "delivery_days", "extraction_runs", "lag_samples",
    "model_days", "reconcile_runs", "vanished_contacts",
)  # fmt: skip
GRANTED: Final = (*(one for one in READABLE if one not in NOT_FOR_ANALYSTS), *BESIDE)
"""All else is hidden, and so is what a later release adds, until it is named here."""


# A visitor's browser comes back by it.
LEFT_OUT: Final = ("session_id",)
NAME: Final = re.compile(r"(?!pg_|public$|none$|current_|session_user$|user$)[a-z_][a-z0-9_]{0,62}")


class NotOurs(ValueError):
    """There is a role of that name that this did not make, or there can be none."""


async def statements(connection: Connection, name: str, password: str | None) -> list[str]:
    """The SQL that makes the role, or brings its rights up to date. `password` is None where it stays as it is.

    Raises NotOurs for a name that means something else to Postgres.
    """
    if not NAME.fullmatch(name):
        raise NotOurs(f"{name!r} can't be the name of a role: use small letters, digits and _, such as reports")
    given = (name, password, list(GRANTED), list(LEFT_OUT))
    return [row[0] for row in await connection.fetch(statement("analyst_statements"), *given)]


async def grant(connection: asyncpg.Connection, name: str, *, new_password: bool = False) -> str | None:
    """Make the role, or bring its rights up to date. Return the password where it is a new one. Raises NotOurs."""
    async with connection.transaction():
        ours = await connection.fetchval(statement("is_analyst"), name)
        if ours is False:
            raise NotOurs(f"there is a role {name} that this command did not make: choose another name")
        password = secrets.token_urlsafe(24) if ours is None or new_password else None
        for one in await statements(connection, name, password):
            await connection.execute(one)
    return password


async def drop(connection: asyncpg.Connection, name: str) -> bool:
    """False where there is none. Raises NotOurs."""
    async with connection.transaction():
        ours = await connection.fetchval(statement("is_analyst"), name)
        if ours is False:
            raise NotOurs(f"there is a role {name} that this command did not make")
        if ours:
            for row in await connection.fetch(statement("analyst_end_statements"), name):
                await connection.execute(row[0])
    return bool(ours)
