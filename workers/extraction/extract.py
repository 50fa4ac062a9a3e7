"""One extraction pass: read the chats with new messages without locks, then lock, decide and write, chunk by chunk.

Each chunk is decided against the current values of its leads and written in one transaction. Leads that somebody is
editing are left to the next pass.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from uuid import UUID

import structlog

from domain import progress, score, sentiment
from domain.field_kinds import NotAllowed
from domain.lead import LOCKING, Claim, FieldChange, Source, decide
from domain.lead_fields import parse
from domain.window import ChatWindow, ReadValues
from store.knowledge import chat_index
from store.leads import lead_records, model_readings, reading
from store.leads.lead_records import LeadRecord, Write, decided
from store.leads.leads import moved
from store.leads.reading import Due, ReadingPass
from store.postgres import REFUSED, STORE_ERRORS, Pool
from workers.extraction import source
from workers.extraction.source import ChatSource

log = structlog.get_logger(__name__)

MOST_LEADS = 50_000
MOST_ANSWERED = 5_000
CHUNK = 50
LINES = 40
SCORER = "score@1"
FEELER = "sentiment@1"
# If one of these set the field, the model has priority. Fields of the bot and empty fields are read by the rules.
OF_THE_MODEL = {Source.AI, *LOCKING}


async def _at_once() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Extraction:
    """`known` reads what the bot knows. Each chat is also read by the first of `readers` that can read it, within the
    pass. `bot` is saved as the author of the bot's notes.
    """

    pool: Pool
    known: ChatSource
    readers: Sequence[ChatSource]
    bot: str
    stop: Callable[[], bool] = lambda: False
    give_way: Callable[[], Awaitable[None]] = _at_once
    """Returns when the next chunk may be read."""
    ai_applies: bool = True
    """Whether AI moves leads forward by itself; else it proposes."""
    model_per_minute: int | None = None
    """How many chats a model reads in a minute, after the rules (`Refiner`). None without a model."""

    @property
    def _names(self) -> str:
        return " ".join([SCORER, FEELER, self.known.name, *(reader.name for reader in self.readers)])

    async def run(self) -> ReadingPass:
        """Run one pass and record it in extraction_runs, even if it fails; if another pass is running, do nothing.

        Chunks written before a failure stay committed. A chat that cannot be written is logged, and skipped until it
        has a new message.
        """
        async with reading.alone(self.pool) as ours:
            if not ours:
                return ReadingPass(skipped=True)
            id = await reading.begin_run(self.pool, self.model_per_minute)
            run = ReadingPass()
            try:
                run.moves = self.ai_applies and not await reading.agents_move(self.pool)
                waiting = await reading.due(self.pool, limit=MOST_LEADS)
                run.due, ahead = len(waiting), iter(waiting)
                while (chunk := list(islice(ahead, CHUNK))) and not self.stop():
                    await self.give_way()
                    await self._chunk(chunk, run)
                await self._follow_answers(run)
                await reading.clear_heard_lately(self.pool)
            except STORE_ERRORS as error:
                run.error = type(error).__name__
                raise
            finally:
                await reading.end_run(self.pool, id, run)
        return run

    async def _follow_answers(self, run: ReadingPass) -> None:
        """Move leads that a person has answered to `contacted`; those that somebody is editing come next time."""
        answers = {one.lead_id: one for one in await reading.answered(self.pool, limit=MOST_ANSWERED, moves=run.moves)}
        ahead = iter(answers)
        while (ids := list(islice(ahead, CHUNK))) and not self.stop():
            await self.give_way()
            async with self.pool.acquire() as connection, connection.transaction():
                leads = await lead_records.locked_many(connection, ids)
                claims = {id: progress.contacted_claim(answers[id].message_id, actor=SCORER) for id in leads}
                writes = [moved(leads[id], claim, ai_applies=run.moves) for id, claim in claims.items()]
                run.suggested += await lead_records.write(connection, writes)
            run.changed += sum(1 for one in writes if one.changes)

    async def _chunk(self, waiting: Sequence[Due], run: ReadingPass) -> None:
        windows = await reading.windows(self.pool, waiting, lines=LINES)
        hashes = {window.lead_id: window.hash(self._names) for window in windows}
        fresh = [window for window, one in zip(windows, waiting, strict=True) if hashes[one.lead_id] != one.read_hash]
        readings = await self._read(fresh)
        run.unchanged += len(windows) - len(fresh)
        run.read += len(fresh)
        await self._write(waiting, hashes, readings, run)

    async def _write(
        self,
        waiting: Sequence[Due],
        hashes: Mapping[UUID, bytes],
        readings: Mapping[UUID, ReadValues],
        run: ReadingPass,
    ) -> None:
        try:
            await self._write_whole(waiting, hashes, readings, run)
        except REFUSED as error:
            if len(waiting) > 1:
                middle = len(waiting) // 2
                await self._write(waiting[:middle], hashes, readings, run)
                await self._write(waiting[middle:], hashes, readings, run)
                return
            log.error("a reading can't be written", lead=str(waiting[0].lead_id), error=type(error).__name__)
            await self._write_whole(waiting, hashes, {}, run)

    async def _write_whole(
        self,
        waiting: Sequence[Due],
        hashes: Mapping[UUID, bytes],
        readings: Mapping[UUID, ReadValues],
        run: ReadingPass,
    ) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            leads = await lead_records.locked_many(connection, [one.lead_id for one in waiting])
            seen = await model_readings.seen_lines(connection, list(leads)) if self.model_per_minute else {}
            found = {
                id: _unseen(readings[id], lead, seen.get(id, frozenset()))
                for id, lead in leads.items()
                if id in readings
            }
            writes = [settle(leads[id], one, ai_applies=run.moves) for id, one in found.items()]
            suggested = await lead_records.write(connection, writes)
            notes = [(id, note) for id, one in found.items() for note in one.notes]
            await reading.keep_notes(connection, notes, actor=self.bot)
            await reading.keep_unrecognized(connection, [name for one in found.values() for name in one.unrecognized])
            felt = [one.felt for one in found.values() if one.felt]
            await reading.keep_sentiments(connection, felt, actor=FEELER)
            await chat_index.put(connection, {id: lead.contact_id for id, lead in leads.items()})
            await reading.mark_read(connection, [(one, hashes[one.lead_id]) for one in waiting if one.lead_id in leads])
            if self.model_per_minute:
                await model_readings.queue(connection, [one for one in waiting if one.lead_id in found])
        run.suggested += suggested
        run.changed += sum(1 for one in writes if one.changes)
        run.busy += len(waiting) - len(leads)

    async def _read(self, windows: Sequence[ChatWindow]) -> dict[UUID, ReadValues]:
        known = await source.first_that_reads([self.known], windows)
        read = await source.first_that_reads(self.readers, windows)
        for one, other, window in zip(known, read, windows, strict=True):
            one.add(other)
            one.marks = window.marks()
            one.felt = sentiment.felt([(line.id, line.text) for line in window.lines if line.inbound])
        return {window.lead_id: one for window, one in zip(windows, known, strict=True)}


def _unseen(found: ReadValues, lead: LeadRecord, seen: frozenset[str]) -> ReadValues:
    """Drop claims of the rules from messages that the model has read: the values of the model have priority."""
    kept = [
        one for one in found.claims
        if one.source is not Source.AI or found.marks.get(one.message_id or "") not in seen
        or lead.set_by.get(one.field) not in OF_THE_MODEL
    ]  # fmt: skip
    return replace(found, claims=kept)


def settle(lead: LeadRecord, found: ReadValues, *, ai_applies: bool = True) -> Write:
    """What a reading makes of a lead as it stands: fields by precedence, then score, temperature and phase (pure)."""
    claims = [_whole_pains(claim, lead) for claim in found.claims if claim.value is not None and _allowed(claim)]
    one = decided(lead, decide(lead.fields, lead.set_by, claims))
    shown = {claim.field: score.ShownAt(claim.message_id, claim.quote) for claim in claims if claim.message_id}
    signals = score.merged(lead.signals, found.signals, score.following(one.lead.fields), shown)
    one.lead = lead_records.with_signals(one.lead, signals)
    computed = _computed(one.lead)
    second = decided(one.lead, decide(one.lead.fields, one.lead.set_by, computed))
    changes = _with_computed(lead, one, computed) + second.changes
    merged = Write(second.lead, changes, one.suggestions + second.suggestions)
    return _with_status(merged, found, ai_applies=ai_applies)


def _with_computed(before: LeadRecord, one: Write, computed: Sequence[Claim]) -> list[FieldChange]:
    """Return the changes to record. If the bot's value overrides a computed one, record both.

    The bot's value comes last, because the history shows the last row of a field as its current reason.
    """
    said = {claim.field: claim.value for claim in _computed(before)}
    changes = list(one.changes)
    for claim in computed:
        stated = one.lead.fields[claim.field]
        if one.lead.set_by.get(claim.field) != Source.BOT or claim.value in (stated, before.fields[claim.field]):
            continue
        own = next((change for change in changes if change.claim.field == claim.field), None)
        if own:
            changes.remove(own)
        elif claim.value == said[claim.field]:
            continue
        word = own.claim if own else Claim(claim.field, stated, Source.BOT, SCORER, "what the bot stated still counts")
        changes += [FieldChange(claim, before.fields[claim.field]), FieldChange(word, claim.value)]
    return changes


def _allowed(claim: Claim) -> bool:
    """Whatever a source says, no field holds what it can't."""
    try:
        parse(claim.field, claim.value)
    except NotAllowed:
        return False
    return True


def _whole_pains(claim: Claim, lead: LeadRecord) -> Claim:
    """Pains that were told before stay; only a person takes one away."""
    before = lead.fields["pain_points"] or []
    if claim.field != "pain_points" or lead.set_by.get("pain_points") not in (Source.AI, Source.BOT):
        return claim
    told = claim.value if isinstance(claim.value, list) else []
    return claim._replace(value=[*before, *(pain for pain in told if pain not in before)][:20])


def _computed(lead: LeadRecord) -> list[Claim]:
    points, why = score.score(lead.signals), score.because(lead.signals)
    return [
        Claim("lead_score", points, Source.AI, SCORER, f"{points} because {why}" if why else None),
        Claim("lead_temperature", score.temperature(points), Source.AI, SCORER, f"the score is {points}"),
        Claim("chat_phase", score.phase(lead.fields, lead.signals), Source.AI, SCORER, "what is known by now"),
    ]


def _with_status(one: Write, found: ReadValues, *, ai_applies: bool) -> Write:
    """Apply the bot's status if it is newer than the last change of the status, else what AI derives from the chat."""
    stated, stated_at = found.status or (None, None)
    if stated and stated_at and stated_at > one.lead.status_changed_at and stated.value != one.lead.status:
        claims = [stated]
    else:
        claims = progress.status_claims(one.lead.fields, one.lead.signals, actor=SCORER)
    steps: list[Write] = []
    for claim in claims:
        steps.append(moved(steps[-1].lead if steps else one.lead, claim, ai_applies=ai_applies))
    changes = [change for step in steps for change in step.changes]
    furthest = [claim for step in steps for claim in step.suggestions][-1:]
    return Write(steps[-1].lead if steps else one.lead, one.changes + changes, one.suggestions + furthest)
