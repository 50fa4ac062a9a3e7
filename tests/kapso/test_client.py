"""The REST client against real HTTP: what is tried again, what is not, and where a list ends."""

import asyncio
import contextlib
import time
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis
from starlette.responses import HTMLResponse, JSONResponse, Response

from kapso.client import Client, Gone, KapsoPage, KapsoRefused, KapsoUnavailable, Priority, Rejected, pages
from store.ops.budget import Budget, left
from tests.servers import client, kapso_api, scripted

SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
OK = JSONResponse({"data": []})


def html(code: int) -> Response:
    return HTMLResponse("<html>bad gateway</html>", code)


@pytest.mark.parametrize(
    ("answers", "error", "tries"),
    [
        ([OK], None, 1),
        ([html(502), OK], None, 2),
        ([html(200), OK], None, 2),
        ([None, OK], None, 2),
        ([JSONResponse({"error": "x"}, 500), html(503), html(504), OK], None, 4),
        ([html(502)], KapsoUnavailable, 4),
        ([JSONResponse({"error": "slow"}, 429, {"Retry-After": "0.1"}), OK], None, 2),
        ([JSONResponse({"error": "key"}, 401)], KapsoRefused, 1),
        ([JSONResponse({"error": {"message": "no"}}, 403)], KapsoRefused, 1),
        ([JSONResponse({"error": "none"}, 404)], Gone, 1),
        ([JSONResponse({"error": "no conversation with 6281122233344"}, 400)], Rejected, 1),
        ([JSONResponse([1])], KapsoUnavailable, 4),
        ([JSONResponse({"data": 5})], KapsoUnavailable, 1),
    ],
)
async def test_each_answer_has_its_outcome(
    answers: list[Response | None], error: type[Exception] | None, tries: int
) -> None:
    async with scripted(answers) as (url, asked), client(url) as kapso:
        if error:
            with pytest.raises(error) as raised:
                await kapso.messages("1", SINCE, UNTIL, None, Priority.FRESH)
            assert "62811" not in str(raised.value)  # an error of the API may name a person
        else:
            assert (await kapso.messages("1", SINCE, UNTIL, None, Priority.FRESH)).items == []
    assert len(asked) == tries


async def test_a_webhook_is_not_made_twice_because_an_answer_was_lost() -> None:
    async with scripted([html(502), OK]) as (url, asked), client(url) as kapso:
        with pytest.raises(KapsoUnavailable):
            await kapso.make_webhook(None, {})
        assert len(asked) == 1
    limited = JSONResponse({"error": "slow"}, 429, {"Retry-After": "0.1"})
    async with scripted([limited, JSONResponse({"data": {"id": "w"}})]) as (url, asked), client(url) as kapso:
        assert (await kapso.make_webhook(None, {}))["id"] == "w"


async def test_a_refusal_names_the_credential() -> None:
    async with scripted([JSONResponse({}, 401)]) as (url, _), client(url) as kapso:
        with pytest.raises(KapsoRefused, match="KAPSO_API_KEY"):
            await kapso.phone_numbers(Priority.FRESH)


async def test_times_and_fields_are_asked_for_as_the_api_wants_them() -> None:
    async with scripted([OK]) as (url, asked), client(url) as kapso:
        await kapso.messages("77", SINCE, UNTIL, "abc=", Priority.FRESH)
    (one,) = asked
    assert one.startswith("GET /meta/whatsapp/v24.0/77/messages?since=2026-11-01T00%3A00%3A00Z&until=2026-11-02")
    assert "fields=kapso%28default%29" in one
    assert "limit=100" in one
    assert "after=abc%3D" in one


@pytest.mark.parametrize(
    ("listed", "read"),
    [
        ([KapsoPage([{"n": 1}], None)], [1]),
        ([KapsoPage([{"n": 1}], "a"), KapsoPage([{"n": 2}], None)], [1, 2]),
        ([KapsoPage([{"n": 1}], "a"), KapsoPage([], "b"), KapsoPage([{"n": 3}], None)], [1]),
        ([KapsoPage([{"n": 1}], "a"), KapsoPage([{"n": 2}], "a"), KapsoPage([{"n": 3}], None)], [1, 2]),
    ],
    ids=["one page", "no next", "an empty page", "a repeated cursor"],
)
async def test_a_list_ends(listed: list[KapsoPage], read: list[int]) -> None:
    left = iter(listed)

    async def ask(_: str | None) -> KapsoPage:
        return next(left)

    assert [item["n"] for page in [page async for page in pages(ask)] for item in page.items] == read


async def test_a_cursor_on_the_last_page_is_no_next_page() -> None:
    last = JSONResponse({"data": [{"id": "1"}], "paging": {"cursors": {"before": "x", "after": "y"}}})
    for paging in ({"cursors": {"after": "y"}, "next": None}, {"next": None}, {}, None):
        answers = [last, JSONResponse({"data": [{"id": "1"}], "paging": paging})]
        async with scripted(answers) as (url, _), client(url) as kapso:
            for _ in answers:
                assert (await kapso.contacts(None, Priority.VERIFY)).next is None


async def test_lists_by_number_are_read_to_their_last_page() -> None:
    answers = [
        JSONResponse({"data": [{"id": "1"}], "meta": {"page": 1, "total_pages": 2}}),
        JSONResponse({"data": [{"id": "2"}], "meta": {"page": 2, "total_pages": 2}}),
    ]
    async with scripted(answers) as (url, asked), client(url) as kapso:
        assert [item["id"] for item in await kapso.phone_numbers(Priority.FRESH)] == ["1", "2"]
    assert len(asked) == 2


async def test_the_budget_holds_over_all_processes(redis: Redis) -> None:
    one, other = (Budget(redis, "key", per_minute=240) for _ in range(2))
    for n in range(60):
        await (one, other)[n % 2].spend(Priority.REPAIR)
    assert (await left(redis) or 0) < 2
    begun = time.monotonic()
    await other.spend(Priority.REPAIR)
    waited = time.monotonic() - begun
    assert 0.05 < waited < 2
    await Budget(redis, "another key", per_minute=240).spend(Priority.VERIFY)
    assert (await left(redis) or 0) > 58


async def test_verifying_leaves_room_for_fresh_and_fresh_for_repairs(redis: Redis) -> None:
    taken = {}
    for priority in (Priority.VERIFY, Priority.FRESH, Priority.REPAIR):
        budget = Budget(redis, "key", per_minute=100)
        count = 0
        with contextlib.suppress(TimeoutError):
            while count < 100:
                await asyncio.wait_for(budget.spend(priority), 0.05)
                count += 1
        taken[priority] = count
    assert taken[Priority.VERIFY] >= 5
    assert taken[Priority.FRESH] >= 5
    assert taken[Priority.REPAIR] >= 5
    assert sum(taken.values()) <= 26


async def test_after_a_429_nobody_asks(redis: Redis) -> None:
    budget = Budget(redis, "key", per_minute=6000)
    await budget.spend(Priority.REPAIR)
    await budget.punish(0.5)
    begun = time.monotonic()
    await budget.spend(Priority.REPAIR)
    assert time.monotonic() - begun >= 0.4


async def test_the_client_stays_within_a_limit_that_is_enforced(redis: Redis) -> None:
    """The API refuses more than 120 a minute. 33 requests take the burst of a quarter, and then wait for their turns."""
    refused: list[float] = []

    async def punish(seconds: float) -> None:
        refused.append(seconds)

    async with kapso_api(per_minute=120) as (url, _, _):
        budget = Budget(redis, "the-api-key", per_minute=120)
        kapso = Client(url=url, key="the-api-key", spend=budget.spend, punish=punish)
        begun = time.monotonic()
        for _ in range(33):
            await kapso.phone_numbers(Priority.REPAIR)
        await kapso.close()
    assert (refused, time.monotonic() - begun > 1) == ([], True)
