"""What stood in the way of readers and of erasure: values that are nested too deep, and numbers in odd spellings."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from redis.asyncio import Redis

from domain.window import BotFact, ChatWindow
from store.postgres import Pool
from store.privacy import erase
from store.privacy.person import person
from store.privacy.tombstones import Tombstones
from tests.chats import extracted, lead
from tests.desk import NUMBER, said, says
from tests.helpers import bounds, delivery, rows, settled
from web.desk import chat_parts
from workers.drain.interpret import interpret

KEY = Tombstones(b"a key of the tests, long enough")
SPELLINGS = [
    "+62 (0)812-3456-7890", "006281234567890", "6281234567890@s.whatsapp.net", "6281234567890@c.us", "tel:+6281234567890",
    "https://wa.me/6281234567890", "62\u00a0812\u20113456\u20117890", "\u202a+6281234567890\u202c", "＋６２８１２３４５６７８９０",
    "62/812/3456/7890", 6281234567890.0,
]  # fmt: skip


def nested(levels: int) -> Any:
    value: Any = "end"
    for _ in range(levels):
        value = [value]
    return {"a": value}


def with_metadata(words: str, metadata: Any, number: str = NUMBER) -> Any:
    one = said(words, number=number)[1]
    body = orjson.loads(one.body)
    body["conversation"]["metadata"] = metadata
    return one._replace(body=json.dumps(body).encode())


async def test_a_value_that_is_nested_too_deep_is_left_out_and_stops_no_reading(pool: Pool) -> None:
    await settled(pool, [with_metadata("saya Rina, usaha laundry", nested(300))])
    await settled(pool, [with_metadata("halo", nested(60), number="6281200000002")])
    assert sorted(row["metadata"] is None for row in await rows(pool, "conversations")) == [False, True]
    await extracted(pool)
    assert (await lead(pool, number=NUMBER))["business_type"] == "laundry"


def test_a_chat_with_facts_that_an_older_release_stored_so_deep_has_a_hash_too() -> None:
    window = ChatWindow(UUID(int=1), facts=(BotFact("conversation metadata", None, nested(400)),))
    assert window.hash("rules") == window.hash("rules") != window.hash("other rules")


@pytest.mark.parametrize("kind", ["interactive", "order", "contacts", "location", "system"])
def test_a_bubble_shows_what_it_can(kind: str) -> None:
    odd = {"nfm_reply": {"response_json": json.dumps(nested(300))}, "product_items": [{"quantity": nested(300)}]}
    assert len(chat_parts.details(kind, odd)) <= 2


@pytest.mark.parametrize("written", SPELLINGS)
async def test_a_number_in_any_spelling_is_the_person_whom_erasure_finds(
    written: Any, pool: Pool, redis: Redis
) -> None:
    await says(pool, "halo", number="6281234567890")
    one = said("rahasia", number="6281234567890")[1]
    body = orjson.loads(one.body)
    body["message"]["from"] = body["conversation"]["phone_number"] = written
    body["conversation"]["id"] = str(UUID(int=7))  # its conversation does not tell whose it is
    await settled(pool, [one._replace(body=json.dumps(body).encode())])
    assert len({row["contact_id"] for row in await rows(pool, "messages")}) == 1
    assert len(await rows(pool, "contacts")) == 1
    who = await person(pool, "+6281234567890")
    assert who is not None
    await erase.erase(pool, redis, who, KEY, shards=1, by="user:budi")
    assert await rows(pool, "messages") == []


@pytest.mark.parametrize(
    ("kind", "typed", "words"),
    [
        ("text", {"body": 12345}, "12345"), ("text", "bare", "bare"), ("button", {"text": 7}, "7"),
        ("interactive", {"list_reply": {"id": 1, "title": 50}}, "50"), ("text", {"body": True}, None),
    ],
)  # fmt: skip
def test_words_that_came_as_another_type_of_json_are_kept(kind: str, typed: Any, words: str | None) -> None:
    one = said("", type=kind, **{kind: typed})[1]
    ((_, facts),) = interpret(one, bounds()).events
    assert facts.messages[0].text == words


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ({"changes": [{"field": "messages", "value": {"messages": {"id": "wamid.1", "from": NUMBER}}}]}, "messages"),
        ({"changes": [{"field": "messages", "value": [{"messages": []}]}]}, "value"),
        ({"changes": {"field": "messages", "value": {}}}, "changes"),
    ],
)  # fmt: skip
def test_what_meta_sends_in_another_shape_is_a_dead_letter(entry: dict[str, Any], named: str) -> None:
    body = {"object": "whatsapp_business_account", "entry": [{"id": "1", **entry}]}
    found = interpret(delivery(body, None, at=datetime.now(UTC)), bounds())
    assert ([one.kind for one in found.failures], found.ignored, found.events) == (["malformed"], 0, [])
    assert named in found.failures[0].error


def test_an_odd_value_of_a_field_that_is_not_mirrored_is_ignored() -> None:
    change = {"field": "account_update", "value": "text"}
    body = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}
    found = interpret(delivery(body, None, at=datetime.now(UTC)), bounds())
    assert (found.failures, found.ignored) == ([], 1)


def test_a_group_without_a_name_is_no_group() -> None:
    ((_, facts),) = interpret(said("halo", group_id=" ")[1], bounds()).events
    assert (facts.messages[0].named_as, facts.messages[0].group_id) == (f"+{NUMBER}", None)


def test_words_of_the_older_kind_may_stand_in_an_object() -> None:
    message = {
        "whatsapp_message_id": "wamid.v1",
        "direction": "inbound",
        "message_type": "text",
        "content": {"text": "halo"},
    }
    body = {"message": message, "conversation": {"id": str(UUID(int=1)), "phone_number": NUMBER}}
    ((_, facts),) = interpret(delivery(body, "whatsapp.message.received")._replace(version="v1"), bounds()).events
    assert facts.messages[0].text == "halo"
