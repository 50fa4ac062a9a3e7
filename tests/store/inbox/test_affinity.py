"""What a person says and is told goes into one stream, if the body names the person at all."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from store.inbox.affinity import shard_of
from store.inbox.appender import Appender
from store.inbox.inbox import InboxFull, stream_name
from store.inbox.spill import Spill
from store.inbox.watermarks import Watermarks
from store.postgres import Pool
from tests.helpers import delivery, payload

PAYLOADS = sorted(path.stem for path in (Path(__file__).parents[2] / "payloads").glob("*.json"))
# They name another person than the others, or nobody.
OTHERS = {"meta_echo", "meta_system", "received_two_spellings", "received_without_phone"}
MANY = 64


def test_all_events_of_a_person_go_into_one_stream() -> None:
    """Whatever the event: a received message of v1 or v2, a status, a conversation, the forwarded Meta kind."""
    found = {
        name: shard_of(json.dumps(payload(name)["body"]).encode(), MANY) for name in PAYLOADS if name not in OTHERS
    }
    assert len(set(found.values()) - {None}) == 1, found
    named = {name for name, shard in found.items() if shard is not None}
    assert named >= {
        "received_text",
        "sent_text",
        "read_before_delivered",
        "v1_received",
        "conversation_ended",
        "meta_message",
    }
    assert not any(name.startswith(("phone_number_", "account_")) for name in named)


@given(st.binary(max_size=400), st.integers(1, MANY))
def test_no_body_whatever_fails(body: bytes, shards: int) -> None:
    shard = shard_of(body, shards)
    assert shard is None or 0 <= shard < shards


def test_people_spread_over_the_streams() -> None:
    bodies = (f'{{"conversation": {{"phone_number": "62812{n:08d}"}}}}'.encode() for n in range(4000))
    shards = [shard_of(body, 4) for body in bodies]
    assert all(900 < shards.count(shard) < 1100 for shard in range(4))


async def test_what_the_persons_own_stream_has_no_room_for_goes_into_another(redis: Redis, pool: Pool) -> None:
    appender = Appender(
        redis, Spill(pool, limit_bytes=10**6), shards=3, limit=6, limit_bytes=10**9, watermarks=Watermarks()
    )
    one = delivery(payload("received_text")["body"], "whatsapp.message.received")
    for _ in range(6):
        await appender.append(one)
    assert [await redis.xlen(stream_name(shard)) for shard in range(3)] == [2, 2, 2]
    with pytest.raises(InboxFull):
        await appender.append(one)
