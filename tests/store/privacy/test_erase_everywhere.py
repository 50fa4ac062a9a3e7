"""Every column that can hold a text is either planted with a person's name and clean after the erasure, or listed here."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from redis.asyncio import Redis

from domain.delivery import Delivery
from domain.handoff import ContextPacket
from domain.lead import Source
from domain.next_step import SuggestedStep
from domain.phone import Phones
from store.crm import customers, tickets
from store.crm.handoffs import PostgresCRMClient
from store.inbox.inbox import stream_name
from store.leads import leads, next_steps
from store.leads.leads import Actor
from store.media import files as media
from store.mirror import bodies
from store.mirror.bodies import TooMuchWaits
from store.ops.status import status
from store.postgres import Pool
from store.privacy import erase
from store.privacy.person import person
from store.privacy.tombstones import Tombstones
from tests.chats import conversation, extracted, lead
from tests.helpers import RECEIVED_AT, delivery, queue, settled
from workers.drain.interpret import DeliveryReading, EventFailure
from workers.drain.settle import InterpretedDelivery, Settler

NUMBER = "6281777000111"
SPELLED = "+62 817-7700-0111"
KEY = Tombstones(b"a key of its own")
BUDI = Actor(Source.HUMAN, "user:budi")
# What is looked for, in values of which only letters and digits are left.
CANARIES = ("81777000111", "canary")

# Columns that hold nobody's data: words of ours, ids of ours, ids of business numbers, hashes, names of staff.
# `*`: the table as a whole. Who adds a column plants it, or writes it here.
OF_NOBODY = """
access_log actor action filter | alarms * | incidents * | hooks * | imports * | alembic_version * | api_keys * | customer_statuses * | embedding_models *
contact_identities kind | conversation_sentiments sentiment actor | cursors * | extraction_runs * | gaps *
contacts last_message_type last_message_direction marketing_preference | conversations phone_number_id status
dead_letters event version error_kind error fingerprint state code_version | deliveries source event version
handoffs lead_level handoff_reason original_reason | handoff_records state error crm_record_id
idempotency_keys caller asked suggested | identity_joins kind | inbox_losses * | inbox_watermarks * | articles *
lead_changes field source actor | lead_contacts * | lead_notes source actor | lead_suggestions field source actor state
lead_suggestions answered_by | lead_records chat_phase status lead_temperature language urgency_level set_by read_hash
lead_records priority owner | login_addresses address | login_failures address | message_edits type
messages phone_number_id direction type origin status group_id unedited_type
media_files state error sha256 content_type | notifications event state error data | next_steps type status source actor occasion decided_by done_by error | owner_rules * | phone_numbers * | preference_sightings phone_number_id
preference_sightings preference | project_events name | reconcile_runs *
replays asked_by kind state cancel_asked_by error | sessions * | account_changes * | invitations * | sign_in_steps * | sightings marketing_preference | spill event version
temperature_words * | ticket_changes field source actor | tickets status priority assignee opened_by | tombstones *
unrecognized_facts * | users * | workflow_executions id workflow_id channel status | workflow_variables execution_id | erasures asked_by
"""

COLUMNS = """
SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, NULL) AS type
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND format_type(a.atttypid, NULL) IN ('text', 'text[]', 'character varying', 'bytea', 'json', 'jsonb', 'tsvector')
ORDER BY 1, a.attnum
"""
VALUES: dict[str, list[Any]] = {
    "text": [SPELLED],
    "text[]": [[SPELLED]],
    "jsonb": [json.dumps({"whom": SPELLED}), json.dumps([SPELLED])],
    "bytea": [SPELLED.encode()],
}


def of_nobody() -> dict[str, set[str]]:
    listed: dict[str, set[str]] = {}
    for part in OF_NOBODY.replace("\n", " | ").split("|"):
        table, *columns = part.split() or [""]
        listed.setdefault(table, set()).update(columns)
    return listed


async def columns(pool: Pool) -> list[asyncpg.Record]:
    """Those that may hold a person's data."""
    listed = of_nobody()
    found = await pool.fetch(COLUMNS)
    known = {(row["table"], row["column"]) for row in found} | {(row["table"], "*") for row in found}
    assert {(table, one) for table, them in listed.items() for one in them} <= known
    return [row for row in found if not {row["column"], "*"} & listed.get(row["table"], set())]


async def names_her(pool: Pool, column: asyncpg.Record) -> bool:
    read = "encode(v, 'escape')" if column["type"] == "bytea" else "v::text"
    texts = await pool.fetch(
        f'SELECT {read} AS text FROM (SELECT "{column["column"]}" AS v FROM {column["table"]}) AS t'  # noqa: S608
    )
    squeezed = [re.sub(r"\\[0-7]{3}|[^0-9A-Za-z]", "", row["text"] or "").lower() for row in texts]
    return any(canary in text for text in squeezed for canary in CANARIES)


async def write(pool: Pool, column: asyncpg.Record) -> None:
    """Her number, into every row that has the column, in the first shape that the table allows."""
    for value in VALUES[column["type"]]:
        try:
            await pool.execute(f'UPDATE {column["table"]} SET "{column["column"]}" = $1', value)  # noqa: S608
            return
        except asyncpg.IntegrityConstraintViolationError:
            continue


def said(id: str, text: str, **more: Any) -> Delivery:
    message = {"id": id, "timestamp": str(int(RECEIVED_AT.timestamp())), "type": "text", "text": {"body": text},
               "from": NUMBER, "kapso": {"direction": "inbound"}} | more  # fmt: skip
    names = {"phone_number": SPELLED, "business_scoped_user_id": "ID.canary1", "username": "canary.r",
             "contact_name": "Rina canary"}  # fmt: skip
    session = {"id": conversation(NUMBER), "metadata": {"note": "canary"}} | names
    return delivery({"message": message, "conversation": session}, "whatsapp.message.received")


async def plant(pool: Pool, redis: Redis) -> None:
    """She alone is stored: every row is hers, in every table that can hold a person."""
    session = conversation(NUMBER)
    await media.enable(pool, on=True)
    picture = said("wamid.canary3", "", type="image", image={"link": "https://kapso.ai/canary"})
    await settled(pool, [said("wamid.canary1", "halo canary"), said("wamid.canary2", "saya canary, jual kue"), picture])
    await extracted(pool)
    id = (await lead(pool, number=NUMBER))["id"]
    await leads.patch(pool, id, {"name": "canary Rina"}, version=None, by=BUDI, reason="canary said")
    await leads.add_note(pool, id, "canary by a person", by=BUDI)
    await next_steps.propose(pool, id, SuggestedStep("REPLY", {"text": "canary step"}), by=BUDI)
    await customers.patch(pool, id, {"email": "canary@example.com"}, version=None, by=BUDI)
    ticket = await tickets.create(pool, UUID(session), "canary ticket", by=BUDI)
    packet = ContextPacket(
        session_id="w", lead_level="warm", handoff_reason="stall", visitor_email="canary@example.com"
    )
    await PostgresCRMClient(pool).create_lead(packet)
    broken = delivery({"message": {"id": "wamid.canary9", "from": SPELLED}}, "whatsapp.message.received")
    await Settler(pool, release="old", give_up=lambda: True).settle(
        [InterpretedDelivery(broken, DeliveryReading(failures=[EventFailure(0, "crash", "y")]))]
    )
    contact, message = (
        await pool.fetchval("SELECT id FROM contacts"),
        await pool.fetchval("SELECT min(id) FROM messages"),
    )
    for statement, *arguments in (
        ("INSERT INTO message_edits (id, message_id, edited_at, edited_tie) VALUES ('wamid.canary3', $1, now(), 1)", message),
        ("INSERT INTO messages (id, group_id, group_member) VALUES ('wamid.canary4', 'g', $1)", f"+{NUMBER}"),
        ("INSERT INTO preference_sightings SELECT handle, bsuid, '1', 'stopped', 1, now() FROM sightings",),
        ("INSERT INTO contact_identities (contact_id, kind, value) VALUES ($1, 'kapso', 'kapso:canary5')", contact),
        ("INSERT INTO model_readings (lead_id, heard_at, lines) VALUES ($1, now(), '{wamid.canary1}')", id),
        ("INSERT INTO vanished_contacts (kapso_id) VALUES ('kapso:canary5')",),
        ("INSERT INTO identity_joins (a, b, kind) SELECT 'ID.canary1', 'ID.canary2', 'parent'",),
        ("INSERT INTO project_events (id, properties) VALUES ('canary', $1)", json.dumps({"t": f"telepon {SPELLED} ya"})),
        ("INSERT INTO workflow_executions (id, tracking_id) VALUES ('run', $1)", f"whatsapp:{NUMBER}@s.whatsapp.net"),
        ("INSERT INTO workflow_variables (execution_id, variables) VALUES ('run', '{}'), ('of another run', '{}')",),
        ("INSERT INTO handoff_records (execution_id, session_id) VALUES ('canary of hers', $1)", session),
        ("INSERT INTO login_failures (name, address) VALUES ($1, '::1')", SPELLED),
        ("INSERT INTO idempotency_keys (caller, key, asked) VALUES ('api', $1, '')", f"https://wa.me/{NUMBER}"),
        ("INSERT INTO replays (asked_by, kind, filter, planned) VALUES ('b', 'deliveries', $1, 1)", json.dumps({"event": SPELLED})),
        ("INSERT INTO lead_suggestions (lead_id, field, value, source, actor) VALUES ($1, 'name', '1', 'ai', 'x')", id),
        ("INSERT INTO conversation_sentiments VALUES ($1, 'wamid.canary6', 'neutral', 'x')", UUID(session)),
        ("INSERT INTO ticket_changes (ticket_id, field, source, actor) VALUES ($1, 'subject', 'human', 'x')", ticket["id"]),
        ("INSERT INTO clients (name) VALUES ('canary')",),
        ("UPDATE lead_records SET converted_to_client_id = (SELECT id FROM clients)",),
        ("UPDATE lead_records SET phone = $1", f"+{NUMBER}"),
        ("UPDATE handoffs SET lead_id = NULL",),
        ("INSERT INTO users (name, role, password_hash) VALUES ('budi', 'sales', '')",),
        ("INSERT INTO saved_views (user_id, name, query) SELECT id, 'canary', '{}' FROM users",),
        ("INSERT INTO visitor_sessions (id) VALUES ($1)", SPELLED),
        ("UPDATE handoffs SET session_id = $1", SPELLED),
        ("INSERT INTO spill (id, received_at, event, body) VALUES (gen_random_uuid(), now(), 'x', $1)", f"cut {{ {SPELLED}".encode()),
    ):  # fmt: skip
        await pool.execute(statement, *arguments)
    for column in await columns(pool):
        if not await names_her(pool, column) and column["table"] != "erasures":
            await write(pool, column)
    await pool.execute("UPDATE dead_letters SET body = $1", f"no json: {SPELLED}".encode())
    await queue(redis, delivery(f"not json {SPELLED}".encode()), delivery({"data": [{"to": f"{NUMBER}@c.us"}]}))


async def test_no_column_names_an_erased_person(pool: Pool, redis: Redis) -> None:
    await plant(pool, redis)
    sought = [one for one in await columns(pool) if one["table"] != "erasures"]
    assert [(*one,) for one in sought if not await names_her(pool, one)] == []
    who = await person(pool, NUMBER)
    assert who is not None
    await erase.erase(pool, redis, who, KEY, shards=1, by="user:budi")
    assert [(*one,) for one in await columns(pool) if await names_her(pool, one)] == []
    left = str([await redis.dump(key) for key in await redis.keys("*")])
    assert not any(one in left for one in (NUMBER, "canary", "7700-0111"))
    assert await pool.fetchval("SELECT count(*) FROM dead_letters WHERE state <> 'discarded'") == 0


async def test_an_erasure_that_was_interrupted_says_so_and_goes_on(
    pool: Pool, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows are gone, and what waits in Redis is not: the person is found by what the erasure knows."""
    await plant(pool, redis)
    who = await person(pool, NUMBER)
    assert who is not None
    told: list[str] = []

    def cut_off(step: str) -> None:
        told.append(step)
        if told.count("what waits") == 2:
            raise ConnectionError("the second look never came")

    with pytest.raises(ConnectionError):
        await erase.erase(pool, redis, who, KEY, shards=1, by="user:budi", tell=cut_off)
    assert await pool.fetchval("SELECT count(*) FROM contacts") == 0
    await queue(redis, delivery({"data": [{"to": f"{NUMBER}@c.us"}]}))
    await pool.execute("UPDATE erasures SET begun_at = begun_at - interval '1 hour', told_at = NULL")
    (concern,) = (await status(pool, redis, 1, datetime.now(UTC))).concerns
    assert f"run mirror erase {who.contact_id}" in concern
    for given in (str(who.contact_id), str(who.lead_id), "0817 7700 0111"):
        again = await person(pool, given, Phones("ID"))
        assert again is not None
        assert set(again.names) == set(who.names)
    assert again is not None
    await erase.erase(pool, redis, again, KEY, shards=1, by="user:budi")
    assert await person(pool, NUMBER) is None
    assert [(*one,) for one in await columns(pool) if await names_her(pool, one)] == []
    assert NUMBER not in str([await redis.dump(key) for key in await redis.keys("*")])


async def test_a_look_that_was_interrupted_goes_on_where_it_was(pool: Pool, redis: Redis) -> None:
    await plant(pool, redis)
    await pool.execute("UPDATE deliveries SET received_at = received_at")
    who = await person(pool, NUMBER)
    assert who is not None
    told: list[str] = []

    def cut_off(step: str) -> None:
        told.append(step)
        if sum(one.startswith("raw deliveries, as") for one in told) == 50:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await erase.erase(pool, redis, who, KEY, shards=1, by="user:budi", tell=cut_off)
    first, told = told, []
    await erase.erase(pool, redis, who, KEY, shards=1, by="user:budi", tell=told.append)
    again = [one for one in told if one.startswith("raw deliveries, as")]
    assert again[0] > first[-2]


async def test_a_stream_is_written_anew_only_while_redis_can_do_it_in_no_time(
    pool: Pool, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    await plant(pool, redis)
    who = await person(pool, NUMBER)
    assert who is not None
    monkeypatch.setattr(bodies, "MOST_WAITING_BYTES", 50)
    with pytest.raises(TooMuchWaits):
        await erase.erase(pool, redis, who, KEY, shards=1, by="user:budi")
    assert await redis.xlen(stream_name(0)) == 2
    assert await person(pool, NUMBER) is not None
