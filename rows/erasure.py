"""What an erased person's past is, and a body without it (pure)."""

import re
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
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
# Numbers, message ids, business-scoped ids, ids of conversations: each as a JSON string.
NAME = re.compile(
    rb'"\+?([0-9]{7,20}|wamid\.[^"\\]{1,200}|[A-Z]{2}\.[A-Za-z0-9.]{1,140}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"'
)
GAP = {"erased": True}
"""What an element leaves behind; it is ignored."""


def names_of(facts: Facts) -> set[str]:
    """All by which tombstones know a person: numbers and ids, messages, conversations."""
    names = {name for sighting in facts.sightings for name in (sighting.handle, sighting.bsuid) if name}
    names |= {name for join in facts.joins for name in (join.a, join.b)}
    names |= {message.id for message in facts.messages}
    names |= set(_conversations(facts))
    return names


def is_past(facts: Facts, erased: Mapping[str, datetime]) -> bool:
    """Whether one event is about an erased person's time before; `erased` is name to when.

    Only what the person and we say to each other afterwards begins anew: a message with its own time, or a named event
    of a bot. A snapshot's time says nothing: old conversations end, and old contacts are edited, long afterwards.
    """
    if any(message.id in erased for message in facts.messages):
        return True
    named = [erased[name] for name in names_of(facts) if name in erased]
    if not named:
        return False
    said = [message.sent_at for message in facts.messages if message.sent_at]
    said += [event.occurred_at for event in facts.project_events if event.occurred_at]
    return not said or min(said) <= max(named)


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
    """The body without every element that is named by one of the names; EMPTY when nothing else was in it.

    What stands in free text stays: those are somebody's words. Elements of a batch leave a gap, so that the others keep
    their place in it.
    """
    wanted = bare(names)
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return EMPTY if pattern(names).search(body.decode(errors="replace")) else body
    if isinstance(parsed, dict) and parsed.get("batch") is True and isinstance(parsed.get("data"), list):
        parsed["data"] = [GAP if _scrub(one, wanted) else one for one in parsed["data"]]
        if all(one == GAP for one in parsed["data"]):
            return EMPTY
    return EMPTY if _scrub(parsed, wanted) else orjson.dumps(parsed)


def theirs(body: bytes, names: Collection[str]) -> bytes | None:
    """Of a batch only the elements that name the person; None when nothing does. Other kinds are given whole."""
    if not pattern(names).search(body.decode(errors="replace")):
        return None
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    if isinstance(parsed, dict) and parsed.get("batch") is True and isinstance(parsed.get("data"), list):
        wanted = bare(names)
        parsed["data"] = [one for one in parsed["data"] if _scrub(deepcopy(one), wanted)]
        return orjson.dumps(parsed)
    return body


def names_in(body: bytes) -> set[str]:
    """Whatever in a body that nobody could read may be a name."""
    found = {match.decode(errors="replace") for match in NAME.findall(body)}
    return found | {f"+{name}" for name in found if name.isdecimal()}


def gaps(body: bytes) -> frozenset[int]:
    """The places of a batch at which nothing is left."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return frozenset()
    data = parsed.get("data") if isinstance(parsed, dict) else None
    return frozenset(place for place, one in enumerate(data) if one == GAP) if isinstance(data, list) else frozenset()


def bare(names: Collection[str]) -> frozenset[str]:
    """As they may stand in a body: numbers without +."""
    return frozenset(name.lstrip("+").removeprefix("kapso:") for name in names)


def pattern(names: Collection[str]) -> re.Pattern[str]:
    """Any of the names where it stands for itself: a number within a longer one is somebody else's."""
    longest_first = sorted(bare(names), key=len, reverse=True)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, longest_first))})(?![A-Za-z0-9])")


def _scrub(node: Any, names: frozenset[str]) -> bool:
    """Take out of every list in the node what is named; True when the node itself still is."""
    if isinstance(node, str | int):
        return str(node).lstrip("+") in names
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
