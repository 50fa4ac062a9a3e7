"""Next steps: who may do what to one, and where it goes."""

import asyncio

import pytest

from domain.field_kinds import NotAllowed
from domain.lead import Source
from domain.next_step import SuggestedStep
from store.leads import leads, next_steps
from store.leads.leads import Actor, NotFound
from store.leads.next_steps import WrongState
from store.postgres import Pool
from tests.chats import chat, lead
from tests.helpers import rows

BUDI = Actor(Source.HUMAN, "user:budi")
AGENT = Actor(Source.AGENT, "key:manager")
SARAH = Actor(Source.BOT, "sarah")
REPLY = SuggestedStep("REPLY", {"text": "Halo"}, 0.8, "they asked", tokens=12)


async def suggested(pool: Pool, step: SuggestedStep = REPLY) -> int:
    await chat(pool, "halo")
    id = await next_steps.propose(pool, (await lead(pool))["id"], step, by=SARAH)
    assert id is not None
    return id


async def test_approved_as_it_is_or_changed_it_keeps_what_was_suggested(pool: Pool) -> None:
    first, second = await suggested(pool), await suggested(pool)
    done = await next_steps.approve(pool, first, by=BUDI, changed={"text": "Halo"})
    assert (done["status"], done["approved_content"], done["decided_by"]) == ("APPROVED", None, "user:budi")
    done = await next_steps.approve(pool, second, by=AGENT, changed={"text": "Halo Kak"}, reason="kinder")
    assert (done["status"], done["suggested_content"], done["approved_content"]) == (
        "MODIFIED",
        '{"text": "Halo"}',
        '{"text": "Halo Kak"}',
    )
    await next_steps.approve(pool, third := await suggested(pool), by=BUDI)
    assert (await next_steps.fail(pool, third, "no number", by=AGENT))["decided_by"] == "user:budi"
    failed = await next_steps.fail(pool, second, "the number is blocked", by=AGENT)
    assert (failed["status"], failed["error"], failed["approved_content"] is None) == (
        "FAILED",
        "the number is blocked",
        False,
    )


async def test_only_people_and_their_agents_approve(pool: Pool) -> None:
    id = await suggested(pool)
    for who in (SARAH, Actor(Source.AI, "model")):
        with pytest.raises(NotAllowed):
            await next_steps.approve(pool, id, by=who)
    assert [row["status"] for row in await rows(pool, "next_steps")] == ["PENDING"]


async def test_of_two_who_decide_at_once_one_is_told(pool: Pool) -> None:
    id = await suggested(pool)
    done = await asyncio.gather(
        next_steps.approve(pool, id, by=BUDI), next_steps.reject(pool, id, by=AGENT), return_exceptions=True
    )
    assert sum(isinstance(one, WrongState) for one in done) == 1
    with pytest.raises(WrongState, match=r"needs one that is APPROVED or MODIFIED|is APPROVED"):
        await next_steps.reject(pool, id, by=BUDI)


async def test_a_draft_waits_for_nobody_until_it_is_submitted(pool: Pool) -> None:
    id = await suggested(pool, REPLY._replace(draft=True))
    assert await next_steps.waiting(pool, most=10) == 0
    await next_steps.submit(pool, id)
    assert await next_steps.waiting(pool, most=10) == 1
    with pytest.raises(NotFound):
        await next_steps.submit(pool, id)


async def test_the_same_occasion_is_suggested_once(pool: Pool) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    step = REPLY._replace(occasion="window closes m1")
    assert await next_steps.propose(pool, id, step, by=SARAH)
    assert await next_steps.propose(pool, id, step, by=SARAH) is None


async def test_bad_content_and_leads_that_are_not_there_are_refused(pool: Pool) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    with pytest.raises(NotAllowed):
        await next_steps.propose(pool, id, SuggestedStep("REPLY", {"words": "x"}), by=SARAH)
    await leads.delete(pool, id, by=BUDI)
    with pytest.raises(NotFound):
        await next_steps.propose(pool, id, REPLY, by=SARAH)
    for touch in (next_steps.approve, next_steps.reject):
        with pytest.raises(NotFound):
            await touch(pool, 99, by=BUDI)


@pytest.mark.parametrize(
    "bad",
    [
        "status = 'APPROVED'",
        "decided_at = now()",
        "status = 'FAILED', decided_at = now(), decided_by = 'x'",
        "status = 'MODIFIED', decided_at = now(), decided_by = 'x'",
        "type = 'DANCE'",
        "suggested_content = '[]'",
    ],
)
async def test_bad_states_are_impossible(pool: Pool, bad: str) -> None:
    await suggested(pool)
    with pytest.raises(Exception, match="violates check constraint"):
        await pool.execute(f"UPDATE next_steps SET {bad}")  # noqa: S608
