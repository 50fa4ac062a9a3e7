"""Owner, tags and snoozing of a lead, and the views that a user saves."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from domain.field_kinds import NotAllowed
from domain.lead import Source
from domain.lead_filter import NOBODYS, LeadFilter, narrowed_by_search
from store.leads import lead_detail, lead_list, leads, owner_rules, saved_views
from store.leads.leads import Actor
from store.postgres import Pool
from store.privacy import retention
from store.privacy.retention import Retention
from store.privacy.tombstones import NOBODY_ERASED
from tests.chats import extracted, lead
from tests.desk import NUMBER, says, user

OTHER = "6281200000001"
BUDI = Actor(Source.HUMAN, "user:budi")
LATER = datetime.now(UTC) + timedelta(days=1)


async def found(pool: Pool, **wanted: Any) -> set[str]:
    return {row["name"] for row in (await lead_list.page(pool, LeadFilter(**wanted))).leads}


async def two(pool: Pool) -> None:
    await says(pool, "halo", name="Rina")
    await says(pool, "pagi", number=OTHER, name="Budi")
    await user(pool, "budi")


async def set_on_rina(pool: Pool, **values: object) -> leads.PatchedLead:
    row = await lead(pool, number=NUMBER)
    return await leads.patch(pool, row["id"], values, version=None, by=BUDI)


async def test_an_owner_and_tags_narrow_the_list(pool: Pool) -> None:
    await two(pool)
    await set_on_rina(pool, owner="budi", tags=["vip", "expo"])
    assert await found(pool, owner=["budi"]) == {"Rina"}
    assert await found(pool, owner=[NOBODYS]) == {"Budi"}
    assert await found(pool, owner=["budi", NOBODYS]) == {"Rina", "Budi"}
    assert await found(pool, tag=["expo", "other"]) == {"Rina"}
    history = await lead_detail.history(pool, (await lead(pool, number=NUMBER))["id"])
    assert {row["field"] for row in history} == {"owner", "tags"}


async def test_who_is_no_user_owns_nothing(pool: Pool) -> None:
    await two(pool)
    with pytest.raises(NotAllowed, match="name of a user"):
        await set_on_rina(pool, owner="somebody")


async def snoozed(pool: Pool, until: datetime | None = LATER) -> None:
    """Snooze Rina, with the count of messages that she has now."""
    row = await lead(pool, number=NUMBER)
    await leads.snooze(pool, row["id"], until, by=BUDI, questions=row["questions"])


async def test_a_snoozed_lead_is_back_when_the_time_comes(pool: Pool) -> None:
    await two(pool)
    await snoozed(pool)
    assert await found(pool, snoozed=False) == {"Budi"}
    assert await found(pool, snoozed=True) == {"Rina"}
    await pool.execute("UPDATE lead_records SET snoozed_until = now() - interval '1 s' WHERE snoozed_until IS NOT NULL")
    assert await found(pool, snoozed=False) == {"Rina", "Budi"}


NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("message", "wakes"),
    [
        ({}, True),
        ({"at": NOW - timedelta(hours=3)}, True),  # it came late
        ({"at": datetime(2026, 11, 1, 8, 0, tzinfo=UTC)}, True),  # it came very late
        ({"ours": True}, False),
        ({"type": "reaction", "reaction": {"emoji": "👍", "message_id": "wamid.x"}}, False),
    ],
    ids=["now", "late", "very late", "ours", "reaction"],
)
async def test_what_they_write_wakes_them_whenever_it_comes(pool: Pool, message: dict[str, Any], wakes: bool) -> None:
    await two(pool)
    await says(pool, "harganya?", name="Rina", at=NOW)
    await snoozed(pool)
    await says(pool, "masih di situ?", name="Rina", **message)
    assert await found(pool, snoozed=True) == (set() if wakes else {"Rina"})
    assert (await lead(pool, number=NUMBER))["snoozed_until"] == (None if wakes else LATER)


async def test_what_retention_deletes_wakes_nobody(pool: Pool, redis: Redis) -> None:
    await two(pool)
    await says(pool, "harganya?", name="Rina", at=NOW - timedelta(days=40))
    await snoozed(pool)
    await retention.prune(pool, redis, Retention(messages=-1), NOBODY_ERASED, shards=1)
    assert await pool.fetchval("SELECT count(*) FROM messages WHERE text = 'harganya?'") == 0
    assert await found(pool, snoozed=True) == {"Rina"}


async def test_a_message_of_the_same_second_wakes_and_its_repetition_does_not(pool: Pool) -> None:
    await two(pool)
    await says(pool, "harganya?", name="Rina", at=NOW, id="wamid.1")
    await snoozed(pool)
    await says(pool, "harganya?", name="Rina", at=NOW, id="wamid.1")
    assert await found(pool, snoozed=True) == {"Rina"}
    await says(pool, "halo?", name="Rina", at=NOW, id="wamid.2")
    assert await found(pool, snoozed=True) == set()
    await snoozed(pool)
    await snoozed(pool)  # once more, by somebody who does not know
    assert await found(pool, snoozed=True) == {"Rina"}


async def test_who_wrote_after_the_look_is_not_snoozed(pool: Pool) -> None:
    await two(pool)
    seen = await lead(pool, number=NUMBER)
    await says(pool, "satu lagi", name="Rina")
    with pytest.raises(leads.ChangedMeanwhile, match="They wrote meanwhile"):
        await leads.snooze(pool, seen["id"], LATER, by=BUDI, questions=seen["questions"])
    assert await found(pool, snoozed=True) == set()


async def test_what_a_colleague_changed_meanwhile_stays(pool: Pool) -> None:
    await two(pool)
    siti = Actor(Source.HUMAN, "user:siti")
    row = await lead(pool, number=NUMBER)
    await leads.set_status(pool, row["id"], "qualified", by=siti)
    with pytest.raises(leads.ChangedMeanwhile, match="siti changed this meanwhile"):
        await leads.set_status(pool, row["id"], "archived", was="new", by=BUDI)
    await leads.snooze(pool, row["id"], LATER, by=siti, questions=None)
    with pytest.raises(leads.ChangedMeanwhile, match="siti changed"):
        await leads.patch(
            pool, row["id"], {"snoozed_until": None}, version=None, by=BUDI, was={"snoozed_until": NOW.isoformat()}
        )
    after = await lead(pool, number=NUMBER)
    assert (after["status"], after["snoozed_until"]) == ("qualified", LATER)


async def test_ten_tags_at_once_are_all_kept(pool: Pool) -> None:
    await two(pool)
    row = await lead(pool, number=NUMBER)
    await asyncio.gather(*(leads.retag(pool, row["id"], add=f"tag {n}", by=BUDI) for n in range(10)))
    assert set((await lead(pool, number=NUMBER))["tags"]) == {f"tag {n}" for n in range(10)}


async def test_a_time_without_its_zone_is_refused(pool: Pool) -> None:
    await two(pool)
    for strange in ("2026-11-30T09:00:00", "tomorrow", 5):
        with pytest.raises(NotAllowed, match="with its zone"):
            await set_on_rina(pool, snoozed_until=strange)


async def test_only_people_and_agents_give_a_lead_to_somebody(pool: Pool) -> None:
    await two(pool)
    row = await lead(pool, number=NUMBER)
    done = await leads.patch(pool, row["id"], {"owner": "budi"}, version=None, by=Actor(Source.AI, "rules"))
    assert (done.changed, done.suggested) == ([], ["owner"])


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("owner:budi", {"Rina"}), ("pemilik:budi", {"Rina"}), ("owner:-", {"Budi"}), ("tag:vip", {"Rina"}),
        ("is:snoozed", {"Rina"}), ("is:ditunda", {"Rina"}), ("status:baru", {"Rina", "Budi"}), ("suhu:panas", set()),
        ('status:"jadi pelanggan"', set()),
    ],
)  # fmt: skip
async def test_a_search_knows_owners_tags_and_indonesian(pool: Pool, typed: str, names: set[str]) -> None:
    await two(pool)
    await set_on_rina(pool, owner="budi", tags=["vip"], snoozed_until=LATER.isoformat())
    asked = narrowed_by_search(LeadFilter(), typed)
    assert asked.strange == []
    assert {row["name"] for row in (await lead_list.page(pool, asked.wanted)).leads} == names


async def test_a_search_for_a_tag_narrows_a_filter_by_tags(pool: Pool) -> None:
    await two(pool)
    await set_on_rina(pool, tags=["vip", "jawa"])
    for typed, names in (("tag:jawa", {"Rina"}), ("tag:vip", {"Rina"}), ("tag:bali", set())):
        asked = narrowed_by_search(LeadFilter(tag=["vip"]), typed)
        assert {row["name"] for row in (await lead_list.page(pool, asked.wanted)).leads} == names


async def test_a_menu_offers_what_the_list_holds(pool: Pool) -> None:
    await two(pool)
    await set_on_rina(pool, owner="budi", tags=["vip"], domisili="Bandung", business_type="laundry")
    offered = await lead_list.choices(pool, LeadFilter())
    assert offered["city"] == [("Bandung", 1)]
    assert offered["trade"] == [("laundry", 1)]
    assert offered["owner"] == [("-", 1), ("budi", 1)]
    assert offered["tag"] == [("vip", 1)]
    # What is chosen narrows the others, and not its own values.
    offered = await lead_list.choices(pool, LeadFilter(owner=["-"]))
    assert (offered["city"], offered["owner"]) == ([], [("-", 1), ("budi", 1)])


async def test_views_are_saved_replaced_and_deleted_by_their_user(pool: Pool) -> None:
    budi, siti = await user(pool, "budi"), await user(pool, "siti")
    await saved_views.save(pool, budi.id, "Hot in Bandung", {"temperature": "hot", "city": "Bandung"})
    await saved_views.save(pool, budi.id, "Hot in Bandung", {"temperature": "hot"})
    rows = await saved_views.of(pool, budi.id)
    assert [(row["name"], orjson.loads(row["query"])) for row in rows] == [("Hot in Bandung", {"temperature": "hot"})]
    await saved_views.delete(pool, siti.id, rows[0]["id"])
    assert len(await saved_views.of(pool, budi.id)) == 1
    await saved_views.delete(pool, budi.id, rows[0]["id"])
    assert await saved_views.of(pool, budi.id) == []
    with pytest.raises(NotAllowed):
        await saved_views.save(pool, budi.id, " ", {})
    for n in range(50):
        await saved_views.save(pool, budi.id, f"view {n}", {})
    with pytest.raises(NotAllowed, match="50 views"):
        await saved_views.save(pool, budi.id, "one more", {})


@pytest.mark.parametrize(
    "typed",
    [
        "laundry",
        "bandung",
        "laundry bandung",
        "rina bandung",
        "wa.me/6281234567890",
        "https://wa.me/6281234567890?text=halo",
        "\u200e+62 812-3456-7890\u202c",
    ],
)
async def test_plain_words_find_trade_and_city_and_a_pasted_link_the_number(pool: Pool, typed: str) -> None:
    await two(pool)
    await set_on_rina(pool, business_type="laundry", domisili="Bandung")
    assert {
        row["name"] for row in (await lead_list.page(pool, narrowed_by_search(LeadFilter(), typed).wanted)).leads
    } == {"Rina"}


async def came(pool: Pool, name: str, number: str, *, city: str | None = None, headline: str | None = None) -> None:
    more: dict[str, Any] = {"referral": {"source_type": "ad", "headline": headline}} if headline else {}
    await says(pool, "halo", number=number, name=name, **more)
    if city:
        row = await lead(pool, number=number)
        await leads.patch(pool, row["id"], {"domisili": city}, version=None, by=BUDI)


async def given(pool: Pool) -> dict[str, str]:
    await owner_rules.give(pool)
    return {row["name"]: row["owner"] for row in await pool.fetch("SELECT name, owner FROM leads ORDER BY name")}


async def test_new_leads_go_to_those_whose_turn_it_is(pool: Pool) -> None:
    for name in ("budi", "siti", "rina"):
        await user(pool, name)
    await came(pool, "Before the rules", "6281200000009")
    await owner_rules.add(pool, "everybody", "", ["budi", "siti"], by=BUDI)
    await owner_rules.add(pool, "city", "bandung", ["rina"], by=BUDI)
    await owner_rules.add(pool, "advertisement", "promo", ["siti"], by=BUDI)
    for n, name in enumerate(("A", "B", "C")):
        await came(pool, name, f"628120000001{n}")
        await owner_rules.give(pool)
        assert (await given(pool))[name] is None  # the chat may tell the city: it is read first
        await extracted(pool)
        await owner_rules.give(pool)
    await came(pool, "D", "6281200000020", city="Bandung")
    await came(pool, "E", "6281200000021", headline="Promo akhir tahun")
    assert await given(pool) == {
        "A": "budi",
        "B": "siti",
        "Before the rules": None,
        "C": "budi",
        "D": "rina",
        "E": "siti",
    }
    told = await pool.fetchrow("SELECT * FROM lead_changes WHERE field = 'owner' AND new = '\"rina\"'")
    assert (told["source"], told["actor"]) == ("agent", "rule:owner")


async def test_what_a_person_decided_is_not_given_away_again(pool: Pool) -> None:
    await user(pool, "budi")
    siti = await user(pool, "siti")
    await owner_rules.add(pool, "everybody", "", ["siti"], by=BUDI)
    await says(pool, "halo", name="Rina")
    await set_on_rina(pool, owner="budi")
    await set_on_rina(pool, owner=None)
    await came(pool, "Wati", OTHER)
    await pool.execute("UPDATE users SET disabled_at = now() WHERE id = $1", siti.id)
    assert await given(pool) == {"Rina": None, "Wati": None}  # nobody can take a turn
    await pool.execute("UPDATE users SET disabled_at = NULL")
    assert await given(pool) == {"Rina": None, "Wati": "siti"}


async def test_a_rule_whose_owners_are_all_gone_leaves_its_leads_to_the_next(pool: Pool) -> None:
    rina, _ = await user(pool, "rina"), await user(pool, "budi")
    await owner_rules.add(pool, "city", "bandung", ["rina"], by=BUDI)
    await owner_rules.add(pool, "everybody", "", ["budi"], by=BUDI)
    await pool.execute("UPDATE users SET role = 'viewer' WHERE id = $1", rina.id)
    await came(pool, "Wati", OTHER, city="Bandung")
    await extracted(pool)
    assert await given(pool) == {"Wati": "budi"}
    assert [row["given"] for row in await owner_rules.page(pool)] == [0, 1]


@pytest.mark.parametrize(
    ("kind", "value", "owners"),
    [("everybody", "", []), ("everybody", "", ["somebody"]), ("city", " ", ["budi"]), ("moon", "x", ["budi"])],
)
async def test_a_rule_that_can_not_work_is_refused(pool: Pool, kind: str, value: str, owners: list[str]) -> None:
    await user(pool, "budi")
    with pytest.raises(NotAllowed):
        await owner_rules.add(pool, kind, value, owners, by=BUDI)
    assert await owner_rules.page(pool) == []
