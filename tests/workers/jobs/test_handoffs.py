"""Handoffs: what Kapso hands over goes to the CRM by itself, once, whichever CRM it is."""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from redis.asyncio import Redis

from domain.handoff import ContextPacket, reason_of
from domain.lead import Source
from store.crm import customers, handoffs
from store.crm.handoffs import PostgresCRMClient
from store.leads import leads
from store.leads.leads import Actor
from store.postgres import Pool
from tests.chats import NUMBER, chat, conversation, extracted, lead
from tests.helpers import delivery, rows, settled, until
from tests.web.api.test_api import program
from tests.workers.processes import worker
from workers.jobs.handoffs import HandoffSender

BUDI = Actor(Source.HUMAN, "user:budi")


async def handed_over(pool: Pool, execution: str = "e1", reason: str | None = "asked") -> None:
    body = {
        "event": "workflow.execution.handoff", "occurred_at": datetime.now(UTC).isoformat(),
        "workflow_execution_id": execution, "workflow_id": "w", "status": "handoff", "channel": "whatsapp",
        "whatsapp_conversation_id": conversation(), "handoff": {"reason": reason} if reason else {"source": "agent_tool"},
    }  # fmt: skip
    await settled(pool, [delivery(body, "workflow.execution.handoff")])


class OtherCRM:
    """Another CRM, of somebody else."""

    def __init__(self, *, fails: int = 0) -> None:
        self.taken: list[ContextPacket] = []
        self._fails = fails

    async def create_lead(self, context_packet: ContextPacket) -> str:
        if self._fails:
            self._fails -= 1
            raise ConnectionError("somebody's phone number 0812")
        self.taken.append(context_packet)
        return f"other-{len(self.taken)}"


async def test_a_handoff_of_kapso_becomes_a_row_with_what_is_known(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry di Bandung. chat numpuk, berapa harganya?", contact_name="Rina")
    await extracted(pool)
    row = await lead(pool)
    await customers.patch(pool, row["id"], {"email": "rina@example.com"}, version=None, by=BUDI)
    await handed_over(pool)
    desk = HandoffSender(pool, PostgresCRMClient(pool))
    assert (await desk.deliver(), await desk.deliver()) == (1, 0)
    (one,) = await rows(pool, "handoffs")
    assert (one["lead_id"], str(one["conversation_id"])) == (str(row["id"]), conversation())
    assert (one["handoff_reason"], one["original_reason"]) == ("explicit_request", "asked")
    assert (one["visitor_name"], one["visitor_email"], one["problem_fit"]) == ("Rina", "rina@example.com", "partial")
    assert (one["turn_count"], one["lead_level"]) == (
        1,
        "cold" if row["lead_temperature"] == "cold" else one["lead_level"],
    )
    (record,) = await rows(pool, "handoff_records")
    assert (record["state"], record["crm_record_id"], record["attempts"]) == ("delivered", str(one["id"]), 1)


async def test_the_same_packet_is_the_same_handoff(pool: Pool) -> None:
    client = PostgresCRMClient(pool)
    packet = ContextPacket(session_id="web-1", lead_level="hot", handoff_reason="hot_lead", conversation_id="web-1")
    first = await client.create_lead(packet)
    assert await client.create_lead(packet) == first
    assert first.isdigit()
    other = packet.model_copy(update={"packet_id": "another"})
    assert await client.create_lead(other) != first
    assert [row["lead_id"] for row in await rows(pool, "handoffs")] == [None, None]


@pytest.mark.parametrize("by", ["phone", "email"])
async def test_a_visitor_is_found_by_number_or_address(pool: Pool, by: str) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    await customers.patch(pool, id, {"email": "rina@example.com"}, version=None, by=BUDI)
    known: dict[str, Any] = {"visitor_phone": f"+{NUMBER}"} if by == "phone" else {"visitor_email": "Rina@example.com"}
    packet = ContextPacket(session_id="s", lead_level="warm", handoff_reason="stall", **known)
    await PostgresCRMClient(pool).create_lead(packet)
    assert (await rows(pool, "handoffs"))[0]["lead_id"] == str(id)


async def test_a_run_that_is_told_before_its_chat_waits_for_it_but_not_for_ever(pool: Pool) -> None:
    desk = HandoffSender(pool, PostgresCRMClient(pool))
    await handed_over(pool)
    assert await desk.deliver() == 0
    await chat(pool, "halo")
    assert await desk.deliver() == 1
    (first,) = await rows(pool, "handoffs")
    assert (first["lead_id"], first["turn_count"]) == (str((await lead(pool))["id"]), 1)


async def test_a_handoff_finds_its_lead_when_that_comes_to_be_known(pool: Pool) -> None:
    desk = HandoffSender(pool, PostgresCRMClient(pool))
    await handed_over(pool)
    await handoffs.prepare_records(pool)
    await pool.execute("UPDATE handoff_records SET created_at = now() - interval '2 minutes'")
    assert await desk.deliver() == 1
    assert (await rows(pool, "handoffs"))[0]["lead_id"] is None
    await chat(pool, "halo")
    await desk.deliver()
    assert (await rows(pool, "handoffs"))[0]["lead_id"] == str((await lead(pool))["id"])


async def test_a_crm_that_hangs_is_left_and_the_next_has_its_turn(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hangs(OtherCRM):
        async def create_lead(self, context_packet: ContextPacket) -> str:
            if context_packet.handoff_reason == "llm_failure":
                await asyncio.Event().wait()
            return await super().create_lead(context_packet)

    monkeypatch.setattr("workers.jobs.handoffs.PATIENCE", 0.05)
    await chat(pool, "halo")
    await handed_over(pool, "e1", "llm_failure")
    await handed_over(pool, "e2", None)
    assert await HandoffSender(pool, Hangs()).deliver() == 1
    waiting = [row["error"] for row in await rows(pool, "handoff_records") if row["state"] == "pending"]
    assert waiting == ["TimeoutError"]


async def test_one_run_at_a_time_holds_a_connection_while_a_crm_is_slow(pool: Pool) -> None:
    class Slow(OtherCRM):
        asked = 0

        async def create_lead(self, context_packet: ContextPacket) -> str:
            self.asked += 1
            await goes_on.wait()
            return await super().create_lead(context_packet)

    goes_on, crm = asyncio.Event(), Slow()

    async def asked_once() -> bool:
        return crm.asked == 1

    await chat(pool, "halo")
    for n in range(4):
        await handed_over(pool, f"e{n}", None)
    sender = HandoffSender(pool, crm)
    first = asyncio.create_task(sender.tick())
    await until(asked_once)
    for _ in range(3):
        async with asyncio.timeout(1):
            await sender.tick()
    assert crm.asked == 1
    goes_on.set()
    await first
    assert crm.asked == 4


async def test_another_crm_takes_its_place_and_may_fail(pool: Pool) -> None:
    await chat(pool, "halo")
    await handed_over(pool, "e1", "llm_failure")
    await handed_over(pool, "e2", None)
    crm = OtherCRM(fails=1)
    desk = HandoffSender(pool, crm)
    assert await desk.deliver() == 1  # one failed; the other had its turn
    (failed,) = [row for row in await rows(pool, "handoff_records") if row["state"] == "pending"]
    assert (failed["attempts"], failed["error"]) == (1, "ConnectionError")
    assert await desk.deliver() == 0  # not at once
    await pool.execute("UPDATE handoff_records SET next_try_at = now()")
    assert await desk.deliver() == 1
    assert sorted(packet.handoff_reason for packet in crm.taken) == ["explicit_request", "llm_failure"]
    assert {row["crm_record_id"] for row in await rows(pool, "handoff_records")} == {"other-1", "other-2"}
    assert await rows(pool, "handoffs") == []


FULL = (
    "< Halo kak, dengan siapa?", "saya Rina, pemilik laundry kiloan di Bandung udah 3 tahun",
    "saya dari CV Bersih Jaya ya. tau dari teman", "chat numpuk sering telat bales, pengen omzet naik",
    "butuh minggu ini ya kak. email saya rina@example.com",
)  # fmt: skip


async def test_a_handoff_of_a_fully_known_lead_says_it_all_whichever_crm_gets_it(pool: Pool) -> None:
    await chat(pool, *FULL)
    await extracted(pool)
    await handed_over(pool)
    crm = OtherCRM()
    assert await HandoffSender(pool, crm).deliver() == 1
    (packet,) = crm.taken
    fits = (packet.problem_fit, packet.authority_fit, packet.company_fit, packet.timing_fit)
    assert fits == ("strong", "strong", "strong", "strong")
    assert (packet.visitor_company, packet.visitor_role) == ("CV Bersih Jaya", "owner")
    assert (packet.visitor_email, packet.visitor_phone) == ("rina@example.com", f"+{NUMBER}")
    assert (packet.referral_mentioned, packet.is_consultant, packet.turn_count) == (True, False, 5)
    assert (packet.conversation_summary or "").startswith("Rina runs: laundry kiloan in Bandung (3 years).")
    assert {type(one) for one in packet.signals_observed} == {dict}


async def test_a_session_exists_as_long_as_a_handoff_refers_to_it(pool: Pool) -> None:
    await chat(pool, "halo")
    client = PostgresCRMClient(pool)
    for session in (conversation(), "web-7", "web-7"):
        packet = ContextPacket(session_id=session, lead_level="warm", handoff_reason="stall", signals_observed=["hot"])
        await client.create_lead(packet)
    # A session of another channel whose id looks like one of Kapso's, and a packet that is there already.
    strange = ContextPacket(
        session_id="9d2f7f9e-0000-4000-8000-000000000001", lead_level="warm", handoff_reason="stall"
    )
    await client.create_lead(strange)
    await client.create_lead(packet.model_copy(update={"session_id": "never"}))
    await handoffs.clear(pool, strange.session_id)
    sessions = {row["id"]: row["conversation_id"] for row in await rows(pool, "visitor_sessions")}
    assert sessions == {conversation(): conversation(), "web-7": None}
    by_session = {row["session_id"]: row["lead_id"] for row in await rows(pool, "handoffs")}
    assert (by_session[conversation()], by_session["web-7"]) == (str((await lead(pool))["id"]), None)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await pool.execute("UPDATE handoffs SET session_id = 'nowhere'")
    await handoffs.clear(pool, "web-7")
    assert [row["id"] for row in await rows(pool, "visitor_sessions")] == [conversation()]
    assert {row["conversation_summary"] for row in await rows(pool, "handoffs")} == {"No summary was given."}


async def test_the_crm_of_the_setting_gets_the_handoffs_of_worker_and_api(
    pool: Pool, redis: Redis, database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await chat(pool, *FULL)
    await extracted(pool)
    await handed_over(pool)
    taken, named = tmp_path / "taken.jsonl", "tests.clients.crm.other_crm:FileCRM"

    async def delivered() -> bool:
        return bool(await pool.fetchval("SELECT count(*) FROM handoff_records WHERE state = 'delivered'"))

    async with worker(database_url, redis_url, CRM_CLIENT=named, OTHER_CRM_FILE=str(taken)):
        await until(delivered)
    given = {"session_id": "web-1", "lead_level": "hot", "handoff_reason": "hot_lead", "packet_id": "p1",
             "signals_observed": ["asked_price", {"type": "named_budget", "value": 2000000}]}  # fmt: skip
    async with program(pool, redis_url, database_url, crm_client=named) as http:
        refused = await http.post("/handoffs", json=given)
        assert refused.status_code == 502
        assert "packet_id 'p1'" in refused.json()["detail"]
        monkeypatch.setenv("OTHER_CRM_FILE", str(taken))
        assert (await http.post("/handoffs", json=given)).json() == {"crm_record_id": "file-p1"}
        listed = (await http.get("/handoffs")).json()["handoffs"]
    assert [one["crm_record_id"] for one in listed] == ["file-p1", "file-kapso:e1"]
    assert listed[0]["signals_observed"] == given["signals_observed"]
    stated = {"session_id": "web-2", "lead_level": "hot", "handoff_reason": "stall", "conversation_id": conversation(),
              "is_consultant": False, "problem_fit": "unknown", "visitor_company": "Toko Sendiri"}  # fmt: skip
    async with program(pool, redis_url, database_url) as http:
        await http.post("/handoffs", json=stated)
        (one,) = (await http.get("/handoffs?session=web-2")).json()["handoffs"]
    # What a program states stands, and what it leaves out is filled.
    assert (one["problem_fit"], one["visitor_company"]) == ("unknown", "Toko Sendiri")
    assert (one["company_fit"], one["visitor_name"]) == ("strong", "Rina")
    packets = [ContextPacket.model_validate_json(line) for line in taken.read_text(encoding="utf-8").splitlines()]
    assert [packet.session_id for packet in packets] == [conversation(), "web-1"]
    assert packets[0].visitor_email == "rina@example.com"


@pytest.mark.parametrize(
    ("named", "says"),
    [("nowhere:CRM", "ModuleNotFoundError"), ("tests.clients.crm.other_crm:Gone", "AttributeError"),
     ("tests.clients.crm.other_crm:NoCRM", "no method create_lead"), ("no colon", "CRM_CLIENT")],
)  # fmt: skip
async def test_a_crm_that_cannot_be_loaded_stops_the_worker_with_a_sentence(
    database_url: str, redis_url: str, named: str, says: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers", stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "CRM_CLIENT": named},
    )  # fmt: skip
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode not in (0, None)
    assert says in errors.decode()
    assert "Traceback" not in errors.decode()


async def test_a_worker_delivers_by_itself(pool: Pool, redis: Redis, database_url: str, redis_url: str) -> None:
    await chat(pool, "halo")
    await handed_over(pool)

    async def delivered() -> bool:
        return bool(await pool.fetchval("SELECT count(*) FROM handoff_records WHERE state = 'delivered'"))

    async with worker(database_url, redis_url):
        await until(delivered)
    assert len(await rows(pool, "handoffs")) == 1


async def test_handoffs_are_cleared_on_request_with_age_and_with_the_person(pool: Pool) -> None:
    client = PostgresCRMClient(pool)
    for session in ("a", "a", "b"):
        await client.create_lead(ContextPacket(session_id=session, lead_level="warm", handoff_reason="stall"))
    assert await handoffs.clear(pool, "a") == 2
    assert len(await handoffs.page(pool)) == 1
    await handoffs.prune(pool, datetime.now(UTC) + timedelta(seconds=1))
    assert await handoffs.page(pool) == []
    await chat(pool, "halo")
    packet = ContextPacket(session_id="c", lead_level="warm", handoff_reason="stall", visitor_phone=f"+{NUMBER}")
    await client.create_lead(packet)
    await leads.log_access(pool, None, "test", "clear")
    await pool.execute("DELETE FROM lead_records")
    assert await handoffs.page(pool) == []


async def test_what_was_cleared_before_the_crm_had_it_is_not_handed_over(pool: Pool) -> None:
    await chat(pool, "halo")
    await handed_over(pool)
    desk = HandoffSender(pool, PostgresCRMClient(pool))
    assert await handoffs.clear(pool, conversation()) == 1
    assert await desk.deliver() == 0
    assert await handoffs.page(pool) == []
    await handoffs.prune(pool, datetime.now(UTC) + timedelta(seconds=1))
    assert await desk.deliver() == 0


async def test_a_visitor_is_whom_the_conversation_names_unless_they_were_deleted(pool: Pool) -> None:
    await chat(pool, "halo")
    await chat(pool, "halo", number="6281200000002")
    ids = [str((await lead(pool, number=number))["id"]) for number in (NUMBER, "6281200000002")]
    packet = ContextPacket(session_id="s", lead_level="warm", handoff_reason="stall", conversation_id=conversation(),
                           visitor_phone="+6281200000002")  # fmt: skip
    await PostgresCRMClient(pool).create_lead(packet)
    await pool.execute("UPDATE lead_records SET deleted_at = now() WHERE id = $1", UUID(ids[0]))
    await PostgresCRMClient(pool).create_lead(packet.model_copy(update={"packet_id": "2"}))
    assert [row["lead_id"] for row in await rows(pool, "handoffs")] == ids


async def test_what_was_dropped_for_its_age_is_not_handed_over_again(pool: Pool) -> None:
    await chat(pool, "halo")
    await handed_over(pool)
    desk = HandoffSender(pool, PostgresCRMClient(pool))
    assert await desk.deliver() == 1
    await handoffs.prune(pool, datetime.now(UTC) + timedelta(seconds=1))
    assert await desk.deliver() == 0
    assert await handoffs.page(pool) == []


def test_a_reason_that_is_none_of_ours_is_kept() -> None:
    assert reason_of("stall") == ("stall", None)
    assert reason_of("customer is angry") == ("explicit_request", "customer is angry")
    assert reason_of(None) == ("explicit_request", None)
