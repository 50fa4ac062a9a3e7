"""Where is my message? The timeline of a message, a delivery or a person, for operators."""

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
from web.render import Pages

DAYS = (1, 7, 30)
TOO_LONG = "That took too long. Look in fewer days."


class TraceStep(NamedTuple):
    """Something that happened; `words` are translated and filled in with `values`."""

    at: datetime | None
    words: str
    values: dict[str, Any]
    dead: bool = False


class Trace:
    def __init__(self, pool: Pool, pages: Pages, phones: Phones) -> None:
        self._pool = pool
        self._phones = phones
        self._pages = pages

    async def show(self, request: Request, user: User) -> Response:
        asked = request.query_params.get("q", "").strip()
        given = number(request.query_params.get("days"))
        days = given if given in DAYS else DAYS[0]
        found: dict[str, Any] = {"steps": [], "what": None, "body": None, "lead": None}
        wrong = None
        if asked:
            try:
                found |= await self._find(asked, days, user)
            except TimeoutError:
                wrong = TOO_LONG
            except Ambiguous as error:
                wrong = str(error)
        steps = sorted(found["steps"], key=lambda step: step.at or datetime.min.replace(tzinfo=UTC))
        return self._pages.page(request, "ops_trace.html", user=user, asked=asked, days=days, choices=DAYS,
                                wrong=wrong, **found | {"steps": steps})  # fmt: skip

    async def _find(self, asked: str, days: int, user: User) -> dict[str, Any]:
        if (message := await lead_detail.message(self._pool, asked)) is not None:
            return await self._message(message, days)
        if (id := _uuid(asked)) and (row := await trace.delivery(self._pool, id)) is not None:
            steps = delivery_steps(row)
            steps += letter_steps(await trace.letters_of(self._pool, [id], []))
            return {"steps": steps, "what": "delivery", "body": masked(row["body"])}
        return await self._person(asked, days, user)

    async def _message(self, message: Any, days: int) -> dict[str, Any]:
        window = trace.around(message["sent_at"], datetime.now(UTC), days)
        names = [message["id"].encode()]
        steps = await self._deliveries(names, window)
        steps += message_steps(message)
        steps += [
            TraceStep(row["changed_at"], "extracted: {field}, by {who}", {"field": row["field"], "who": row["actor"]})
            for row in await trace.changes_of(self._pool, message["id"])
        ]
        return {"steps": steps, "what": "message", "lead": message["contact_id"]}

    async def _person(self, asked: str, days: int, user: User) -> dict[str, Any]:
        person = await meant(self._pool, asked, self._phones) or await self._dialled(asked)
        now = datetime.now(UTC)
        names = await dead_letters.names_of(self._pool, str(person.contact_id) if person else asked, self._phones)
        steps = await self._deliveries(names, trace.TraceWindow(now - timedelta(days=days), now + timedelta(hours=1)))
        if person is None:
            return {"steps": steps, "what": "name" if steps else None}
        await leads.log_access(self._pool, person.lead_id, actor(user).name, "open")
        for row in await lead_detail.messages(self._pool, person.contact_id, limit=50):
            steps += message_steps(row, only_sent=True)
        steps += [
            TraceStep(row["merged_at"], "contact {id} turned out to be this one", {"id": row["old_id"]})
            for row in await trace.merges_of(self._pool, person.contact_id)
        ]
        return {"steps": steps, "what": "person", "lead": person.contact_id}

    async def _dialled(self, asked: str) -> Who | None:
        """Find the one lead whose number contains these digits (leading 0 dropped); None unless exactly one matches."""
        digits = part(asked)
        found = await lead_list.page(self._pool, LeadFilter(parts=[digits]), limit=2) if digits else None
        if found is None or len(found.leads) != 1:
            return None
        return await meant(self._pool, str(found.leads[0]["contact_id"]))

    async def _deliveries(self, names: list[bytes], window: trace.TraceWindow) -> list[TraceStep]:
        rows = await trace.deliveries_of(self._pool, names, window)
        steps = [step for row in rows for step in delivery_steps(row)]
        steps += [
            TraceStep(row["received_at"], "waits in the spill: {event}, tried {attempts} times",
                 {"event": row["event"] or "–", "attempts": row["attempts"]})
            for row in await trace.waiting_of(self._pool, names)
        ]  # fmt: skip
        return steps + letter_steps(await trace.letters_of(self._pool, [row["id"] for row in rows], names))


def delivery_steps(row: Any) -> list[TraceStep]:
    """Received, and settled."""
    came = {
        "event": row["event"] or "–",
        "source": row["source"],
        "id": row["id"],
        "key": row["idempotency_key"] or "–",
    }
    took = (row["settled_at"] - row["received_at"]).total_seconds() * 1000
    books = {"applied": row["applied"], "ignored": row["ignored"], "dead": row["dead"], "ms": round(took)}
    return [
        TraceStep(row["received_at"], "received: {event} by {source}, delivery {id}, key {key}", came),
        TraceStep(
            row["settled_at"], "settled after {ms} ms: {applied} applied, {ignored} ignored, {dead} dead", books,
            dead=row["dead"] > 0,
        ),
    ]  # fmt: skip


def letter_steps(rows: list[Any]) -> list[TraceStep]:
    return [
        TraceStep(
            row["last_failed_at"], "dead letter {id}, {state}: {kind}: {error}, tried {attempts} times",
            {"id": row["id"], "state": row["state"], "kind": row["error_kind"], "error": row["error"],
             "attempts": row["attempts"]}, dead=True,
        )
        for row in rows
    ]  # fmt: skip


def message_steps(row: Any, *, only_sent: bool = False) -> list[TraceStep]:
    """Return a message's events by its own times (whole seconds). `only_sent`: its sending alone, with its id."""
    what = {"kind": row["type"] or "–", "direction": row["direction"] or "–", "id": row["id"] if only_sent else ""}
    steps = [TraceStep(row["sent_at"], "sent: {direction} {kind} {id}", what)] if row["sent_at"] else []
    if only_sent:
        return steps
    later = {"delivered": "delivered_at", "read": "read_at", "failed": "failed_at", "edited": "edited_at",
             "deleted by its sender": "revoked_at"}  # fmt: skip
    return steps + [TraceStep(row[at], name, {}, dead=name == "failed") for name, at in later.items() if row[at]]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
