"""Who said what is found, in short chats and in long ones, old and new."""

import asyncio
from datetime import timedelta
from uuid import UUID

from domain.lead import Source
from store.knowledge import articles as knowledge
from store.knowledge import chat_index
from store.knowledge.chat_index import IndexedLine, passages
from store.leads import leads
from store.leads.leads import Actor
from store.mirror import merges
from store.postgres import Pool
from tests.chats import chat, extracted, lead
from tests.desk import says
from tests.helpers import RECEIVED_AT, rows, settled, until
from tests.knowledge.embedders import Made, Scripted, at_once
from tests.workers.drain.test_order import message
from workers.extraction.embed import embed
from workers.extraction.walk_chats import walk_chats

BUDI = Actor(Source.HUMAN, "user:budi")
OTHER = "6281111111111"
TALK = [f"pesan nomor {n} dengan beberapa kata supaya panjang" for n in range(120)]


async def leads_that_said(pool: Pool, words: str) -> list[UUID]:
    return [row["lead_id"] for row in (await knowledge.search_chats(pool, Made(), words)).rows]


async def test_a_long_chat_is_found_by_what_was_said_first(pool: Pool) -> None:
    await chat(pool, "apakah ada kulkas?", *TALK, "terima kasih")
    await extracted(pool)
    id = (await lead(pool))["id"]
    assert await leads_that_said(pool, "kulkas") == [id]
    before = {row["id"]: row["text"] for row in await rows(pool, "passages")}
    await chat(pool, "satu mesin cuci juga", at=500)
    await extracted(pool)
    after = {row["id"]: row["text"] for row in await rows(pool, "passages")}
    assert await leads_that_said(pool, "kulkas") == await leads_that_said(pool, "mesin cuci") == [id]
    # A chat goes on where it ended: what was embedded stays.
    assert sum(after.get(id) == text for id, text in before.items()) >= len(before) - 1


async def test_a_chat_that_had_come_to_rest_is_taken_in_once(pool: Pool) -> None:
    await chat(pool, "apakah ada kulkas?", *TALK)
    await chat(pool, "jual mesin cuci?", number=OTHER)
    await extracted(pool)
    # As releases left it that knew nothing of search, or only of the end of chats.
    await pool.execute("DELETE FROM passages")
    assert await leads_that_said(pool, "kulkas") == []
    assert await walk_chats(pool, at_once) == 2
    assert await leads_that_said(pool, "kulkas") == [(await lead(pool))["id"]]
    assert await leads_that_said(pool, "mesin cuci") == [(await lead(pool, number=OTHER))["id"]]
    assert await walk_chats(pool, at_once) == 0


async def test_the_walk_waits_for_whoever_puts_a_chat_there_now(pool: Pool) -> None:
    await chat(pool, "apakah ada kulkas?")
    await extracted(pool)
    row = await lead(pool)
    contact = await pool.fetchval("SELECT contact_id FROM lead_records WHERE id = $1", row["id"])
    async with pool.acquire() as putting, putting.transaction():
        await putting.fetch("SELECT FROM lead_records WHERE id = $1 FOR NO KEY UPDATE", row["id"])
        walking = asyncio.create_task(walk_chats(pool, at_once))
        await until(lambda: waits(pool))
        await chat(pool, "satu mesin cuci juga", at=60)
        await chat_index.put(putting, {row["id"]: contact})
    assert await walking == 1
    assert await leads_that_said(pool, "mesin cuci") == [row["id"]]


async def waits(pool: Pool) -> bool:
    asked = (
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"
    )
    return bool(await pool.fetchval(asked))


async def test_two_that_turn_out_to_be_one_are_found_by_what_both_said(pool: Pool) -> None:
    await chat(pool, "apakah ada kulkas?", *TALK[:60])
    await chat(pool, "jual mesin cuci?", *TALK[60:], number=OTHER, at=30)
    await extracted(pool)
    one, other = (await lead(pool))["id"], (await lead(pool, number=OTHER))["id"]
    both = await merges.merge(pool, one, other, by=BUDI, reason="the same", go=True)
    await extracted(pool)
    assert await leads_that_said(pool, "kulkas") == await leads_that_said(pool, "mesin cuci") == [both]


async def test_what_comes_late_or_is_told_later_is_found(pool: Pool) -> None:
    """Far before the end of the chat, where no reading looks any more, and in its middle."""
    await chat(pool, *TALK)
    await extracted(pool)
    await chat(pool, "apakah ada kulkas?", at=-40 * 86_400)
    await chat(pool, "satu mesin cuci juga", at=60)
    await extracted(pool)
    id = (await lead(pool))["id"]
    assert await leads_that_said(pool, "kulkas") == await leads_that_said(pool, "mesin cuci") == [id]


async def test_messages_that_turn_out_to_be_somebody_elses_are_found_there_alone(pool: Pool) -> None:
    """A number that was handed on: what it said before belongs to whoever held it then."""
    await settled(pool, [message("m1", 0, number="621", bsuid="ID.1"), message("m2", 100, number="621", bsuid=None)])
    await extracted(pool)
    first = await pool.fetchval("SELECT id FROM leads")
    assert await leads_that_said(pool, "m2") == [first]
    await settled(pool, [message("m3", 50, number="621", bsuid="ID.2")])
    await extracted(pool)
    assert (
        await pool.fetchval(
            "SELECT r.id FROM messages AS m JOIN lead_records AS r USING (contact_id) WHERE m.id = 'm2'"
        )
        != first
    )
    assert await leads_that_said(pool, "m1") == [first]
    assert first not in await leads_that_said(pool, "m2")
    assert len(await leads_that_said(pool, "m2")) == 1


def test_passages_of_one_week_leave_those_of_others_alone() -> None:
    lines = [
        IndexedLine(f"m{n}", f"nomor {n} " + "kata " * 20, RECEIVED_AT + timedelta(hours=3 * n)) for n in range(200)
    ]
    before, after = set(passages(lines)), set(passages([*lines[:90], *lines[91:]]))
    assert len(before) > 20
    assert len(before - after) <= 12
    assert len({one.place for one in before}) == len(before)
    assert passages([IndexedLine("a", "kata", None)]) == [(0, "a", "kata")]


async def test_who_said_what_is_found_and_follows_the_chat(pool: Pool) -> None:
    await chat(pool, "berapa harga untuk dua toko?")
    await chat(pool, "jam berapa buka?", number="6281111111111")
    await extracted(pool)
    one = Scripted("one")
    await embed(pool, one, at_once)
    found = await knowledge.search_chats(pool, Made(one), "siapa yang tanya harga dua toko")
    assert found.rows[0]["lead_id"] == (await lead(pool))["id"]
    await chat(pool, "kirim katalog ya", at=60)
    await extracted(pool)
    assert await embed(pool, one, at_once) == 1  # what changed, and nothing else
    (hit,) = (await knowledge.search_chats(pool, Made(), "katalog")).rows
    assert "**katalog**" in hit["snippet"]
    await leads.delete(pool, (await lead(pool))["id"], by=BUDI)
    assert (await knowledge.search_chats(pool, Made(), "katalog")).rows == []


async def test_a_hit_is_the_message_that_says_it(pool: Pool) -> None:
    await says(pool, "selamat pagi kak", id="wamid.1", at=RECEIVED_AT)
    await says(pool, "mau tanya soal HARGA", id="wamid.2", at=RECEIVED_AT + timedelta(seconds=1))
    await says(pool, "berapa harga untuk dua toko?", id="wamid.3", at=RECEIVED_AT + timedelta(seconds=2))
    await extracted(pool)
    id = (await lead(pool))["id"]
    for words, said_in in (
        ("harga", "wamid.2"),
        ("harga toko", "wamid.3"),
        ("tokonya", "wamid.3"),
        ("pagi", "wamid.1"),
    ):
        (hit,) = (await knowledge.search_chats(pool, None, words)).rows
        assert hit["message_id"] == said_in, words
        near = await knowledge.leads_that_say(pool, words, limit=5)
        assert (await knowledge.messages_of_hits(pool, near, words))[id].message_id == said_in, words
