"""The service that people, agents and programs use: precedence, versions, audit, suggestions, notes, pages."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from domain.field_kinds import NotAllowed
from domain.lead import Source
from domain.lead_filter import LeadFilter, narrowed_by_search
from store import postgres
from store.leads import lead_detail, lead_list, leads
from store.leads.lead_list import ListCursor, arguments
from store.leads.leads import Actor, NotFound, Stale
from store.postgres import Pool, statement
from tests.chats import NUMBER, changes, chat, extracted, lead
from tests.helpers import delivery, payload, rows, settled, until

BUDI = Actor(Source.HUMAN, "user:budi")
AGENT = Actor(Source.AGENT, "key:manager")
AI = Actor(Source.AI, "rules@1")
SARAH = Actor(Source.BOT, "sarah")


async def new_lead(pool: Pool, number: str = NUMBER) -> UUID:
    await chat(pool, "halo", number=number)
    found: UUID = (await lead(pool, number=number))["id"]
    return found


async def test_a_contact_comes_with_its_lead_and_the_name_of_its_profile(pool: Pool) -> None:
    await chat(pool, "halo", contact_name="Budi Profil")
    row = await lead(pool)
    assert (row["name"], row["status"], row["version"], row["awaiting_reply"]) == ("Budi Profil", "new", 1, True)
    await leads.patch(pool, row["id"], {"name": "Budi"}, version=1, by=BUDI)
    await chat(pool, "< halo juga", contact_name="Another Profile", at=9)
    row = await lead(pool)
    assert (row["name"], row["awaiting_reply"]) == ("Budi", False)
    assert row["last_contact_at"] is not None


async def test_a_person_locks_a_field_and_ai_may_only_suggest(pool: Pool) -> None:
    id = await new_lead(pool)
    patched = await leads.patch(pool, id, {"domisili": "Solo"}, version=1, by=BUDI, reason="told me by phone")
    assert (patched.changed, patched.lead.version) == (["domisili"], 2)
    await chat(pool, "usaha laundry di Bandung", at=5)
    await extracted(pool)
    assert (await lead(pool))["domisili"] == "Solo"
    (suggestion,) = (await lead_detail.read(pool, id, BUDI)).suggestions
    assert (suggestion["value"], suggestion["quote"], suggestion["source"]) == ('"Bandung"', "Bandung", "ai")
    now = await leads.answer(pool, suggestion["id"], accept=True, by=BUDI)
    assert now.fields["domisili"] == "Bandung"
    why = (await lead_detail.read(pool, id, BUDI)).why["domisili"]
    assert (why["source"], why["actor"], why["quote"]) == ("human", "user:budi", "Bandung")
    assert [row["new"] for row in await changes(pool, "domisili")] == ['"Solo"', '"Bandung"']


async def test_what_a_person_ignored_is_not_suggested_again(pool: Pool) -> None:
    id = await new_lead(pool)
    await leads.patch(pool, id, {"domisili": "Solo"}, version=1, by=BUDI)
    for at in (5, 9):
        await chat(pool, "saya di Bandung", at=at)
        await extracted(pool)
        for row in (await lead_detail.read(pool, id, BUDI)).suggestions:
            if row["field"] == "domisili":
                await leads.answer(pool, row["id"], accept=False, by=BUDI)
    states = [row["state"] for row in await rows(pool, "lead_suggestions") if row["field"] == "domisili"]
    assert states == ["ignored"]


async def test_a_newer_suggestion_takes_the_place_of_the_open_one(pool: Pool) -> None:
    id = await new_lead(pool)
    await leads.patch(pool, id, {"domisili": "Solo"}, version=1, by=BUDI)
    for at, city in ((5, "Bandung"), (9, "Medan")):
        await chat(pool, f"saya di {city}", at=at)
        await extracted(pool)
    found = {row["value"]: row["state"] for row in await rows(pool, "lead_suggestions") if row["field"] == "domisili"}
    assert found == {"Bandung": "outdated", "Medan": "open"}


async def test_a_field_that_a_person_lets_go_of_may_be_read_again(pool: Pool) -> None:
    id = await new_lead(pool)
    patched = await leads.patch(pool, id, {"domisili": "Solo"}, version=1, by=BUDI)
    with pytest.raises(NotAllowed):
        await leads.let_go(pool, id, ["domisili"], version=patched.lead.version, by=AGENT)
    free = await leads.let_go(pool, id, ["domisili"], version=patched.lead.version, by=BUDI)
    assert (free.fields["domisili"], free.set_by) == ("Solo", {})
    await chat(pool, "saya di Bandung", at=5)
    await extracted(pool)
    assert (await lead(pool))["domisili"] == "Bandung"
    assert [row["reason"] for row in await changes(pool, "domisili")] == [None, "let go", None]


async def test_an_agent_gives_way_to_a_person_only(pool: Pool) -> None:
    id = await new_lead(pool)
    first = await leads.patch(pool, id, {"name": "Budi"}, version=1, by=BUDI)
    second = await leads.patch(pool, id, {"name": "Bobby", "domisili": "Solo"}, version=first.lead.version, by=AGENT)
    assert (second.changed, second.suggested) == (["domisili"], ["name"])
    assert (await lead(pool))["name"] == "Budi"


async def test_a_stale_write_is_refused_with_the_lead_as_it_is(pool: Pool) -> None:
    id = await new_lead(pool)
    await leads.patch(pool, id, {"name": "Budi"}, version=1, by=BUDI)
    with pytest.raises(Stale) as refused:
        await leads.patch(pool, id, {"name": "Rina"}, version=1, by=BUDI)
    assert (refused.value.current.version, refused.value.current.fields["name"]) == (2, "Budi")
    assert len(await changes(pool, "name")) == 1


async def test_of_two_who_write_at_once_one_is_told(pool: Pool) -> None:
    id = await new_lead(pool)
    writes = [leads.patch(pool, id, {"name": name}, version=1, by=BUDI) for name in ("Budi", "Rina", "Andi")]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["PatchedLead", "Stale", "Stale"]


async def test_an_edit_that_a_deadlock_ended_comes_through_the_second_time(
    pool: Pool, gate: asyncpg.Connection, database_url: str
) -> None:
    id = await new_lead(pool)
    # Postgres ends whoever looks first: that is the editor, long after both have begun to wait.
    await gate.execute("SET deadlock_timeout = '100s'")
    editor = await postgres.connect(database_url, size=1)
    await editor.execute("SET deadlock_timeout = '3s'")
    transaction = gate.transaction()
    await transaction.start()
    await gate.execute("UPDATE lead_search SET words = words WHERE lead_id = $1", id)
    editing = asyncio.create_task(leads.patch(editor, id, {"name": "Rina"}, version=1, by=BUDI))
    await until(lambda: _somebody_waits(pool))
    await gate.execute("SELECT FROM lead_records WHERE id = $1 FOR UPDATE", id)
    await transaction.commit()
    assert (await editing).changed == ["name"]
    await editor.close()


async def _somebody_waits(pool: Pool) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool(await pool.fetchval(waiting))


async def test_bad_values_change_nothing(pool: Pool) -> None:
    id = await new_lead(pool)
    with pytest.raises(NotAllowed, match="lead_score"):
        await leads.patch(pool, id, {"name": "Budi", "lead_score": 200}, version=1, by=BUDI)
    with pytest.raises(NotFound):
        await leads.patch(pool, uuid4(), {"name": "Budi"}, version=1, by=BUDI)
    assert (await lead(pool))["version"] == 1


MOVES = [("qualified", None), ("converted", "set"), ("archived", "set"), ("new", None), ("contacted", None)]


async def test_the_status_moves_in_any_direction_and_every_move_is_kept(pool: Pool) -> None:
    id = await new_lead(pool)
    for status, converted in MOVES:
        await leads.set_status(pool, id, status, by=SARAH, reason="because")
        row = await lead(pool)
        assert row["status"] == status
        assert (row["converted_at"] is not None) == (converted == "set")
    assert [row["new"].strip('"') for row in await changes(pool, "status")] == [status for status, _ in MOVES]
    assert (await leads.set_status(pool, id, "contacted", by=BUDI)).changed == []
    with pytest.raises(NotAllowed, match="new, qualified"):
        await leads.set_status(pool, id, "lost", by=BUDI)


async def test_ai_only_proposes_a_status(pool: Pool) -> None:
    id = await new_lead(pool)
    assert (await leads.set_status(pool, id, "qualified", by=AI)).suggested == ["status"]
    assert (await lead(pool))["status"] == "new"
    (suggestion,) = (await lead_detail.read(pool, id, BUDI)).suggestions
    assert (await leads.answer(pool, suggestion["id"], accept=True, by=BUDI)).status == "qualified"
    with pytest.raises(NotFound):
        await leads.answer(pool, suggestion["id"], accept=True, by=BUDI)


@pytest.mark.parametrize(
    ("suggested", "status", "left"),
    [("qualified", "contacted", 0), ("converted", "contacted", 1), ("archived", "archived", 0), ("archived", "contacted", 0),
     ("contacted", "archived", 0)],
)  # fmt: skip
async def test_a_persons_status_outdates_what_it_answers(pool: Pool, suggested: str, status: str, left: int) -> None:
    id = await new_lead(pool)
    assert (await leads.set_status(pool, id, suggested, by=AI)).suggested == ["status"]
    await leads.set_status(pool, id, status, by=BUDI)
    assert len((await lead_detail.read(pool, id, BUDI)).suggestions) == left


async def test_a_corrected_note_keeps_its_old_text(pool: Pool) -> None:
    id = await new_lead(pool)
    first = await leads.add_note(pool, id, " wants a demo on Monday ", by=BUDI)
    second = await leads.correct_note(pool, id, first, "wants a demo on Tuesday", by=AGENT)
    with pytest.raises(NotFound):
        await leads.correct_note(pool, id, first, "again", by=BUDI)
    other = await new_lead(pool, number="6281200000077")
    with pytest.raises(NotFound):
        await leads.correct_note(pool, other, second, "of somebody else", by=BUDI)
    shown = [(row["text"], row["actor"], row["corrected_by"]) for row in await lead_detail.notes(pool, id)]
    assert shown == [("wants a demo on Monday", "user:budi", second), ("wants a demo on Tuesday", "key:manager", None)]
    with pytest.raises(NotAllowed):
        await leads.add_note(pool, id, "  ", by=BUDI)


async def test_opening_a_lead_is_logged_and_a_list_is_not(pool: Pool) -> None:
    id = await new_lead(pool)
    await lead_list.page(pool, LeadFilter())
    await lead_detail.read(pool, id, BUDI)
    log = await rows(pool, "access_log")
    assert [(row["actor"], row["action"], row["lead_id"]) for row in log] == [("user:budi", "open", str(id))]
    detail = await lead_detail.read(pool, (await lead(pool))["contact_id"], BUDI)
    assert (detail.lead["id"], [row["text"] for row in detail.messages]) == (id, ["halo"])


async def test_history_goes_back_page_by_page(pool: Pool) -> None:
    id = await new_lead(pool)
    for version, name in enumerate(("A1", "B2", "C3"), start=1):
        await leads.patch(pool, id, {"name": name}, version=version, by=BUDI)
    newest, *_ = await lead_detail.history(pool, id, limit=1)
    older = await lead_detail.history(pool, id, field="name", before=newest["id"])
    assert [leads.plain(row["new"]) for row in (newest, *older)] == ["C3", "B2", "A1"]


async def some_leads(pool: Pool) -> None:
    for n in range(7):
        await chat(pool, f"halo {n}", number=f"62811000000{n}", at=n // 2)  # some in the same second
    ids = [row["id"] for row in await pool.fetch("SELECT id FROM leads ORDER BY mirrored_phone")]
    for id in ids[:3]:
        await leads.patch(
            pool, id, {"domisili": "Bandung", "lead_temperature": "hot", "lead_score": 80}, version=1, by=BUDI
        )
    await chat(pool, "< baik", number="628110000006", at=60)
    body = payload("conversation_created")["body"]
    session = body["conversation"] | {"phone_number": "628110000007"}
    await settled(pool, [delivery(body | {"conversation": session}, "whatsapp.conversation.created")])


async def pages(pool: Pool, wanted: LeadFilter, limit: int) -> list[str]:
    found: list[str] = []
    after: ListCursor | None = None
    for _ in range(10):
        page = await lead_list.page(pool, wanted, after=after, limit=limit)
        found += [row["phone"][-1] for row in page.leads]
        after = page.next
        if after is None:
            return found
    raise AssertionError("pages without end")


async def test_pages_show_every_lead_once_newest_first(pool: Pool) -> None:
    await some_leads(pool)
    whole = await pages(pool, LeadFilter(), 50)
    assert sorted(whole) == list("01234567")
    assert (whole[0], whole[-1]) == ("6", "7")  # who never wrote comes last
    for limit in (1, 2, 3, 8):
        assert await pages(pool, LeadFilter(), limit) == whole


async def test_every_page_goes_along_the_index(pool: Pool, database_url: str) -> None:
    await pool.execute(
        "INSERT INTO contacts (id, last_message_at) SELECT gen_random_uuid(), now() - n * interval '1 minute'"
        " FROM generate_series(1, 5000) AS n"
    )
    await pool.execute("UPDATE lead_records SET lead_temperature = 'hot'")
    await pool.execute("ANALYZE")
    middle = await pool.fetchrow(
        "SELECT recency, now() AS received_rank, contact_id FROM lead_list ORDER BY recency OFFSET 2500 LIMIT 1"
    )
    reading = await postgres.connect(database_url, size=1)
    given = (*arguments(LeadFilter(temperature=["hot"])), *middle, 51)
    try:
        plan = await reading.fetch("EXPLAIN (COSTS OFF) " + statement("lead_page"), *given)
    finally:
        await reading.close()
    text = "\n".join(row[0] for row in plan)
    assert "contacts_by_recency" in text
    assert "Index Cond: (ROW(COALESCE(" in text
    assert "Seq Scan on contacts" not in text
    assert "Seq Scan on lead_records" not in text


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"temperature": ["hot", "warm"]}, "012"), ({"city": "BANDUNG"}, "012"), ({"least_score": 81}, ""),
        ({"awaiting_reply": True}, "012345"), ({"awaiting_reply": False}, "67"), ({"status": ["new"], "city": "Solo"}, ""),
        ({"phase": ["D"]}, ""),
    ],
)  # fmt: skip
async def test_filters_narrow_the_list(pool: Pool, wanted: dict[str, Any], found: str) -> None:
    await some_leads(pool)
    assert "".join(sorted(await pages(pool, LeadFilter(**wanted), 2))) == found


@pytest.mark.parametrize(
    "bad",
    [
        "lead_score = 101", "lead_temperature = 'boiling'", "status = 'lost'", "chat_phase = 'E'", "phone = '0812'",
        "pain_points = '{}'", "status = 'converted'", "urgency_level = 'soon'",
    ],
)  # fmt: skip
async def test_bad_states_are_impossible(pool: Pool, bad: str) -> None:
    await new_lead(pool)
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute(f"UPDATE lead_records SET {bad}")  # noqa: S608


async def test_every_column_of_what_readers_read_has_a_comment(pool: Pool) -> None:
    bare = await pool.fetch(
        "SELECT c.attname FROM pg_attribute AS c WHERE c.attrelid = 'leads'::regclass AND c.attnum > 0"
        " AND col_description(c.attrelid, c.attnum) IS NULL"
    )
    assert bare == []


async def test_words_in_a_field_narrow_the_list(pool: Pool) -> None:
    for n, trade in enumerate(("Laundry kiloan", "toko kue")):
        await chat(pool, "halo", number=f"62812000000{n}")
        id = await pool.fetchval("SELECT id FROM leads WHERE phone = $1", f"+62812000000{n}")
        await leads.patch(
            pool, id, {"business_type": trade, "pain_points": ["no-shows"][:n] or None}, version=1, by=BUDI
        )

    async def named(text: str) -> list[str | None]:
        wanted, strange = narrowed_by_search(LeadFilter(), text)
        assert strange == []
        return sorted(row["business_type"] for row in (await lead_list.page(pool, wanted)).leads)

    assert await named("business_type:laundry") == ["Laundry kiloan"]
    assert await named("usaha:TOKO") == ["toko kue"]
    assert await named("pain_points:show") == ["toko kue"]
    assert await named("business:kue pain_points:show language:id") == []
