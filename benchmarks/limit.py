"""The limit of this Postgres: pgbench runs our own statements on prepared batches of 1,000, with two clients."""

import asyncio
import random
import re
from pathlib import Path
from typing import Any

from benchmarks.load import delivery, event_body
from rows.delivery import Delivery
from rows.fold import fold
from rows.types import CONVERSATION, MESSAGE, SIGHTING, Facts, Sighting
from store.apply import Batch, apply
from store.postgres import Pool, columns, statement
from workers.interpret import interpret

BATCH = 1_000
STEPS = ("touch_sightings", "lock_contacts", "upsert_conversations", "upsert_messages", "adopt_messages",
         "advance_contacts", "insert_deliveries")  # fmt: skip


async def prepare(pool: Pool, first: int, batches: int, *, people: int) -> None:
    """The arguments of every statement, stored as arrays, and each statement as a function of them."""
    rng = random.Random(first)
    for name in STEPS:
        await pool.execute(_function(name))
    await pool.execute("CREATE SEQUENCE bench_batch")
    for batch in range(1, batches + 1):
        serials = range(first + (batch - 1) * BATCH, first + batch * BATCH)
        deliveries = [delivery(serial, event_body(serial, rng, people)) for serial in serials]
        facts = Facts()
        for one in deliveries:
            for _, found in interpret(one).events:
                facts.add(found)
        # Everybody is met beforehand: what is measured is writing, not meeting.
        await apply(pool, Batch(facts=Facts(sightings=facts.sightings)))
        met = await pool.fetch("SELECT bsuid, contact_id FROM sightings")
        for name, arguments in _arguments(deliveries, facts, {row["bsuid"]: row["contact_id"] for row in met}).items():
            places = ", ".join(f"${place}" for place in range(1, len(arguments) + 2))
            await pool.execute(f"INSERT INTO bench_{name} VALUES ({places})", batch, *arguments)  # noqa: S608


def _arguments(deliveries: list[Delivery], facts: Facts, known: dict[str, Any]) -> dict[str, list[Any]]:
    conversations, messages = fold(facts.conversations, CONVERSATION), fold(facts.messages, MESSAGE)
    contacts = sorted({known[row.named_as] for row in messages if row.named_as})
    return {
        "touch_sightings": columns(fold(facts.sightings, SIGHTING), len(Sighting._fields)),
        "lock_contacts": [contacts],
        "upsert_conversations": [*columns(conversations, 12), [known[row.named_as or ""] for row in conversations]],
        "upsert_messages": [*columns(messages, 26), [known[row.named_as or ""] for row in messages]],
        "adopt_messages": [[row.id for row in conversations]],
        "advance_contacts": [[row.id for row in messages]],
        "insert_deliveries": columns([(*one[:2], "push", *one[2:], 1, 0, 0) for one in deliveries], 10),
    }  # fmt: skip


def _function(name: str) -> str:
    """Our statement, word for word, as a SQL function; and a table of its arguments."""
    text = statement(name)
    types = dict(re.findall(r"\$(\d+)::([a-z]+\[\])", text))
    given = [types[str(place)] for place in range(1, len(types) + 1)]
    table = ", ".join(f"c{place} {kind}" for place, kind in enumerate(given, 1))
    return (
        f"CREATE TABLE bench_{name} (batch integer PRIMARY KEY, {table});"
        f"CREATE FUNCTION bench_{name}({', '.join(given)}) RETURNS void LANGUAGE sql AS $function$ {text}; $function$"
    )


def script() -> str:
    lines = ["SELECT nextval('bench_batch') AS batch \\gset", "BEGIN;"]
    lines += [f"SELECT bench_{name}({_places(name)}) FROM bench_{name} WHERE batch = :batch;" for name in STEPS]  # noqa: S608
    return "\n".join([*lines, "COMMIT;", ""])


def _places(name: str) -> str:
    return ", ".join(f"c{place}" for place in range(1, len(set(re.findall(r"\$(\d+)::", statement(name)))) + 1))


async def measure(pgbench: str, database_url: str, folder: Path, batches: int, *, clients: int = 2) -> float:
    """Events a second."""
    path = folder / "limit.sql"
    path.write_text(script())
    process = await asyncio.create_subprocess_exec(
        pgbench, "-n", "-c", str(clients), "-j", str(clients), "-t", str(batches // clients), "-f", str(path),
        database_url,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output = (await process.communicate())[0].decode()
    found = re.search(r"tps = ([0-9.]+)", output)
    if process.returncode or not found:
        raise SystemExit(f"pgbench failed:\n{output}")
    return float(found.group(1)) * BATCH
