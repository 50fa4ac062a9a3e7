"""A language model reads after the rules: they are at once, it is better, and it is slow or away at times."""

from collections.abc import Sequence

from domain.lead import Claim, Source
from domain.window import ChatWindow, ReadValues
from store.leads import leads
from store.leads.leads import Actor
from store.mirror import merges
from store.postgres import Pool, statement
from tests.chats import NUMBER, changes, chat, lead
from tests.helpers import rows
from workers.extraction.extract import Extraction
from workers.extraction.known import Known
from workers.extraction.rules.reader import Rules

BUDI = Actor(Source.HUMAN, "user:budi")
OTHER = "6281111111111"


class Model:
    """Reads the last word of the newest line of theirs as the trade, or can't be had."""

    name = "model@test"

    def __init__(self) -> None:
        self.is_there = True
        self.read_: list[str] = []

    async def read(self, windows: Sequence[ChatWindow]) -> list[ReadValues | None]:
        if not self.is_there:
            return [None] * len(windows)
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
    return Extraction(pool, known, [Rules("ID")], bot="sarah", model=model)


async def trade(pool: Pool, number: str = NUMBER) -> str | None:
    found: str | None = (await lead(pool, number=number))["business_type"]
    return found


async def test_the_rules_read_at_once_and_the_model_afterwards(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")
    model = Model()
    one = reading(pool, model)
    await one.run()
    assert (await trade(pool), model.read_) == ("laundry sepatu", [])
    assert await one.refine(10) == 1
    assert await trade(pool) == "sepatu"
    assert [row["actor"] for row in await changes(pool, "business_type")] == ["rules@2", Model.name]
    assert await one.refine(10) == 0


async def test_rules_do_not_take_back_what_the_model_read(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")
    one = reading(pool, Model())
    await one.run()
    await one.refine(10)
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
    assert (await one.refine(10), await trade(pool)) == (0, "laundry sepatu")
    found = await pool.fetchrow(statement("chats_status"))
    assert (found["for_model"], found["model_per_minute"], found["for_model_seconds"] < 60) == (1, 60, True)
    model.is_there = True
    assert await one.refine(10) == 0  # another process might have it in hand
    await pool.execute("UPDATE model_readings SET taken_at = now() - interval '6 minutes'")
    assert (await one.refine(10), await trade(pool)) == (1, "sepatu")


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
    assert await one.refine(3) == 3
    assert model.read_ == ["usaha toko nomor2", "usaha toko nomor3", "usaha toko nomor0"]
    assert await one.refine(3) == 1


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
    await one.refine(10)
    assert model.read_ == ["saya Rina, usaha laundry sepatu", "maaf, maksud saya katering"]
    assert await trade(pool) == "katering"
    assert [row["actor"] for row in await changes(pool, "business_type")][:2] == ["rules@2", "rules@2"]


async def test_what_a_person_set_stays_and_a_field_that_was_let_go_is_read_again(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")
    one = reading(pool, Model())
    await one.run()
    id = (await lead(pool))["id"]
    await leads.patch(pool, id, {"business_type": "cuci sepatu"}, version=None, by=BUDI)
    await one.refine(10)
    assert await trade(pool) == "cuci sepatu"
    await leads.let_go(pool, id, ["business_type"], version=(await lead(pool))["version"], by=BUDI)
    await one.run()
    await one.refine(10)
    assert await trade(pool) == "sepatu"


async def test_without_a_model_nothing_waits_and_with_two_leads_merged_one_does(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")
    await chat(pool, "usaha warung", number=OTHER)
    await reading(pool, None).run()
    assert await rows(pool, "model_readings") == []
    one = reading(pool, Model())
    await chat(pool, "usaha laundry karpet", at=60)
    await chat(pool, "usaha warung kopi", number=OTHER, at=60)
    await one.run()
    ids = [row["id"] for row in await pool.fetch("SELECT id FROM leads ORDER BY created_at, id")]
    both = await merges.merge(pool, *ids, by=BUDI, reason="same", go=True)
    await one.run()
    assert [row["lead_id"] for row in await rows(pool, "model_readings")] == [str(both)]
