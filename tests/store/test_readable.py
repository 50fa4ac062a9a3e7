"""What a customer reads by SQL: the names, shapes and examples of the documents."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from domain.lead import Source
from domain.lead_filter import LeadFilter
from domain.letters import searchable
from domain.next_step import SuggestedStep
from store.crm import customers
from store.knowledge import articles as knowledge
from store.leads import leads, next_steps
from store.leads.lead_list import page
from store.leads.leads import Actor
from store.mirror import merges
from store.ops import dictionary
from store.postgres import Pool
from tests.chats import NUMBER, chat, extracted, lead
from tests.desk import says
from tests.helpers import settled
from tests.knowledge.embedders import HOURS, PRICES, Scripted, at_once
from tests.workers.drain.test_order import message
from workers.extraction.embed import embed

DICTIONARY = Path(__file__).resolve().parents[2] / "docs" / "data-dictionary.md"
BUDI = Actor(Source.HUMAN, "user:budi")


async def row(pool: Pool, query: str, *arguments: object) -> dict[str, Any]:
    (found,) = await pool.fetch(query, *arguments)
    return dict(found)


async def test_name_and_phone_of_leads_are_everybodys(pool: Pool) -> None:
    await says(pool, "halo", name="Rina")
    assert await row(pool, "SELECT name, phone FROM leads") == {"name": "Rina", "phone": f"+{NUMBER}"}
    id = (await lead(pool))["id"]
    await leads.patch(pool, id, {"phone": "+62 813-6666-0009"}, version=1, by=BUDI)
    for view in ("leads", "lead_list"):
        numbers = await row(pool, f"SELECT phone, corrected_phone, mirrored_phone FROM {view}")  # noqa: S608
        assert list(numbers.values()) == ["+6281366660009", "+6281366660009", f"+{NUMBER}"]
    assert (await row(pool, "SELECT primary_phone FROM customers"))["primary_phone"] == "+6281366660009"


async def test_last_contact_is_the_newest_message_that_arrived(pool: Pool) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    await says(pool, "halo", name="Rina", at=now - timedelta(minutes=9))
    await says(pool, "halo juga", ours=True, at=now - timedelta(minutes=8))
    await says(pool, "failed", ours=True, id="wamid.F", at=now - timedelta(minutes=7))
    await pool.execute("UPDATE messages SET status = 'failed', status_rank = 3 WHERE id = 'wamid.F'")
    await says(
        pool, "", type="reaction", reaction={"message_id": "wamid.F", "emoji": "x"}, at=now - timedelta(minutes=6)
    )
    for view in ("leads", "lead_list", "customers"):
        found = await row(pool, f"SELECT last_contact_at FROM {view}")  # noqa: S608
        assert found["last_contact_at"] == now - timedelta(minutes=8), view
    assert (await row(pool, "SELECT last_message_at FROM leads"))["last_message_at"] == now - timedelta(minutes=7)


async def test_the_knowledge_base_shows_passages_with_the_vectors_of_the_model_in_use(pool: Pool) -> None:
    await knowledge.put(pool, [PRICES, HOURS])
    query = "SELECT id, title, content, embedding FROM knowledge_base ORDER BY title"
    hours, prices = await pool.fetch(query)
    assert (prices["title"], prices["content"], prices["embedding"]) == (PRICES.title, PRICES.content, None)
    assert isinstance(hours["id"], UUID)
    await embed(pool, Scripted("one"), at_once)
    first = [row["embedding"] for row in await pool.fetch(query)]
    await embed(pool, Scripted("two", 4), at_once)
    second = [row["embedding"] for row in await pool.fetch(query)]
    assert ([len(json.loads(one)) for one in first], [len(json.loads(one)) for one in second]) == ([8, 8], [4, 4])
    near = "SELECT title FROM knowledge_base ORDER BY embedding <=> $1::text::vector LIMIT 1"
    assert await pool.fetchval(near, second[1]) == "Prices"
    await pool.execute("SELECT drop_embedding_model(id) FROM embedding_models WHERE name = 'two'")
    assert [row["embedding"] for row in await pool.fetch(query)] == first
    await pool.execute("DROP EXTENSION vector CASCADE")
    await pool.execute("SELECT show_knowledge_base()")
    assert [row["embedding"] for row in await pool.fetch(query)] == [None, None]


async def test_scores_and_money_are_exact(pool: Pool, database_url: str) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    values = {"predicted_close_probability": 0.9, "estimated_value": 50000.50, "lead_score": 72}
    await leads.patch(pool, id, values, version=1, by=BUDI)
    await next_steps.propose(pool, id, SuggestedStep("REPLY", {"text": "Halo"}, 0.9), by=BUDI)
    plain = await asyncpg.connect(database_url)
    try:
        found = await plain.fetchrow("SELECT overall_score, predicted_close_probability, estimated_value FROM leads")
        assert list(found) == [Decimal("0.72"), Decimal("0.90"), Decimal("50000.50")]
        assert await plain.fetchval("SELECT confidence FROM suggestions") == Decimal("0.90")
        kinds = await plain.fetch(
            "SELECT column_name, numeric_precision, numeric_scale FROM information_schema.columns"
            " WHERE (table_schema, table_name, data_type) = ('public', 'lead_records', 'numeric') ORDER BY 1"
        )
        assert [tuple(kind) for kind in kinds] == [("estimated_value", 12, 2), ("predicted_close_probability", 3, 2)]
    finally:
        await plain.close()
    assert (await lead(pool))["estimated_value"] == 50000.5
    assert (await lead(pool))["predicted_close_probability"] == 0.9


async def test_signals_are_a_list_of_objects(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry di Bandung", "berapa harganya?")
    await extracted(pool)
    signals = {one["type"]: one for one in orjson.loads((await lead(pool))["signals"])}
    asked = signals["asked_price"]
    assert (asked["points"], asked["weight"], asked["quote"]) == (15, 0.15, "berapa harganya")
    assert asked["timestamp"].startswith("20")
    # What follows from a field names the message that the field was read in.
    (said,) = await pool.fetch("SELECT message_id, quote FROM lead_changes WHERE field = 'domisili'")
    assert (signals["gave_city"]["message_id"], signals["gave_city"]["quote"]) == tuple(said)
    assert signals["gave_city"]["timestamp"]


async def test_suggestions_threads_and_identifiers_have_their_documented_names(pool: Pool) -> None:
    await chat(pool, "saya kecewa sekali, pesanan saya belum datang")
    await extracted(pool)
    found = await lead(pool)
    await customers.patch(pool, found["id"], {"email": "rina@example.com"}, version=None, by=BUDI)
    step = await next_steps.propose(pool, found["id"], SuggestedStep("REPLY", {"text": "Halo"}), by=BUDI)
    assert set(await row(pool, "SELECT * FROM suggestions WHERE id = $1", step)) == {
        "id", "lead_id", "type", "status", "suggested_content", "confidence", "reasoning", "tokens", "created_at",
        "decided_at", "decided_by", "deleted_at",
    }  # fmt: skip
    thread = await row(pool, "SELECT lead_id, awaiting_reply, sentiment FROM threads")
    assert (thread["lead_id"], thread["awaiting_reply"], bool(thread["sentiment"])) == (found["id"], True, True)
    assert orjson.loads((await row(pool, "SELECT sentiment_history FROM customers"))["sentiment_history"])
    names = await pool.fetch("SELECT id, identifier_type, kind, identifier_value FROM customer_identifiers")
    assert len({one["id"] for one in names}) == len(names)
    assert {(one["identifier_type"], one["kind"]) for one in names} >= {
        ("phone", "phone"),
        ("whatsapp", "wa_id"),
        ("email", "email"),
    }
    assert {one["identifier_type"] for one in names} <= {"email", "phone", "whatsapp"}
    await leads.delete(pool, found["id"], by=BUDI)
    gone = await row(pool, "SELECT lead_id, deleted_at FROM suggestions WHERE id = $1", step)
    assert (gone["lead_id"], gone["deleted_at"] is not None) == (None, True)


async def test_two_leads_of_one_number_are_listed_for_somebody_to_merge(pool: Pool) -> None:
    await chat(pool, "halo")
    await chat(pool, "halo", number="6281200000002")
    id = (await lead(pool, number="6281200000002"))["id"]
    await leads.patch(pool, id, {"phone": f"+{NUMBER}"}, version=1, by=BUDI)
    pair = await row(pool, "SELECT phone, lead_id, other_lead_id FROM leads_of_one_number")
    assert (pair["phone"], {pair["lead_id"], pair["other_lead_id"]}) == (f"+{NUMBER}", {id, (await lead(pool))["id"]})


@pytest.mark.parametrize(
    ("name", "asked"),
    [("Šťastná", "Stastna"), ("Stastna", "šťastná"), ("Café Ole\u0301", "cafe olé"), ("Ｒｉｎａ", "rina"), ("ŁUKASZ", "łukasz"),
     ("İpek", "ipek"), ("ПРИВЕТ", "привет")],
)  # fmt: skip
async def test_a_search_knows_letters_with_and_without_accents(name: str, asked: str, pool: Pool) -> None:
    await says(pool, "halo", name=name)
    assert [one["name"] for one in (await page(pool, LeadFilter(parts=[searchable(asked)]))).leads] == [name]
    assert await pool.fetchval("SELECT searchable($1)", name) == searchable(name)


async def test_a_name_that_nobody_can_see_is_none(pool: Pool) -> None:
    await says(pool, "halo", name="\u200b\u2800")
    assert (await lead(pool))["name"] is None
    await says(pool, "halo", name="Rina")
    await says(pool, "halo lagi", name="\u200b")
    assert (await lead(pool))["name"] == "Rina"


async def test_every_number_of_a_person_finds_their_lead(pool: Pool) -> None:
    for n in (1, 2):
        await settled(pool, [message(f"m{n}", n, number=f"628120000000{n}", bsuid=None)])
    one, other = [each["id"] for each in await pool.fetch("SELECT id FROM leads ORDER BY phone")]
    await merges.merge(pool, one, other, by=BUDI, reason="one person", go=True)
    for digits in ("6281200000001", "6281200000002"):
        assert len((await page(pool, LeadFilter(parts=[digits]))).leads) == 1, digits


# The mirror's own: nobody but it needs to read them.
OWN = """
lead_owners alarms alembic_version api_keys chat_index contact_aliases conversation_sentiments cursors customer_statuses delivery_days
drains embedding_models erasures extraction_runs gaps handoff_records idempotency_keys identity_joins inbox_losses
reply_times inbox_watermarks lag_samples lead_aliases lead_reads lead_records lead_search login_addresses login_failures media_files media_removals
mirror model_days model_readings
next_steps owner_rules passages preference_sightings reconcile_runs replays saved_views sessions sightings spill temperature_words tombstones unrecognized_facts
account_changes hooks imports incidents invitations notifications sign_in_steps users vanished_contacts
"""


async def test_every_column_that_people_read_says_what_it_is(pool: Pool) -> None:
    found = await dictionary.columns(pool)
    assert [f"{one.relation}.{one.name}" for one in found if not one.said] == []
    assert [one.relation for one in found if not one.about] == []
    relations = await pool.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')"
        " AND NOT relispartition AND relname NOT LIKE 'embeddings%'"
    )
    assert {row["relname"] for row in relations} == {*dictionary.READABLE, *OWN.split()}


async def test_the_data_dictionary_is_the_one_that_is_committed(pool: Pool) -> None:
    assert DICTIONARY.read_text() == dictionary.markdown(await dictionary.columns(pool)), "python3 dev.py docs"
