"""The operators' page: headline, hops, incidents, and the button that ends a blocking session."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from store.inbox.inbox import Waiting
from store.ops import alarms, lag, waits
from store.ops.dead_letters import LetterGroup
from store.ops.replays import ReplayRecord
from store.ops.status import DrainSeen, MirrorStatus, OpenLetters
from store.postgres import Pool
from tests.desk import signed_in
from tests.helpers import until
from web.ops.health import headline, hops
from web.ops.letters import advice
from web.ops.ops import RANGES
from web.ops.trace_steps import verdict_of_delivery, verdict_of_person

NOW = datetime.now(UTC)
DRAIN = DrainSeen(0, 1.0, NOW, None)
LETTERS = OpenLetters("malformed", 21, 60.0, "no JSON")


def status(**more: object) -> MirrorStatus:
    usual: dict[str, object] = {
        "stream": Waiting(0, 0.0), "received": 5, "drains": [DRAIN], "freshness_p50_ms": 74.2, "freshness_p99_ms": 90.0,
        "per_second": 18.0,
    }  # fmt: skip
    return MirrorStatus(**usual | more)  # type: ignore[arg-type]


def test_one_sentence_says_how_it_is() -> None:
    assert headline(status()) == (
        "All is well. {rate} deliveries a second; the mirror is {ms} ms behind.",
        {"rate": 18.0, "ms": 74},
        None,
    )
    assert headline(status(freshness_p50_ms=None)).words.startswith("All is well. Nothing")
    assert headline(status(letters=[LETTERS])) == ("{n} failed events need you", {"n": 21}, "/ops/letters")
    assert headline(status(letters=[LETTERS], concerns=["redis is full"]))[1:] == ({"n": 2}, "#problems")


@pytest.mark.parametrize(
    ("given", "states"),
    [
        ({}, ["unknown", "good", "unknown"]),
        ({"freshness_p99_ms": 1500.0}, ["unknown", "slow", "unknown"]),
        ({"stream": Waiting(9, 11.0)}, ["unknown", "bad", "unknown"]),
        ({"stream": None}, ["unknown", "bad", "unknown"]),
        ({"drains": []}, ["unknown", "bad", "unknown"]),
        ({"drains": [DRAIN._replace(seen_seconds=16.0)]}, ["unknown", "bad", "unknown"]),
    ],
)
def test_the_way_shows_where_it_is_late(given: dict[str, object], states: list[str]) -> None:
    assert [hop.state for hop in hops(status(**given), None, None)] == states


def test_kapso_and_ai_are_late_by_their_own_measure() -> None:
    for kapso, ai, wanted in (
        (2.0, 40.0, ("good", "good")),
        (20.0, 120.0, ("slow", "slow")),
        (130.0, 400.0, ("bad", "bad")),
    ):
        first, _, last = hops(status(), kapso, ai)
        assert (first.state, last.state) == wanted


def test_what_to_do_with_letters_follows_from_the_last_dry_run() -> None:
    group = LetterGroup("f", "unexpected", "KeyError", [], 4, NOW, NOW, 1)

    def run(*, go: bool = False, state: str = "done", applied: int = 0, minutes: int = 1) -> ReplayRecord:
        at = NOW + timedelta(minutes=minutes)
        return ReplayRecord(
            1, "dead letters", {}, go, 100, state, "budi", at, at, at, 4, 4, applied, 0, 0, 4 - applied, None, None
        )

    assert advice([], [group]) == "plan"
    assert advice([run(applied=4)], [group]) == "replay"
    assert advice([run()], [group]) == "discard"
    assert advice([run(state="running"), run(applied=1)], [group]) == "replay"
    assert advice([run(applied=4, minutes=-1)], [group]) == "plan"
    assert advice([run(go=True, applied=4)], [group]) == "plan"
    assert advice([run(applied=4)], []) == "plan"


async def test_an_alarm_that_is_over_stays_a_mark(pool: Pool) -> None:
    await alarms.sound(pool, "webhooks", "Kapso paused the webhook")
    await alarms.sound(pool, "api key", "make another key")
    await alarms.clear(pool, "webhooks")
    found = await alarms.incidents(pool, timedelta(hours=1))
    assert [(one.name, one.ended_at is None) for one in found] == [("webhooks", False), ("api key", True)]
    await pool.execute(
        "UPDATE incidents SET began_at = now() - interval '3 hours', ended_at = now() - interval '2 hours'"
    )
    assert [one.name for one in await alarms.incidents(pool, timedelta(hours=1))] == ["api key"]
    await pool.execute(
        "UPDATE incidents SET began_at = now() - interval '99 days', ended_at = now() - interval '91 days'"
    )
    await alarms.clear(pool, "api key")
    assert [one.name for one in await alarms.incidents(pool, timedelta(days=400))] == ["api key"]


async def test_points_of_a_day_are_the_worst_of_their_five_minutes(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    begin = NOW.replace(minute=NOW.minute // 5 * 5, second=0, microsecond=0) - timedelta(hours=2)
    for n, ms in enumerate((20.0, 900.0, 40.0)):
        await pool.execute(
            "INSERT INTO lag_samples (at, deliveries, events, dead, waiting, oldest_seconds, ours_p99_ms) VALUES ($1, 1, 1, 0, 0, 0, $2)",
            begin + timedelta(seconds=70 * n), ms,
        )  # fmt: skip
    shown = RANGES["day"]
    (row,) = await lag.samples(pool, shown.last, shown.step)
    assert (row["at"], row["ours_p99_ms"], row["deliveries"]) == (begin, 900, 3)
    async with signed_in(pool, redis_url, database_url, "operator") as http:
        told = (await http.get("/ops/lag.json?range=day")).json()
        assert (told["at"], told["series"][0]["values"]) == ([begin.timestamp()], [0.9])
        assert (await http.get("/ops/lag.json?range=century")).json()["at"] == []


async def test_the_button_ends_the_session_that_is_in_the_way_and_no_other(
    pool: Pool, redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "BLOCKED_SECONDS", 0.0)
    holder, bystander = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    await holder.execute("BEGIN; LOCK TABLE owner_rules IN ACCESS EXCLUSIVE MODE")
    waiting = asyncio.create_task(pool.fetch("SELECT * FROM owner_rules"))
    try:
        async with signed_in(pool, redis_url, database_url, "operator") as http:

            async def named() -> bool:
                return f"End session {holder.get_server_pid()}" in (await http.get("/ops/status")).text

            await until(named)
            assert (await http.post(f"/ops/sessions/{bystander.get_server_pid()}/end")).status_code == 303
            assert await bystander.fetchval("SELECT 1") == 1
            assert (await http.post(f"/ops/sessions/{holder.get_server_pid()}/end")).status_code == 303
            assert await waiting == []
    finally:
        holder.terminate()
        bystander.terminate()


def delivered(**more: object) -> dict[str, object]:
    now = datetime.now(UTC)
    return {"applied": 0, "ignored": 0, "dead": 0, "received_at": now, "settled_at": now} | more


@pytest.mark.parametrize(
    ("books", "words"),
    [
        ({"applied": 1, "dead": 1}, "It was applied"),
        ({"dead": 1}, "It failed."),
        ({"ignored": 1}, "ignored its events"),
    ],
)
def test_a_delivery_whose_failures_were_discarded_was_not_ignored(books: dict[str, object], words: str) -> None:
    assert words in verdict_of_delivery(delivered(**books)).words


def test_a_message_that_failed_is_in_the_verdict_on_its_person() -> None:
    failed, fine = {"failed_at": datetime.now(UTC)}, {"failed_at": None}
    bad = verdict_of_person([fine, failed, failed])
    assert (bad.bad, bad.values) == (True, {"n": 2})
    assert not verdict_of_person([fine]).bad
