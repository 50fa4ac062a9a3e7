"""What is an erased person's past, and what a body is without it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest

from rows.erasure import EMPTY, GAP, is_past, kept, names_of, scrubbed
from rows.types import Conversation, Facts, Message, Sighting

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
LATER = AT + timedelta(seconds=1)
SESSION = UUID(int=7)


def event(at: datetime, *, message: str = "m1", number: str = "+628111") -> Facts:
    return Facts(
        sightings=[Sighting(number, "ID.1", at, at)],
        conversations=[Conversation(SESSION, metadata='{"city":"Solo"}', metadata_at=at)],
        messages=[Message(message, SESSION, number, sent_at=at)],
    )


def test_an_event_is_known_by_all_its_names() -> None:
    assert names_of(event(AT)) == {"+628111", "ID.1", "m1", str(SESSION)}


@pytest.mark.parametrize(
    ("at", "erased", "past"),
    [
        (AT, {"+628111": AT}, True),
        (LATER, {"+628111": AT}, False),
        (AT, {"ID.1": LATER}, True),
        (AT, {str(SESSION): AT}, True),
        (LATER, {str(SESSION): AT}, False),
        (LATER, {"m1": AT}, True),
        (AT, {"+628112": AT}, False),
        (AT, {}, False),
    ],
)
def test_what_is_said_of_the_time_before_is_past(at: datetime, erased: dict[str, datetime], past: bool) -> None:
    assert is_past(event(at), erased) == past


def test_what_has_no_time_is_past() -> None:
    assert is_past(Facts(messages=[Message("m2", SESSION)]), {str(SESSION): AT})


def test_a_newer_event_comes_without_what_was_noted_before() -> None:
    (conversation,) = kept(event(LATER), {str(SESSION): AT}).conversations
    assert (conversation.metadata, conversation.metadata_at) == (None, None)
    assert kept(event(LATER), {"+628111": AT}).conversations[0].metadata


def test_of_a_batch_only_the_person_goes() -> None:
    body = {"batch": True, "data": [{"from": "628111", "text": "mine"}, {"from": "6281112", "text": "theirs"}]}
    left = orjson.loads(scrubbed(orjson.dumps(body), ["+628111"]))
    assert left == {"batch": True, "data": [GAP, {"from": "6281112", "text": "theirs"}]}


def test_of_the_meta_kind_every_list_is_cleaned() -> None:
    value = {
        "contacts": [{"wa_id": "628111"}],
        "messages": [{"from": "628111"}, {"from": "628222"}],
        "metadata": {"id": "1"},
    }
    body = {"entry": [{"changes": [{"value": value}]}]}
    cleaned = orjson.loads(scrubbed(orjson.dumps(body), ["628111"]))["entry"][0]["changes"][0]["value"]
    assert cleaned == {"contacts": [], "messages": [{"from": "628222"}], "metadata": {"id": "1"}}


def test_of_a_single_event_nothing_is_left() -> None:
    assert scrubbed(b'{"message":{"from":"628111"}}', ["+628111"]) == EMPTY
    assert scrubbed(b'{"message":{"id":628111}}', ["+628111"]) == EMPTY
    assert scrubbed(b"no json: 628111", ["+628111"]) == EMPTY
    assert scrubbed(b"no json: 6281112", ["+628111"]) == b"no json: 6281112"
