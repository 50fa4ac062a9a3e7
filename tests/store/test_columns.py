"""A forgotten column fails here: rows, statements and tables must name the same ones."""

import re
from typing import Any

import pytest

from rows import types
from store.postgres import Pool, statement

TABLES = [
    ("sightings", types.Sighting, types.SIGHTING, "upsert_sightings"),
    ("conversations", types.Conversation, types.CONVERSATION, "upsert_conversations"),
    ("messages", types.Message, types.MESSAGE, "upsert_messages"),
    ("phone_numbers", types.PhoneNumber, types.PHONE_NUMBER, "upsert_phone_numbers"),
    ("workflow_executions", types.WorkflowExecution, types.WORKFLOW_EXECUTION, "upsert_workflow_executions"),
    ("project_events", types.ProjectEvent, types.PROJECT_EVENT, "upsert_project_events"),
]
GROUPED = {"contact_id", "held", "contested", "replaced", "alone"}


@pytest.mark.parametrize(("table", "row", "merge", "name"), TABLES)
async def test_row_statement_and_table_name_the_same_columns(
    table: str, row: Any, merge: types.Merge, name: str, pool: Pool
) -> None:
    stored = await pool.fetch("SELECT column_name FROM information_schema.columns WHERE table_name = $1", table)
    columns = {record["column_name"] for record in stored} - GROUPED
    assert columns == set(row._fields)
    text = statement(name)
    inserted = re.search(r"INSERT INTO \w+ AS \w+ \(([^)]+)\)", text)
    assert inserted is not None
    assert [one.strip() for one in inserted[1].split(",") if one.strip() != "contact_id"] == list(row._fields)
    merged = {*merge.key, *merge.least, *merge.greatest}
    merged |= {column for version, along in merge.newest for column in version + along}
    assert merged == set(row._fields)
    for column in set(row._fields) - set(merge.key):
        assert re.search(rf"^    {column} = ", text, re.MULTILINE), column
