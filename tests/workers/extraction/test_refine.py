"""A language model reads after the rules: they are at once, it is better, and it is slow or away at times."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from domain.lead import Claim, Source
from domain.window import ChatWindow, ReadValues
from store.leads import lead_records, leads
from store.leads.leads import Actor
from store.mirror import merges
from store.postgres import Pool, statement
from tests.chats import NUMBER, changes, chat, lead
from tests.helpers import rows, until
from workers.extraction.extract import Extraction
from workers.extraction.known import Known
from workers.extraction.refine import Refiner
from workers.extraction.rules.reader import Rules

BUDI = Actor(Source.HUMAN, "user:budi")
OTHER = "6281111111111"


class Model:
    """Reads the last word of the newest line of theirs as the trade, or can't be had."""

    name = "model@test"

    def __init__(self) -> None:
        self.is_there = True
        self.read_: list[str] = []
        self.asked = 0

    async def can_be_asked(self) -> bool:
        return self.is_there

    async def read(self, windows: Sequence[ChatWindow]) -> list[ReadValues | None]:
        self.asked += len(windows)
        self.read_ += [window.lines[-1].text for window in windows]
        return [ReadValues(claims=[_trade(window)]) for window in windows]

    async def close(self) -> None:
        pass


def _trade(window: ChatWindow) -> Claim:
    line = next(line for line in reversed(window.lines) if line.inbound)
    word = line.text.split()[-1]
    return Claim("business_type", word, Source.AI, Model.name, None, line.id, word, 0.9)


def reading(pool: Pool, model: Model | None) -> Extraction:
    known = Known(bot="sarah", note_event="lead.note")
    return Extraction(pool, known, [Rules("ID")], bot="sarah", model_per_minute=60 if model else None)


async def refine(pool: Pool, model: Model, limit: int = 10) -> int:
    async def at_once() -> None:
        pass

    return await Refiner(pool, model, lambda: False, at_once, True).run(limit)


async def trade(pool: Pool, number: str = NUMBER) -> str | None:
    found: str | None = (await lead(pool, number=number))["business_type"]
    return found


async def test_the_rules_read_at_once_and_the_model_afterwards(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")
    model = Model()
    one = reading(pool, model)
    await one.run()
    assert (await trade(pool), model.read_) == ("laundry sepatu", [])
    assert await refine(pool, model) == 1
    assert await trade(pool) == "sepatu"
    assert [row["actor"] for row in await changes(pool, "business_type")] == ["rules@2", Model.name]
    assert await refine(pool, model) == 0


async def test_rules_do_not_take_back_what_the_model_read(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")
    model = Model()
    one = reading(pool, model)
    await one.run()
    await refine(pool, model)
    await chat(pool, "iya kak", at=60)
    await one.run()
    assert await trade(pool) == "sepatu"
    # A newer message is theirs to read until the model has.
    await chat(pool, "eh bukan, saya usaha katering", at=120)
    await one.run()
    assert await trade(pool) == "katering"


async def test_without_the_model_the_rules_stand_and_the_chat_waits(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")
    model = Model()
    model.is_there = False
    one = reading(pool, model)
    await one.run()
    assert (await refine(pool, model), await trade(pool)) == (0, "laundry sepatu")
    found = await pool.fetchrow(statement("chats_status"))
    assert (found["for_model"], found["model_per_minute"], found["for_model_seconds"] < 60) == (1, 60, True)
    model.is_there = True
    assert (await refine(pool, model), await trade(pool)) == (1, "sepatu")


class Leaving(Model):
    """It is there when it is asked, and gone before it has answered."""

    async def read(self, windows: Sequence[ChatWindow]) -> list[ReadValues | None]:
        self.asked += len(windows)
        self.is_there = False
        return [None] * len(windows)


async def test_chats_in_hand_when_the_model_goes_away_are_read_as_soon_as_it_is_back(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")
    model = Leaving()
    await reading(pool, model).run()
    assert (await refine(pool, model), model.asked) == (0, 1)
    assert (await refine(pool, Model()), await trade(pool)) == (1, "sepatu")


class Dumb(Model):
    """It is there, and has no answer."""

    async def read(self, windows: Sequence[ChatWindow]) -> list[ReadValues | None]:
        self.asked += len(windows)
        return [None] * len(windows)


async def test_a_chat_without_an_answer_is_asked_three_times_until_its_next_message(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")
    model = Dumb()
    await reading(pool, model).run()
    for _ in range(6):
        await refine(pool, model)
        await refine(pool, model)  # not before five minutes
        await pool.execute("UPDATE model_readings SET taken_at = taken_at - interval '6 minutes'")
    assert model.asked == 3
    await chat(pool, "usaha laundry karpet", at=60)
    await reading(pool, model).run()
    assert (await refine(pool, Model()), await trade(pool)) == (1, "karpet")


async def test_chats_without_an_answer_count_for_the_bound(pool: Pool) -> None:
    for number in range(12):
        await chat(pool, "usaha laundry sepatu", number=f"62811{number:05}")
    model = Dumb()
    await reading(pool, model).run()
    assert (await refine(pool, model, 9), model.asked) == (0, 9)


async def test_the_model_reads_no_deleted_lead(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")
    model = Model()
    await reading(pool, model).run()
    await leads.delete(pool, (await lead(pool))["id"], by=BUDI)
    assert (await refine(pool, model), model.asked) == (0, 0)


async def test_the_model_waits_for_whoever_edits_the_lead(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")
    model = Model()
    await reading(pool, model).run()
    async with pool.acquire() as connection, connection.transaction():
        await lead_records.locked(connection, (await lead(pool))["id"])
        refining = asyncio.create_task(refine(pool, model))
        await until(lambda: is_waited_for(pool), seconds=10)
    assert (await refining, await trade(pool), model.asked) == (1, "sepatu", 1)


async def is_waited_for(pool: Pool) -> bool:
    return bool(await pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))


async def test_what_the_model_wrote_while_the_rules_read_stands(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")
    model = Model()
    await reading(pool, model).run()
    await chat(pool, "iya kak", at=60)

    class SlowRules(Rules):
        async def read(self, windows: Sequence[ChatWindow]) -> list[ReadValues | None]:
            found = await super().read(windows)
            await refine(pool, model)
            return found

    one = reading(pool, model)
    await replace(one, readers=[SlowRules("ID")]).run()
    assert await trade(pool) == "kak"
    assert [row["actor"] for row in await changes(pool, "business_type")] == ["rules@2", Model.name]


async def test_without_the_model_the_rules_read_a_field_that_was_let_go(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")
    model = Model()
    await reading(pool, model).run()
    await refine(pool, model)
    id = (await lead(pool))["id"]
    await leads.patch(pool, id, {"business_type": "salah"}, version=None, by=BUDI)
    await leads.let_go(pool, id, ["business_type"], version=(await lead(pool))["version"], by=BUDI)
    await reading(pool, model).run()
    assert await trade(pool) == "laundry sepatu"


async def test_without_the_model_the_rules_read_the_new_words_of_an_edited_message(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")
    model = Model()
    await reading(pool, model).run()
    await refine(pool, model)
    await pool.execute("UPDATE messages SET text = 'saya Rina, usaha katering'")
    await pool.execute("UPDATE contacts SET heard_at = now(), heard_lately = true")
    await reading(pool, model).run()
    assert await trade(pool) == "katering"


async def test_live_chats_come_before_the_backlog_and_the_bound_holds(pool: Pool) -> None:
    model = Model()
    one = reading(pool, model)
    for place, number in enumerate(("62811", "62812", "62813", "62814")):
        await chat(pool, f"usaha toko nomor{place}", number=number)
    await one.run()
    # Two of them wrote hours ago, the older one first.
    for number, hours in (("62811", 3), ("62812", 2)):
        id = (await lead(pool, number=number))["id"]
        await pool.execute(
            "UPDATE model_readings SET heard_at = now() - make_interval(hours => $2) WHERE lead_id = $1", id, hours
        )
    assert await refine(pool, model, 3) == 3
    assert model.read_ == ["usaha toko nomor2", "usaha toko nomor3", "usaha toko nomor0"]
    assert await refine(pool, model, 3) == 1


async def test_a_chat_that_went_on_while_the_model_read_it_is_read_again(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")

    class Slow(Model):
        async def read(self, windows: Sequence[ChatWindow]) -> list[ReadValues | None]:
            found = await super().read(windows)
            if len(self.read_) == 1:
                await chat(pool, "maaf, maksud saya katering", at=60)
                await reading(pool, self).run()
            return found

    model = Slow()
    one = reading(pool, model)
    await one.run()
    await refine(pool, model)
    assert model.read_ == ["saya Rina, usaha laundry sepatu", "maaf, maksud saya katering"]
    assert await trade(pool) == "katering"
    assert [row["actor"] for row in await changes(pool, "business_type")][:2] == ["rules@2", "rules@2"]


async def test_what_a_person_set_stays_and_a_field_that_was_let_go_is_read_again(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")
    model = Model()
    one = reading(pool, model)
    await one.run()
    id = (await lead(pool))["id"]
    await leads.patch(pool, id, {"business_type": "cuci sepatu"}, version=None, by=BUDI)
    await refine(pool, model)
    assert await trade(pool) == "cuci sepatu"
    await leads.let_go(pool, id, ["business_type"], version=(await lead(pool))["version"], by=BUDI)
    await one.run()
    await refine(pool, model)
    assert await trade(pool) == "sepatu"


async def test_without_a_model_nothing_waits_and_with_two_leads_merged_one_does(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")
    await chat(pool, "usaha warung", number=OTHER)
    await reading(pool, None).run()
    assert await rows(pool, "model_readings") == []
    model = Model()
    one = reading(pool, model)
    await chat(pool, "usaha laundry karpet", at=60)
    await chat(pool, "usaha warung kopi", number=OTHER, at=60)
    await one.run()
    ids = [row["id"] for row in await pool.fetch("SELECT id FROM leads ORDER BY created_at, id")]
    both = await merges.merge(pool, *ids, by=BUDI, reason="same", go=True)
    await one.run()
    assert [row["lead_id"] for row in await rows(pool, "model_readings")] == [str(both)]
