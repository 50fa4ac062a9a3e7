"""An ordinary write: one text message of a person who does not exist, read and applied like any other, then undone.

It tells a failure of the environment from one of the data: if even this cannot be written, the environment is at fault.
"""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import orjson

from domain.delivery import Delivery
from domain.types import Facts
from store.mirror.apply import Batch, Settled, apply
from store.ops.watch import ChangeRecorder
from store.postgres import Pool
from store.privacy.tombstones import Tombstones
from workers.drain.interpret import interpret
from workers.drain.mapping.values import bounds_at

SECONDS = 10.0
BODY = orjson.dumps(
    {
        "message": {
            "id": "wamid.ORDINARY",
            "type": "text",
            "from": "10000000000",
            "text": {"body": "an ordinary write"},
        },
        "conversation": {"id": "00000000-0000-4000-8000-000000000000", "phone_number": "10000000000"},
    }
)


async def ordinary_write_succeeds(pool: Pool, tombstones: Tombstones) -> bool:
    """Whether this release reads an ordinary message and Postgres takes it, within SECONDS."""
    delivery = Delivery(uuid4(), datetime.now(UTC), "whatsapp.message.received", None, "v2", BODY)
    reading = interpret(delivery, bounds_at(delivery.received_at))
    facts = Facts()
    for _, one in reading.events:
        facts.add(one)
    try:
        async with asyncio.timeout(SECONDS):
            batch = Batch(facts=facts, deliveries=[Settled.of(delivery, 1, 0, 0)])
            await apply(pool, batch, ChangeRecorder(facts, keep=False), tombstones=tombstones)
    except Exception:
        return False
    return not reading.failures
