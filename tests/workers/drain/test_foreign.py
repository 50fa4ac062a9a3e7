"""What other people's clients, emulators and bug reports show of Kapso and WhatsApp: each kind becomes the right rows."""

import gc
import itertools
import json
import time
from datetime import timedelta
from typing import Any

import pytest

from domain.body import parsed_json
from domain.delivery import Delivery
from store.leads.lead_detail import messages
from store.mirror.who import meant
from store.ops.status import MirrorStatus, status
from store.postgres import Pool
from tests.databases import emptied
from tests.helpers import RECEIVED_AT, bounds, delivery, rows, settled
from workers.drain.interpret import interpret

CLOCK = int(RECEIVED_AT.timestamp()) - 600
SESSION = "5b1d7c52-aaaa-4a39-9c1e-0c4b7d0a9e01"
US = "200010002000777"


def received(
    message: dict[str, Any], *, number: str | None = "628777000111", verb: str = "received", **session: Any
) -> Delivery:
    kapso = {"direction": "inbound" if verb == "received" else "outbound", "status": verb}
    whole = {"id": "wamid.A", "timestamp": str(CLOCK), "kapso": kapso} | message
    talk = {"id": SESSION, "phone_number": number, "phone_number_id": US, "status": "active"} | session
    body = {"message": whole, "conversation": talk, "phone_number_id": US}
    return delivery(body, f"whatsapp.message.{verb}")


def forwarded(field: str = "messages", **value: Any) -> Delivery:
    whole: dict[str, Any] = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": US}, **value}
    body = {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": field, "value": whole}]}],
    }
    return delivery(body)


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": {"body": words}} | more


async def one(pool: Pool, table: str = "messages") -> dict[str, Any]:
    (row,) = await rows(pool, table)
    return row


async def all_alive(pool: Pool) -> None:
    assert await rows(pool, "dead_letters") == []


SAID = received(text("mau 20 dus", id="wamid.A"))
EDITED = received({"id": "wamid.B", "timestamp": str(CLOCK + 20), "type": "edit",
                   "edit": {"original_message_id": "wamid.A", "message": text("eh, 2 dus saja")}})  # fmt: skip
AGAIN = received({"id": "wamid.C", "timestamp": str(CLOCK + 40), "type": "edit",
                  "edit": {"original_message_id": "wamid.A", "message": text("3 dus deh")}})  # fmt: skip
REVOKED = received({"id": "wamid.D", "timestamp": str(CLOCK + 50), "type": "revoke",
                    "revoke": {"original_message_id": "wamid.A"}})  # fmt: skip


async def test_an_edit_shows_the_new_words_and_keeps_the_old_ones(pool: Pool) -> None:
    for order in itertools.permutations([SAID, EDITED, AGAIN]):
        await emptied(pool)
        for event in order:
            await settled(pool, [event])
        message, contact = await one(pool), await one(pool, "contacts")
        assert (message["text"], message["unedited_text"], message["type"]) == ("3 dus deh", "mau 20 dus", "text")
        assert message["edited_at"] is not None
        assert contact["last_message_text"] == "3 dus deh"
        assert [edit["text"] for edit in sorted(await rows(pool, "message_edits"), key=lambda row: str(row["edited_at"]))] == [
            "eh, 2 dus saja", "3 dus deh"]  # fmt: skip
    await all_alive(pool)


async def test_a_deleted_message_keeps_its_words_and_is_marked(pool: Pool) -> None:
    for order in itertools.permutations([SAID, EDITED, REVOKED]):
        await emptied(pool)
        for event in order:
            await settled(pool, [event])
        message = await one(pool)
        assert (message["text"], message["revoked_at"] is not None) == ("eh, 2 dus saja", True)


async def test_edits_and_deletions_come_by_meta_too(pool: Pool) -> None:
    who = {"from": "628777000111", "timestamp": str(CLOCK)}
    for message in (
        who | text("mau 20 dus", id="wamid.A"),
        who | {"id": "wamid.B", "type": "edit", "edit": {"original_message_id": "wamid.A", "message": text("2 dus")}},
        who | {"id": "wamid.C", "type": "revoke", "revoke": {"original_message_id": "wamid.A"}},
    ):
        await settled(pool, [forwarded(messages=[message])])
    message = await one(pool)
    assert (message["text"], message["unedited_text"], message["revoked_at"] is None) == ("2 dus", "mau 20 dus", False)
    assert (await one(pool, "contacts"))["phone"] == "+628777000111"


async def test_words_only_in_kapsos_rendering_are_the_text_of_a_text_and_of_nothing_else(pool: Pool) -> None:
    kapso = {"direction": "inbound", "content": "berapa ongkirnya?", "whatsapp_conversation_id": SESSION}
    await settled(pool, [received({"type": "text", "kapso": kapso})])
    await settled(pool, [received({"id": "wamid.I", "type": "image", "image": {"id": "1"}, "kapso": kapso})])
    found = {row["id"]: row["text"] for row in await rows(pool, "messages")}
    assert found == {"wamid.A": "berapa ongkirnya?", "wamid.I": None}


@pytest.mark.parametrize("id", ["conv_123", "", 7, None, ["x"], "5b1d7c52-aaaa-4a39-9c1e"])
async def test_an_id_of_a_conversation_that_is_no_uuid_costs_only_itself(id: Any, pool: Pool) -> None:
    await settled(pool, [received(text("halo") | {"kapso": {"whatsapp_conversation_id": id}}, id=id)])
    message = await one(pool)
    assert (message["text"], message["conversation_id"], message["contact_id"] is not None) == ("halo", None, True)
    handoff = {
        "event": "workflow.execution.handoff", "occurred_at": "2026-11-01T10:00:00Z", "workflow_execution_id": "e1",
        "status": "handoff", "whatsapp_conversation_id": id, "handoff": {"reason": "human please"},
    }  # fmt: skip
    await settled(pool, [delivery(handoff, "workflow.execution.handoff")])
    assert (await one(pool, "workflow_executions"))["conversation_id"] is None
    await all_alive(pool)


async def test_an_advertisement_and_a_product_stay_with_the_message_and_with_the_lead(pool: Pool) -> None:
    advert = {"source_type": "ad", "source_id": "998", "headline": "Diskon akhir tahun", "ctwa_clid": "x"}
    product = {"referred_product": {"catalog_id": "K", "product_retailer_id": "KUE-5"}}
    await settled(pool, [received(text("info", referral=advert))])
    await settled(pool, [received(text("yang ini?", id="wamid.B", context=product))])
    first, second = sorted(await rows(pool, "messages"), key=lambda row: str(row["id"]))
    assert (first["referral"], second["referred_product"]) == (advert, product["referred_product"])
    assert await pool.fetchval("SELECT came_from FROM lead_list") == "ad: Diskon akhir tahun"
    assert await pool.fetchval("SELECT came_from(id) FROM contacts") == "ad: Diskon akhir tahun"


async def test_a_product_alone_is_where_somebody_came_from(pool: Pool) -> None:
    product = {"referred_product": {"catalog_id": "K", "product_retailer_id": "KUE-5"}}
    await settled(pool, [received(text("yang ini?", context=product))])
    assert await pool.fetchval("SELECT came_from FROM lead_list") == "product: KUE-5"


async def test_a_username_has_one_spelling(pool: Pool) -> None:
    await settled(
        pool, [received(text("a", from_user_id="ID.77", username="@sari.k"), number=None, username="@sari.k")]
    )
    who = {"user_id": "ID.77", "profile": {"username": "sari.k"}}
    await settled(pool, [forwarded(contacts=[who], messages=[
        {"id": "wamid.B", "timestamp": str(CLOCK), "from_user_id": "ID.77"} | text("b")])])  # fmt: skip
    contact = await one(pool, "contacts")
    assert contact["username"] == "sari.k"
    for asked in ("@sari.k", "sari.k"):
        found = await meant(pool, asked)
        assert found
        assert str(found.contact_id) == contact["id"]


def preference(state: str, sequence: int, number_id: str) -> Delivery:
    body = {
        "contact": {"id": "0f0f3c52-5d0e-4a39-9c1e-0c4b7d0a9e77", "wa_id": "628777000111", "profile_name": "Bu Tuti"},
        "marketing_preference": {"status": state, "occurred_at": "2026-10-20T03:00:00Z", "sequence": sequence},
        "phone_number_id": number_id,
    }
    return delivery(body, "whatsapp.contact.marketing_preference_changed")


async def test_a_preference_is_of_one_business_number(pool: Pool) -> None:
    events = [preference("stopped", 4, "N1"), preference("resumed", 5, "N2"), preference("resumed", 3, "N1")]
    for order in itertools.permutations(events):
        await emptied(pool)
        for event in order:
            await settled(pool, [event])
        found = {row["phone_number_id"]: row["preference"] for row in await rows(pool, "marketing_preferences")}
        assert found == {"N1": "stopped", "N2": "resumed"}
        # Who stopped anywhere is not to be written to without a look.
        assert (await one(pool, "contacts"))["marketing_preference"] == "stopped"


async def test_meta_says_who_stopped(pool: Pool) -> None:
    said = {"wa_id": "628777000222", "category": "marketing_messages", "value": "stop", "timestamp": CLOCK}
    await settled(pool, [forwarded("user_preferences", user_preferences=[said], contacts=[{"wa_id": "628777000222"}])])
    contact = await one(pool, "contacts")
    assert (contact["phone"], contact["marketing_preference"]) == ("+628777000222", "stopped")


async def test_a_status_that_names_nobody_reaches_its_message(pool: Pool) -> None:
    echo = {"from": "6281", "to": "628777000333", "id": "wamid.E", "timestamp": str(CLOCK)} | text("penawaran")
    failed = {
        "id": "wamid.E",
        "status": "failed",
        "timestamp": str(CLOCK + 1),
        "errors": [{"code": 131026, "title": "no"}],
    }
    for order in itertools.permutations([forwarded(message_echoes=[echo]), forwarded(statuses=[failed])]):
        await emptied(pool)
        for event in order:
            await settled(pool, [event])
        message = await one(pool)
        assert (message["status"], message["error"]["code"], message["contact_id"] is None) == ("failed", 131026, False)
    await all_alive(pool)


async def told(pool: Pool, redis: Any) -> MirrorStatus:
    return await status(pool, redis, 1, RECEIVED_AT - timedelta(hours=1))


async def test_messages_of_nobody_are_counted(pool: Pool, redis: Any) -> None:
    lost = {"id": "wamid.LOST", "status": "delivered", "timestamp": str(CLOCK)}
    await settled(
        pool, [forwarded(statuses=[lost]), received(text("hi", timestamp=str(CLOCK), reply_to=3, context="odd"))]
    )
    found = await told(pool, redis)
    assert (found.without_contact, found.dropped) == (1, 1)


async def test_an_error_of_a_whole_number_is_said(pool: Pool, redis: Any) -> None:
    error = {"code": 131031, "title": "Business account locked"}
    body = json.loads(forwarded(errors=[error]).body)
    await settled(pool, [delivery(body)])
    assert (await one(pool, "phone_numbers"))["error"] == error
    await pool.execute("UPDATE phone_numbers SET error_at = now()")
    assert f"WhatsApp names an error of number {US}: Business account locked" in (await told(pool, redis)).problems


async def test_a_batch_is_whatever_has_a_list_of_data(pool: Pool) -> None:
    events = [json.loads(received(text(f"nomor {n}", id=f"wamid.{n}")).body) for n in range(3)]
    for body in (
        {"data": events},
        {"data": events, "batch": False},
        {"data": events, "type": "whatsapp.message.received"},
    ):
        await settled(pool, [delivery(body, "whatsapp.message.received")])
    assert {row["id"] for row in await rows(pool, "messages")} == {"wamid.0", "wamid.1", "wamid.2"}
    await all_alive(pool)


async def test_a_group_makes_neither_a_contact_nor_a_chat(pool: Pool) -> None:
    await settled(pool, [received(text("halo semua", group_id="120363@g.us", **{"from": "628777000444"}))])
    await settled(pool, [forwarded(messages=[
        {"id": "wamid.G", "timestamp": str(CLOCK), "from": "628777000444", "group_id": "120363@g.us"} | text("lagi")])])  # fmt: skip
    found = await rows(pool, "messages")
    assert [(row["group_id"], row["group_member"], row["contact_id"]) for row in found] == [
        ("120363@g.us", "+628777000444", None)] * 2  # fmt: skip
    assert (await rows(pool, "contacts"), await rows(pool, "conversations")) == ([], [])


async def test_the_person_of_v1_stands_in_the_message(pool: Pool) -> None:
    message = {
        "id": SESSION, "whatsapp_message_id": "wamid.V1", "message_type": "image", "direction": "inbound", "caption": "bukti",
        "phone_number": "+62 877-7000-555", "contact_name": "Pak Lama", "created_at": "2026-11-01T10:00:00Z",
        "content": "[image]",
    }  # fmt: skip
    await settled(pool, [delivery({"message": message}, "whatsapp.message.received", version="v1")])
    assert (await one(pool))["text"] == "bukti"
    contact = await one(pool, "contacts")
    assert (contact["phone"], contact["name"]) == ("+628777000555", "Pak Lama")


async def test_a_number_spelled_otherwise_in_contacts_is_the_same_person(pool: Pool) -> None:
    contacts = [{"wa_id": "5511987650001", "profile": {"name": "Zé"}}]
    message = {"id": "wamid.BR", "from": "551187650001", "timestamp": str(CLOCK)} | text("oi")
    await settled(pool, [forwarded(contacts=contacts, messages=[message])])
    assert (await one(pool, "contacts"))["name"] == "Zé"


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"type": "button", "button": {"payload": "PESAN"}}, "PESAN"),
        ({"type": "button", "button": {"payload": "PESAN", "text": "Pesan"}}, "Pesan"),
        ({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "ya"}}}, "ya"),
        ({"type": "order", "order": {"text": "tolong cepat", "product_items": []}}, "tolong cepat"),
    ],
)
async def test_what_somebody_chose_is_their_words(part: dict[str, Any], words: str, pool: Pool) -> None:
    await settled(pool, [received(part)])
    assert (await one(pool))["text"] == words


# -- what Kapso's own client and chat adapter read


@pytest.mark.parametrize(
    "at", [CLOCK, str(CLOCK), f"{CLOCK}.0", CLOCK * 1000, "2026-11-01T11:50:00Z", "2026-11-01T18:50:00+07:00"]
)
async def test_a_time_is_read_as_kapsos_adapter_reads_it(at: Any, pool: Pool) -> None:
    await settled(pool, [received(text("halo", timestamp=at))])
    assert (await one(pool))["sent_at"] == "2026-11-01T11:50:00+00:00"


async def test_elements_of_a_batch_say_what_they_are(pool: Pool) -> None:
    sent = json.loads(received(text("ya", id="wamid.S", to="628777000111"), verb="sent").body)
    body = {"data": [
        json.loads(SAID.body) | {"type": "whatsapp.message.received"}, sent | {"event": "whatsapp.message.sent"},
        {"event": "kapso_agent.run.completed"}, json.loads(EDITED.body)]}  # fmt: skip
    await settled(pool, [delivery(body, "whatsapp.message.received")])
    assert {row["id"]: row["direction"] for row in await rows(pool, "messages")} == {
        "wamid.A": "inbound",
        "wamid.S": "outbound",
    }
    books = await one(pool, "deliveries")
    assert (books["applied"], books["ignored"], books["dead"]) == (3, 1, 0)


async def test_without_any_name_a_message_tells_what_it_is(pool: Pool) -> None:
    said = json.loads(SAID.body)
    failed = json.loads(received(text("ya", id="wamid.S", to="628777000111"), verb="failed").body)
    await settled(pool, [delivery(body) for body in (said, failed, {"data": [said, failed]})])
    assert {row["id"]: row["status"] for row in await rows(pool, "messages")} == {
        "wamid.A": "received",
        "wamid.S": "failed",
    }
    await all_alive(pool)
    await settled(pool, [delivery({"id": "x"})])
    assert (await one(pool, "dead_letters"))["error"] == "neither header nor body names the event"


async def test_an_echo_among_the_messages_is_ours(pool: Pool) -> None:
    echo = {"from": "+62 811-00", "to": "628777000666", "id": "wamid.E", "timestamp": str(CLOCK)} | text("siap kak")
    metadata = {"phone_number_id": US, "display_phone_number": "6281100"}
    await settled(pool, [forwarded(messages=[echo], metadata=metadata)])
    message, contact = await one(pool), await one(pool, "contacts")
    assert (message["direction"], message["origin"], contact["phone"]) == ("outbound", "business_app", "+628777000666")


async def test_names_of_events_that_are_known_and_not_mirrored(pool: Pool) -> None:
    await settled(pool, [delivery({"whatsapp_config": {"id": "1"}}, "whatsapp.config.deleted")])
    books = await one(pool, "deliveries")
    assert (books["ignored"], books["dead"]) == (1, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + SAID.body,
        SAID.body.decode().encode("utf-16"),
        SAID.body.replace(b"mau 20 dus", b"mau \\ud83d 20 dus"),
        SAID.body.replace(b"mau 20 dus", b"mau \xff\xfe 20 dus"),
        SAID.body.replace(b"mau 20 dus", b"mau \\u0000 20 dus"),
        SAID.body.replace(b"mau 20 dus", b"mau \n\t\x01 20 dus"),
    ],
)
async def test_odd_bytes_cost_at_most_the_text_they_stand_in(body: bytes, pool: Pool) -> None:
    await settled(pool, [SAID._replace(body=body)])
    message = await one(pool)
    assert (message["id"], message["text"][:3], message["text"][-6:]) == ("wamid.A", "mau", "20 dus")


def test_numbers_that_no_column_holds_cost_only_themselves() -> None:
    assert parsed_json(b'{"a": 1' + b"0" * 5000 + b', "b": 1, "c": -1e999}') == {"a": None, "b": 1, "c": None}
    assert parsed_json(b'{"a": NaN, "b": ' + b"7" * 40 + b"}") == {"a": None, "b": int("7" * 40)}


async def test_a_chat_of_one_second_is_read_in_the_order_of_its_delivery(pool: Pool) -> None:
    events = [
        json.loads(received(text(words, id=f"wamid.{id}")).body) for words, id in (("satu", 9), ("dua", 5), ("tiga", 7))
    ]
    await settled(pool, [delivery({"data": events, "batch": True}, "whatsapp.message.received")])
    contact = await one(pool, "contacts")
    chat = await messages(pool, contact["id"])
    assert [row["text"] for row in reversed(chat)] == ["satu", "dua", "tiga"]
    assert contact["last_message_text"] == "tiga"


@pytest.mark.parametrize(("count", "said"), [(1_900_000, "JSON values in one body"), (5000, "make no sense")])
def test_a_body_of_senseless_values_costs_little(count: int, said: str) -> None:
    zeros = b",".join([b"0"] * count)
    body = b'{"message":{"id":"w","from":"628111","kapso":{"statuses":[' + zeros + b"]}}}"
    begun = time.process_time()
    (failure,) = interpret(delivery(body, "whatsapp.message.received"), bounds()).failures
    assert said in failure.error
    assert time.process_time() - begun < 3


def test_a_meta_body_of_many_people_is_read_in_linear_time() -> None:
    def spent(count: int) -> float:
        statuses = [
            {"id": f"wamid.{n}", "status": "read", "timestamp": "1790000000", "recipient_id": f"6281{n:06d}"}
            for n in range(count)
        ]
        value = {"contacts": [{"wa_id": "62899999999"}], "statuses": statuses}
        body = {"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": value}]}]}
        sent = delivery(body)
        gc.collect()
        gc.disable()  # a collection looks at the objects of every test before this one
        try:
            begun = time.process_time()
            found = interpret(sent, bounds())
            return time.process_time() - begun
        finally:
            gc.enable()
            assert len(found.events) == count

    # Ten times as much: quadratic work would take a hundred times as long.
    assert min(spent(4000) for _ in range(3)) < 25 * min(spent(400) for _ in range(3))
