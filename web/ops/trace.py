"""Where is my message? The timeline of a message, a delivery or a person, for operators."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
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
    """Something that happened; `words` are translated and filled in with `values`.

    `then` are stages that followed, each with the time since the one before. `ids` are shown on request. `polled`
    steps are folded: polls see again what was pushed.
    """

    at: datetime | None
    words: str
    values: dict[str, Any]
    dead: bool = False
    then: Sequence[tuple[str, str]] = ()
    ids: Sequence[str] = ()
    polled: bool = False


class TraceVerdict(NamedTuple):
    """What became of it, in a sentence; `href` is where to act."""

    words: str
    values: dict[str, Any]
    bad: bool = False
    href: str | None = None


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
        found = await lead_list.page(self._pool, LeadFilter(parts=[digits]), limit=2) if digits else None
        if found is None or len(found.leads) != 1:
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
        spilled = (
            TraceVerdict("It was received, and waits in the spill.", {}, bad=True, href="/ops") if waiting else None
        )
        return TracedDeliveries(rows, [*steps, *letter_steps(letters)], verdict_of_letters(letters) or spilled)


class TracedDeliveries(NamedTuple):
    """`verdict` is None where nothing failed and nothing waits."""

    rows: Sequence[Any]
    steps: list[TraceStep]
    verdict: TraceVerdict | None


def delivery_step(row: Any) -> TraceStep:
    """Received and settled, on one line."""
    books = {"applied": row["applied"], "ignored": row["ignored"], "dead": row["dead"]}
    came = {"event": row["event"] or "–", "source": row["source"], "span": span(_settling(row))}
    return TraceStep(
        row["received_at"],
        "received: {event} by {source}; settled after {span}: {applied} applied, {ignored} ignored, {dead} dead",
        came | books, dead=row["dead"] > 0, ids=[f"delivery {row['id']}", f"key {row['idempotency_key'] or '–'}"],
        polled=row["source"] != "push",
    )  # fmt: skip


def letter_steps(rows: Sequence[Any]) -> list[TraceStep]:
    return [
        TraceStep(
            row["last_failed_at"], "dead letter {id}, {state}: {kind}: {error}, tried {attempts} times",
            {"id": row["id"], "state": row["state"], "kind": row["error_kind"], "error": row["error"],
             "attempts": row["attempts"]}, dead=True,
        )
        for row in rows
    ]  # fmt: skip


STAGES: Final = {"delivered": "delivered_at", "read": "read_at", "failed": "failed_at", "edited": "edited_at",
                 "deleted by its sender": "revoked_at"}  # fmt: skip


def message_step(row: Any, deliveries: Sequence[Any]) -> TraceStep:
    """A message by its own times, which are whole seconds, with when it was received and in its row."""
    at, then = row["sent_at"], list[tuple[str, str]]()
    if at and (received := row["first_received_at"]):
        then.append(("received", span((received - at).total_seconds())))
        if came := next((one for one in deliveries if one["received_at"] == received), None):
            then.append(("in the mirror", span(_settling(came))))
    before = at
    for name, column in STAGES.items():
        if row[column] and before:
            then.append((name, span((row[column] - before).total_seconds())))
            before = row[column]
    what = {"kind": row["type"] or "–", "direction": row["direction"] or "–"}
    return TraceStep(at, "sent: {direction} {kind}", what, dead=bool(row["failed_at"]), then=then, ids=[row["id"]])


def verdict_of_letters(rows: Sequence[Any]) -> TraceVerdict | None:
    """Of the first that is open."""
    for row in rows:
        if row["state"] == "open":
            values = {"kind": row["error_kind"], "error": row["error"]}
            href = f"/ops/letters/{row['fingerprint']}"
            return TraceVerdict("It failed, and waits for you: {kind}: {error}", values, bad=True, href=href)
    return None


def verdict_of_delivery(row: Any) -> TraceVerdict:
    if row["applied"]:
        return TraceVerdict("It was applied {span} after it was received.", {"span": span(_settling(row))})
    return TraceVerdict("Nothing of it is for the mirror: its events were ignored.", {})


def verdict_of_message(message: Any, deliveries: Sequence[Any]) -> TraceVerdict:
    if message["failed_at"]:
        return TraceVerdict("It is in the mirror. WhatsApp could not deliver it to the person.", {}, bad=True)
    came = next((one for one in deliveries if one["received_at"] == message["first_received_at"]), None)
    if came is None:
        return TraceVerdict("It is in the mirror.", {})
    return TraceVerdict("It is in the mirror, {span} after it was received.", {"span": span(_settling(came))})


def verdict_of_person(messages: Sequence[Any]) -> TraceVerdict:
    if not messages:
        return TraceVerdict("The person is known, and nothing was said yet.", {})
    return TraceVerdict("Nothing of theirs failed or waits. Their last {n} messages are below.", {"n": len(messages)})


def span(seconds: float) -> str:
    """46 ms, 2.5 s, 12 min, 3 h."""
    if abs(seconds) < 1:
        return f"{seconds * 1000:.0f} ms"
    if abs(seconds) < 90:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if abs(seconds) < 5400 else f"{seconds / 3600:.0f} h"


def _settling(row: Any) -> float:
    return float((row["settled_at"] - row["received_at"]).total_seconds())


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
