"""The demo's story: its script, its eight weeks on a real mirror, and what its sellers did."""

import json
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from redis.asyncio import Redis

from store.access import accounts
from store.postgres import Pool
from tests.cli.test_console import run
from tests.desk import PASSWORD
from tests.helpers import SECRET, drained, receiver
from tools.simulator import media
from tools.simulator.story import script
from tools.simulator.story.people import players
from tools.simulator.story.script import ScriptLine, arcs, cast, filled
from tools.simulator.story.story import DAY, PAUSES, WEEKS, Story, outcome

NOW = 1_800_000_000.0
STATUSES = {"new", "qualified", "contacted", "converted", "archived"}


def test_every_line_of_every_arc_can_be_filled() -> None:
    found = arcs()
    assert (len(found) >= 25, sum(arc.people for arc in found) >= 140) == (True, True)
    for arc in found:
        rng = Random(arc.name)
        player = next(players(cast(), arc, rng))
        facts = {**player.facts, "salam": "pagi"}
        for line in arc.lines:
            if line.kind in PAUSES:
                text = filled(line.text, facts, rng)
                assert not set("{}|") & set(text), (arc.name, text)
                assert text or line.media in media.PICTURES, arc.name
            elif line.kind == "status":
                assert line.text in STATUSES
    # Each picture that a line shows is there.
    assert {line.media for arc in found for line in arc.lines} - {None} == {"shop", "receipt", "voice", "file"}
    assert set(media.PICTURES) == {"shop", "receipt"}


@pytest.mark.parametrize(
    ("text", "wanted"), [("{a|a}", "a"), ("{nick} dan {kak {nick}|kak {nick}}", "Sari dan kak Sari")]
)
def test_wordings_may_hold_facts(text: str, wanted: str) -> None:
    assert filled(text, {"nick": "Sari"}, Random(1)) == wanted


def test_a_line_that_is_none_is_refused() -> None:
    for text in ("halo", "> [film] halo"):
        with pytest.raises(ValueError, match="not a line"):
            script._line(text)


def test_the_story_is_eight_weeks_that_are_over_and_the_same_for_a_seed() -> None:
    events, had = Story(7, clock=lambda: NOW).history()
    times = [int(event.body["message"]["timestamp"]) for event in events if "message" in event.body]
    assert max(times) <= NOW
    assert NOW - WEEKS * 7 * DAY - 40 * DAY < min(times) < NOW - 40 * DAY
    # Some wait for three hours, some windows are about to close.
    waits = [NOW - one.began_at for one in had if one.arc.ends == 3 * 3600]
    assert len(waits) > 3
    assert all(2.5 * 3600 < wait < 4 * 3600 for wait in waits)
    again, _ = Story(7, clock=lambda: NOW).history()
    assert [event.body for event in events] == [event.body for event in again]
    assert [event.body for event in Story(8, clock=lambda: NOW).history()[0]] != [event.body for event in events]
    for one in had:
        assert re.fullmatch(r"628\d{8,11}", one.player.person.phone or "")


def test_it_goes_on_live_with_every_arc() -> None:
    clock = [NOW]
    scenes = Story(7, clock=lambda: clock[0]).scenes()
    for _ in range(300):
        clock[0] += 4
        events = next(scenes)
        last = int(events[-1].body["message"]["timestamp"])
        assert (events != [], last - clock[0] <= 5) == (True, True)


def test_people_of_the_eight_weeks_come_back_with_later_chats_also_after_a_restart() -> None:
    first = Story(7, clock=lambda: NOW)
    _, had = first.history()
    phones = {one.player.person.phone for one in had}
    kept = json.loads(json.dumps([outcome(one) for one in had]))
    again = Story(8, clock=lambda: NOW + DAY)
    again.recall(kept)
    for story in (first, again):
        came, scenes = set[str | None](), story.scenes()
        for _ in range(400):
            came |= {event.body["conversation"]["phone_number"] for event in next(scenes) if "message" in event.body}
        assert len(came & {(phone or "").lstrip("+") for phone in phones}) > len(came) / 2 > 5


@pytest.mark.parametrize("lines", script.later())
def test_every_later_chat_can_be_filled_with_the_facts_of_everybody(lines: Sequence[ScriptLine]) -> None:
    for arc in script.arcs():
        player = next(players(script.cast(), arc, Random(1)))
        for line in lines:
            assert "{" not in filled(line.text, {**player.facts, "salam": "pagi"}, Random(2))


async def test_its_eight_weeks_are_mirrored_read_and_worked_on(
    pool: Pool, redis: Redis, redis_url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DEFAULT_REGION", "ID")
    for name in ("rina", "dimas", "putri"):
        await accounts.add_user(pool, name, "sales", PASSWORD)
    story, ledger, began = tmp_path / "story.json", tmp_path / "ledger", time.time()
    async with receiver(redis_url) as url:
        code, _, told = await run("simulate", "--url", url, "--secret", SECRET, "--ledger", str(ledger), "--seconds", "1",
                                  "--rate", "5", "--seed", "5", "--story", str(story))  # fmt: skip
        assert code == 0, told
        await drained(pool, redis)
        # The story is told once: with the file there, only what is new is sent.
        code, out, _ = await run("simulate", "--url", url, "--secret", SECRET, "--ledger", str(ledger), "--seconds", "1",
                                 "--rate", "5", "--seed", "6", "--story", str(story), "--json")  # fmt: skip
        assert (code, json.loads(out)["events"] < 20) == (0, True)
    await drained(pool, redis)
    code, out, _ = await run("verify", "--ledger", str(ledger), "--wait", "0.1", "--json")
    assert (code, json.loads(out)["wrong"], json.loads(out)["missing"]) == (0, 0, 0)
    for command in (("team", str(story)), ("read-chats",), ("team", str(story), "--times")):
        code, _, told = await run(*command)
        assert code == 0, told
    assert {row["status"] for row in await pool.fetch("SELECT DISTINCT status FROM leads")} == STATUSES
    asked = "SELECT count(*), min(created_at) FROM leads WHERE created_at < now() - interval '1 day'"
    leads, oldest = await pool.fetchrow(asked)
    assert leads > 90
    assert oldest < datetime.now(UTC) - timedelta(days=40)
    converted = "SELECT max(converted_at - created_at) FROM lead_records WHERE status = 'converted' AND created_at < now() - interval '10 days'"
    assert timedelta(0) < await pool.fetchval(converted) < timedelta(days=60)
    moved_now = "SELECT count(*) FROM lead_changes WHERE field = 'status' AND source = 'human' AND changed_at > to_timestamp($1)"
    assert await pool.fetchval(moved_now, began) == 0
    assert await pool.fetchval("SELECT count(DISTINCT owner) FROM leads") == 3
    assert await pool.fetchval("SELECT count(*) FROM tickets WHERE status = 'open'") == 2
    assert await pool.fetchval("SELECT count(*) FROM handoffs") > 5
    known = "SELECT avg((domisili IS NOT NULL)::int) FROM leads WHERE created_at < now() - interval '1 hour'"
    assert await pool.fetchval(known) > 0.7
