"""The page Trace: the timeline of a message, a delivery or a person."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from domain.lead_filter import LeadFilter
from domain.masking import masked
from domain.phone import Phones, part
from store.access.accounts import User
from store.leads import lead_detail, lead_list, leads
from store.mirror.who import Ambiguous, Who, meant
from store.ops import dead_letters, trace
from store.postgres import Pool
from web.access import actor
from web.forms import number
from web.ops.trace_steps import (
    TraceStep,
    TraceVerdict,
    delivery_step,
    letter_steps,
    message_step,
    verdict_of_delivery,
    verdict_of_letters,
    verdict_of_message,
    verdict_of_person,
)
from web.render import Pages
from web.words import Translate, translator

DAYS = (1, 7, 30)
# A verdict about the wrong person is worse than none: fewer digits say too little.
LEAST_DIALLED = 6
TOO_LONG = "That took too long. Look in fewer days."


class Trace:
    def __init__(self, pool: Pool, pages: Pages, phones: Phones) -> None:
        self._pool = pool
        self._phones = phones
        self._pages = pages

    async def show(self, request: Request, user: User) -> Response:
        asked = request.query_params.get("q", "").strip()
        given = number(request.query_params.get("days"))
        days = given if given in DAYS else DAYS[0]
        found: dict[str, Any] = {"steps": [], "what": None, "body": None, "lead": None, "verdict": None}
        wrong = None
        if asked:
            try:
                found |= await self._find(asked, days, user)
            except TimeoutError:
                wrong = TOO_LONG
            except Ambiguous as error:
                wrong = str(error)
        steps = sorted(found["steps"], key=lambda step: step.at or datetime.min.replace(tzinfo=UTC))
        t = translator(self._pages.preferences(request).language)
        steps = [step._replace(values=_in_words(step.values, t)) for step in steps]
        return self._pages.page(request, "ops_trace.html", user=user, asked=asked, days=days, choices=DAYS,
                                wrong=wrong, **found | {"steps": steps})  # fmt: skip

    async def _find(self, asked: str, days: int, user: User) -> dict[str, Any]:
        if (message := await lead_detail.message(self._pool, asked)) is not None:
            return await self._message(message, days)
        if (id := _uuid(asked)) and (row := await trace.delivery(self._pool, id)) is not None:
            letters = await trace.letters_of(self._pool, [id], [])
            steps = [delivery_step(row), *letter_steps(letters)]
            said = verdict_of_letters(letters) or verdict_of_delivery(row)
            return {"steps": steps, "what": "delivery", "body": masked(row["body"]), "verdict": said}
        return await self._person(asked, days, user)

    async def _message(self, message: Any, days: int) -> dict[str, Any]:
        window = trace.around(message["sent_at"], datetime.now(UTC), days)
        names = [message["id"].encode()]
        found = await self._deliveries(names, window)
        steps = [*found.steps, message_step(message, found.rows)]
        steps += [
            TraceStep(row["changed_at"], "extracted: {field}, by {who}", {"field": row["field"], "who": row["actor"]})
            for row in await trace.changes_of(self._pool, message["id"])
        ]
        said = found.verdict or verdict_of_message(message, found.rows)
        return {"steps": steps, "what": "message", "lead": message["contact_id"], "verdict": said}

    async def _person(self, asked: str, days: int, user: User) -> dict[str, Any]:
        person = await meant(self._pool, asked, self._phones) or await self._dialled(asked)
        now = datetime.now(UTC)
        names = await dead_letters.names_of(self._pool, str(person.contact_id) if person else asked, self._phones)
        found = await self._deliveries(names, trace.TraceWindow(now - timedelta(days=days), now + timedelta(hours=1)))
        steps = found.steps
        if person is None:
            return {"steps": steps, "what": "name" if steps else None, "verdict": found.verdict}
        await leads.log_access(self._pool, person.lead_id, actor(user).name, "open")
        messages = await lead_detail.messages(self._pool, person.contact_id, limit=50)
        steps += [message_step(row, found.rows) for row in messages if row["sent_at"]]
        steps += [
            TraceStep(row["merged_at"], "contact {id} turned out to be this one", {"id": row["old_id"]})
            for row in await trace.merges_of(self._pool, person.contact_id)
        ]
        said = found.verdict or verdict_of_person(messages)
        return {"steps": steps, "what": "person", "lead": person.contact_id, "verdict": said}

    async def _dialled(self, asked: str) -> Who | None:
        """Find the one lead whose number contains these digits (leading 0 dropped); None unless exactly one matches."""
        digits = part(asked)
        if digits is None or len(digits) < LEAST_DIALLED:
            return None
        found = await lead_list.page(self._pool, LeadFilter(parts=[digits]), limit=2)
        if len(found.leads) != 1:
            return None
        return await meant(self._pool, str(found.leads[0]["contact_id"]))

    async def _deliveries(self, names: list[bytes], window: trace.TraceWindow) -> "TracedDeliveries":
        rows = await trace.deliveries_of(self._pool, names, window)
        waiting = await trace.waiting_of(self._pool, names)
        letters = await trace.letters_of(self._pool, [row["id"] for row in rows], names)
        steps = [delivery_step(row) for row in rows]
        steps += [
            TraceStep(row["received_at"], "waits in the spill: {event}, tried {attempts} times",
                      {"event": row["event"] or "–", "attempts": row["attempts"]}, ids=[f"delivery {row['id']}"])
            for row in waiting
        ]  # fmt: skip
        spilled = TraceVerdict("It is received and waits in the spill.", {}, bad=True, href="/ops") if waiting else None
        return TracedDeliveries(rows, [*steps, *letter_steps(letters)], verdict_of_letters(letters) or spilled)


class TracedDeliveries(NamedTuple):
    """Deliveries and their lines. `verdict` is None if nothing failed or waits."""

    rows: Sequence[Any]
    steps: list[TraceStep]
    verdict: TraceVerdict | None


def _in_words(values: Mapping[str, Any], t: Translate) -> dict[str, Any]:
    """Kind and direction of a message in the viewer's language."""
    return {name: t(value) if name in ("kind", "direction") else value for name, value in values.items()}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
