"""Whatever becomes of an optional part, the identified event survives, in every shape that WhatsApp and Kapso send."""

import copy
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from domain.delivery import Delivery
from store.postgres import Pool
from tests.helpers import bounds, delivery, rows, settled
from tests.shapes import Shape, shapes
from workers.drain.settle import interpreted

Path = tuple[int | str, ...]
GONE = object()
# What makes it an event of that message: without one of these it is another one, or none.
IDENTITY = {
    "message", "message.id", "message.timestamp", "data", "data.0", "data.0.message", "data.0.message.id",
    "data.0.message.timestamp", "object", "entry", "entry.0", "entry.0.changes", "entry.0.changes.0",
    "entry.0.changes.0.field", "entry.0.changes.0.value",
}  # fmt: skip
LISTS = ("messages", "statuses", "message_echoes")
for _list in LISTS:
    IDENTITY |= {f"entry.0.changes.0.value.{_list}{rest}" for rest in ("", ".0", ".0.id")}
IDENTITY |= {f"entry.0.changes.0.value.{one}" for one in ("messages.0.timestamp", "message_echoes.0.timestamp")}
IDENTITY |= {"entry.0.changes.0.value.statuses.0.status"}
# Not to be compressed: no index takes it.
HUGE = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(100))
VALUES: dict[str, Any] = {
    "missing": GONE, "null": None, "a number": 7, "a fraction": 1.5, "a text": "odd", "an object": {"odd": [1]},
    "a list": ["odd", None], "true": True, "an empty text": "", "an empty list": [], "an empty object": {},
    "a huge number": 10**30, "a huge text": HUGE, "a deep list": json.loads("[" * 300 + "]" * 300),
    "odd letters": "\ud83d\0\ufffe", "a text that is a number": "1e400",
}  # fmt: skip
SHAPES = {shape.name: shape for shape in shapes()}


def paths(value: Any, here: Path = ()) -> Iterator[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in inner:
        yield (*here, step)
        yield from paths(one, (*here, step))


def changed(body: Any, path: Path, value: Any) -> Any:
    body = at = copy.deepcopy(body)
    for step in path[:-1]:
        at = at[step]
    if value is GONE:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return body


def mutations(shape: Shape) -> Iterator[tuple[str, Delivery]]:
    for path in paths(shape.body):
        place = ".".join(map(str, path))
        if place not in IDENTITY and path[-1] != "original_message_id":
            for name, value in VALUES.items():
                yield f"{place} is {name}", of(shape, changed(shape.body, path, value))


def of(shape: Shape, body: Any) -> Delivery:
    named = shape.headers
    return delivery(body, named.get("X-Webhook-Event"), version=named.get("X-Webhook-Payload-Version"))


@pytest.mark.parametrize("name", SHAPES)
async def test_an_event_survives_every_mutation_of_its_optional_parts(name: str, pool: Pool) -> None:
    shape = SHAPES[name]
    found = dict(mutations(shape))
    for what, one in found.items():
        reading = interpreted(one, bounds()).reading
        assert not reading.failures, (what, reading.failures)
        # Without its own part an edit is a message like any other.
        (id,) = {message.id for _, facts in reading.events for message in facts.messages}
        assert id in {shape.message, "wamid.SHAPE"}, what
    # What can be read can be written: a slice of them, another one for each shape.
    first = sum(map(ord, name)) % 11
    await settled(pool, list(found.values())[first::11])
    assert await rows(pool, "dead_letters") == []
    assert {row["id"] for row in await rows(pool, "messages")} <= {shape.message, "wamid.SHAPE"}


def test_without_its_identity_an_event_is_dead_and_not_another_one() -> None:
    shape = SHAPES["kapso text"]
    for place in ("message", "message.id"):
        for value in (GONE, None, [], ""):
            reading = interpreted(of(shape, changed(shape.body, tuple(place.split(".")), value)), bounds()).reading
            assert ([failure.kind for failure in reading.failures], reading.events) == (["malformed"], [])
