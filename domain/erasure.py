"""What an erased person's past is, and a body without it (pure)."""

import json
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.body import batch_of, parsed_json
from domain.cards import KIND, cards_but, names_on_cards, without_cards
from domain.naming import candidate_names, names_in, spellings
from domain.types import Facts, MirroredMessage


class NoKey(Exception):
    """There are tombstones, and no key to read them by: ERASURE_KEY is not set."""


EVENT = "erased"
"""The event name of a delivery of which nothing is left; it is unknown, so it is ignored."""
EMPTY = b'{"erased":true}'
ERASED_ELEMENT = {"erased": True}
"""What an element leaves behind; it is ignored."""
MESSAGES = frozenset({"message", "messages", "message_echoes"})
# Keys of a message that hold free text. A name in such text does not make the message that person's.
WORDS = frozenset({"body", "caption", "content", "order_text", "text", "transcript"})


def names_of(facts: Facts) -> set[str]:
    """All by which tombstones know the people of an event, and those on the cards that it shares."""
    return _owners(facts).union(*map(names_on_cards, facts.messages))


def _owners(facts: Facts) -> set[str]:
    """Numbers and ids, messages, conversations."""
    names = {name for sighting in facts.sightings for name in (sighting.handle, sighting.bsuid) if name}
    names |= {name for join in facts.joins for name in (join.a, join.b)}
    names |= {message.id for message in facts.messages}
    names |= {message.group_member for message in facts.messages if message.group_member}
    names |= {edit.id for edit in facts.edits}
    names |= {name for text in _loose(facts) if text for name in names_in(text.encode())}
    names |= set(_conversations(facts))
    return names


def is_past(facts: Facts, erased: Mapping[str, datetime]) -> bool:
    """Return whether the event belongs to an erased person's past. `erased` maps each erased name to its erasure time.

    An event that names an erased person is kept only if it holds a message time or a project event time, and all these
    times are later than the erasure. Other times do not count: Kapso ends old conversations and edits old contacts long
    after the erasure.
    """
    if any(message.id in erased for message in facts.messages):
        return True
    named = [erased[name] for name in _owners(facts) if name in erased]
    if not named:
        return False
    times = [(message.sent_at, message.edited_at, message.revoked_at) for message in facts.messages]
    said = [at for those in times for at in those if at]
    said += [event.occurred_at for event in facts.project_events if event.occurred_at]
    return not said or min(said) <= max(named)


def kept(facts: Facts, erased: Mapping[str, datetime]) -> Facts:
    """Return the facts of an event that is not an erased person's past, without the metadata of conversations in
    `erased`, and without contact cards of erased people that were shared before their erasure.
    """
    conversations = [
        one._replace(metadata=None, metadata_at=None, metadata_received_at=None, metadata_tie=None)
        if str(one.id) in erased
        else one
        for one in facts.conversations
    ]
    messages = [_without_cards(one, erased) for one in facts.messages]
    return replace(facts, conversations=conversations, messages=messages)


def shares(facts: Facts, erased: Mapping[str, datetime]) -> set[str]:
    """The erased people whose cards it shares, by the names on them."""
    return {name for message in facts.messages for name in _carded(message, erased)}


def _carded(message: MirroredMessage, erased: Mapping[str, datetime]) -> set[str]:
    """Who is on a card that was shared before they were erased."""
    found = names_on_cards(message).intersection(erased)
    return {name for name in found if message.sent_at is None or message.sent_at <= erased[name]}


def _without_cards(message: MirroredMessage, erased: Mapping[str, datetime]) -> MirroredMessage:
    names = _carded(message, erased)
    return message._replace(content=without_cards(message.content or "", names)) if names else message


def scrubbed(body: bytes, names: Collection[str]) -> bytes:
    """Return the body without the elements that are named in `names`: the same bytes if there are none, EMPTY if
    nothing else is left.

    Free text of messages is kept, because it is somebody's words. In a batch, a removed element leaves ERASED_ELEMENT,
    so that the other elements keep their positions. A body that is not JSON becomes EMPTY if it contains one of the
    names.
    """
    wanted = spellings(names)
    try:
        parsed = parsed_json(body)
        if parsed is None:
            raise ValueError("no JSON")
        return _scrubbed(parsed, Scrubber(wanted), body)
    except (ValueError, RecursionError):
        return body if wanted.isdisjoint(names_in(body)) else EMPTY


def body_about_person(body: bytes, names: Collection[str]) -> bytes | None:
    """Return the body if it names the person, else None. Of a batch, keep only the elements that name the person."""
    wanted = spellings(names)
    parsed = parsed_json(body)
    elements = batch_of(parsed) if isinstance(parsed, dict) else None
    if elements is None:
        return None if scrubbed(body, names) is body else body
    found = [one for one in elements if Scrubber(wanted).touches(deepcopy(one))]
    return _json_bytes({**parsed, "data": found}) if found else None


def is_named(value: Any, names: Collection[str]) -> bool:
    """Whether anything in a value that JSON knows is one of the names."""
    return Scrubber(spellings(names)).touches(deepcopy(value))


def erased_places(body: bytes) -> frozenset[int]:
    """The places of a batch at which nothing is left."""
    parsed = parsed_json(body)
    elements = batch_of(parsed) if isinstance(parsed, dict) else None
    return frozenset(place for place, one in enumerate(elements or []) if one == ERASED_ELEMENT)


class Scrubber:
    """Takes out of every list in a value what is named by somebody; `changed` once something was."""

    def __init__(self, wanted: frozenset[str]) -> None:
        """`wanted` are bare names, in every spelling."""
        self._wanted = wanted
        self.changed = False

    def touches(self, node: Any) -> bool:
        """Return whether anything in the node is named. Changes the node: named list elements are removed."""
        return self.clean_and_match(node) or self.changed

    def clean_and_match(self, node: Any, *, message: bool = False) -> bool:
        """Remove named elements from all lists in the node (in place); return whether the rest of the node is named.

        `message`: the node is part of a message.

        Raises RecursionError.
        """
        match node:
            case str():
                return not self._wanted.isdisjoint(candidate_names(node)) or self._in_json(node)
            case bool() | float() | None:
                return False
            case int():
                return str(node) in self._wanted
            case list():
                kept = [one for one in node if not self.clean_and_match(one, message=message)]
                self.changed = self.changed or len(kept) < len(node)
                node[:] = kept
                return False
            case dict():
                # Every part has its turn, whatever the first ones say.
                held = [self._part(key, one, message=message) for key, one in node.items()]
                held += [self.clean_and_match(key) for key in node]
                return any(held) or self._mentioned(node)
        return False

    def _part(self, key: str, one: Any, *, message: bool) -> bool:
        if message and key in WORDS and isinstance(one, str):
            return False
        if message and key == KIND and isinstance(one, list):
            kept = cards_but(one, self._wanted)
            self.changed = self.changed or len(kept) < len(one)
            one[:] = kept
            return False
        return self.clean_and_match(one, message=message or key in MESSAGES)

    def _mentioned(self, node: dict[str, Any]) -> bool:
        """In what a bot says outside of any conversation: its texts are nobody's words."""
        if "properties" not in node or node.get("conversation_id"):
            return False
        return not self._wanted.isdisjoint(names_in(_json_bytes(node["properties"])))

    def _in_json(self, text: str) -> bool:
        """Values may be JSON themselves, as text."""
        if not text.lstrip().startswith(("{", "[")):
            return False
        inner = parsed_json(text.encode(errors="replace"))
        return inner is not None and Scrubber(self._wanted).touches(inner)


def _scrubbed(parsed: Any, scrubber: Scrubber, body: bytes) -> bytes:
    elements = batch_of(parsed) if isinstance(parsed, dict) else None
    rest = parsed
    if elements is not None:
        left = [ERASED_ELEMENT if scrubber.clean_and_match(one) else one for one in elements]
        scrubber.changed = scrubber.changed or left != elements
        if scrubber.changed and all(one == ERASED_ELEMENT for one in left):
            return EMPTY
        parsed["data"] = left
        rest = {key: value for key, value in parsed.items() if key != "data"}
    if scrubber.clean_and_match(rest):
        return EMPTY
    return _json_bytes(parsed) if scrubber.changed else body


def _json_bytes(value: Any) -> bytes:
    """Numbers of any size, unlike orjson's."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _loose(facts: Facts) -> Iterator[str | None]:
    """Texts of rows that no key may tie to a person."""
    yield from (event.properties for event in facts.project_events)
    yield from (run.tracking_id for run in facts.workflow_executions)


def _conversations(facts: Facts) -> Iterator[str]:
    yield from (str(one.id) for one in facts.conversations)
    yield from (str(one.conversation_id) for one in facts.messages if one.conversation_id)
    yield from (str(one.conversation_id) for one in facts.project_events if one.conversation_id)
    yield from (str(one.conversation_id) for one in facts.workflow_executions if one.conversation_id)
