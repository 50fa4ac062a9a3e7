"""Canaries: strings of one person, planted everywhere, erased, and looked for in every table, in Redis and in the logs."""

import io
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from config import logs
from domain.delivery import Delivery
from domain.handoff import ContextPacket
from domain.lead import Source
from domain.next_step import SuggestedStep
from domain.phone import Phones
from store.crm import customers, tickets
from store.crm.handoffs import PostgresCRMClient
from store.leads import lead_detail, leads, next_steps
from store.leads.leads import Actor
from store.mirror.who import Ambiguous
from store.ops import dead_letters
from store.ops.dead_letters import LetterQuery
from store.postgres import Pool, statement
from store.privacy import erase, export, retention
from store.privacy.person import person
from store.privacy.retention import Retention
from store.privacy.tombstones import Tombstones
from tests.chats import chat, conversation, extracted, lead, project_event
from tests.helpers import RECEIVED_AT, bounds, delivery, payload, queue, rows, settled
from workers.drain.interpret import DeliveryReading, EventFailure
from workers.drain.settle import InterpretedDelivery, Settler, interpreted
from workers.jobs.replay import Replayer

CANARY = "canary"
HERS = "6281777000111"
HIS = "6281777000112"
KEY = Tombstones(b"a key of its own")
BUDI = Actor(Source.HUMAN, "user:budi")


async def all_tables(pool: Pool) -> dict[str, str]:
    """Every table of ours as one text, bytes readable."""
    names = await pool.fetch(
        "SELECT c.relname AS name FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
    )
    found = {}
    for row in names:
        stored = await pool.fetch(f"SELECT to_jsonb(t) AS row FROM {row['name']} AS t")  # noqa: S608
        text = "\n".join(one["row"] for one in stored)
        if row["name"] in ("deliveries", "dead_letters", "spill"):
            bodies = await pool.fetch(f"SELECT body FROM {row['name']} WHERE body IS NOT NULL")  # noqa: S608
            text += "\n".join(one["body"].decode(errors="replace") for one in bodies)
        found[row["name"]] = text
    return found


async def holding(pool: Pool, *canaries: str) -> set[str]:
    tables = await all_tables(pool)
    return {name for name, text in tables.items() if any(canary in text for canary in canaries)}


def message(number: str, text: str, *, at: int = 0, id: str | None = None) -> dict[str, Any]:
    return {
        "message": {
            "id": id or f"wamid.{uuid4().hex}", "timestamp": str(int(RECEIVED_AT.timestamp()) + at), "type": "text",
            "from": number, "text": {"body": text}, "kapso": {"direction": "inbound", "status": "received"},
        },
        "conversation": {"id": conversation(number), "phone_number": number, "contact_name": f"{CANARY} name {number}"},
    }  # fmt: skip


def batch(*elements: dict[str, Any]) -> Delivery:
    return delivery(
        {"batch": True, "type": "whatsapp.message.received", "data": list(elements)}, "whatsapp.message.received"
    )


async def plant(pool: Pool, redis: Redis) -> Sequence[Delivery]:
    """Everything that can be stored of her; and of him, in the same batches."""
    both = batch(message(HERS, f"{CANARY} mine", id="wamid.HERS"), message(HIS, "his own words", id="wamid.HIS"))
    alone = delivery(message(HERS, f"{CANARY} alone saya dari Bandung"), "whatsapp.message.received")
    await settled(pool, [both, alone])
    await project_event(pool, "lead.note", {"text": f"{CANARY} note"}, number=HERS)
    await extracted(pool)
    row = await lead(pool, number=HERS)
    await leads.patch(
        pool, row["id"], {"name": f"{CANARY} Rina"}, version=row["version"], by=BUDI, reason=f"{CANARY} said"
    )
    await leads.add_note(pool, row["id"], f"{CANARY} by a person", by=BUDI)
    await next_steps.propose(pool, row["id"], SuggestedStep("REPLY", {"text": f"{CANARY} step"}), by=BUDI)
    await tickets.create(pool, UUID(conversation(HERS)), f"{CANARY} ticket", by=BUDI)
    broken = delivery(message(HERS, f"{CANARY} broken"), "whatsapp.message.received")
    unread = InterpretedDelivery(broken, DeliveryReading(failures=[EventFailure(0, "unexpected", "KeyError")]))
    await Settler(pool, release="old", give_up=lambda: True).settle([unread])
    waiting = batch(message(HERS, f"{CANARY} waits"), message(HIS, "his waits", id="wamid.HIS2"))
    await queue(redis, waiting, delivery(message(HERS, f"{CANARY} waits alone"), "whatsapp.message.received"))
    await pool.execute(
        "INSERT INTO spill (id, received_at, event, body) VALUES ($1, $2, 'whatsapp.message.received', $3)",
        uuid4(), RECEIVED_AT, alone.body,
    )  # fmt: skip
    return both, alone, broken


async def erased(pool: Pool, redis: Redis, number: str = HERS) -> erase.Erasure:
    who = await person(pool, number)
    assert who is not None
    return await erase.erase(pool, redis, who, KEY, shards=1, by="user:budi")


async def in_redis(redis: Redis) -> str:
    """All keys with all they hold."""
    found = [str(key) + str(await redis.dump(key)) for key in await redis.keys("*")]
    entries = await redis.xrange("inbox:{0}")
    return "\n".join([*found, *(str(entry) for entry in entries)])


async def test_nothing_of_an_erased_person_is_found_anywhere_and_nothing_of_others_is_missing(
    pool: Pool, redis: Redis
) -> None:
    log = io.StringIO()
    logs.configure("DEBUG", log)
    await plant(pool, redis)
    before = await holding(pool, CANARY, HERS)
    assert before >= {"contacts", "sightings", "messages", "conversations", "lead_records", "lead_changes", "lead_notes",
                      "project_events", "deliveries", "spill", "contact_identities", "next_steps",
                      "tickets", "passages"}  # fmt: skip
    done = await erased(pool, redis)
    assert await holding(pool, f"{CANARY} mine", f"{CANARY} note", f"name {HERS}", HERS, "wamid.HERS") == set()
    assert CANARY in (await all_tables(pool))["contacts"]  # his name
    left = await in_redis(redis)
    assert HERS not in left
    assert "his waits" in left
    assert HERS not in log.getvalue()
    assert CANARY not in log.getvalue()
    assert (done.rows["contacts"], done.bodies["stream"], done.bodies["spill"]) == (1, 2, 1)
    assert done.aof == erase.REWRITTEN
    assert [row["text"] for row in await rows(pool, "messages")] == ["his own words"]
    texts = (await all_tables(pool))["deliveries"]
    assert "his own words" in texts
    assert [(row["action"], row["actor"]) for row in await rows(pool, "access_log")][-1] == ("erase", "user:budi")


async def settle(pool: Pool, *deliveries: Delivery) -> None:
    await Settler(pool, release="test", give_up=lambda: True, tombstones=KEY).settle(
        [interpreted(one, bounds()) for one in deliveries]
    )


async def test_handoffs_of_her_visits_to_the_website_go_too(pool: Pool, redis: Redis) -> None:
    crm = PostgresCRMClient(pool)
    for email in ("Hers@example.com", "his@example.com"):
        await crm.create_lead(ContextPacket(session_id="web", lead_level="warm", handoff_reason="stall",
                                            visitor_email=email))  # fmt: skip
    await settle(pool, batch(message(HERS, "halo")))
    await customers.patch(
        pool, (await lead(pool, number=HERS))["id"], {"email": "hers@example.com"}, version=None, by=BUDI
    )
    assert (await erased(pool, redis, HERS)).rows["handoffs"] == 1
    assert [row["visitor_email"] for row in await rows(pool, "handoffs")] == ["his@example.com"]


async def test_late_webhooks_polls_and_replays_do_not_bring_her_back(pool: Pool, redis: Redis) -> None:
    late = await plant(pool, redis)
    await erased(pool, redis)
    await settle(pool, *late)
    status = message(HIS, "x", id="wamid.HERS")  # a status of her message, named by its id alone
    await settle(pool, delivery(status, "whatsapp.message.received"))
    assert await holding(pool, HERS, f"{CANARY} mine", f"{CANARY} alone", "wamid.HERS") == set()
    assert {row["id"] for row in await rows(pool, "messages")} == {"wamid.HIS"}
    replayer = Replayer(pool, release="test", go=True, tombstones=KEY, bounds=bounds)
    outcomes = await replayer.delivery(late[1])
    assert (outcomes.applied, outcomes.ignored) == (0, 1)
    assert await holding(pool, HERS) == set()
    for row in await rows(pool, "deliveries"):
        assert row["events"] == row["applied"] + row["ignored"] + row["dead"]


async def test_a_late_event_that_names_her_as_she_is_dialled_at_home_stays_out(pool: Pool, redis: Redis) -> None:
    await plant(pool, redis)
    await erased(pool, redis)
    event = {"id": str(uuid4()), "event": "project.event", "name": "note", "occurred_at": RECEIVED_AT.isoformat(),
             "properties": {"call": "0817 7700 0111", "about": f"{CANARY} dialled"}}  # fmt: skip
    await settle(pool, delivery(event, "project.event"))
    assert await holding(pool, f"{CANARY} dialled") == set()


async def test_a_new_message_begins_a_new_contact_that_knows_nothing(pool: Pool, redis: Redis) -> None:
    await plant(pool, redis)
    old = await lead(pool, number=HERS)
    await erased(pool, redis)
    again = message(HERS, "halo lagi", at=int(time.time() - RECEIVED_AT.timestamp()) + 60)
    again["conversation"]["metadata"] = {"nama": f"{CANARY} Rina"}
    again["conversation"]["updated_at"] = "2026-11-01T12:00:00Z"
    await settle(pool, delivery(again, "whatsapp.message.received", at=datetime.now(UTC)))
    new = await lead(pool, number=HERS)
    assert new["id"] != old["id"]
    assert new["contact_id"] != old["contact_id"]
    assert await holding(pool, f"{CANARY} Rina") <= {"deliveries"}
    assert [row["metadata"] for row in await rows(pool, "conversations") if row["id"] == conversation(HERS)] == [None]
    assert await lead_detail.notes(pool, new["id"]) == []


async def test_who_waits_in_a_drains_hands_is_cleaned_when_settled(pool: Pool, redis: Redis) -> None:
    both, alone, _ = await plant(pool, redis)
    in_hand = [interpreted(both, bounds()), interpreted(alone, bounds())]
    await erased(pool, redis)
    await Settler(pool, release="test", give_up=lambda: True, tombstones=KEY).settle(in_hand)
    assert await holding(pool, HERS, f"{CANARY} mine") == set()


async def test_without_the_key_nothing_is_settled_and_nothing_is_lost(pool: Pool, redis: Redis) -> None:
    late = await plant(pool, redis)
    await erased(pool, redis)
    with pytest.raises(Exception, match="ERASURE_KEY"):
        await settled(pool, late[:1])
    assert await holding(pool, HERS) == set()
    assert all(row["state"] == "discarded" for row in await rows(pool, "dead_letters"))


async def test_people_are_found_by_any_name(pool: Pool) -> None:
    await chat(pool, "halo", number=HERS, username="rina.s")
    await chat(pool, "halo", number=HIS, username="rina.s")
    row = await lead(pool, number=HERS)
    for given in (
        HERS,
        f"+{HERS}",
        "+62 817-7700-0111",
        "0817 7700 0111",
        "(0062) 817 77000111",
        str(row["id"]),
        str(row["contact_id"]),
    ):
        found = await person(pool, given, Phones("ID"))
        assert found is not None, given
        assert found.contact_id == row["contact_id"]
    assert await person(pool, "nobody") is None
    with pytest.raises(Ambiguous):
        await person(pool, "@rina.s")


async def test_an_export_holds_handoffs_that_only_an_address_ties_to_them(pool: Pool) -> None:
    """What erasing would find, an export finds."""
    await chat(pool, "halo", number=HERS)
    id = (await lead(pool, number=HERS))["id"]
    packet = ContextPacket(session_id="w", lead_level="warm", handoff_reason="stall", visitor_email="rina@example.com")
    await PostgresCRMClient(pool).create_lead(packet)
    await customers.patch(pool, id, {"email": "rina@example.com"}, version=None, by=BUDI)
    who = await person(pool, HERS)
    assert who is not None
    assert len((await export.everything(pool, who))["handoffs"]) == 1


async def test_an_export_holds_all_that_is_stored(pool: Pool, redis: Redis) -> None:
    await plant(pool, redis)
    who = await person(pool, HERS)
    assert who is not None
    found = await export.everything(pool, who)
    assert found.keys() >= {"contacts", "messages", "leads", "lead_changes", "lead_notes", "deliveries", "dead_letters",
                            "spill", "sightings", "conversations", "project_events", "lead_records", "next_steps",
                            "tickets", "passages", "conversation_sentiments"}  # fmt: skip
    assert "his own" not in str(found)
    assert HIS not in str(found)


async def test_retention_drops_what_is_too_old_and_what_was_said_last_follows(pool: Pool, redis: Redis) -> None:
    await chat(pool, "old words", number=HERS, at=-400 * 86_400)
    await chat(pool, "new words", number=HERS, at=0)
    await extracted(pool)
    await chat(pool, "very old", number=HIS, at=-400 * 86_400)
    await pool.execute("UPDATE contacts SET heard_at = last_message_at")
    await pool.execute("UPDATE lead_records SET changed_at = '2020-01-01'")
    keep = Retention(messages=100, leads=200)
    assert (await retention.old(pool, keep)).messages == 2
    done = await retention.prune(pool, redis, keep, KEY, shards=1)
    assert (done.messages, done.leads) == (2, 1)
    assert [row["text"] for row in await rows(pool, "messages")] == ["new words"]
    (contact,) = await rows(pool, "contacts")
    assert (contact["last_message_text"], contact["phone"]) == ("new words", f"+{HERS}")
    assert "very old" not in (await all_tables(pool))["deliveries"]
    assert "old words" not in (await all_tables(pool))["passages"]


async def test_old_conversations_that_end_later_do_not_bring_her_back(pool: Pool, redis: Redis) -> None:
    await plant(pool, redis)
    await erased(pool, redis)
    body = payload("conversation_ended")["body"]
    now = datetime.now(UTC).isoformat()
    session = {
        "id": conversation(HERS),
        "phone_number": HERS,
        "contact_name": CANARY,
        "status": "ended",
        "updated_at": now,
    }
    ended = delivery(body | {"conversation": session}, "whatsapp.conversation.ended", at=datetime.now(UTC))
    await settle(pool, ended)
    assert await lead(pool, number=HERS) is None
    assert await holding(pool, HERS) == set()


async def test_what_nobody_can_read_is_looked_at_too(pool: Pool, redis: Redis) -> None:
    await plant(pool, redis)
    await erased(pool, redis)
    broken = message(HERS, f"{CANARY} broken again")
    broken["message"]["timestamp"] = "no time"
    await settle(pool, delivery(broken, "whatsapp.message.received"), delivery(broken, "whatsapp.something.new"))
    assert await holding(pool, HERS, f"{CANARY} broken again") == set()


async def test_a_dead_letter_beside_hers_keeps_its_place_and_can_be_replayed(pool: Pool, redis: Redis) -> None:
    his = message(HIS, "his own words", id="wamid.HIS")
    both = batch(message(HERS, f"{CANARY} mine"), his)
    unread = InterpretedDelivery(both, DeliveryReading(failures=[EventFailure(1, "unexpected", "KeyError")]))
    await settled(pool, [delivery(message(HERS, "halo"), "whatsapp.message.received")])
    await Settler(pool, release="old", give_up=lambda: True).settle([unread])
    await erased(pool, redis)
    (letter,) = [one async for one in dead_letters.matching(pool, LetterQuery(state=None))]
    outcomes = await Replayer(pool, release="new", go=True, tombstones=KEY, bounds=bounds).letter(letter)
    assert (outcomes.applied, outcomes.word) == (1, "applies")
    assert [row["text"] for row in await rows(pool, "messages")] == ["his own words"]


async def test_what_others_say_of_her_stays(pool: Pool, redis: Redis) -> None:
    await plant(pool, redis)
    await settled(pool, [delivery(message(HIS, f"hubungi {HERS} ya", id="wamid.HIS3"), "whatsapp.message.received")])
    await erased(pool, redis)
    assert f"hubungi {HERS} ya" in {row["text"] for row in await rows(pool, "messages")}


def shared(id: str, *cards: tuple[str, str], at: int = 0) -> Delivery:
    said = message(HIS, "", id=id, at=at)
    said["message"] |= {"type": "contacts", "text": None, "contacts": [
        {"name": {"formatted_name": name}, "phones": [{"phone": number, "type": "CELL"}]} for name, number in cards
    ]}  # fmt: skip
    return delivery(said, "whatsapp.message.received", at=datetime.now(UTC))


HER_CARD = (f"{CANARY} mine", "+62 817-7700-0111")


async def test_her_card_in_his_message_goes_and_his_message_stays(pool: Pool, redis: Redis) -> None:
    await plant(pool, redis)
    both, alone = shared("wamid.BOTH", HER_CARD, ("Toko", "+6281200000009")), shared("wamid.CARD", HER_CARD)
    await settled(pool, [both, alone])
    assert (await erased(pool, redis)).rows["cards of theirs in others' messages"] == 2
    stored = {row["id"]: row["content"] for row in await rows(pool, "messages")}
    assert stored["wamid.CARD"] == []
    assert [card["name"]["formatted_name"] for card in stored["wamid.BOTH"]] == ["Toko"]
    assert await holding(pool, f"{CANARY} mine", "817-7700-0111") == set()

    # Kapso still has it: a poll, a late webhook and a replay do not bring it back.
    await settle(pool, both, shared("wamid.LATE", HER_CARD))
    await Replayer(pool, release="test", go=True, tombstones=KEY, bounds=bounds).delivery(both)
    assert await holding(pool, f"{CANARY} mine", "817-7700-0111") == set()
    assert {"wamid.BOTH", "wamid.LATE", "wamid.CARD"} <= {row["id"] for row in await rows(pool, "messages")}

    afterwards = int(time.time() - RECEIVED_AT.timestamp()) + 60
    await settle(pool, shared("wamid.NEW", HER_CARD, at=afterwards))
    assert await holding(pool, "817-7700-0111") == {"messages", "deliveries"}


async def test_another_key_is_noticed(pool: Pool, redis: Redis) -> None:
    late = await plant(pool, redis)
    await erased(pool, redis)
    other = Tombstones(b"quite another key")
    with pytest.raises(Exception, match="differs from the key"):
        await Settler(pool, release="test", give_up=lambda: True, tombstones=other).settle(
            [interpreted(late[0], bounds())]
        )


async def test_a_delivery_that_names_only_her_message_is_cleaned_too(pool: Pool, redis: Redis) -> None:
    await plant(pool, redis)
    body = {"message": {"id": "wamid.HERS", "type": "text", "text": {"body": f"{CANARY} again"},
                        "kapso": {"direction": "outbound"}}}  # fmt: skip
    await settled(pool, [delivery(body, "whatsapp.message.delivered")])
    await erased(pool, redis)
    assert await holding(pool, f"{CANARY} again") == set()


async def test_people_are_found_by_what_stands_on_the_lead_only(pool: Pool) -> None:
    """A person corrected the number, or wrote an e-mail down."""
    await chat(pool, "halo", number=HERS)
    id = (await lead(pool, number=HERS))["id"]
    await leads.patch(pool, id, {"phone": "+6281777000999", "email": "Rina@Example.com"}, version=None, by=BUDI)
    for given in ("rina@example.com", "0817 7700 0999", HERS):
        found = await person(pool, given, Phones("ID"))
        assert found is not None, given
        assert found.lead_id == id


async def test_an_export_reads_every_table_that_names_a_person_or_a_lead(pool: Pool) -> None:
    tables = await pool.fetch(
        "SELECT DISTINCT table_name AS name FROM information_schema.columns JOIN information_schema.tables"
        " USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        " AND column_name IN ('contact_id', 'lead_id')"
    )
    # An index for search, made of values of the other tables; keys of requests; erasures that are not done yet.
    made_of_others = {"lead_search", "idempotency_keys", "erasures"}
    read = set(re.findall(r"(?:FROM|JOIN) (\w+)", statement("rows_of_person")))
    assert {row["name"] for row in tables} - read == made_of_others


async def test_retention_drops_messages_that_were_never_sent(pool: Pool, redis: Redis) -> None:
    await chat(pool, "halo", number=HERS)
    failed = message(HERS, "never sent", id="wamid.FAILED")
    failed["message"] |= {"timestamp": None, "kapso": {"direction": "outbound", "status": "failed"}}
    await settled(pool, [delivery(failed, "whatsapp.message.failed")])
    await pool.execute("UPDATE messages SET sent_at = NULL, failed_at = '2020-01-01Z' WHERE id = 'wamid.FAILED'")
    keep = Retention(messages=10_000)
    assert (await retention.old(pool, keep)).messages == 0
    keep = Retention(messages=1000)
    assert (await retention.old(pool, keep)).messages == 1
    assert (await retention.prune(pool, redis, keep, KEY, shards=1)).messages == 1
    assert [row["text"] for row in await rows(pool, "messages")] == ["halo"]
