"""Folding in Python and merging in SQL are the same: any rows of one key, folded or one by one, in any order."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from rows.fold import fold
from rows.types import (
    CONVERSATION,
    MESSAGE,
    PHONE_NUMBER,
    PROJECT_EVENT,
    WORKFLOW_EXECUTION,
    Conversation,
    Facts,
    Merge,
    Message,
    PhoneNumber,
    ProjectEvent,
    WorkflowExecution,
)
from store.apply import Batch, apply
from store.postgres import Pool
from tests.helpers import rows

START = datetime(2026, 1, 1, tzinfo=UTC)
CASES: list[tuple[str, Any, Merge, Any]] = [
    ("messages", Message, MESSAGE, "wamid.M"),
    ("conversations", Conversation, CONVERSATION, UUID(int=5)),
    ("phone_numbers", PhoneNumber, PHONE_NUMBER, "1"),
    ("workflow_executions", WorkflowExecution, WORKFLOW_EXECUTION, "1"),
    ("project_events", ProjectEvent, PROJECT_EVENT, "1"),
]


def value(column: str, hint: str, rng: random.Random) -> Any:
    if column in ("content", "error", "metadata", "handoff", "properties"):
        return rng.choice(['{"a": 1}', '{"b": []}', "{}"])
    if column == "direction":
        return rng.choice(["inbound", "outbound"])
    if "UUID" in hint or column == "named_as":
        return None
    if "datetime" in hint:
        return START + timedelta(seconds=rng.randrange(3))
    return rng.randrange(-2, 3) if "int" in hint else rng.choice(["a", "B", "ä", "😊", "~"])


def some_row(kind: Any, merge: Merge, id: Any, rng: random.Random) -> Any:
    """Groups are carried whole or not at all, as the mapping promises; ties are frequent."""
    hints = {name: str(hint) for name, hint in kind.__annotations__.items()}
    values = {
        column: value(column, hints[column], rng) if rng.random() < 0.7 else None
        for column in (*merge.least, *merge.greatest)
    }
    for version, along in merge.newest:
        carried = rng.random() < 0.7
        values |= {column: value(column, hints[column], rng) if carried else None for column in version}
        # What comes along is told by the version: equal versions bring equal values.
        follows = random.Random(str([values[column] for column in version]))
        values |= {column: value(column, hints[column], follows) if carried else None for column in along}
    return kind(id, **values)


async def stored(pool: Pool, table: str, order: list[Any]) -> list[dict[str, Any]]:
    await pool.execute(f"TRUNCATE {table} CASCADE")
    for row in order:
        facts = Facts()
        getattr(facts, table).append(row)
        await apply(pool, Batch(facts=facts))
    return await rows(pool, table)


@pytest.mark.parametrize(("table", "kind", "merge", "id"), CASES, ids=[case[0] for case in CASES])
async def test_folded_or_one_by_one_in_any_order(table: str, kind: Any, merge: Merge, id: Any, pool: Pool) -> None:
    rng = random.Random(table)
    for _ in range(25):
        a, b, c = (some_row(kind, merge, id, rng) for _ in range(3))
        wanted = await stored(pool, table, fold([a, b, c], merge))
        for order in ([a, b, c], [c, b, a], [b, c, a], [*fold([c, a], merge), b]):
            assert await stored(pool, table, order) == wanted, (a, b, c)
