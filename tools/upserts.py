"""The statements that merge mirrored rows, made from the rules of `domain/types.py` (pure).

`dev.py sql` writes them to `store/mirror/upserts.sql`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from textwrap import fill
from typing import Any, Final, get_args, get_type_hints
from uuid import UUID

from domain.types import (
    JSON,
    MERGES,
    Conversation,
    Merge,
    MessageEdit,
    MirroredMessage,
    PhoneNumber,
    Preference,
    ProjectEvent,
    Sighting,
    WorkflowExecution,
)

HEAD: Final = """-- Made by `python3 dev.py sql` from the rules of domain/types.py: change those, and run it again.
-- Rows are given column by column, in the order of their keys, which is the order of locks."""
TYPES: Final = {str: "text", int: "bigint", bool: "boolean", datetime: "timestamptz", UUID: "uuid"}
WIDTH: Final = 120


@dataclass(frozen=True, slots=True)
class Upsert:
    """How rows of one kind are written. `row` names the columns."""

    name: str
    table: str
    row: type
    about: str = ""
    contact: str = ""
    """The rule by which the row's contact is kept or replaced; '' where rows of the kind belong to nobody."""
    where: str = ""
    """Which of the given rows are written at all; '' for all."""
    touched: tuple[str, ...] = ()
    """If set: update a row only if the given one is newer, and return these columns as `written`, for `answer`."""
    answer: str = ""
    """The query for the statement's result. It can read `v` (the given rows); tables show their earlier state."""

    @property
    def merge(self) -> Merge:
        """How two rows of one key become one."""
        return MERGES[self.row]


BY_NAME: Final = """CASE WHEN {t}.named_as IS NULL OR excluded.named_as >= {t}.named_as
        THEN coalesce(excluded.contact_id, {t}.contact_id) ELSE {t}.contact_id END"""

UPSERTS: Final = (
    Upsert("upsert_sightings", "sightings", Sighting),
    Upsert(
        "upsert_phone_numbers", "phone_numbers", PhoneNumber,
        about="Nearly every event names a number and says nothing of it: that touches no row, so that drains don't wait"
        " for each other.",
        where="""num_nonnulls(v.display_phone_number, v.name, v.state, v.account_state, v.error) > 0
   OR NOT EXISTS (SELECT FROM phone_numbers AS known WHERE known.id = v.id)""",
    ),
    Upsert("upsert_conversations", "conversations", Conversation, contact=BY_NAME),
    Upsert(
        "upsert_messages", "messages", MirroredMessage,
        about="Returns the ids of new messages (id), and which contacts must be derived anew (contact_id): those that"
        " lost a message to another contact, because a later event named the person better, and those of a message that"
        " turns out to have been sent, or received, earlier. A message of a group belongs to no contact. An edit is"
        " shown in place of what was sent: type, content and text are the newest edit's, and unedited_type,"
        " unedited_content and unedited_text keep what was sent.",
        contact="CASE WHEN coalesce({t}.group_id, excluded.group_id) IS NULL\n        THEN " + BY_NAME + " END",
        answer="""SELECT CASE WHEN before.id IS NULL THEN v.id END AS id, before.contact_id
FROM v LEFT JOIN messages AS before ON before.id = v.id
WHERE before.id IS NULL OR before.contact_id IS NOT NULL
  AND (v.contact_id <> before.contact_id OR v.group_id IS NOT NULL OR v.sent_at < before.sent_at
       OR v.first_received_at < before.first_received_at)""",
    ),
    Upsert("upsert_message_edits", "message_edits", MessageEdit),
    Upsert("upsert_workflow_executions", "workflow_executions", WorkflowExecution),
    Upsert("upsert_project_events", "project_events", ProjectEvent),
    Upsert(
        "upsert_preferences", "preference_sightings", Preference,
        about="Returns which contacts' preferences changed.",
        touched=("handle", "bsuid"),
        answer="""SELECT DISTINCT s.contact_id
FROM written AS w JOIN sightings AS s USING (handle, bsuid) WHERE s.contact_id IS NOT NULL""",
    ),
)  # fmt: skip


def statements() -> str:
    return "\n\n\n".join([HEAD, *map(_statement, UPSERTS)]) + "\n"


def _statement(one: Upsert) -> str:
    return "\n".join(_parts(one))


def _parts(one: Upsert) -> Iterator[str]:
    columns = _columns(one)
    given, stored = list(columns), [name for name in columns if name not in _covering(one.merge)]
    key, t = ", ".join(one.merge.key), one.table[0]
    yield _filled(f"-- name: {one.name}(", given, ")", indent="--     ")
    if one.about:
        yield fill(one.about, WIDTH, initial_indent="-- ", subsequent_indent="-- ")
    yield "WITH v AS ("
    yield _filled("    SELECT * FROM unnest(", [f":{name}::{kind}[]" for name, kind in columns.items()], ")")
    yield _filled("        AS v (", given, ")")
    yield "), written AS (" if one.answer else ")"
    originals = [f"unedited_{name}" for name in one.merge.covered]
    yield _filled(f"INSERT INTO {one.table} AS {t} (", [*stored, *originals], ")", indent="    ")
    values = [_value(one.merge, name) for name in (*stored, *originals)]
    yield _filled("SELECT ", [_cast(one, *value) for value in values], "", indent="    ")
    yield "FROM v" + (f"\nWHERE {one.where}" if one.where else "")
    yield f"ON CONFLICT ({key}) DO UPDATE SET"
    yield ",\n".join(f"    {name} = {rule}" for name, rule in _rules(one, t).items())
    if one.touched:
        ((version, _),) = one.merge.newest
        yield f"WHERE {_newer(one, t, version)}\nRETURNING {', '.join(one.touched)}"
    if one.answer:
        yield f")\n{one.answer}"


def _columns(one: Upsert) -> dict[str, str]:
    """Name and SQL type of what is given, in order."""
    kinds = {name: TYPES[_plain(hint)] for name, hint in get_type_hints(one.row).items()}
    return kinds | ({"contact_id": "uuid"} if one.contact else {})


def _plain(hint: Any) -> Any:
    return next((kind for kind in get_args(hint) if kind is not type(None)), hint)


def is_json(row: type, column: str) -> bool:
    hint = get_type_hints(row, include_extras=True).get(column)
    return any(JSON in getattr(kind, "__metadata__", ()) for kind in (hint, *get_args(hint)))


def _cast(one: Upsert, column: str, value: str) -> str:
    return f"{value}::jsonb" if is_json(one.row, column) else value


def _covering(merge: Merge) -> dict[str, str]:
    """Map each given column that only covers another (edited_text) to the column that it covers (text)."""
    return {covering: column for column, covering in merge.covered.items()}


def _value(merge: Merge, name: str) -> tuple[str, str]:
    """Return a table column of a new row as (the given column that decides its cast, its SQL value)."""
    edited = f"v.{merge.covered_by} IS"
    if covering := merge.covered.get(name):
        return name, f"CASE WHEN {edited} NULL THEN v.{name} ELSE v.{covering} END"
    if (original := name.removeprefix("unedited_")) != name:
        return original, f"CASE WHEN {edited} NOT NULL THEN v.{original} END"
    return name, f"v.{name}"


def _rules(one: Upsert, t: str) -> dict[str, str]:
    """For each column of the table but the key, what becomes of it where the row is there already."""
    merge, rules = one.merge, {}
    if one.touched:
        ((version, along),) = merge.newest
        return {name: f"excluded.{name}" for name in (*version, *along)}
    for name in merge.least:
        rules[name] = f"least({t}.{name}, excluded.{name})"
    for name in merge.greatest:
        rules[name] = f"greatest({t}.{name}, excluded.{name})"
    for version, along in merge.newest:
        newer = _newer(one, t, version)
        for name in (*version[1:], *along):
            rules[name] = _picked(newer, f"excluded.{name}", f"{t}.{name}")
        rules[version[0]] = f"greatest({t}.{version[0]}, excluded.{version[0]})"
    for name, covering in merge.covered.items():
        rules |= _covered(one, t, name, covering)
    for name in _covering(merge):
        rules.pop(name)
    if one.contact:
        rules["contact_id"] = one.contact.format(t=t)
    order = [name for name in _columns(one) if name in rules]
    return {name: rules[name] for name in (*order, *(name for name in rules if name not in order))}


def _newer(one: Upsert, t: str, version: Sequence[str], original: str = "") -> str:
    """Whether the given row is newer. `original` is a column of the version that an edit may have covered."""

    def side(row: str) -> str:
        names = [_sent(one.merge, row, name) if name == original else f"{row}.{name}" for name in version]
        return f"({', '.join(names)})" if len(names) > 1 else names[0]

    newer = f"{side('excluded')} > {side(t)}"
    if len(newer) > WIDTH - 20:
        newer = f"{side('excluded')}\n         > {side(t)}"
    optional = type(None) in get_args(get_type_hints(one.row)[version[0]])
    if not optional:
        return newer
    unknown = f"{t}.{version[0]} IS NULL"
    return f"{unknown} OR {newer}" if len(unknown + newer) < WIDTH - 35 else f"{unknown}\n        OR {newer}"


def _picked(newer: str, theirs: str, ours: str) -> str:
    line = f"CASE WHEN {newer} THEN {theirs} ELSE {ours} END"
    if len(line) < WIDTH - 30:
        return line
    between = " " if len(theirs + ours) < WIDTH - 30 else "\n        "
    return f"CASE WHEN {newer}\n        THEN {theirs}{between}ELSE {ours} END"


def _sent(merge: Merge, row: str, name: str) -> str:
    """What was sent, whether or not an edit covers it."""
    return f"CASE WHEN {row}.{merge.covered_by} IS NULL THEN {row}.{name} ELSE {row}.unedited_{name} END"


def _covered(one: Upsert, t: str, name: str, covering: str) -> dict[str, str]:
    merge, by = one.merge, one.merge.covered_by
    own = next(version for version, along in merge.newest if name in (*version, *along))
    edit = next(version for version, along in merge.newest if covering in along)
    shown = _picked(_newer(one, t, own), f"excluded.{name}", f"{t}.{name}")
    edited = _picked(_newer(one, t, edit), f"excluded.{name}", f"{t}.{name}")
    kept = _picked(_newer(one, t, own, name), _sent(merge, "excluded", name), _sent(merge, t, name))
    edited_at = f"coalesce({t}.{by}, excluded.{by})"
    return {
        name: f"CASE WHEN {edited_at} IS NULL\n        THEN {shown}\n        ELSE {edited} END",
        f"unedited_{name}": f"CASE WHEN {edited_at} IS NOT NULL\n        THEN {kept} END",
    }


def _filled(head: str, items: Sequence[str], tail: str, indent: str = "") -> str:
    """Items in as many lines as they take, none over the width."""
    indent = indent or " " * len(head)
    lines, line = [], head
    for item in (*(f"{one}," for one in items[:-1]), items[-1] + tail):
        if len(line) + len(item) + 1 > WIDTH and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += item + " "
    return "\n".join([*lines, line.rstrip()])
