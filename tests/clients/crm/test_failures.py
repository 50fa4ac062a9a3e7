"""How the client meets a CRM that fails: a scripted server on a real port, and pauses that are counted, not waited."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from kapso_crm.interface import CrmCredentials, CrmRefused, CrmUnavailable
from kapso_crm.service import CrmService
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.helpers import served

ID = "8e0b8ad1-5a39-4f1e-9a4c-1d3a53a5a0f1"


class Script:
    """Answers in turn; the last one for ever."""

    def __init__(self, *answers: tuple[int, dict[str, str]]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, str | None]] = []
        self.slept: list[float] = []
        self.escalated: list[str] = []

    async def answer(self, request: Request) -> Response:
        self.asked.append((request.method, request.headers.get("idempotency-key")))
        code, headers = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if code < 300:
            return JSONResponse({"id": ID, "name": "Jane"}, code, headers)
        return JSONResponse({"title": "x", "status": code, "detail": "why"}, code, headers)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def escalate(self, text: str) -> None:
        self.escalated.append(text)


@asynccontextmanager
async def service(script: Script) -> AsyncIterator[CrmService]:
    app = Starlette(routes=[Route("/{path:path}", script.answer, methods=["GET", "PATCH", "POST"])])
    async with served(app) as url, CrmService(url, "mk_x", escalate=script.escalate, sleep=script.sleep) as crm:
        yield crm


@pytest.mark.parametrize("code", [500, 502, 503, 504])
async def test_a_server_error_is_tried_three_times_more_and_then_named(code: int) -> None:
    script = Script((code, {}))
    async with service(script) as crm:
        with pytest.raises(CrmUnavailable, match=str(code)):
            await crm.find(ID)
    assert (len(script.asked), script.slept) == (4, [2, 4, 8])


async def test_it_goes_on_as_soon_as_it_is_answered() -> None:
    script = Script((503, {}), (200, {}))
    async with service(script) as crm:
        assert (await crm.find(ID) or {})["name"] == "Jane"
    assert script.slept == [2]


async def test_a_line_that_is_dead_is_tried_like_an_error() -> None:
    script = Script((200, {}))
    async with CrmService("http://127.0.0.1:9", "mk_x", sleep=script.sleep) as crm:
        with pytest.raises(CrmUnavailable):
            await crm.search("jane")
    assert script.slept == [2, 4, 8]


async def test_it_waits_as_long_as_it_is_told() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    script = Script((429, {"Retry-After": "5"}), (429, {"Retry-After": date}), (429, {}), (200, {}))
    async with service(script) as crm:
        await crm.find(ID)
    five, until, eight = script.slept
    assert (five, eight) == (5, 8)
    assert 20 < until <= 30


async def test_a_long_pause_is_waited_for_in_a_queue_and_is_no_try() -> None:
    script = Script((429, {"Retry-After": "600"}), (429, {"Retry-After": "90"}), (200, {}))
    async with service(script) as crm:
        assert (await crm.find(ID) or {})["name"] == "Jane"
    assert [round(one) for one in script.slept] == [600, 90]


async def test_others_wait_with_it() -> None:
    script = Script((429, {"Retry-After": "600"}), (200, {}))
    async with service(script) as crm:
        asleep, go_on = asyncio.Event(), asyncio.Event()

        async def sleep(seconds: float) -> None:
            script.slept.append(seconds)
            asleep.set()
            await go_on.wait()

        crm._sleep = sleep
        first = asyncio.create_task(crm.find(ID))
        await asleep.wait()
        second = asyncio.create_task(crm.find(ID))
        while len(script.slept) < 2:
            await asyncio.sleep(0)
        assert len(script.asked) == 1
        go_on.set()
        assert [(one or {})["name"] for one in await asyncio.gather(first, second)] == ["Jane", "Jane"]


async def test_more_than_a_day_is_not_waited_for() -> None:
    script = Script((429, {"Retry-After": "100000"}))
    async with service(script) as crm:
        with pytest.raises(CrmUnavailable, match="left alone for 100000 s") as unavailable:
            await crm.find(ID)
    assert (unavailable.value.retry_after, script.slept, len(script.asked)) == (100_000, [], 1)


async def test_only_too_many_requests_say_how_long() -> None:
    script = Script((503, {"Retry-After": "40"}))
    async with service(script) as crm:
        with pytest.raises(CrmUnavailable):
            await crm.find(ID)
    assert script.slept == [2, 4, 8]


@pytest.mark.parametrize("code", [401, 403])
async def test_a_bad_credential_is_told_once_and_never_tried_again(code: int) -> None:
    script = Script((code, {}))
    async with service(script) as crm:
        with pytest.raises(CrmCredentials, match="CRM authentication failed: check credentials"):
            await crm.update(ID, {"city": "Solo"})
    assert (len(script.asked), len(script.escalated), script.slept) == (1, 1, [])


async def test_who_names_nobody_to_tell_finds_it_as_an_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    app = Starlette(routes=[Route("/{path:path}", Script((401, {})).answer)])
    async with served(app) as url, CrmService(url, "mk_x") as crm:
        with pytest.raises(CrmCredentials):
            await crm.find(ID)
    assert [line.getMessage() for line in caplog.records if line.levelname == "ERROR"] == [
        "CRM authentication failed: check credentials (it answered 401: the key, its scopes, and whether it was revoked)"
    ]


async def test_nobody_there_is_a_warning_and_none(caplog: pytest.LogCaptureFixture) -> None:
    async with service(Script((404, {}))) as crm:
        assert await crm.find(ID) is None
    (line,) = (one for one in caplog.records if one.name == "kapso_crm")
    assert line.levelname == "WARNING"
    assert re.fullmatch(rf"crm what=find whom={ID} seconds=[0-9.]+ outcome=404", line.getMessage())


async def test_what_is_refused_says_why() -> None:
    async with service(Script((422, {}))) as crm:
        with pytest.raises(CrmRefused, match="why"):
            await crm.create({"phone": "+6281234567890"})


@pytest.mark.parametrize("what", ["create", "update"])
async def test_a_write_that_is_tried_again_is_the_same_request(what: str) -> None:
    script = Script((503, {}), (201, {}))
    async with service(script) as crm:
        for _ in range(2):
            done = await (crm.create({"notes": "rang"}) if what == "create" else crm.update(ID, {"notes": "rang"}))
            assert (done.success, done.id) == (True, ID)
    first, again, another = (key for _, key in script.asked)
    assert first is not None
    assert first == again != another


@pytest.mark.parametrize("id", ["", ".", "..", "search", "a/b", "jane@example.com"])
async def test_what_is_no_id_names_nobody(id: str) -> None:
    script = Script((200, {}))
    async with service(script) as crm:
        assert await crm.find(id) is None
        assert not (await crm.update(id, {"city": "Solo"})).success
    assert script.asked == []


@pytest.mark.parametrize("code", [200, 400])
async def test_an_answer_that_is_none_of_ours_is_named(code: int) -> None:
    async def page(_: Request) -> Response:
        return HTMLResponse("<h1>Welcome</h1>", code)

    app = Starlette(routes=[Route("/{path:path}", page)])
    async with served(app) as url, CrmService(url, "mk_x") as crm:
        with pytest.raises(CrmRefused, match="no JSON"):
            await crm.find(ID)


async def test_logs_name_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with service(Script((200, {}), (201, {}), (200, {}))) as crm:
        await crm.update(ID, {"name": "Jane", "phone": "+6281234567890"})
        await crm.create({"name": "Jane"})
        with pytest.raises(KeyError):
            await crm.search("Jane 62812")
    told = [line.getMessage() for line in caplog.records if line.name == "kapso_crm"]
    assert [re.findall(r"what=(\S+) whom=(\S+)", line) for line in told] == [
        [("update", ID)], [("create", ID)], [("search", "None")],
    ]  # fmt: skip
    assert "/customers/search" in caplog.text
    assert "Jane" not in caplog.text
    assert "62812" not in caplog.text
