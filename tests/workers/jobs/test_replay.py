"""Dead letters and their replay: a dry run first, then for real, recorded, idempotent, with the books following."""

import asyncio
import json
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from store.mirror.deliveries import drop_days, make_days
from store.ops import dead_letters, replays
from store.ops.dead_letters import Letter, LetterQuery
from store.ops.replays import Counts
from store.postgres import Pool
from store.privacy.tombstones import NOBODY_ERASED
from tests.cli.test_console import inside, run
from tests.helpers import RECEIVED_AT, bounds, delivery, mirrored, payload, rows, settled, until
from workers.drain.interpret import DeliveryReading, EventFailure
from workers.drain.settle import InterpretedDelivery, Settler, crashed
from workers.jobs import asked_replays
from workers.jobs.asked_replays import run_asked
from workers.jobs.replay import Replayer


@pytest.fixture
def environment(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)


async def an_earlier_release_failed(pool: Pool, body: Any, event: str = "whatsapp.message.received") -> None:
    """A dead letter of a release that could not read what this one can."""
    unread = InterpretedDelivery(
        delivery(body, event), DeliveryReading(failures=[EventFailure(0, "unexpected", "KeyError")])
    )
    await Settler(pool, release="old", give_up=lambda: True).settle([unread])


async def letters(pool: Pool) -> list[Letter]:
    return [letter async for letter in dead_letters.matching(pool, LetterQuery(state=None))]


async def books(pool: Pool) -> tuple[int, int, int, int]:
    row = await pool.fetchrow(
        "SELECT sum(events)::int, sum(applied)::int, sum(ignored)::int, sum(dead)::int FROM deliveries"
    )
    return tuple(row)


async def test_a_dry_run_changes_nothing_and_says_what_the_replay_then_does(pool: Pool) -> None:
    await an_earlier_release_failed(pool, payload("received_text")["body"])
    (letter,) = await letters(pool)
    before = await mirrored(pool)
    plan = await Replayer(pool, release="new", go=False, bounds=bounds).letter(letter)
    assert (plan.applied, plan.unchanged, plan.failed, plan.word) == (1, 0, 0, "applies")
    assert await mirrored(pool) == before
    assert await letters(pool) == [letter]
    done = await Replayer(pool, release="new", go=True, bounds=bounds).letter(letter)
    assert (done.applied, done.failed) == (1, 0)
    assert len(await rows(pool, "messages")) == 1
    assert (await letters(pool))[0].state == "replayed"
    assert await books(pool) == (1, 1, 0, 0)
    again = await Replayer(pool, release="new", go=False, bounds=bounds).letter(letter)
    assert (again.applied, again.unchanged, again.word) == (0, 1, "changes nothing")


async def test_newer_rows_stand(pool: Pool) -> None:
    late = payload("sent_text")["body"]
    await an_earlier_release_failed(pool, late, "whatsapp.message.sent")
    read = json.loads(json.dumps(late))
    read["message"]["kapso"]["status"] = "read"
    await settled(pool, [delivery(late, "whatsapp.message.sent"), delivery(read, "whatsapp.message.read")])
    plan = await Replayer(pool, release="new", go=False, bounds=bounds).letter((await letters(pool))[0])
    assert plan.word == "changes nothing"


async def test_what_fails_again_stays_open_and_counts_its_attempts(pool: Pool) -> None:
    await settled(pool, [delivery(b"{", "whatsapp.message.received")])
    (letter,) = await letters(pool)
    assert (await Replayer(pool, release="new", go=False, bounds=bounds).letter(letter)).word == "fails again"
    assert (await letters(pool))[0].attempts == 1
    await Replayer(pool, release="new", go=True, bounds=bounds).letter(letter)
    (letter,) = await letters(pool)
    assert (letter.state, letter.attempts, letter.code_version) == ("open", 2, "new")
    assert await books(pool) == (1, 0, 0, 1)


async def test_a_batch_that_was_dead_as_a_whole_comes_back_whole(pool: Pool) -> None:
    batch = delivery(payload("batch")["body"], "whatsapp.message.received")
    await Settler(pool, release="old", give_up=lambda: True).settle([crashed(batch)])
    assert await books(pool) == (1, 0, 0, 1)
    outcomes = await Replayer(pool, release="new", go=True, bounds=bounds).letter((await letters(pool))[0])
    assert (outcomes.applied, await books(pool)) == (3, (3, 3, 0, 0))
    assert len(await rows(pool, "messages")) == 3


async def test_a_whole_batch_comes_back_whole_when_its_day_is_gone(pool: Pool) -> None:
    batch = delivery(payload("batch")["body"], "whatsapp.message.received")
    await make_days(pool, RECEIVED_AT.date())
    await Settler(pool, release="old", give_up=lambda: True).settle([crashed(batch)])
    await drop_days(pool, RECEIVED_AT.date() + timedelta(days=1))
    assert await rows(pool, "deliveries") == []
    outcomes = await Replayer(pool, release="new", go=True, bounds=bounds).letter((await letters(pool))[0])
    assert (outcomes.applied, len(await rows(pool, "messages"))) == (3, 3)


async def test_a_batch_that_comes_back_in_parts_is_booked_event_by_event(pool: Pool) -> None:
    body = payload("batch")["body"]
    good = json.dumps(body).encode()
    del body["data"][0]["message"]["id"], body["data"][1]["message"]["id"]
    batch = delivery(body, "whatsapp.message.received")
    await Settler(pool, release="old", give_up=lambda: True).settle([crashed(batch)])
    await Replayer(pool, release="new", go=True, bounds=bounds).letter((await letters(pool))[0])
    assert await books(pool) == (3, 1, 0, 2)
    assert {letter.position for letter in await letters(pool) if letter.state == "open"} == {0, 1}
    await pool.execute("UPDATE deliveries SET body = $1", good)
    for letter in await letters(pool):
        await Replayer(pool, release="newer", go=True, bounds=bounds).letter(letter)
    assert await books(pool) == (3, 3, 0, 0)
    assert {letter.state for letter in await letters(pool)} == {"replayed"}


async def test_of_a_batch_only_the_dead_event_is_replayed(pool: Pool) -> None:
    body = payload("batch")["body"]
    good = json.loads(json.dumps(body))
    del body["data"][1]["message"]["id"]
    bad = delivery(body, "whatsapp.message.received")
    await settled(pool, [bad])
    assert await books(pool) == (3, 2, 0, 1)
    await pool.execute("UPDATE deliveries SET body = $1", json.dumps(good).encode())
    outcomes = await Replayer(pool, release="new", go=True, bounds=bounds).letter((await letters(pool))[0])
    assert (outcomes.applied, await books(pool)) == (1, (3, 3, 0, 0))


@pytest.mark.usefixtures("environment")
async def test_the_commands_plan_then_go_and_leave_a_record(pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    await an_earlier_release_failed(pool, payload("received_text")["body"])
    await settled(pool, [delivery(b"{", "whatsapp.message.received")])
    code, out, _ = await inside(capsys, "dead-letters", "groups")
    assert code == 1
    assert "1 × unexpected: KeyError\n           in whatsapp.message.received\n" in out
    code, out, _ = await inside(capsys, "dead-letters", "list", "--json")
    assert [one["error_kind"] for one in json.loads(out)] == ["unexpected", "malformed"]
    assert all("body" not in one for one in json.loads(out))
    code, out, _ = await run("dead-letters", "replay")
    assert (code, await rows(pool, "replays"), await rows(pool, "messages")) == (1, [], [])
    assert "1 applied, 0 changed nothing (rows are as new or newer), 0 ignored, 1 failed" in out
    assert "Nothing was changed. Add --go" in out
    code, out, _ = await run("dead-letters", "replay", "--kind", "unexpected", "--go", "--by", "rina", "--json")
    assert (code, json.loads(out)["applied"]) == (0, 1)
    (record,) = await rows(pool, "replays")
    assert (record["asked_by"], record["filter"], record["planned"]) == ("rina", {"kind": "unexpected"}, 1)
    assert (record["applied"], record["failed"], record["state"]) == (1, 0, "done")
    code, out, _ = await inside(capsys, "dead-letters", "discard")
    assert "1 dead letters match. Nothing was changed" in out
    code, out, said = await inside(capsys, "dead-letters", "discard", "--go")
    assert (code, out) == (2, "")
    assert "This would discard every open dead letter. Say which" in said
    assert [row["state"] for row in await rows(pool, "dead_letters")].count("open") == 1
    code, out, _ = await inside(capsys, "dead-letters", "discard", "--kind", "malformed", "--go")
    assert (code, out) == (0, "1 dead letters discarded; their bodies are kept (--state discarded)\n")
    code, out, _ = await inside(capsys, "dead-letters", "list")
    assert (code, out) == (0, "no open dead letters: nothing to look after\n")


@pytest.mark.usefixtures("environment")
async def test_letters_are_found_by_contact_event_and_time(pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    await settled(pool, [delivery(payload("received_text")["body"], "whatsapp.message.received")])
    phone = (await rows(pool, "contacts"))[0]["phone"]
    await an_earlier_release_failed(pool, payload("received_text")["body"])
    await an_earlier_release_failed(pool, {"id": "1"}, "project.event")
    contact = (await rows(pool, "contacts"))[0]["id"]
    for filters, found in (
        (["--contact", phone], 1), (["--contact", contact], 1), (["--contact", "+999"], 0), (["--event", "project.event"], 1),
        (["--since", "2026-11-01T11:00"], 2), (["--since", "1s"], 0), (["--fingerprint", "no"], 0), ([], 2),
    ):  # fmt: skip
        _, out, _ = await inside(capsys, "dead-letters", "list", "--json", *filters)
        assert len(json.loads(out)) == found, filters
    _, out, _ = await inside(capsys, "dead-letters", "show", str((await letters(pool))[0].id))
    assert phone.lstrip("+") in out
    _, out, _ = await inside(capsys, "dead-letters", "export", "--contact", phone)
    assert json.loads(out)["code_version"] == "old"
    code, _, err = await inside(capsys, "dead-letters", "list", "--since", "yesterday")
    assert (code, "is no time" in err) == (2, True)


@pytest.mark.usefixtures("environment")
async def test_stored_deliveries_are_replayed_for_a_window(pool: Pool) -> None:
    deliveries = [
        delivery(payload(name)["body"], event)
        for name, event in (("received_text", "whatsapp.message.received"), ("sent_text", "whatsapp.message.sent"))
    ]
    await settled(pool, deliveries)
    whole = await mirrored(pool)
    await pool.execute("TRUNCATE messages CASCADE")
    code, out, _ = await run("replay", "--since", "2026-11-01", "--until", "2026-11-02")
    assert (code, "dry run, 2 of 2" in out, await rows(pool, "messages")) == (0, True, [])
    code, out, _ = await run("replay", "--since", "2026-11-01", "--until", "2026-11-02", "--go", "--per-second", "1000")
    assert (code, "2 applied" in out) == (0, True)
    assert (await mirrored(pool))["messages"] == whole["messages"]
    assert await books(pool) == (2, 2, 0, 0)


@pytest.mark.usefixtures("environment")
async def test_a_replay_can_be_cancelled_and_says_so(pool: Pool) -> None:
    for _ in range(20):
        await an_earlier_release_failed(pool, payload("received_text")["body"])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "dead-letters", "replay", "--go", "--per-second", "4",
        stdout=subprocess.PIPE,
    )  # fmt: skip
    await until(lambda: _has_begun(pool))
    process.send_signal(signal.SIGINT)
    out, _ = await process.communicate()
    assert (process.returncode, b"cancelled" in out) == (1, True)
    (record,) = await rows(pool, "replays")
    assert record["state"] == "cancelled"
    assert 0 < record["applied"] + record["unchanged"] < 20


async def _has_begun(pool: Pool) -> bool:
    return len([letter for letter in await letters(pool) if letter.state == "replayed"]) >= 2


async def test_a_replay_whose_worker_died_counts_what_that_one_did(pool: Pool) -> None:
    for _ in range(4):
        await an_earlier_release_failed(pool, payload("received_text")["body"])
    id = await replays.ask(pool, LetterQuery(), by="user:budi", planned=4, go=True, per_second=2)
    taken = await replays.take(pool)
    assert taken is not None
    first, *_ = await letters(pool)
    await Replayer(pool, release="new", go=True, bounds=bounds).letter(first)
    await replays.tell(pool, id, Counts(done=1, applied=1, failed=800))
    await pool.execute("UPDATE replays SET seen_at = now() - interval '1 minute'")
    await run_asked(pool, release="new", tombstones=NOBODY_ERASED, bounds=bounds)
    (record,) = await rows(pool, "replays")
    assert (record["state"], record["done"], record["applied"] + record["unchanged"]) == ("done", 4, 4)


async def test_a_long_letter_is_not_taken_by_another_worker(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked_replays, "SEEN_SECONDS", 0.02)
    await an_earlier_release_failed(pool, payload("received_text")["body"])
    await replays.ask(pool, LetterQuery(), by="user:budi", planned=1, go=True, per_second=2)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE dead_letters IN SHARE MODE")
        running = asyncio.create_task(run_asked(pool, release="new", tombstones=NOBODY_ERASED, bounds=bounds))
        await until(lambda: _state_is(pool, "running"))
        await pool.execute("UPDATE replays SET seen_at = now() - interval '1 minute'")
        await until(lambda: _seen_lately(pool))
        assert await replays.take(pool) is None
    await running


async def _state_is(pool: Pool, state: str) -> bool:
    return bool(await pool.fetchval("SELECT count(*) FROM replays WHERE state = $1", state))


async def _seen_lately(pool: Pool) -> bool:
    return bool(await pool.fetchval("SELECT count(*) FROM replays WHERE seen_at > now() - interval '10 seconds'"))


@pytest.mark.usefixtures("environment")
async def test_a_replay_that_breaks_is_no_replay_that_was_cancelled(pool: Pool) -> None:
    await an_earlier_release_failed(pool, payload("received_text")["body"])
    await pool.execute(
        "CREATE FUNCTION is_broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'x' USING ERRCODE = '53100'; END $$"
    )
    await pool.execute("CREATE TRIGGER is_broken BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION is_broken()")
    code, _, _ = await run("dead-letters", "replay", "--go")
    (record,) = await rows(pool, "replays")
    assert (code, record["state"], record["error"] is None) == (1, "failed", False)
