"""A batch that fails for the data's sake is split until the one event stands alone; the rest is applied."""

import json

import pytest

from store.postgres import Pool
from tests.helpers import delivery, payload, rows, settled
from workers.failures import describe, is_fault_of_data

TOO_LONG = "wamid." + "".join(chr(0x4E00 + n * 7 % 20000) for n in range(4000))


async def test_one_event_that_postgres_refuses_takes_no_other_along(pool: Pool) -> None:
    good = json.dumps(payload("received_text")["body"])
    bad = good.replace("wamid.TEST0001", TOO_LONG)
    deliveries = [
        delivery(good.replace("TEST0001", f"GOOD{n}").encode(), "whatsapp.message.received") for n in range(9)
    ]
    deliveries.insert(4, delivery(bad.encode(), "whatsapp.message.received"))
    await settled(pool, deliveries)
    assert len(await rows(pool, "messages")) == 9
    (letter,) = await rows(pool, "dead_letters")
    assert (letter["error_kind"], letter["delivery_id"]) == ("refused", str(deliveries[4].id))
    assert letter["error"] == "ProgramLimitExceededError 54000"
    assert len(await rows(pool, "deliveries")) == 10


async def test_of_a_batch_from_kapso_only_the_refused_event_is_dead(pool: Pool) -> None:
    body = payload("batch")["body"]
    body["data"][1]["message"]["id"] = TOO_LONG
    await settled(pool, [delivery(body, "whatsapp.message.received")])
    (books,) = await rows(pool, "deliveries")
    assert (books["events"], books["applied"], books["dead"]) == (3, 2, 1)
    assert [letter["position"] for letter in await rows(pool, "dead_letters")] == [1]


def test_the_world_is_told_from_the_data() -> None:
    assert not is_fault_of_data(ConnectionRefusedError())
    assert not is_fault_of_data(TimeoutError())
    assert describe(ValueError("personal")) == "ValueError"


@pytest.mark.parametrize("sequence", [2**63, 10**30, -(2**63) - 1])
async def test_a_number_that_does_not_fit_is_the_fault_of_the_data(sequence: int, pool: Pool) -> None:
    body = payload("contact_marketing_preference")["body"]
    body["marketing_preference"]["sequence"] = sequence
    await settled(pool, [delivery(body, "whatsapp.contact.marketing_preference_changed")])
    assert [letter["error_kind"] for letter in await rows(pool, "dead_letters")] in (["refused"], ["malformed"])


@pytest.mark.parametrize("text", ["\ud83d", "x" * 1_000_000, "\u202e\u0000\uffff", "%s {} $1 \\ '"])
async def test_strange_words_are_kept_or_dead_but_hold_up_nothing(text: str, pool: Pool) -> None:
    body = payload("received_text")["body"]
    body["message"]["text"]["body"] = text
    body["conversation"]["contact_name"] = text
    await settled(pool, [delivery(body, "whatsapp.message.received")])
    kept = [row["text"] for row in await rows(pool, "messages")]
    dead = [letter["error_kind"] for letter in await rows(pool, "dead_letters")]
    assert (kept, dead) in (([text.replace("\0", "")], []), ([], ["malformed"]))
