"""Chats move their leads: the words of the issue, on a real database, with AI's reason for each move."""

from datetime import timedelta
from typing import Any

import pytest

from domain.lead import Source
from store.leads import lead_detail, leads
from store.leads.leads import Actor
from store.postgres import Pool
from tests.chats import changes, chat, conversation, extracted, lead, project_event
from tests.helpers import RECEIVED_AT, delivery, rows, settled

BUDI = Actor(Source.HUMAN, "user:budi")
MANAGER = Actor(Source.AGENT, "key:manager")
DEAL = (
    "< Paket mulai 499rb kak",
    "saya Rina, usaha laundry di Bandung, sering telat bales chat",
    "deal, how do I pay?",
)


async def run_of_the_bot(pool: Pool, *, starts: int | None, ends: int | None, id: str = "run-1") -> None:
    """As Kapso tells of it: a poll finds that it began, a webhook says that it was handed over; seconds of the chat."""
    if starts is not None:
        listed = {
            "id": id, "workflow_id": "w", "status": "running", "whatsapp_conversation_id": conversation(),
            "created_at": (RECEIVED_AT + timedelta(seconds=starts)).isoformat(),
            "updated_at": (RECEIVED_AT + timedelta(seconds=starts)).isoformat(),
        }  # fmt: skip
        await settled(pool, [delivery({"data": [listed]}, "poll.executions")._replace(source="poll")])
    if ends is not None:
        pushed = {
            "event": "workflow.execution.handoff", "workflow_execution_id": id, "workflow_id": "w",
            "status": "handoff", "channel": "whatsapp", "whatsapp_conversation_id": conversation(),
            "occurred_at": (RECEIVED_AT + timedelta(seconds=ends)).isoformat(), "handoff": {"reason": "asked"},
        }  # fmt: skip
        await settled(pool, [delivery(pushed, "workflow.execution.handoff")])


async def authors(pool: Pool) -> list[str]:
    found = await pool.fetch("SELECT answered_by FROM replies ORDER BY sent_at")
    return [row["answered_by"] for row in found]


async def proposed(pool: Pool) -> list[str]:
    return [row["value"] for row in await rows(pool, "lead_suggestions") if row["state"] == "open"]


async def test_a_deal_qualifies_a_lead_and_proposes_to_convert_it(pool: Pool) -> None:
    await chat(pool, *DEAL)
    await extracted(pool)
    row = await lead(pool)
    assert (row["status"], row["chat_phase"]) == ("qualified", "D")
    assert await proposed(pool) == ["converted"]
    (move,) = await changes(pool, "status")
    assert (move["source"], move["old"], move["new"]) == ("ai", '"new"', '"qualified"')
    assert "score" in move["reason"]


async def test_a_lead_is_contacted_when_a_person_has_answered(pool: Pool) -> None:
    await chat(pool, "< Halo kak, ada promo", "berapa harganya?")
    await run_of_the_bot(pool, starts=-60, ends=None)
    await chat(pool, "< 499rb kak", at=10)
    await extracted(pool)
    assert (await authors(pool), (await lead(pool))["status"]) == (["bot"], "new")
    await run_of_the_bot(pool, starts=None, ends=20)
    await chat(pool, "< Halo, dengan Budi di sini", at=30)
    await extracted(pool)
    assert (await authors(pool), (await lead(pool))["status"]) == (["bot", "person"], "contacted")
    (move,) = await changes(pool, "status")
    message = await pool.fetchval("SELECT text FROM messages WHERE id = $1", move["message_id"])
    assert (move["source"], move["reason"], message) == ("ai", "a person has answered", "Halo, dengan Budi di sini")


@pytest.mark.parametrize("end", ["handoff", "ended", "failed"])
async def test_whatever_ends_a_run_the_next_answer_is_a_persons(pool: Pool, end: str) -> None:
    await chat(pool, "halo", "< satu")
    listed = {"id": "r", "workflow_id": "w", "status": end, "whatsapp_conversation_id": conversation(),
              "created_at": (RECEIVED_AT - timedelta(minutes=5)).isoformat(),
              "updated_at": (RECEIVED_AT + timedelta(seconds=5)).isoformat()}  # fmt: skip
    await settled(pool, [delivery({"data": [listed]}, "poll.executions")._replace(source="poll")])
    await chat(pool, "< dua", at=9)
    assert await authors(pool) == ["bot", "person"]


async def test_who_answered_is_unknown_where_kapso_has_not_said(pool: Pool) -> None:
    """Between two runs of which only the ends are known, and while runs are still to be polled."""
    await chat(pool, "halo", "< satu", "< dua", "< tiga")
    await run_of_the_bot(pool, starts=None, ends=1, id="a")
    await run_of_the_bot(pool, starts=None, ends=2, id="b")
    assert await authors(pool) == ["bot", "unknown", "person"]
    await pool.execute("DELETE FROM workflow_executions")
    await pool.execute("UPDATE messages SET sent_at = now() - interval '1 minute' WHERE direction = 'outbound'")
    asked = "INSERT INTO cursors (name, complete_to) VALUES ('executions:w', now() - interval '2 minutes')"
    assert await authors(pool) == ["person"] * 3
    await pool.execute(asked)
    assert await authors(pool) == ["unknown"] * 3
    await extracted(pool)
    assert (await lead(pool))["status"] == "new"
    await pool.execute("UPDATE cursors SET complete_to = now()")
    await extracted(pool)
    assert (await lead(pool))["status"] == "contacted"


async def test_the_app_of_a_person_counts_while_the_bot_runs(pool: Pool) -> None:
    await chat(pool, "halo", "< satu", "< dua")
    await run_of_the_bot(pool, starts=-60, ends=None)
    await pool.execute("UPDATE messages SET origin = 'business_app' WHERE text = 'dua'")
    await pool.execute("UPDATE messages SET status = 'failed' WHERE text = 'satu'")
    assert await authors(pool) == ["person"]


async def test_first_replies_are_measured_by_author(pool: Pool) -> None:
    await chat(pool, "halo", at=0)
    await run_of_the_bot(pool, starts=-60, ends=50)
    await chat(pool, "< bot", at=2)
    await chat(pool, "< person", at=90)
    found = await pool.fetch("SELECT answered_by, reply_time FROM first_replies ORDER BY answered_by")
    assert [tuple(row) for row in found] == [("bot", timedelta(seconds=2)), ("person", timedelta(seconds=90))]


async def test_what_a_person_or_a_manager_set_stands(pool: Pool) -> None:
    await chat(pool, *DEAL)
    id = (await lead(pool))["id"]
    await leads.set_status(pool, id, "qualified", by=BUDI)
    await leads.set_status(pool, id, "new", by=BUDI)
    await chat(pool, "< saya bantu ya kak", at=20)
    await extracted(pool)
    assert ((await lead(pool))["status"], sorted(await proposed(pool))) == ("new", ["converted"])
    assert len(await changes(pool, "status")) == 2


async def test_ai_proposes_once_a_manager_bot_moves_leads(pool: Pool) -> None:
    await chat(pool, "halo", number="628999000")
    await leads.set_status(pool, (await lead(pool, number="628999000"))["id"], "qualified", by=MANAGER)
    await chat(pool, "saya Rina, usaha laundry di Bandung, telat bales chat, berapa harganya?", "< 499rb")
    for _ in range(2):
        await pool.execute("UPDATE contacts SET heard_at = clock_timestamp()")
        await extracted(pool)
    assert (await lead(pool))["status"] == "new"
    assert await proposed(pool) == ["contacted"]


async def test_ai_proposes_where_the_setting_says_so(pool: Pool) -> None:
    await chat(pool, *DEAL)
    await extracted(pool, ai_applies=False)
    assert ((await lead(pool))["status"], "converted" in await proposed(pool)) == ("new", True)


async def test_undone_is_not_done_again(pool: Pool) -> None:
    await chat(pool, *DEAL)
    await extracted(pool)
    await leads.set_status(pool, (await lead(pool))["id"], "new", by=BUDI)
    await chat(pool, "jadi gimana kak, saya mau daftar", "< siap kak", at=30)
    await extracted(pool)
    assert (await lead(pool))["status"] == "new"


@pytest.mark.parametrize(
    "said",
    [
        "jangan kirim ke Jakarta lagi, ke Semarang",
        "barangnya rusak semua, saya kecewa. jangan hubungi saya lagi",
        "ga usah dikirim hari ini, besok aja",
        "The order arrived broken, I don't need this any more.",
        "udah 2 minggu belum sampai!! ga tertarik beli lagi di sini",
        "jangan chat malam malam ya kak, siang saja",
    ],
)
async def test_a_complaint_or_an_instruction_never_proposes_to_archive(pool: Pool, said: str) -> None:
    await chat(pool, "saya Rina, usaha laundry di Bandung", said, "ga tertarik" if "rusak" in said else "ya")
    await extracted(pool)
    assert (await proposed(pool), (await lead(pool))["status"]) == ([], "new")


@pytest.mark.parametrize(
    "said", ["ga tertarik kak, makasih", "no thanks", "jangan hubungi saya lagi", "stop wa saya ya"]
)
async def test_a_refusal_proposes_to_archive(pool: Pool, said: str) -> None:
    await chat(pool, "halo", said)
    await extracted(pool)
    assert await proposed(pool) == ["archived"]


STATED: dict[str, Any] = {"leadScore": 85, "leadTemperature": "Hot", "chatPhase": "D"}


async def test_what_the_bot_states_of_score_temperature_and_phase_counts(pool: Pool) -> None:
    await chat(pool, "halo, saya Rina")
    await extracted(pool)
    await project_event(pool, "lead.scored", STATED, at=1)
    await extracted(pool)
    row = await lead(pool)
    assert (row["lead_score"], row["lead_temperature"], row["chat_phase"]) == (85, "hot", "D")
    history = [(one["source"], one["new"]) for one in await changes(pool, "lead_score")]
    assert history == [("ai", "5"), ("bot", "85")]
    await chat(pool, "usaha laundry di Bandung kak", at=40)
    await extracted(pool)
    assert (await lead(pool))["lead_score"] == 85
    history = [(one["source"], one["new"]) for one in await changes(pool, "lead_score")]
    assert history == [("ai", "5"), ("bot", "85"), ("ai", "20"), ("bot", "85")]
    why = (await lead_detail.read(pool, row["id"], BUDI)).why
    assert (why["lead_score"]["source"], why["chat_phase"]["source"]) == ("bot", "bot")
    await leads.patch(pool, row["id"], {"lead_score": 10}, version=None, by=BUDI)
    await chat(pool, "masih di sana?", at=60)
    await extracted(pool)
    assert (await lead(pool))["lead_score"] == 10


async def test_facts_in_camel_case_arrive_and_strange_ones_are_counted(pool: Pool) -> None:
    known = {
        "businessType": "toko roti", "painPoints": ["stok sering habis"], "leadScore": "60", "City": "Kediri",
        "orderId": "A-17", "urgencyLevel": "whenever", "budget range": [1, 2], "empty": None,
        "081234567890": "secret", "leadStatus": "Won", "customer": {"businessDuration": "3 tahun", "Full Name": "Sari"},
    }  # fmt: skip
    await chat(pool, "halo")
    await project_event(pool, "lead.facts", known)
    await extracted(pool)
    row = await lead(pool)
    assert (row["business_type"], row["pain_points"], row["lead_score"]) == ("toko roti", ["stok sering habis"], 60)
    assert (row["domisili"], row["business_duration"], row["name"]) == ("Kediri", "3 tahun", "Sari")
    counted = {one["name"]: one["readings"] for one in await rows(pool, "unrecognized_facts")}
    assert counted == {
        "order_id": 1,
        "urgency_level": 1,
        "budget_range": 1,
        "lead_status": 1,
        "(a name that is not shown)": 1,
    }
    await chat(pool, "halo lagi", at=9)
    await extracted(pool)
    assert {one["readings"] for one in await rows(pool, "unrecognized_facts")} == {2}


async def test_a_run_that_was_handed_over_has_ended_whatever_a_poll_says_later(pool: Pool) -> None:
    await chat(pool, "halo", at=0)
    await run_of_the_bot(pool, starts=-60, ends=10)
    await chat(pool, "< Halo, dengan Budi", at=20)
    listed = {"id": "run-1", "workflow_id": "w", "status": "handoff", "whatsapp_conversation_id": conversation(),
              "created_at": (RECEIVED_AT - timedelta(seconds=60)).isoformat(),
              "updated_at": (RECEIVED_AT + timedelta(hours=1)).isoformat()}  # fmt: skip
    await settled(pool, [delivery({"data": [listed]}, "poll.executions")._replace(source="poll")])
    assert await authors(pool) == ["person"]


async def test_a_run_that_is_not_polled_any_more_leaves_the_author_unknown(pool: Pool) -> None:
    await chat(pool, "halo", "< satu", at=0)
    await run_of_the_bot(pool, starts=-90_000, ends=None)
    assert await authors(pool) == ["unknown"]


async def test_a_proposal_to_convert_does_not_keep_a_lead_from_being_contacted(pool: Pool) -> None:
    await chat(pool, *DEAL)
    await extracted(pool)
    await chat(pool, "< siap kak, saya kirim invoice", at=20)
    await extracted(pool)
    assert ((await lead(pool))["status"], await proposed(pool)) == ("contacted", ["converted"])


async def test_a_step_that_a_person_ignored_is_not_taken(pool: Pool) -> None:
    await chat(pool, "halo", "< halo juga")
    await extracted(pool, ai_applies=False)
    (suggestion,) = await rows(pool, "lead_suggestions")
    await leads.answer(pool, suggestion["id"], accept=False, by=BUDI)
    await chat(pool, "< ada yang bisa dibantu?", at=9)
    await extracted(pool)
    assert (await lead(pool))["status"] == "new"


async def test_a_status_that_the_bot_states_again_does_not_silence_ai(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry di Bandung, telat bales chat, berapa harganya?")
    await extracted(pool)
    assert (await lead(pool))["status"] == "qualified"
    await pool.execute("UPDATE lead_records SET status_changed_at = '2026-01-01'")
    await project_event(pool, "lead.qualified", {"lead_status": "qualified"}, at=1)
    await chat(pool, "deal, how do I pay?", at=40)
    await extracted(pool)
    assert await proposed(pool) == ["converted"]
