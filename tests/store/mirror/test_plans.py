"""The statements of a batch go by keys from the first row on, when Postgres has no statistics yet."""

import json
import re
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from store.postgres import Pool, statement

BY_KEY: dict[str, set[str]] = {
    "touch_sightings": {"sightings_pkey"},
    "new_joins": {"identity_joins_pkey"},
    "lock_contacts": {"contacts_pkey"},
    "upsert_messages": {"messages_pkey"},
    "upsert_message_edits": set(),
    "upsert_preferences": {"sightings_pkey"},
    "adopt_messages": {"conversations_pkey", "messages_nameless", "messages_pkey"},
    "advance_contacts": {"contacts_pkey", "messages_pkey"},
    "refresh_contacts": {
        "contacts_pkey", "messages_by_contact", "sightings_by_contact", "preference_sightings_pkey",
    },
    "contacts_of_conversations": {"conversations_pkey"},
    "hear_moved": {"contacts_pkey"},
    "hear_contacts": {"contacts_pkey", "conversations_pkey"},
    "linked_names": {"identity_joins_by_b", "identity_joins_pkey", "sightings_by_bsuid", "sightings_pkey"},
    "sightings_of_names": {"sightings_by_bsuid", "sightings_pkey"},
    "joins_of_names": {"identity_joins_by_b", "identity_joins_pkey"},
    "delete_identities": {"contact_identities_by_contact", "contact_identities_pkey"},
    "assign_sightings": {"sightings_pkey"},
    "move_messages": {"messages_by_contact"},
    "move_conversations": {"conversations_of_contact"},
    # Customers are created while who is who is held; handoffs and edits come from workers too.
    "leads_of_names": {
        "contact_identities_pkey", "lead_records_contact_id_key", "customer_profiles_by_email", "lead_records_pkey",
        "lead_records_by_phone",
    },
    "lead_of_visitor": {
        "conversations_pkey", "contact_identities_pkey", "lead_records_contact_id_key", "customer_profiles_by_email",
        "lead_records_pkey",
        "lead_records_by_phone",
    },
    "lock_lead": {"contacts_pkey", "lead_aliases_pkey", "lead_records_contact_id_key", "lead_records_pkey", "customer_profiles_pkey"},
}  # fmt: skip


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


@pytest.mark.parametrize("name", BY_KEY)
async def test_an_empty_database_is_no_reason_to_read_whole_tables(name: str, pool: Pool) -> None:
    text = statement(name)
    arguments = ", ".join("NULL" for _ in set(re.findall(r"\$\d+", re.sub(r"--.*", "", text))))
    async with pool.acquire() as connection:
        await connection.execute(f"PREPARE checked AS {text}")
        explained = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE checked({arguments})")
        await connection.execute("DEALLOCATE checked")
    (root,) = json.loads(explained)
    for node in nodes(root["Plan"]):
        assert node["Node Type"] != "Seq Scan", node
        if "Index" in node["Node Type"]:
            # Led by what it was given ($1) or by another table's row (alias.column), not by a constant range.
            assert re.search(r"\$\d|[\w\"]\.\w", node.get("Index Cond", "")), node
    used = {node["Index Name"] for node in nodes(root["Plan"]) if "Index Name" in node}
    assert used == BY_KEY[name]  # not another one that happens to do


async def test_many_new_people_cost_their_number_and_not_its_square(gate: asyncpg.Connection) -> None:
    """Triggers look for the numbers of each person; without statistics, never among the numbers of everybody."""
    people = 5_000
    async with gate.transaction():
        await gate.execute(
            "INSERT INTO contacts (id, phone, first_seen_at) "
            "SELECT gen_random_uuid(), '+62' || n, now() FROM generate_series(1, $1::int) AS n",
            people,
        )
        await gate.execute(
            "INSERT INTO contact_identities (kind, value, contact_id) SELECT 'phone', phone, id FROM contacts"
        )
        read = await gate.fetchval(
            "SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) FROM pg_index "
            "WHERE indrelid = 'contact_identities'::regclass"
        )
    assert read < 5 * people
