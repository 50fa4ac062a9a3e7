"""One pass: who is due, what is new in their chats, what follows, one bulk write. Nothing is locked while it reads.

What is decided is decided under the lead's lock, against the lead as it stands then; a lead that somebody is editing is
left to the next pass.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

import structlog

from rows import score, sentiment
from rows.lead import Claim, NotAllowed, Source, decide, parse
from rows.window import Reading, Window
from store import chat_index, lead_records, reading
from store.lead_records import Lead, Write, decided
from store.leads import moved
from store.postgres import REFUSED, STORE_ERRORS, Pool
from store.reading import Due, Run
from workers.extraction import source
from workers.extraction.source import Source as Reader

log = structlog.get_logger(__name__)

MOST_LEADS = 50_000
CHUNK = 50
LINES = 40
SCORER = "score@1"
FEELER = "sentiment@1"


async def _at_once() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Extraction:
    """`known` is what the bot knows; of `readers` the first that can reads a chat. `bot` signs the bot's notes."""

    pool: Pool
    known: Reader
    readers: Sequence[Reader]
    bot: str
    stop: Callable[[], bool] = lambda: False
    give_way: Callable[[], Awaitable[None]] = _at_once
    """Returns when the next chunk may be read."""
    chunk: int = CHUNK
    """Chats that are written together; few where each takes seconds to read."""

    @property
    def _names(self) -> str:
        return " ".join([SCORER, FEELER, self.known.name, *(reader.name for reader in self.readers)])

    async def run(self) -> Run:
        """Kept in extraction_runs, whatever comes of it; nothing where another pass is under way.

        What was written before a failure stands. A chat that can't be read or written is told, and left alone until
        something new comes in.
        """
        async with reading.alone(self.pool) as ours:
            if not ours:
                return Run()
            id, run = await reading.begin_run(self.pool), Run()
            try:
                waiting = await reading.due(self.pool, limit=MOST_LEADS)
                run.due, ahead = len(waiting), iter(waiting)
                while (chunk := list(islice(ahead, self.chunk))) and not self.stop():
                    await self.give_way()
                    await self._chunk(chunk, run)
            except STORE_ERRORS as error:
                run.error = type(error).__name__
                raise
            finally:
                await reading.end_run(self.pool, id, run)
        return run

    async def _chunk(self, waiting: Sequence[Due], run: Run) -> None:
        windows = await reading.windows(self.pool, waiting, lines=LINES)
        hashes = {window.lead_id: window.hash(self._names) for window in windows}
        fresh = [window for window, one in zip(windows, waiting, strict=True) if hashes[one.lead_id] != one.read_hash]
        readings = await self._read(fresh)
        run.unchanged += len(windows) - len(fresh)
        run.read += len(fresh)
        await self._write(waiting, hashes, readings, run)

    async def _write(
        self, waiting: Sequence[Due], hashes: Mapping[UUID, bytes], readings: Mapping[UUID, Reading], run: Run
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
        self, waiting: Sequence[Due], hashes: Mapping[UUID, bytes], readings: Mapping[UUID, Reading], run: Run
    ) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            leads = await lead_records.locked_many(connection, [one.lead_id for one in waiting])
            found = {id: readings[id] for id in leads if id in readings}
            writes = [settle(leads[id], one) for id, one in found.items()]
            suggested = await lead_records.write(connection, writes)
            notes = [(id, note) for id, one in found.items() for note in one.notes]
            await reading.keep_notes(connection, notes, actor=self.bot)
            felt = [one.felt for one in found.values() if one.felt]
            await reading.keep_sentiments(connection, felt, actor=FEELER)
            await chat_index.put(connection, {id: lead.contact_id for id, lead in leads.items()})
            await reading.mark_read(connection, [(one, hashes[one.lead_id]) for one in waiting if one.lead_id in leads])
        run.suggested += suggested
        run.changed += sum(1 for one in writes if one.changes)
        run.busy += len(waiting) - len(leads)

    async def _read(self, windows: Sequence[Window]) -> dict[UUID, Reading]:
        known = await source.first_that_reads([self.known], windows)
        read = await source.first_that_reads(self.readers, windows)
        for one, other in zip(known, read, strict=True):
            one.add(other)
        for one, window in zip(known, windows, strict=True):
            one.felt = sentiment.felt([(line.id, line.text) for line in window.lines if line.inbound])
        return {window.lead_id: one for window, one in zip(windows, known, strict=True)}


def settle(lead: Lead, found: Reading) -> Write:
    """What a reading makes of a lead as it stands: fields by precedence, then score, temperature and phase (pure)."""
    claims = [_whole_pains(claim, lead) for claim in found.claims if claim.value is not None and _allowed(claim)]
    one = decided(lead, decide(lead.fields, lead.set_by, claims))
    signals = score.merged(lead.signals, found.signals, score.following(one.lead.fields))
    one.lead = lead_records.with_signals(one.lead, signals)
    second = decided(one.lead, decide(one.lead.fields, one.lead.set_by, _computed(one.lead)))
    merged = Write(second.lead, one.changes + second.changes, one.suggestions + second.suggestions)
    return _with_status(merged, found)


def _allowed(claim: Claim) -> bool:
    """Whatever a source says, no field holds what it can't."""
    try:
        parse(claim.field, claim.value)
    except NotAllowed:
        return False
    return True


def _whole_pains(claim: Claim, lead: Lead) -> Claim:
    """Pains that were told before stay; only a person takes one away."""
    before = lead.fields["pain_points"] or []
    if claim.field != "pain_points" or lead.set_by.get("pain_points") not in (Source.AI, Source.BOT):
        return claim
    told = claim.value if isinstance(claim.value, list) else []
    return claim._replace(value=[*before, *(pain for pain in told if pain not in before)][:20])


def _computed(lead: Lead) -> list[Claim]:
    points, why = score.score(lead.signals), score.because(lead.signals)
    return [
        Claim("lead_score", points, Source.AI, SCORER, f"{points} because {why}" if why else None),
        Claim("chat_phase", score.phase(lead.fields, lead.signals), Source.AI, SCORER, "what is known by now"),
    ]


def _with_status(one: Write, found: Reading) -> Write:
    """The bot moves a lead once for each time that it says so; AI only proposes, and only from `new`."""
    if found.status and found.status[1] > one.lead.status_changed_at:
        step = moved(one.lead, found.status[0])
    else:
        step = moved(one.lead, proposed) if (proposed := _proposed(one.lead)) else Write(one.lead)
    return Write(step.lead, one.changes + step.changes, one.suggestions + step.suggestions)


def _proposed(lead: Lead) -> Claim | None:
    if lead.status != "new":
        return None
    points = lead.fields["lead_score"] or 0
    if "not interested" in lead.signals:
        return Claim("status", "archived", Source.AI, SCORER, "says they are not interested")
    if points >= score.WARM:
        return Claim("status", "qualified", Source.AI, SCORER, f"the score is {points}")
    return None
