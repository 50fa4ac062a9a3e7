"""Rows as Postgres takes them."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from store.postgres import Pool, columns
from tests.helpers import rows

SPELLINGS = [
    "",
    " ",
    "NULL",
    "null",
    "{}",
    '"',
    "\\",
    '\\"',
    'a"b\\c',
    "a,b",
    "{a,b}",
    "a\nb\tc",
    "'",
    "é😊",
    "\u202e",
    "\x01",
]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", SPELLINGS),
        ("bigint", [0, -1, 2**63 - 1, -(2**63)]),
        ("boolean", [True, False]),
        ("uuid", [UUID(int=0), UUID(int=2**128 - 1)]),
        ("timestamptz", [
            datetime(1, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC),
            datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-5, minutes=-30))),
        ]),
    ],
)  # fmt: skip
async def test_a_column_arrives_as_it_was(kind: str, values: list[Any], pool: Pool) -> None:
    given = [None, *values, None, *reversed(values)]
    arrived = await pool.fetch(f"SELECT v FROM unnest($1::{kind}[]) AS v", *columns([[one] for one in given], 1))  # noqa: S608
    assert [row["v"] for row in arrived] == given


async def test_columns_of_nothing_are_filled_up(pool: Pool) -> None:
    turned = columns([("a", None, 1), ("b", None, None)], 3)
    await pool.execute("CREATE TABLE kept AS SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])"
                       " AS v (a, b, c)", *turned)  # fmt: skip
    assert await rows(pool, "kept") == [{"a": "a", "b": None, "c": 1}, {"a": "b", "b": None, "c": None}]
