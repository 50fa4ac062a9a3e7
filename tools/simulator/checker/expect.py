"""What the rows must be: everything that was observed of a thing is looked at once, without any order of arrival."""

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from tools.simulator.checker.observe import Naming, Observations, moment

# What stands further back in a delivery counts as received a little later.
SAME_DELIVERY = timedelta(milliseconds=1)
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
FURTHEST = ["pending", "sent", "failed", "delivered", "read", "played"]
Row = dict[str, Any]


class Either(NamedTuple):
    """One of several values."""

    values: set[Any]


class Between(NamedTuple):
    """A time that can't be told exactly from what is known for sure."""

    earliest: datetime
    latest: datetime


class NotAfter(NamedTuple):
    """A time; an earlier one is as right, since a poll may have come first."""

    latest: datetime


class Persons:
    """Who is who, from all namings at once."""

    def __init__(self, seen: Observations) -> None:
        self._parent: dict[str, str] = {}
        for new, old in seen.previous:
            self._union(new, old)
        for naming in seen.namings:
            if naming.bsuid and naming.parent:
                self._union(naming.bsuid, naming.parent)
            if naming.wa_id and naming.phone:
                self._union("+" + naming.wa_id, "+" + naming.phone)
        self.replaced = {old for _, old in seen.previous}
        self._claims: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        for naming in seen.namings:
            bsuid = naming.bsuid or naming.parent
            if bsuid and (number := naming.wa_id or naming.phone):
                self._claims[self._root("+" + number)].append((naming.at, bsuid))

    def of(self, key: str, at: datetime) -> str:
        """The person that a name meant at that time."""
        if not key.startswith("+"):
            return self._root(key)
        line = self._root(key)
        claims = self._claims.get(line)
        if not claims:
            return line
        first: dict[str, tuple[datetime, str]] = {}
        for claimed_at, bsuid in sorted(claims):
            first.setdefault(self._root(bsuid), (claimed_at, bsuid))
        holders = sorted(first, key=lambda person: first[person])
        since = [person for person in holders if first[person][0] <= at]
        return since[-1] if since else holders[0]

    def holder(self, number: str) -> str:
        """The person that a number means today."""
        line = self._root(number)
        claims = self._claims.get(line)
        return self._root(max(claims)[1]) if claims else line

    def contested(self, number: str) -> bool:
        return len({self._root(bsuid) for _, bsuid in self._claims.get(self._root(number), [])}) > 1

    def _root(self, name: str) -> str:
        while name in self._parent:
            name = self._parent[name]
        return name

    def _union(self, a: str, b: str) -> None:
        a, b = self._root(a), self._root(b)
        if a != b:
            self._parent[max(a, b)] = min(a, b)


class ExpectedLine(NamedTuple):
    """A message in the order of a chat."""

    at: datetime
    received_at: datetime
    id: str
    row: Row


def messages(seen: Observations, persons: Persons) -> dict[str, Row]:
    found = {id: _message(facts, persons) for id, facts in seen.messages.items()}
    for id, heard in seen.heard.items():
        found[id]["first_received_at"] = NotAfter(min(heard) + SAME_DELIVERY)
    return found


def _message(facts: list[Row], persons: Persons) -> Row:
    times: dict[str, datetime | None] = {}
    history = [step for fact in facts for step in fact.get("history") or []]
    inbound = facts[0]["direction"] == "inbound"
    for step in FURTHEST:
        found = [at for one in history if one["status"] == step and (at := moment(one["timestamp"]))]
        times[step] = min(found) if found else None
    if inbound:
        times["sent"] = min(fact["at"] for fact in facts)
    errors = [(moment(one["timestamp"]), one["errors"][0]) for one in history if one.get("errors")]
    errors += [(fact["at"], fact["errors"][0]) for fact in facts if fact.get("errors")]
    row = {
        "conversation_id": _any(facts, "conversation_id"),
        "direction": facts[0]["direction"],
        "type": _any(facts, "type"),
        "content": _any(facts, "content"),
        "text": _any(facts, "text"),
        "media_url": _any(facts, "media_url"),
        "transcript": _any(facts, "transcript"),
        "reply_to_id": _any(facts, "reply_to_id"),
        "origin": _any(facts, "origin"),
        "status": "received" if inbound else max((one["status"] for one in history), key=FURTHEST.index),
        "sent_at": times["sent"],
        "delivered_at": times["delivered"],
        "read_at": times["read"],
        "failed_at": times["failed"],
        "error": max(errors, key=lambda one: one[0].timestamp() if one[0] else 0)[1] if errors else None,
    }
    at = min(time for time in (row["sent_at"], row["delivered_at"], row["read_at"], row["failed_at"]) if time)
    return row | {"contact": persons.of(_best_key(facts), at)}


def conversations(seen: Observations, persons: Persons) -> dict[str, Row]:
    return {id: _conversation(facts, persons) for id, facts in seen.conversations.items()}


def _conversation(facts: list[Row], persons: Persons) -> Row:
    state = max((fact["at"], fact["status"]) for fact in facts if fact["status"])
    described = [fact for fact in facts if fact["metadata"] is not None]
    newest = max((fact["at"] for fact in described), default=None)
    created = [fact["created_at"] for fact in facts if fact["created_at"]]
    active = [fact["last_active_at"] for fact in facts if fact["last_active_at"]]
    times = [min(created)] if created else []
    times += [max(active)] if active else []
    return {
        "status": state[1],
        "ended_at": state[0] if state[1] == "ended" else None,
        "created_at": min(created) if created else None,
        "last_active_at": max(active) if active else None,
        "metadata": [fact["metadata"] for fact in described if fact["at"] == newest],
        "contact": persons.of(_best_key(facts), min(times) if times else state[0]),
    }


def contacts(
    seen: Observations, persons: Persons, rows: dict[str, Row], received: Mapping[str, datetime]
) -> dict[str, Row]:
    """By person: its columns. Numbers that changed hands say nothing by themselves about either holder.

    `received` says when each message was first received: the order of those of the same second.
    """
    namings: dict[str, list[Naming]] = defaultdict(list)
    for naming in seen.namings:
        if naming.key is None:
            continue
        if naming.key.startswith("+"):
            if not persons.contested(naming.key):
                namings[persons.holder(naming.key)].append(naming)
        else:
            namings[persons.of(naming.key, naming.at)].append(naming)
    said: dict[str, list[ExpectedLine]] = defaultdict(list)
    for id, row in rows.items():
        if row["sent_at"]:
            said[row["contact"]].append(ExpectedLine(row["sent_at"], received.get(id) or LONG_AGO, id, row))
    for person in {row["contact"] for row in rows.values()}:
        namings.setdefault(person, [])
    return {person: _contact(person, named, persons) | _last(said[person]) for person, named in namings.items()}


def allow_lost(rows: dict[str, Row], persons: Persons, lost: Observations) -> None:
    """Also accept values from lost deliveries: a poll may have read them before they changed."""
    for naming in lost.namings:
        if naming.key is None:
            continue
        person = persons.holder(naming.key) if naming.key.startswith("+") else persons.of(naming.key, naming.at)
        row = rows.get(person)
        if row is None:
            continue
        for column, value in (("name", naming.name), ("username", naming.username)):
            if value:
                known = row[column]
                row[column] = Either((known.values if isinstance(known, Either) else {known}) | {value})
        first = row["first_seen_at"]
        if first and naming.at < (first.earliest if isinstance(first, Between) else first):
            row["first_seen_at"] = Between(naming.at, first.latest if isinstance(first, Between) else first)


def _contact(person: str, named: list[Naming], persons: Persons) -> Row:
    held = [one for one in named if (number := one.wa_id or one.phone) and persons.holder("+" + number) == person]
    phones = [(one.at, one.phone) for one in held if one.phone]
    wa_ids = [(one.at, one.wa_id) for one in held if one.wa_id]
    # A wa_id that was given without another phone is a phone as well.
    alone = [(one.at, one.wa_id) for one in held if one.wa_id and one.phone in (None, one.wa_id)]
    ids = [(one.bsuid not in persons.replaced, one.at, one.bsuid) for one in named if one.bsuid]
    names = [(one.at, one.name) for one in named if one.name]
    usernames = [(one.at, one.username) for one in named if one.username]
    best = max(phones + alone, default=None) or max(wa_ids, default=None)
    return {
        "phone": "+" + best[1] if best else None,
        "wa_id": max(wa_ids)[1] if wa_ids else None,
        "business_scoped_user_id": max(ids)[2] if ids else None,
        "name": max(names)[1] if names else None,
        "username": max(usernames)[1] if usernames else None,
        "first_seen_at": min((one.at for one in named), default=None),
    }


def _last(said: list[ExpectedLine]) -> Row:
    spoken = [one for one in said if one.row["type"] != "reaction"]
    last = max(spoken, key=lambda one: one[:3]).row if spoken else None
    by = {way: [one.at for one in said if one.row["direction"] == way] for way in ("inbound", "outbound")}
    return {
        "last_message_at": last["sent_at"] if last else None,
        "last_message_text": last["text"] if last else None,
        "last_message_type": last["type"] if last else None,
        "last_message_direction": last["direction"] if last else None,
        "last_inbound_at": max(by["inbound"], default=None),
        "last_outbound_at": max(by["outbound"], default=None),
    }


def _best_key(facts: list[Row]) -> str:
    """An id says more than a number; of several, the greatest."""
    best: str = max(fact["key"] for fact in facts if fact["key"])
    return best


def _any(facts: list[Row], column: str) -> Any:
    """What is said of a message never changes, but not everybody says it."""
    said = {json.dumps(fact[column], sort_keys=True): fact[column] for fact in facts if fact.get(column) is not None}
    return next(iter(said.values()), None)
