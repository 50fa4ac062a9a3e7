"""The process that reads chats: `python -m workers.extraction`, started and told by a worker.

Each line on its standard input requests one pass; the answer is one line of JSON. It works at low priority, so
that reading chats never holds up the mirror, and ends with its standard input.
"""

import asyncio
import contextlib
import importlib
import os
import sys
from dataclasses import asdict
from typing import Any, NamedTuple

import orjson
import structlog
from redis.exceptions import RedisError

from config import logs
from config.environment import load
from config.settings import WorkerSettings
from kapso.client import Client
from knowledge.embedder import Embedder
from store import loops, postgres, redis
from store.ops.budget import Budget
from store.postgres import STORE_ERRORS, Pool
from store.tasks import cancel_and_wait
from workers.extraction.embed import embed
from workers.extraction.extract import Extraction
from workers.extraction.give_way import GiveWay
from workers.extraction.known import Known
from workers.extraction.refine import Refiner
from workers.extraction.rules.reader import Rules
from workers.extraction.source import ChatSource, ModelSource
from workers.extraction.suggest import AnyDrafter, suggest
from workers.extraction.variables import fetch_variables
from workers.extraction.walk_chats import walk_chats

log = structlog.get_logger(__name__)

NICENESS = 19
MINUTE = 60
NEED_THE_SDK = ("endpoint", "model", "drafts")


class ChatReaders(NamedTuple):
    """`rules` read every chat within the pass. `model` and `drafter` are None if no model is configured."""

    rules: ChatSource
    model: ModelSource | None
    drafter: AnyDrafter | None

    async def close(self) -> None:
        await self.rules.close()
        if self.model:
            await self.model.close()


def readers_of(settings: WorkerSettings, pool: Pool) -> ChatReaders:
    """A model's SDK is an optional extra, so it is looked for only where a model is configured."""
    rules = Rules(settings.default_region)
    if settings.model_url is None:
        return ChatReaders(rules, None, None)
    try:
        endpoints, models, drafts = (importlib.import_module(f"workers.extraction.{name}") for name in NEED_THE_SDK)
    except ModuleNotFoundError:
        raise SystemExit("MODEL_URL is set, and the package openai is missing: install requirements.lock") from None
    key = settings.model_api_key.get_secret_value() if settings.model_api_key else None
    endpoint = endpoints.ModelEndpoint(
        pool, url=settings.model_url, name=settings.model_name, key=key, tokens_per_day=settings.model_tokens_per_day
    )
    return ChatReaders(rules, models.ChatModel(endpoint, sells=settings.sells), drafts.Drafter(endpoint))


def extraction_of(settings: WorkerSettings, pool: Pool, readers: ChatReaders, **more: Any) -> Extraction:
    known = Known(bot=settings.bot_name, note_event=settings.note_event)
    return Extraction(
        pool, known, [readers.rules], bot=settings.bot_name, ai_applies=settings.ai_status == "apply",
        model_per_minute=settings.model_chats_per_minute if readers.model else None, **more,
    )  # fmt: skip


def refiner_of(extraction: Extraction, readers: ChatReaders) -> Refiner | None:
    if readers.model is None:
        return None
    return Refiner(extraction.pool, readers.model, extraction.stop, extraction.give_way, extraction.ai_applies)


async def run(settings: WorkerSettings) -> None:
    pool = await postgres.connect(settings.database_url.get_secret_value(), size=4)
    client = redis.connect(settings.redis_url.get_secret_value())
    kapso = None
    if settings.kapso_api_key:
        key = settings.kapso_api_key.get_secret_value()
        budget = Budget(client, key, per_minute=settings.kapso_requests_per_minute)
        kapso = Client(url=settings.kapso_api_url, key=key, spend=budget.spend, punish=budget.punish)
    stop = asyncio.Event()
    readers = readers_of(settings, pool)
    give_way = GiveWay(client, shards=settings.inbox_shards)
    extraction = extraction_of(settings, pool, readers, stop=stop.is_set, give_way=give_way)
    limit = settings.model_chats_per_minute * settings.extraction_seconds // MINUTE
    asks_model = ModelWork(refiner_of(extraction, readers), readers, limit=limit)
    embedders = settings.embedders()
    words, asked = await _words(), asyncio.Queue[bool]()
    # Told to end in the middle of a pass, it ends after the chats in hand.
    ear = asyncio.create_task(_listen(words, asked, stop))
    with contextlib.suppress(BrokenPipeError):  # the worker has ended: nobody reads the answer
        while await asked.get():
            answer = await _pass(extraction, pool, kapso, embedders.current, suggests=readers.drafter is None)
            if answer.get("skipped") is False:  # the pass ran, and did not fail
                asks_model.begin()
            sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
            sys.stdout.flush()
    await cancel_and_wait(ear)
    await asks_model.close()
    await embedders.close()
    if kapso:
        await kapso.close()
    await client.aclose()
    await pool.close()


async def _pass(
    extraction: Extraction, pool: Pool, kapso: Client | None, embedder: Embedder | None, *, suggests: bool
) -> dict[str, object]:
    try:
        done = await extraction.run()
        if suggests:
            await suggest(pool, None)
        await walk_chats(pool, extraction.give_way)
        await embed(pool, embedder, extraction.give_way)
        if kapso:
            # What it brings makes leads due: the next pass reads them.
            await fetch_variables(pool, kapso)
    except (*STORE_ERRORS, RedisError) as error:
        return {"error": type(error).__name__}
    return asdict(done)


class ModelWork:
    """What asks a language model, beside the passes: a slow model delays no value that the rules can read."""

    def __init__(self, refiner: Refiner | None, readers: ChatReaders, *, limit: int) -> None:
        """`limit`: chats that it asks of the model for each pass at most. `refiner` is None without a model."""
        self._refiner = refiner
        self._readers = readers
        self._limit = max(1, limit)
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """After each pass that ran. What began before goes on."""
        if self._refiner and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._work(self._refiner))

    async def close(self) -> None:
        """End it. A chat in its hands is taken again in five minutes."""
        if self._task:
            await cancel_and_wait(self._task)
        await self._readers.close()

    async def _work(self, refiner: Refiner) -> None:
        try:
            read = await refiner.run(self._limit)
            await suggest(refiner.pool, self._readers.drafter)
        except (*STORE_ERRORS, RedisError) as error:
            log.warning("the model's reading of chats is interrupted", error=type(error).__name__)
        except Exception as error:
            log.error("the model's reading of chats failed", exc_info=error)
        else:
            if read:
                log.info("the model has read chats", chats=read)


async def _words() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _listen(words: asyncio.StreamReader, asked: "asyncio.Queue[bool]", stop: asyncio.Event) -> None:
    while await words.readline():
        asked.put_nowait(True)
    stop.set()
    asked.put_nowait(False)


def main() -> None:
    settings = load(WorkerSettings)
    # Logs go where the worker's go; standard output is for answers.
    logs.configure(settings.log_level, sys.stderr)
    logs.crashes_as_json()
    os.nice(NICENESS)
    loops.run(run(settings))


if __name__ == "__main__":
    main()
