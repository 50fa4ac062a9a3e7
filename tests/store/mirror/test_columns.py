"""A forgotten column fails here: rows, statements and tables must name the same ones."""

import pytest

from store.postgres import Pool
from tools.commands.sql import FILE
from tools.upserts import UPSERTS, Upsert, is_json, statements

# Derived: who is who of sightings and messages. The release before 0014 kept preferences with sightings.
DERIVED = {"contact_id", "held", "contested", "replaced", "alone", "unedited_type", "unedited_content", "unedited_text",
           "marketing_preference", "marketing_preference_at", "marketing_sequence"}  # fmt: skip
# Shown in type, content and text.
SHOWN = {"edited_type", "edited_content", "edited_text"}


@pytest.mark.parametrize("one", UPSERTS, ids=lambda one: one.table)
async def test_row_rules_and_table_name_the_same_columns(one: Upsert, pool: Pool) -> None:
    query = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1"
    stored = {name: kind for name, kind in await pool.fetch(query, one.table) if name not in DERIVED}
    fields = set(one.row._fields)  # type: ignore[attr-defined]
    assert stored.keys() == fields - SHOWN
    assert {name for name, kind in stored.items() if kind == "jsonb"} == {
        name for name in stored if is_json(one.row, name)
    }
    ruled = {*one.merge.key, *one.merge.least, *one.merge.greatest}
    assert fields == ruled | {column for version, along in one.merge.newest for column in version + along}


def test_the_statements_are_those_that_the_rules_make() -> None:
    assert FILE.read_text() == statements(), "dev.py sql"


@pytest.mark.parametrize("one", UPSERTS, ids=lambda one: one.table)
async def test_texts_that_are_merged_compare_by_code_point(one: Upsert, pool: Pool) -> None:
    """Batches are folded in Python, and rows in SQL: of two texts both must find the same one greater, in any locale."""
    other = await pool.fetch(
        "SELECT a.attname FROM pg_attribute AS a JOIN pg_collation AS c ON c.oid = a.attcollation"
        " WHERE a.attrelid = $1::text::regclass AND NOT a.attisdropped AND c.collname <> 'C'", one.table,
    )  # fmt: skip
    names = {row["attname"] for row in other} & set(one.row._fields)  # type: ignore[attr-defined]
    assert names == set(), 'give them COLLATE "C"'
