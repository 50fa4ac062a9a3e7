"""The limit of this Postgres: pgbench runs our own statements on prepared batches of 1,000, with two clients."""

import asyncio
import contextlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from domain.delivery import Delivery
from domain.fold import fold
from domain.types import Facts
from store.mirror.apply import Settled
from store.postgres import BY_KEY, columns, statement
from tools.benchmarks.bench import PEOPLE, Bench
from tools.benchmarks.events import delivery, new_messages
from workers.drain.interpret import interpret
from workers.drain.mapping.values import bounds_at

BATCH = 1_000
STEPS = ("touch_sightings", "lock_contacts", "upsert_phone_numbers", "upsert_conversations", "upsert_messages",
         "adopt_messages", "advance_contacts", "insert_deliveries")  # fmt: skip


@contextlib.asynccontextmanager
async def prepared(bench: Bench, batches: int, *, apart: bool = False) -> AsyncIterator[None]:
    """The arguments of every statement, stored as arrays, and each statement as a function of them.

    With `apart`, every other batch is of the other half of the people, as streams by person give them to two drains.
    Everybody must have been met: what is measured is writing, not meeting.
    """
    pool = bench.pool
    for name in STEPS:
        await pool.execute(_function(name))
    await pool.execute("CREATE SEQUENCE bench_batch")
    for batch in range(1, batches + 1):
        half = batch % 2 if apart else None
        deliveries = [delivery(post) for post in new_messages(bench.numbers(BATCH), BATCH, PEOPLE, half=half)]
        for name, given in (await arguments(bench, deliveries)).items():
            places = ", ".join(f"${place}" for place in range(1, len(given) + 2))
            await pool.execute(f"INSERT INTO bench_{name} VALUES ({places})", batch, *given)  # noqa: S608
    yield
    await pool.execute("DROP SEQUENCE bench_batch")
    for name in STEPS:
        await pool.execute(f"DROP FUNCTION bench_{name}; DROP TABLE bench_{name}")


async def arguments(bench: Bench, deliveries: list[Delivery]) -> dict[str, list[Any]]:
    """Of each statement, for one batch of messages of people who are known."""
    facts = Facts()
    for one in deliveries:
        for _, found in interpret(one, bounds_at(one.received_at)).events:
            facts.add(found)
    names = sorted({row.named_as for row in facts.messages if row.named_as})
    met = await bench.pool.fetch("SELECT bsuid, contact_id FROM sightings WHERE bsuid = ANY ($1)", names)
    known = {row["bsuid"]: row["contact_id"] for row in met}
    conversations, messages = fold(facts.conversations), fold(facts.messages)
    contacts = sorted({known[row.named_as] for row in messages if row.named_as})
    return {
        "touch_sightings": _columns(fold(facts.sightings)),
        "lock_contacts": [contacts],
        "upsert_phone_numbers": _columns(fold(facts.phone_numbers)),
        "upsert_conversations": [*_columns(conversations), _owners(conversations, known)],
        "upsert_messages": [*_columns(messages), _owners(messages, known)],
        "adopt_messages": [[row.id for row in conversations]],
        "advance_contacts": [[row.id for row in messages], [True] * len(messages)],
        "insert_deliveries": _columns([Settled.of(one, 1, 0, 0) for one in deliveries]),
    }  # fmt: skip


def _owners(rows: Sequence[Any], known: Mapping[str, UUID]) -> list[UUID]:
    return [known[row.named_as or ""] for row in rows]


def _columns(rows: Sequence[Any]) -> list[Any]:
    return columns(rows, len(rows[0]))


def _function(name: str) -> str:
    """Our statement, word for word, as a SQL function; and a table of its arguments."""
    text = statement(name)
    types = dict(re.findall(r"\$(\d+)::([a-z]+(?:\[\])?)", text))
    given = [types[str(place)] for place in range(1, len(types) + 1)]
    table = ", ".join(f"c{place} {kind}" for place, kind in enumerate(given, 1))
    return (
        f"CREATE TABLE bench_{name} (batch integer PRIMARY KEY, {table});"
        f"CREATE FUNCTION bench_{name}({', '.join(given)}) RETURNS void LANGUAGE sql AS $function$ {text}; $function$"
    )


def _script(without: Collection[str], apart: bool) -> str:
    place = "2 * nextval('bench_batch') - :client_id" if apart else "nextval('bench_batch')"
    lines = [f"SELECT {place} AS batch \\gset", "BEGIN;"]
    steps = [name for name in STEPS if name not in without]
    lines += [f"SELECT bench_{name}({_places(name)}) FROM bench_{name} WHERE batch = :batch;" for name in steps]  # noqa: S608
    return "\n".join([*lines, "COMMIT;", ""])


def _places(name: str) -> str:
    return ", ".join(f"c{place}" for place in range(1, len(set(re.findall(r"\$(\d+)::", statement(name)))) + 1))


async def pgbench(
    batches: int, *, clients: int = 2, without: Collection[str] = (), options: str = "", apart: bool = False
) -> float:
    """Events a second, over the next so many of the prepared batches.

    `apart` takes twice as many, with two clients, each writing about a half of the people.
    """
    by_key = " ".join(f"-c {name}={value}" for name, value in BY_KEY.items())
    given = os.environ | {"PGOPTIONS": f"{by_key} {options}"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "limit.sql"
        path.write_text(_script(without, apart))
        process = await asyncio.create_subprocess_exec(
            os.environ["PGBENCH"], "-n", "-c", str(clients), "-j", str(clients), "-t", str(batches // clients),
            "-f", str(path), os.environ["DATABASE_URL"],
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=given,
        )  # fmt: skip
        output = (await process.communicate())[0].decode()
    found = re.search(r"tps = ([0-9.]+)", output)
    if process.returncode or not found:
        raise SystemExit(f"pgbench failed:\n{output}")
    return float(found.group(1)) * BATCH
