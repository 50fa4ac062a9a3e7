"""What the database says of itself: each relation that people read, and each of its columns."""

from typing import Final, NamedTuple

from store.postgres import Pool, statement

READABLE: Final = (
    "leads", "lead_list", "lead_changes", "lead_stages", "lead_notes", "suggestions", "lead_suggestions", "threads",
    "conversation_insights", "replies", "first_replies", "customers", "customer_identifiers", "customer_list",
    "customer_profiles", "clients",
    "lead_contacts", "leads_of_one_number", "processed_messages", "tickets", "ticket_changes", "handoffs",
    "visitor_sessions",
    "knowledge_base", "articles", "contacts", "contact_identities", "conversations", "messages", "message_edits",
    "marketing_preferences", "phone_numbers", "workflow_executions", "workflow_variables", "project_events",
    "deliveries", "dead_letters", "mirror_freshness", "access_log",
)  # fmt: skip
"""In the order in which a reader wants them. The others are the mirror's own."""


class Column(NamedTuple):
    relation: str
    about: str | None
    name: str
    type: str
    said: str | None


async def columns(pool: Pool) -> list[Column]:
    """Of all that people read, in that order."""
    return [Column(**row) for row in await pool.fetch(statement("dictionary"), list(READABLE))]


def markdown(found: list[Column]) -> str:
    """As a page (pure)."""
    lines = [
        "# Data dictionary",
        "",
        "What people read by SQL. Made of the comments in the database: `mirror dictionary`.",
        "",
    ]
    for relation in dict.fromkeys(one.relation for one in found):
        own = [one for one in found if one.relation == relation]
        lines += [f"## {relation}", "", own[0].about or "", "", "| column | type | what |", "|---|---|---|"]
        lines += [f"| `{one.name}` | {one.type} | {_cell(one.said or '')} |" for one in own]
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
