"""Folding in Python and merging in SQL are the same: any rows of one key, folded or one by one, in any order."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.fold import fold
from domain.types import (
    MERGES,
    Conversation,
    Facts,
    MessageEdit,
    MirroredMessage,
    PhoneNumber,
    ProjectEvent,
    WorkflowExecution,
)
from store.mirror.apply import Batch, apply
from store.postgres import Pool
from tests.databases import emptied
from tests.helpers import rows

START = datetime(2026, 1, 1, tzinfo=UTC)
CASES: list[tuple[str, Any, Any]] = [
    ("messages", MirroredMessage, "wamid.M"),
    ("conversations", Conversation, UUID(int=5)),
    ("phone_numbers", PhoneNumber, "1"),
    ("workflow_executions", WorkflowExecution, "1"),
    ("project_events", ProjectEvent, "1"),
    ("message_edits", MessageEdit, "1"),
]


def value(column: str, hint: str, rng: random.Random) -> Any:
    if "jsonb" in hint:
        return rng.choice(['{"a": 1}', '{"b": []}', "{}"])
    if column == "direction":
        return rng.choice(["inbound", "outbound"])
    if "UUID" in hint or column == "named_as":
        return None
    if "bool" in hint:
        return rng.random() < 0.5
    if "datetime" in hint:
        return START + timedelta(seconds=rng.randrange(3))
    return rng.randrange(-2, 3) if "int" in hint else rng.choice(["a", "B", "ä", "😊", "~"])


def some_row(kind: Any, id: Any, rng: random.Random) -> Any:
    """Groups are carried whole or not at all, as the mapping promises; ties are frequent."""
    merge, hints = MERGES[kind], {name: str(hint) for name, hint in kind.__annotations__.items()}
    values = {
        column: value(column, hints[column], rng) if rng.random() < 0.7 or kind is MessageEdit else None
        for column in (*merge.least, *merge.greatest)
    }
    for version, along in merge.newest:
        carried = rng.random() < 0.7 or kind is MessageEdit  # which is nothing without its time
        values |= {column: value(column, hints[column], rng) if carried else None for column in version}
        # What comes along is told by the version: equal versions bring equal values.
        follows = random.Random(str([values[column] for column in version]))
        values |= {column: value(column, hints[column], follows) if carried else None for column in along}
    return kind(id, **values)


async def stored(pool: Pool, table: str, order: list[Any]) -> list[dict[str, Any]]:
    await emptied(pool)
    for row in order:
        facts = Facts()
        getattr(facts, "edits" if table == "message_edits" else table).append(row)
        await apply(pool, Batch(facts=facts))
    return await rows(pool, table)


@pytest.mark.parametrize(("table", "kind", "id"), CASES, ids=[case[0] for case in CASES])
async def test_folded_or_one_by_one_in_any_order(table: str, kind: Any, id: Any, pool: Pool) -> None:
    rng = random.Random(table)
    for _ in range(25):
        a, b, c = (some_row(kind, id, rng) for _ in range(3))
        wanted = await stored(pool, table, fold([a, b, c]))
        for order in ([a, b, c], [c, b, a], [b, c, a], [*fold([c, a]), b]):
            assert await stored(pool, table, order) == wanted, (a, b, c)
