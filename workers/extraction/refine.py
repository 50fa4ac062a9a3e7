"""Let a language model read chats after the rules have read them, within a bound."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from domain.window import ReadValues
from store.leads import lead_records, model_readings, reading
from store.leads.reading import Due
from store.postgres import REFUSED, Pool
from workers.extraction import source
from workers.extraction.extract import LINES, settle
from workers.extraction.source import ModelSource

log = structlog.get_logger(__name__)

# Few at once, so that answers that cost tokens are soon committed.
CHUNK = 8


@dataclass(frozen=True, slots=True)
class Refiner:
    """`stop` and `give_way` are asked before each chunk; `ai_applies` as in Extraction."""

    pool: Pool
    model: ModelSource
    stop: Callable[[], bool]
    give_way: Callable[[], Awaitable[None]]
    ai_applies: bool

    async def run(self, limit: int) -> int:
        """Ask the model about at most `limit` waiting chats. Return how many it read.

        The run ends when the model is not available. Chats that it did not read keep the values of the rules. If the
        model cannot answer a chat, the chat is asked three times in all, and then waits for its next message.
        """
        moves, asked, done = self.ai_applies and not await reading.agents_move(self.pool), 0, 0
        while asked < limit and not self.stop() and await self.model.can_be_asked():
            await self.give_way()
            taken = await model_readings.take(self.pool, min(CHUNK, limit - asked))
            if not taken:
                break
            asked += len(taken)
            done += await self._chunk(taken, moves=moves)
        return done

    async def _chunk(self, taken: Sequence[Due], *, moves: bool) -> int:
        windows = await reading.windows(self.pool, taken, lines=LINES)
        answers = await source.each_read(self.model, windows)
        unread = [one for one, answer in zip(taken, answers, strict=True) if answer is None]
        await model_readings.put_back(self.pool, unread, failed=await self.model.can_be_asked())
        for one, window, answer in zip(taken, windows, answers, strict=True):
            if answer is not None:
                await self._write(one, answer, list(window.marks().values()), moves=moves)
        return len(taken) - len(unread)

    async def _write(self, one: Due, found: ReadValues, lines: Sequence[str], *, moves: bool) -> None:
        """Write the values of the model. If the chat changed since it was taken, drop them."""
        try:
            async with self.pool.acquire() as connection, connection.transaction():
                # Wait for another transaction that edits the lead: the answer cost tokens.
                lead = await lead_records.locked(connection, one.lead_id)
                if lead and not lead.deleted_at and await model_readings.still_due(connection, [one]):
                    await lead_records.write(connection, [settle(lead, found, ai_applies=moves)])
                    await model_readings.has_read(connection, one.lead_id, lines)
        except REFUSED as error:
            log.error("a reading of the model can't be written", lead=str(one.lead_id), error=type(error).__name__)
            async with self.pool.acquire() as connection, connection.transaction():
                await model_readings.has_read(connection, one.lead_id, lines)
