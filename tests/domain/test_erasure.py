"""What is an erased person's past, and what a body is without it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from domain.erasure import EMPTY, ERASED_ELEMENT, WORDS, is_past, kept, names_of, scrubbed
from domain.naming import mention_pattern, names_in
from domain.types import Conversation, Facts, MirroredMessage, Sighting
from kapso.message import MessageKapso, MessagePayload

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
LATER = AT + timedelta(seconds=1)
SESSION = UUID(int=7)


def event(at: datetime, *, message: str = "m1", number: str = "+628111") -> Facts:
    return Facts(
        sightings=[Sighting(number, "ID.1", at, at)],
        conversations=[Conversation(SESSION, metadata='{"city":"Solo"}', metadata_at=at)],
        messages=[MirroredMessage(message, SESSION, number, sent_at=at)],
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
    assert is_past(Facts(messages=[MirroredMessage("m2", SESSION)]), {str(SESSION): AT})


def test_a_newer_event_comes_without_what_was_noted_before() -> None:
    (conversation,) = kept(event(LATER), {str(SESSION): AT}).conversations
    assert (conversation.metadata, conversation.metadata_at) == (None, None)
    assert kept(event(LATER), {"+628111": AT}).conversations[0].metadata


def test_of_a_batch_only_the_person_goes() -> None:
    body = {"batch": True, "data": [{"from": "628111", "text": "mine"}, {"from": "6281112", "text": "theirs"}]}
    left = orjson.loads(scrubbed(orjson.dumps(body), ["+628111"]))
    assert left == {"batch": True, "data": [ERASED_ELEMENT, {"from": "6281112", "text": "theirs"}]}


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


@pytest.mark.parametrize(
    "written",
    [
        "628135556677", "+62 813-5556-677", "0813 5556 677", "(0062) 813 5556677", "\u202a+62\u00a0813\u20115556\u2011677\u202c",
        "https://x.example/?p=%2B62%20813-5556-677",
        "https://wa.me/+62-813-5556-677",
        "628135556677@s.whatsapp.net", "628135556677:12@c.us", "https://wa.me/628135556677?text=halo%20kak",
        "https://api.example/v1/media%2F628135556677%2Fphoto.jpg", "tel:+628135556677",
        '{"from":{"phone":"+62 813 5556 677"}}', '[{"wa_id":"628135556677"}]',
    ],
)  # fmt: skip
def test_a_value_names_somebody_in_whatever_spelling(written: str) -> None:
    body = orjson.dumps({"data": [{"person": written, "text": "hers"}, {"person": "628135556678", "text": "his"}]})
    left = orjson.loads(scrubbed(body, ["+628135556677"]))
    assert left == {"data": [ERASED_ELEMENT, {"person": "628135556678", "text": "his"}]}
    assert scrubbed(body, ["+62813555667"]) is body
    for found in (body, body.decode().encode("utf-16")):
        assert re.search(mention_pattern(["+628135556677"]), found.decode("latin-1"))


@pytest.mark.parametrize(
    "body",
    [b"no json: +62 813-5556-677", b'{"from": "628135556677", cut', b"\xff\xfe628135556677", b"[" * 5000 + b'"628135556677"',
     ("\ufeff{" + "628135556677@s.whatsapp.net").encode("utf-16")],
)  # fmt: skip
def test_what_is_no_json_goes_as_a_whole(body: bytes) -> None:
    assert scrubbed(body, ["+628135556677"]) == EMPTY
    assert scrubbed(body, ["+628135556678", "ID.1"]) is body


def test_what_others_write_or_share_is_theirs_and_only_the_card_goes() -> None:
    card = {"name": {"formatted_name": "Rina"}, "phones": [{"phone": "+62 813-5556-677"}]}
    words = {"message": {"from": "628222", "text": {"body": "628135556677"}, "kapso": {"content": "628135556677"}}}
    shared = {"message": {"from": "628222", "contacts": [card]}}
    body = orjson.dumps({"data": [words, shared]})
    left = orjson.loads(scrubbed(body, ["+628135556677"]))["data"]
    assert left == [words, {"message": {"from": "628222", "contacts": []}}]


def test_what_a_bot_says_outside_of_any_conversation_names_whom_it_mentions() -> None:
    said = {"name": "lead.note", "properties": {"text": "tolong telepon +62 813-5556-677 besok"}}
    assert scrubbed(orjson.dumps(said), ["+628135556677"]) == EMPTY
    elsewhere = orjson.dumps(said | {"conversation_id": str(SESSION)})
    assert scrubbed(elsewhere, ["+628135556677"]) is elsewhere


def test_numbers_larger_than_any_column_and_halves_of_characters_are_no_obstacle() -> None:
    body = b'{"data":[{"from":"628135556677"},{"n":123456789012345678901234567890,"t":"\\ud83d"}]}'
    assert b"123456789012345678901234567890" in scrubbed(body, ["+628135556677"])


def test_unread_bodies_name_whoever_stands_in_them() -> None:
    assert {"+628135556677", "ID.5550001", "wamid.A="} <= names_in(
        b'{"a":"+62 813-5556-677","b":["ID.5550001"],"c":"x wamid.A= y"'
    )


@pytest.mark.parametrize(
    "message",
    [
        MirroredMessage("wamid.NEW", SESSION, "+628111", edited_at=LATER),
        MirroredMessage("wamid.NEW", SESSION, "+628111", revoked_at=LATER),
    ],
)
def test_what_is_done_to_a_message_after_the_erasure_is_no_past(message: MirroredMessage) -> None:
    after = Facts(messages=[message])
    assert not is_past(after, {"+628111": AT})
    assert is_past(after, {"wamid.NEW": AT})


def test_every_key_of_free_text_is_known_as_words() -> None:
    """A number that somebody mentions in their own text must not cost them their message."""
    no_words = {"id", "timestamp", "contact_name", "media_url"}
    free = {
        field.alias or name
        for model in (MessagePayload, MessageKapso)
        for name, field in model.model_fields.items()
        if field.annotation in (str, str | None, Any)
    }
    assert free - no_words <= WORDS, "name it in domain/erasure.py, WORDS"
