"""Where leads are going: ranks, clients, and leads out of sight."""

from datetime import date

import pytest

from domain.customer import standing
from domain.field_kinds import NotAllowed
from domain.lead import STATUSES, Source
from domain.lead_filter import LeadFilter
from domain.phone import Phones
from store.crm import customers
from store.leads import lead_detail, lead_list, leads
from store.leads.lead_list import ListCursor
from store.leads.leads import Actor, NotFound
from store.postgres import Pool
from tests.chats import NUMBER, chat, extracted, lead
from tests.helpers import settled
from tests.workers.drain.test_order import message

BUDI = Actor(Source.HUMAN, "user:budi")
SARAH = Actor(Source.BOT, "sarah")
OTHER = "6281111111111"


async def test_one_score_says_all_of_the_rank(pool: Pool) -> None:
    await chat(pool, "halo", ago=60)
    id = (await lead(pool))["id"]
    assert (await lead(pool))["overall_score"] is None
    assert ((await lead(pool))["predicted_close_probability"], (await lead(pool))["priority_tier"]) == (None, "cold")
    await leads.patch(pool, id, {"lead_score": 72, "lead_temperature": "hot", "chat_phase": "C"}, version=None, by=BUDI)
    now = await lead(pool)
    assert (round(now["overall_score"], 2), round(now["predicted_close_probability"], 2)) == (0.72, 0.43)
    assert now["priority_tier"] == "hot"
    await leads.patch(pool, id, {"predicted_close_probability": 0.9, "estimated_value": 5_000_000,
                                 "expected_close_date": "2026-12-24"}, version=None, by=BUDI)  # fmt: skip
    now = await lead(pool)
    assert (round(now["predicted_close_probability"], 2), now["estimated_value"]) == (0.9, 5_000_000)
    assert now["expected_close_date"] == date(2026, 12, 24)
    for wrong in ({"predicted_close_probability": 1.5}, {"estimated_value": -1}, {"expected_close_date": "soon"}):
        with pytest.raises(NotAllowed):
            await leads.patch(pool, id, wrong, version=None, by=BUDI)


async def test_who_is_silent_or_archived_is_dormant(pool: Pool) -> None:
    await chat(pool, "halo", ago=31 * 86_400)
    await chat(pool, "halo", number=OTHER, ago=29 * 86_400)
    assert [(await lead(pool, number=one))["priority_tier"] for one in (NUMBER, OTHER)] == ["dormant", "cold"]
    await leads.set_status(pool, (await lead(pool, number=OTHER))["id"], "archived", by=BUDI)
    assert (await lead(pool, number=OTHER))["priority_tier"] == "dormant"


async def test_the_best_come_first_page_by_page(pool: Pool) -> None:
    scores = {"6281110000001": 10, "6281110000002": 90, "6281110000003": None, "6281110000004": 90, "6281110000005": 50}
    for number, score in scores.items():
        await chat(pool, "halo", number=number)
        if score is not None:
            await leads.patch(
                pool, (await lead(pool, number=number))["id"], {"lead_score": score}, version=None, by=BUDI
            )
    found: list[int | None] = []
    after: ListCursor | None = None
    for _ in range(5):
        page = await lead_list.page(pool, LeadFilter(), after=after, limit=2, order="priority")
        found += [row["lead_score"] for row in page.leads]
        after = page.next
        if after is None:
            break
    assert found == [90, 90, 50, 10, None]


async def test_who_converts_becomes_a_client_and_stays_one(pool: Pool) -> None:
    await chat(pool, "halo", contact_name="Rina")
    id = (await lead(pool))["id"]
    assert await pool.fetch("SELECT * FROM clients") == []
    await leads.set_status(pool, id, "converted", by=BUDI)
    (client,) = await pool.fetch("SELECT * FROM clients")
    assert (await lead(pool))["converted_to_client_id"] == client["id"]
    await leads.set_status(pool, id, "contacted", by=BUDI)
    await leads.set_status(pool, id, "converted", by=BUDI)
    assert len(await pool.fetch("SELECT * FROM clients")) == 1


async def test_a_deleted_lead_is_nowhere_and_comes_back_as_it_was(pool: Pool) -> None:
    await chat(pool, "halo, saya Rina dari Bandung")
    await extracted(pool)
    before = await lead(pool)
    id = before["id"]
    await leads.delete(pool, id, by=BUDI, reason="a test number")
    assert await lead(pool) is None
    assert (await lead_list.page(pool, LeadFilter())).leads == []
    assert (await lead_list.counts(pool, LeadFilter()))["all"]["all"] == 0
    assert await customers.search(pool, NUMBER, Phones("ID"), limit=5) == []
    assert (await customers.page(pool, customers.CustomerQuery(), number=1, size=5)).total == 0
    for touch in (
        lambda: lead_detail.read(pool, id, BUDI),
        lambda: leads.patch(pool, id, {"name": "X"}, version=None, by=BUDI),
        lambda: leads.set_status(pool, id, "qualified", by=BUDI),
        lambda: leads.add_note(pool, id, "x", by=BUDI),
        lambda: leads.delete(pool, id, by=BUDI),
    ):
        with pytest.raises(NotFound):
            await touch()
    await chat(pool, "saya jualan kopi", at=60)
    assert (await extracted(pool)).due == 0
    ((there),) = await leads.deleted(pool, limit=5)
    assert (there["id"], there["deleted_by"]) == (id, "user:budi")
    await leads.restore(pool, id, by=BUDI)
    assert (await extracted(pool)).due == 1
    after = await lead(pool)
    assert (after["name"], after["business_type"] is not None) == (before["name"], True)
    with pytest.raises(NotFound, match="not deleted"):
        await leads.restore(pool, id, by=BUDI)
    history = [row["field"] for row in await lead_detail.history(pool, id)]
    assert history.count("deleted_at") == 2


@pytest.mark.parametrize("first", [True, False])
async def test_two_leads_that_are_one_person_keep_the_client_and_stay_in_sight(first: bool, pool: Pool) -> None:
    await settled(pool, [message("m1", 0, number="621", bsuid=None), message("m2", 1, number=None, bsuid="ID.1")])
    converted, deleted = [row["id"] for row in await pool.fetch("SELECT id FROM leads ORDER BY created_at, id")][
        :: 1 if first else -1
    ]
    await leads.set_status(pool, converted, "converted", by=BUDI)
    await leads.delete(pool, deleted, by=BUDI)
    await settled(pool, [message("m4", 3, number="621", bsuid="ID.1")])
    (only,) = await pool.fetch("SELECT * FROM leads")
    assert only["status"] == "converted"
    assert [row["id"] for row in await pool.fetch("SELECT id FROM clients")] == [only["converted_to_client_id"]]


@pytest.mark.parametrize("converted", [0, 1, 2])
@pytest.mark.parametrize("deleted", [1, 2])
async def test_three_leads_that_turn_out_to_be_one_person_at_once_lose_nothing(
    converted: int, deleted: int, pool: Pool
) -> None:
    await settled(pool, [message("m1", 0, number="621", bsuid=None), message("m2", 1, number=None, bsuid="ID.1"),
                         message("m3", 2, number="622", bsuid=None)])  # fmt: skip
    ids = [row["id"] for row in await pool.fetch("SELECT id FROM leads ORDER BY created_at, id")]
    await leads.set_status(pool, ids[converted], "converted", by=BUDI)
    client = await pool.fetchval("SELECT id FROM clients")
    await leads.delete(pool, ids[(converted + deleted) % 3], by=BUDI)
    await settled(pool, [message("m4", 3, number="621", bsuid="ID.1"), message("m5", 4, number="622", bsuid="ID.1")])
    (only,) = await pool.fetch("SELECT * FROM leads")
    assert only["status"] == "converted"
    assert [row["id"] for row in await pool.fetch("SELECT id FROM clients")] == [client]
    assert only["converted_to_client_id"] == client


async def test_a_search_finds_a_number_under_whoever_has_it_now(pool: Pool) -> None:
    async def found(number: str) -> list[str | None]:
        page = await lead_list.page(pool, LeadFilter(parts=[number]))
        return [await pool.fetchval("SELECT business_scoped_user_id FROM contacts WHERE id = $1", one["contact_id"])
                for one in page.leads]  # fmt: skip

    await settled(
        pool, [message("m1", 0, number="6281111111", bsuid="ID.1"), message("m2", 1, number="6282222222", bsuid="ID.1")]
    )
    assert (await found("6281111111"), await found("6282222222")) == (["ID.1"], ["ID.1"])
    await settled(pool, [message("m3", 2, number="6281111111", bsuid="ID.2")])
    assert (await found("6281111111"), await found("6282222222")) == (["ID.2"], ["ID.1"])


async def test_the_standing_of_a_customer_is_the_same_in_python_and_in_the_table(pool: Pool) -> None:
    rows = await pool.fetch("SELECT lead_status, was_converted, is_cold, customer_status FROM customer_statuses")
    assert len(rows) == len(STATUSES) * 4
    for status, was_converted, is_cold, found in rows:
        assert standing(status, was_converted=was_converted, is_cold=is_cold) == found
