"""Polling: what was never pushed is found, cursors move behind what is written, and the way in is the same."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kapso.client import Client, KapsoError, Priority
from store.mirror import cursors
from store.mirror.cursors import Gap
from store.mirror.reconcile import ComparisonCounts
from store.ops import alarms
from store.postgres import Pool
from tests.helpers import delivery, mirrored, payload, rows, served, settled
from tests.servers import KEY, NUMBER, client, kapso_api, scripted
from tools.simulator.town import Event, Town
from workers.poll import full_pass
from workers.poll.compare import Comparer
from workers.poll.gaps import gaps_of, merged
from workers.poll.poll import Poll

LONG_AGO = timedelta(days=3650)
LONG, SOON = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
async def began_long_ago(pool: Pool) -> None:
    await pool.execute("UPDATE mirror SET began_at = '2020-01-01Z'")


def comparer(pool: Pool, *, grace: timedelta = timedelta(minutes=5)) -> Comparer:
    return Comparer(pool, release="test", grace=grace)


def town_events(count: int, *, seed: int = 5) -> list[Event]:
    town = Town(seed, people=30, clock=lambda: time.time() - 600, chaos=frozenset())
    events: list[Event] = []
    for scene in town.scenes():
        events += [event for event in scene if event.version == "v2" and (event.name or "").startswith("whatsapp.m")]
        if len(events) >= count:
            return events
    return events


def deliveries_of(events: list[Event]) -> list[Any]:
    now = datetime.now(UTC)
    return [delivery(event.body, event.name, at=now) for event in events]


@pytest.mark.usefixtures("began_long_ago")
async def test_polled_or_pushed_the_messages_are_the_same(pool: Pool) -> None:
    events = town_events(150)
    async with kapso_api() as (url, world, _), client(url) as kapso:
        for event in events:
            world.learn(event)
        found = await Poll(pool, kapso, comparer(pool)).fresh([NUMBER])
        assert found.missing > 50
        polled = (await mirrored(pool))["messages"]
        await settled(pool, deliveries_of(events))
        both = (await mirrored(pool))["messages"]
    polled_by_id = {row["id"]: row for row in polled}
    assert len(both) == len(polled)
    for row in both:
        for column in ("text", "type", "direction", "status", "sent_at", "delivered_at", "read_at", "contact_id"):
            if (row["type"], column) != ("template", "text"):
                assert polled_by_id[row["id"]][column] == row[column], (column, row["id"])


@pytest.mark.usefixtures("began_long_ago")
async def test_what_was_pushed_before_is_equal_and_stores_no_page(pool: Pool) -> None:
    events = town_events(60)
    async with kapso_api() as (url, world, _), client(url) as kapso:
        for event in events:
            world.learn(event)
        await Poll(pool, kapso, comparer(pool)).fresh([NUMBER])
        pages = len(await rows(pool, "deliveries"))
        again = await Poll(pool, kapso, comparer(pool)).window(
            [NUMBER], datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC), Priority.REPAIR
        )
    assert again.checked == again.equal > 20
    assert (again.missing, dict(again.repaired), again.late) == (0, {}, 0)
    assert len(await rows(pool, "deliveries")) == pages > 0
    assert {row["source"] for row in await rows(pool, "deliveries")} == {"poll"}


async def test_what_kapso_does_not_list_keeps_nothing_else_from_being_read(pool: Pool) -> None:
    await pool.execute("UPDATE mirror SET began_at = '2020-01-01Z'")
    answers = [JSONResponse({"data": []}), JSONResponse({"error": "gone"}, 404), JSONResponse({"data": []})]
    async with scripted(answers) as (url, asked), client(url) as kapso:
        found = await Poll(pool, kapso, comparer(pool)).fresh([NUMBER])
    assert len(asked) == 3
    assert found.troubles == [f"messages:{NUMBER}: answered 404: not there"]


async def test_a_number_that_left_does_not_hold_back_how_far_polling_has_come(pool: Pool) -> None:
    async with kapso_api() as (url, _, _), client(url) as kapso:
        await Poll(pool, kapso, comparer(pool)).fresh([NUMBER, "left"])
        await pool.execute("UPDATE cursors SET complete_to = '2020-01-01Z' WHERE name = 'messages:left'")
        await Poll(pool, kapso, comparer(pool)).fresh([NUMBER])
    assert await pool.fetchval("SELECT verified_to > now() - interval '1 minute' FROM mirror_freshness")


@asynccontextmanager
async def refusing(what: str, code: int = 400) -> AsyncIterator[str]:
    """An API with empty lists, which refuses requests for paths that contain `what`."""

    async def answer(request: Request) -> JSONResponse:
        return JSONResponse({"error": "params"}, code) if what in request.url.path else JSONResponse({"data": []})

    async with served(Starlette(routes=[Route("/{path:path}", answer)])) as url:
        yield url


@pytest.mark.parametrize(("code", "left"), [(400, 1), (404, 0)])
async def test_a_gap_stays_open_while_kapso_refuses_one_of_its_lists(pool: Pool, code: int, left: int) -> None:
    now = datetime.now(UTC)
    gap = Gap(NUMBER, now - timedelta(hours=2), now - timedelta(hours=1), now - timedelta(hours=1))
    await cursors.add_gaps(pool, [gap])
    async with refusing("/messages", code) as url, client(url) as kapso:
        poll = Poll(pool, kapso, comparer(pool))
        found = await poll.reread_gaps([NUMBER], now)
        assert (found.refused, len(await cursors.open_gaps(pool))) == (left, left)
        # Repairs go before everything else: what is refused is not asked for again every minute.
        again = await poll.reread_gaps([NUMBER], now + timedelta(minutes=1))
        assert (again.refused, again.troubles != []) == (0, left == 1)
        assert (await poll.reread_gaps([NUMBER], now + timedelta(minutes=11))).refused == left
    async with kapso_api() as (url, _, _), client(url) as kapso:
        await Poll(pool, kapso, comparer(pool)).reread_gaps([NUMBER], now)
    assert await cursors.open_gaps(pool) == []


async def test_one_odd_character_in_a_list_costs_one_character(pool: Pool) -> None:
    """As in a delivery: half of a surrogate pair, and bytes that are no UTF-8."""
    message = payload("received_text")["body"]["message"]
    for text in (b"\\ud83d", b"\xff"):
        body = orjson.dumps({"data": [message]}).replace(b"Halo <b>", b"Halo " + text)
        assert text in body
        async with scripted([Response(body, media_type="application/json")]) as (url, asked), client(url) as kapso:
            (item,) = (await kapso.messages(NUMBER, LONG, SOON, None, Priority.FRESH)).items
        assert (item["text"]["body"][:5], len(asked)) == ("Halo ", 1)


@pytest.mark.usefixtures("began_long_ago")
async def test_odd_fields_of_a_listed_run_are_dropped_and_the_run_is_kept(pool: Pool) -> None:
    now = datetime.now(UTC).isoformat()
    run = {"id": "r", "status": "failed", "workflow_id": "w", "created_at": now, "updated_at": now,
           "error": "boom", "handoff": "x", "channel": {"name": "whatsapp"}}  # fmt: skip
    await comparer(pool).page("poll.executions", [run])
    assert (await rows(pool, "dead_letters"), [row["id"] for row in await rows(pool, "workflow_executions")]) == (
        [],
        ["r"],
    )


@pytest.mark.usefixtures("began_long_ago")
async def test_a_hand_over_that_was_not_pushed_is_found_where_the_workflow_is_known(pool: Pool) -> None:
    pushed = payload("workflow_handoff")["body"] | {"occurred_at": datetime.now(UTC).isoformat()}
    await settled(pool, [delivery(pushed, "workflow.execution.handoff")])
    lost = pushed | {"workflow_execution_id": "lost", "occurred_at": datetime.now(UTC).isoformat()}
    async with kapso_api() as (url, world, _), client(url) as kapso:
        for name, body in (("handoff", lost), ("failed", lost | {"workflow_execution_id": "f", "status": "failed"}),
                           ("handoff", lost | {"workflow_execution_id": "ended", "status": "ended"})):  # fmt: skip
            world.learn(Event(f"workflow.execution.{name}", "v2", body))
        found = await Poll(pool, kapso, comparer(pool)).fresh([NUMBER])
    assert found.missing == 2
    statuses = {row["id"]: row["status"] for row in await rows(pool, "workflow_executions")}
    assert (statuses["lost"], statuses["f"], statuses["ended"], len(statuses)) == ("handoff", "failed", "ended", 4)


class Dies(KapsoError):
    pass


class Mortal(Client):
    """Dies with the request of that number."""

    def __init__(self, url: str, dies_at: int) -> None:
        async def spend(_: Priority) -> None:
            self.asked += 1
            if self.asked == dies_at:
                raise Dies

        async def punish(_: float) -> None:
            pass

        super().__init__(url=url, key=KEY, spend=spend, punish=punish)
        self.asked = 0


@pytest.mark.usefixtures("began_long_ago")
async def test_a_poll_that_dies_between_two_pages_goes_on_where_it_was(pool: Pool) -> None:
    async with kapso_api() as (url, world, _):
        for event in town_events(600):
            world.learn(event)
        total = len(list(world.all_messages()))
        assert total > 250
        mortal = Mortal(url, dies_at=4)  # events, then the third page of messages
        with pytest.raises(Dies):
            await Poll(pool, mortal, comparer(pool)).fresh([NUMBER])
        assert len(await rows(pool, "messages")) == 200
        at = await cursors.cursor(pool, f"messages:{NUMBER}")
        assert at.page
        assert at.reading_to
        assert at.complete_to.year == 2020
        async with client(url) as kapso:
            found = await Poll(pool, kapso, comparer(pool)).fresh([NUMBER])
        await mortal.close()
    assert len(await rows(pool, "messages")) == total
    assert found.checked < total + len(world.conversations)
    after = await cursors.cursor(pool, f"messages:{NUMBER}")
    assert (after.complete_to, after.page) == (at.reading_to, None)


async def test_nothing_older_than_the_mirror_is_asked_for_by_itself(pool: Pool) -> None:
    async with kapso_api() as (url, world, _), client(url) as kapso:
        for event in town_events(50):
            world.learn(event)
        await Poll(pool, kapso, comparer(pool)).fresh([NUMBER])
    assert await rows(pool, "messages") == []


@pytest.mark.usefixtures("began_long_ago")
async def test_through_a_service_that_fails_every_fourth_time_all_is_read(pool: Pool) -> None:
    async with kapso_api(faults=0.25) as (url, world, _), client(url) as kapso:
        for event in town_events(300):
            world.learn(event)
        await Poll(pool, kapso, comparer(pool)).fresh([NUMBER])
        assert len(await rows(pool, "messages")) == len(list(world.all_messages()))


async def test_an_object_that_can_not_be_read_is_one_letter_however_often_it_is_polled(pool: Pool) -> None:
    bad, good = {"message": {"id": ""}}, {"message": payload("received_text")["body"]["message"]}
    for _ in range(3):
        found = await comparer(pool).page("poll.messages", [bad, good])
    assert (found.checked, found.missing, found.equal) == (2, 0, 1)
    (letter,) = await rows(pool, "dead_letters")
    assert (letter["error_kind"], letter["attempts"], letter["event"]) == ("malformed", 3, "poll.messages")
    assert len(await rows(pool, "messages")) == 1


async def test_a_name_in_a_header_does_not_pass_for_a_poll(pool: Pool) -> None:
    await settled(pool, [delivery({"data": [payload("received_text")["body"]]}, "poll.messages")])
    assert await rows(pool, "messages") == []
    assert (await rows(pool, "deliveries"))[0]["ignored"] == 1


@pytest.mark.parametrize(("grace", "late"), [(timedelta(minutes=5), 1), (LONG_AGO, 0)])
async def test_what_should_have_been_pushed_long_before_is_late(pool: Pool, grace: timedelta, late: int) -> None:
    message = json.loads(json.dumps(payload("received_text")["body"]["message"]))
    found = await comparer(pool, grace=grace).page("poll.messages", [{"message": message}])
    assert (found.checked, found.missing, found.late) == (1, 1, late)
    found = await comparer(pool, grace=grace).page("poll.messages", [{"message": message}])
    assert (found.checked, found.equal, found.late) == (1, 1, 0)


def test_failed_deliveries_become_windows_of_whole_minutes_that_grow_together() -> None:
    at = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=30)

    def item(minutes: int, number: str = "1") -> dict[str, Any]:
        return {"created_at": (at + timedelta(minutes=minutes)).isoformat(), "phone_number_id": number}

    gaps, older = gaps_of([item(9), item(5), item(5), item(5, "2"), {"id": 1}], since=at)
    assert (len(gaps), older) == (3, False)
    assert gaps_of([item(1), item(-3)], since=at) == (gaps_of([item(1)], since=at)[0], True)
    one, two = merged(gaps)
    assert one[:3] == ("1", at, at + timedelta(minutes=11))
    assert two.phone_number_id == "2"


@pytest.mark.usefixtures("began_long_ago")
async def test_what_kapsos_log_says_failed_is_read_again_when_it_is_over(pool: Pool) -> None:
    async with kapso_api() as (url, world, webhooks), client(url) as kapso:
        poll = Poll(pool, kapso, comparer(pool))
        await poll.reread_gaps([NUMBER], datetime.now(UTC))
        lost = town_events(40)
        for event in lost:
            world.learn(event)
            webhooks.ended(event.name, delivered=False, created_at=time.time() - 400, attempts=3)
        found = await poll.reread_gaps([NUMBER], datetime.now(UTC))
        assert found.missing == len(list(world.all_messages())) > 10
        assert await cursors.open_gaps(pool) == []
        assert (await poll.reread_gaps([NUMBER], datetime.now(UTC))).checked == 0
        # One more of the same minutes fails later: its window opens again.
        webhooks.ended("whatsapp.message.received", delivered=False, created_at=time.time() - 400, attempts=3)
        webhooks.log[0]["last_attempt_at"] = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
        assert (await poll.reread_gaps([NUMBER], datetime.now(UTC))).checked > 0
        # What still fails is waited for.
        webhooks.ended("whatsapp.message.received", delivered=False, created_at=time.time(), attempts=3)
        assert (await poll.reread_gaps([NUMBER], datetime.now(UTC))).checked == 0
        assert len(await cursors.open_gaps(pool)) == 1


# -- contacts


def contact(id: str, **more: Any) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {"id": id, "profile_name": id, "created_at": now, "updated_at": now, **more}


async def test_edits_are_found_strangers_of_old_are_left_out_and_who_is_gone_is_flagged(pool: Pool) -> None:
    old = "2020-01-01T00:00:00Z"
    await settled(pool, [delivery(payload("received_text")["body"], "whatsapp.message.received")])
    (known,) = await rows(pool, "contacts")
    bsuid = known["business_scoped_user_id"]
    me = contact("k1", wa_id=known["wa_id"], business_scoped_user_id=bsuid, display_name="Bu Rara")
    async with kapso_api() as (url, world, _), client(url) as kapso:
        world.contacts = {"k1": me, "k2": contact("k2", business_scoped_user_id="ID.77"),
                          "k3": contact("k3", business_scoped_user_id="ID.99") | {"created_at": old, "updated_at": old}}  # fmt: skip
        await full_pass.contacts(pool, kapso, comparer(pool))
        names = {row["name"] for row in await rows(pool, "contacts")}
        assert names == {"Bu Rara", "k2"}
        del world.contacts["k2"]
        found = await full_pass.contacts(pool, kapso, comparer(pool))
    assert found.extra == 1
    assert [row["kapso_id"] for row in await rows(pool, "vanished_contacts")] == ["k2"]
    assert len(await rows(pool, "contacts")) == 2
    assert [alarm.name for alarm in await alarms.standing(pool)] == ["contacts vanished"]


@pytest.mark.usefixtures("began_long_ago")
async def test_a_workflow_that_comes_back_among_the_newest_is_read_from_where_it_was_left(pool: Pool) -> None:
    now = datetime.now(UTC)
    for place in range(12):
        at = (now - timedelta(minutes=place)).isoformat()
        run = {"id": f"r{place}", "status": "ended", "workflow_id": f"w{place}", "created_at": at, "updated_at": at}
        await comparer(pool).page("poll.executions", [run])
    await cursors.cursor(pool, "executions:w11")
    await cursors.close(pool, "executions:w11", now)
    async with scripted([JSONResponse({"data": []})]) as (url, asked), client(url) as kapso:
        await Poll(pool, kapso, comparer(pool)).fresh([NUMBER])
    assert not any("w11" in one for one in asked)
    assert (await cursors.cursor(pool, "executions:w11")).complete_to == now


@pytest.mark.usefixtures("began_long_ago")
async def test_what_a_later_list_fails_with_loses_no_count_of_the_lists_before(pool: Pool) -> None:
    message = payload("received_text")["body"]["message"]
    found = ComparisonCounts()
    answers = [JSONResponse({"data": []}), JSONResponse({"data": [message]}), JSONResponse({}, 503)]
    async with scripted(answers) as (url, _), client(url) as kapso:
        with pytest.raises(KapsoError):
            await Poll(pool, kapso, comparer(pool, grace=LONG_AGO)).fresh([NUMBER], found)
    assert (found.checked, found.missing) == (1, 1)


async def test_an_object_that_fails_in_an_unknown_way_is_one_letter_and_the_page_is_written(pool: Pool) -> None:
    await pool.execute(
        "CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.id = 'odd' THEN RAISE 'odd' USING ERRCODE = 'P0001'; END IF; RETURN NEW; END $$"
    )
    await pool.execute("CREATE TRIGGER refuse_one BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION refuse_one()")
    good = payload("received_text")["body"]["message"]
    page = [{"message": good | {"id": "odd"}}, {"message": good}]
    found = await comparer(pool).page("poll.messages", page)
    assert (found.checked, found.missing) == (2, 1)
    assert [row["id"] for row in await rows(pool, "messages")] == [good["id"]]
    (letter,) = await rows(pool, "dead_letters")
    assert letter["error_kind"] == "unexpected"


async def refuse(pool: Pool, times: int) -> None:
    """Let the next writes of messages fail in a way that is not known."""
    await pool.execute("CREATE SEQUENCE refused")
    await pool.execute(
        "CREATE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF nextval('refused') <= {times} THEN RAISE 'odd'; END IF; RETURN NEW; END $$"
    )
    await pool.execute("CREATE TRIGGER refuse BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION refuse_some()")


async def test_an_unknown_error_that_passes_makes_no_letter(pool: Pool) -> None:
    await refuse(pool, 2)
    found = await comparer(pool).page("poll.messages", [{"message": payload("received_text")["body"]["message"]}])
    assert (found.missing, await rows(pool, "dead_letters")) == (1, [])


async def test_an_unknown_error_of_all_objects_stops_the_comparison(pool: Pool) -> None:
    await refuse(pool, 1_000_000)
    good = payload("received_text")["body"]["message"]
    with pytest.raises(asyncpg.RaiseError):
        await comparer(pool).page("poll.messages", [{"message": good | {"id": f"m{n}"}} for n in range(30)])
    assert len(await rows(pool, "dead_letters")) < 10


async def test_more_contacts_vanish_than_one_pass_asks_for(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_pass, "MOST_ASKED", 2)
    async with kapso_api() as (url, world, _), client(url) as kapso:
        world.contacts = {f"k{n}": contact(f"k{n}", business_scoped_user_id=f"ID.{n}") for n in range(5)}
        await full_pass.contacts(pool, kapso, comparer(pool))
        world.contacts = {}
        flagged = [(await full_pass.contacts(pool, kapso, comparer(pool))).extra for _ in range(3)]
    assert flagged == [2, 4, 5]
