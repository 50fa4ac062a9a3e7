"""A lead field is declared once; whatever must follow by hand is named here when it was forgotten."""

import re

import pytest
from asyncpg import Record

from domain.lead_fields import LEAD_FIELDS, LeadField
from store.postgres import Pool, statement
from web.words import LANGUAGES, table
from workers.extraction.rules.vocabulary import phrases

COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped"
WRITES = {"lead_records": "update_leads", "customer_profiles": "update_profiles"}
BY_TABLE = {name: [one for one in LEAD_FIELDS if one.table == name] for name in WRITES}


@pytest.mark.parametrize("relation", ["lead_records", "customer_profiles", "leads", "customer_list", "lead_list"])
async def test_a_field_is_a_column_of_its_table_and_of_the_views(relation: str, pool: Pool) -> None:
    rows: list[Record] = await pool.fetch(COLUMNS, relation)
    wanted = [one for one in LEAD_FIELDS if relation in (one.table, "leads" if one.table == "lead_records" else "")]
    if relation == "customer_list":
        wanted = BY_TABLE["customer_profiles"]
    if relation == "lead_list":
        wanted = [one for one in LEAD_FIELDS if one.is_exported]
    assert {one.name for one in wanted} - {row["attname"] for row in rows} == set()


@pytest.mark.parametrize("field", LEAD_FIELDS, ids=lambda one: one.name)
def test_the_statement_that_writes_leads_sets_it(field: LeadField) -> None:
    sql = statement(WRITES[field.table])
    assert re.search(rf"\b{field.name} = (v|excluded)\.{field.name}\b", sql), WRITES[field.table]
    assert re.search(rf"\b{field.name} (text|integer|numeric|date|timestamptz)", sql), "the record that it is read from"


@pytest.mark.parametrize("field", LEAD_FIELDS, ids=lambda one: one.name)
def test_it_has_a_label_in_every_language(field: LeadField) -> None:
    assert set(LANGUAGES) == {"en", "id"}, "a language more needs labels: domain/lead_fields.py"
    assert table("id")[field.label] == field.indonesian != ""


def test_fields_have_names_of_their_own() -> None:
    assert len({one.name for one in LEAD_FIELDS}) == len(LEAD_FIELDS)


@pytest.mark.parametrize("field", [one for one in LEAD_FIELDS if one.categories], ids=lambda one: one.name)
def test_rules_know_the_categories_that_the_model_is_told(field: LeadField) -> None:
    assert {value for value, _ in phrases(field.name).within(-1)} == set(field.categories)
