"""What a batch changes: its rows before and after, in the batch's own transaction, which may then be undone."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from domain.types import MERGES, Facts, Merge
from store.postgres import Connection, statement


def _versions(merge: Merge) -> Iterator[str]:
    """Version columns that are named like their value: text_at of text, content_tie of content."""
    for version, along in merge.newest:
        names = {f"{value}_{kind}" for value in (*version, *along) for kind in ("at", "tie")}
        yield from names.intersection(version)


# They say which value is newer, not what readers read.
BOOKKEEPING = frozenset(name for merge in MERGES.values() for name in _versions(merge)) | frozenset(
    {"named_as", "status_rank", "state_at", "metadata_received_at", "first_at", "last_at", "as_wa_id", "as_phone",
     "as_parent", "held", "contested", "replaced", "alone", "status_at", "edited_tie", "sequence", "first_received_at",
     "last_message_received_at", "group_member", "account_state_at", "contact_id"}
)  # fmt: skip

Rows = dict[tuple[str, str], dict[str, Any]]


@dataclass(slots=True)
class Changes:
    """Of the rows that facts were about: how many there are, the new ones, and the fields that changed in others.

    Rows are (table, key); fields are table.column.
    """

    rows: int = 0
    missing: list[tuple[str, str]] = field(default_factory=list)
    repaired: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.missing or self.repaired)

    @property
    def fields(self) -> Counter[str]:
        return Counter(f"{table}.{column}" for (table, _), columns in self.repaired.items() for column in columns)


class Undo(Exception):
    """Ends a rehearsal's transaction."""


class ChangeRecorder:
    """Records which rows a batch changes while `apply` writes it. With `keep=False`, `apply` rolls the batch back."""

    def __init__(self, facts: Facts, *, keep: bool) -> None:
        self._keys = (
            [one.handle for one in facts.sightings],
            [one.bsuid for one in facts.sightings],
            [
                *(one.id for one in facts.conversations),
                *(one.conversation_id for one in facts.messages if one.conversation_id),
            ],
            [one.id for one in facts.messages],
            [one.id for one in facts.phone_numbers],
            [one.id for one in facts.workflow_executions],
            [one.id for one in facts.project_events],
            [one.id for one in facts.edits],
        )
        self.keep = keep
        self.changes = Changes()
        self._before: Rows = {}

    async def begin(self, connection: Connection) -> None:
        self._before = await self._look(connection)

    async def end(self, connection: Connection) -> Changes:
        self.changes = compare(self._before, await self._look(connection))
        return self.changes

    async def _look(self, connection: Connection) -> Rows:
        found = await connection.fetch(statement("rows_of_facts"), *self._keys)
        return {(row["of"], row["key"]): orjson.loads(row["row"]) for row in found}


def compare(before: Rows, after: Rows) -> Changes:
    changes = Changes(rows=len(after))
    for key, row in sorted(after.items()):
        old = before.get(key)
        if old is None:
            changes.missing.append(key)
        elif changed := [name for name in row if name not in BOOKKEEPING and row[name] != old[name]]:
            changes.repaired[key] = changed
    return changes
