"""Folding in Python and merging in SQL are the same: any two rows of one key, either way, in either order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rows.fold import fold
from rows.types import CONVERSATION, MESSAGE, PHONE_NUMBER, Conversation, Facts, Merge, Message, PhoneNumber
from store.apply import Batch, apply
from store.postgres import Pool
from tests.helpers import rows

START = datetime(2026, 1, 1, tzinfo=UTC)
TIMES = st.none() | st.integers(0, 2).map(lambda n: START + timedelta(seconds=n))
WORDS = st.none() | st.sampled_from(["a", "B", "ä", "😊", "~"])
JSON = st.none() | st.sampled_from(['{"a":1}', '{"b":[]}', "{}"])
TIES = st.none() | st.integers(-2, 2)


def row_of(kind: Any, merge: Merge, id: Any) -> st.SearchStrategy[Any]:
    """Groups are carried whole or not at all, as the mapping promises."""
    hints = kind.__annotations__
    groups = [version + along for version, along in merge.newest]

    def value(column: str) -> st.SearchStrategy[Any]:
        hint = str(hints[column])
        if column.endswith("_id") and "UUID" in hint:
            return st.none()
        if column in ("content", "error", "metadata"):
            return JSON
        if column == "direction":
            return st.none() | st.sampled_from(["inbound", "outbound"])
        if column == "named_as":
            return st.none()
        if "datetime" in hint:
            return TIMES
        return TIES if "int" in hint else WORDS

    @st.composite
    def made(draw: st.DrawFn) -> Any:
        values = {column: draw(value(column)) for column in kind._fields if column not in merge.key}
        for group in groups:
            versions = next(version for version, along in merge.newest if version + along == group)
            if any(values[column] is None for column in versions):
                values |= dict.fromkeys(group)
        return kind(id, **values)

    return made()


CASES: list[tuple[str, Any, Merge, Any, str]] = [
    ("messages", Message, MESSAGE, "wamid.M", "messages"),
    ("phone_numbers", PhoneNumber, PHONE_NUMBER, "1", "phone_numbers"),
    ("conversations", Conversation, CONVERSATION, __import__("uuid").UUID(int=5), "conversations"),
]


@pytest.mark.parametrize(("table", "kind", "merge", "id", "place"), CASES)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_folded_or_one_by_one_in_any_order(
    table: str, kind: Any, merge: Merge, id: Any, place: str, data: st.DataObject, merge_runner: Any
) -> None:
    three = [data.draw(row_of(kind, merge, id)) for _ in range(3)]
    (folded,) = fold(three, merge)
    merge_runner(table, place, three, folded)


@pytest.fixture
async def merge_runner(database_url: str) -> Any:
    """hypothesis is not async: each example runs on a loop and a pool of its own."""
    import asyncio

    from store import postgres

    async def check(table: str, place: str, three: list[Any], folded: Any) -> None:
        pool: Pool = await postgres.connect(database_url, size=2, by_key=True)
        try:
            found = []
            for order in ([folded], three, three[::-1], [three[1], three[2], three[0]]):
                await pool.execute(f"TRUNCATE {table} CASCADE")
                for row in order:
                    facts = Facts()
                    getattr(facts, place).append(row)
                    await apply(pool, Batch(facts=facts))
                found.append(await rows(pool, table))
            assert all(one == found[0] for one in found)
        finally:
            await pool.close()

    loop = asyncio.new_event_loop()

    def run(*arguments: Any) -> None:
        import threading

        failure: list[BaseException] = []

        def work() -> None:
            try:
                loop.run_until_complete(check(*arguments))
            except BaseException as error:
                failure.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if failure:
            raise failure[0]

    yield run
    loop.close()
