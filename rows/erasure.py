"""What an erased person's past is, and a body without it (pure)."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from rows.types import Facts


class NoKey(Exception):
    """There are tombstones, and no key to read them by: ERASURE_KEY is not set."""


EVENT = "erased"
"""The event name of a delivery of which nothing is left; it is unknown, so it is ignored."""
EMPTY = b'{"erased":true}'


def names_of(facts: Facts) -> set[str]:
    """All by which tombstones know a person: numbers and ids, messages, conversations."""
    names = {name for sighting in facts.sightings for name in (sighting.handle, sighting.bsuid) if name}
    names |= {name for join in facts.joins for name in (join.a, join.b)}
    names |= {message.id for message in facts.messages}
    names |= set(_conversations(facts))
    return names


def is_past(facts: Facts, erased: Mapping[str, datetime]) -> bool:
    """Whether one event is about an erased person's time before; `erased` is name to when.

    A message or a status of one that was erased always is; what names the person or the conversation is when it is not
    newer than the erasure.
    """
    if any(message.id in erased for message in facts.messages):
        return True
    newest = _newest(facts)
    named = [erased[name] for name in names_of(facts) if name in erased]
    return any(newest is None or newest <= at for at in named)


def kept(facts: Facts, erased: Mapping[str, datetime]) -> Facts:
    """An event that is newer, without what was noted on its conversation before."""
    conversations = [
        one._replace(metadata=None, metadata_at=None, metadata_received_at=None, metadata_tie=None)
        if str(one.id) in erased
        else one
        for one in facts.conversations
    ]
    return replace(facts, conversations=conversations)


def scrubbed(body: bytes, names: Collection[str]) -> bytes:
    """The body without every element that holds one of the names; EMPTY when nothing else was in it."""
    wanted = pattern(names)
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return EMPTY if wanted.search(body.decode(errors="replace")) else body
    return EMPTY if _scrub(parsed, wanted) else orjson.dumps(parsed)


def pattern(names: Collection[str]) -> re.Pattern[str]:
    """Any of the names where it stands for itself: a number within a longer one is somebody else's."""
    bare = sorted({name.lstrip("+").removeprefix("kapso:") for name in names}, key=len, reverse=True)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, bare))})(?![A-Za-z0-9])")


def _scrub(node: Any, names: re.Pattern[str]) -> bool:
    """Take out of every list in the node what holds a name; True when the node itself still does."""
    if isinstance(node, str | int):
        return names.search(str(node)) is not None
    if isinstance(node, list):
        node[:] = [one for one in node if not _scrub(one, names)]
        return False
    if isinstance(node, dict):
        # Every part has its turn, whatever the first ones say.
        held = [_scrub(one, names) for one in (*node, *node.values())]
        return any(held)
    return False


def _conversations(facts: Facts) -> Iterator[str]:
    yield from (str(one.id) for one in facts.conversations)
    yield from (str(one.conversation_id) for one in facts.messages if one.conversation_id)
    yield from (str(one.conversation_id) for one in facts.project_events if one.conversation_id)
    yield from (str(one.conversation_id) for one in facts.workflow_executions if one.conversation_id)


def _newest(facts: Facts) -> datetime | None:
    """When the event says that it happened."""
    times = [
        *(one.last_at for one in facts.sightings),
        *(at for one in facts.messages for at in (one.sent_at, one.delivered_at, one.read_at, one.failed_at)),
        *(one.occurred_at for one in facts.project_events),
        *(one.status_at for one in facts.workflow_executions),
        *(at for one in facts.conversations for at in (one.state_at, one.last_active_at)),
    ]
    return max((at for at in times if at), default=None)
