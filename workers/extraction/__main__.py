"""The process that reads chats: `python -m workers.extraction`, started and told by a worker.

Each line on its standard input requests one pass; the answer is one line of JSON. It works at low priority, so
that reading chats never holds up the mirror, and ends with its standard input.
"""

import asyncio
import contextlib
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict

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
from workers.extraction.extract import CHUNK, Extraction
from workers.extraction.give_way import GiveWay
from workers.extraction.known import Known
from workers.extraction.rules.reader import Rules
from workers.extraction.source import ChatSource
from workers.extraction.suggest import AnyDrafter, suggest
from workers.extraction.variables import fetch_variables
from workers.extraction.walk_chats import walk_chats

log = structlog.get_logger(__name__)

NICENESS = 19
# Chats in one chunk if a model reads them: few, so that answers that cost tokens are soon committed.
MODEL_CHUNK = 8


def model_of(settings: WorkerSettings, pool: Pool) -> tuple[list[ChatSource], AnyDrafter | None]:
    """Return the readers of chats, in order of preference, and the drafter of next steps.

    A model's SDK is an optional extra, so it is looked for only where a model is configured.
    """
    if settings.model_url is None:
        return [Rules(settings.default_region)], None
    try:
        endpoints, models, drafts = (
            importlib.import_module(f"workers.extraction.{name}") for name in ("endpoint", "model", "drafts")
        )
    except ModuleNotFoundError:
        raise SystemExit("MODEL_URL is set, and the package openai is missing: install requirements.lock") from None
    key = settings.model_api_key.get_secret_value() if settings.model_api_key else None
    endpoint = endpoints.ModelEndpoint(
        pool, url=settings.model_url, name=settings.model_name, key=key, tokens_per_day=settings.model_tokens_per_day
    )
    return [models.ChatModel(endpoint, sells=settings.sells), Rules(settings.default_region)], drafts.Drafter(endpoint)


def chunk_of(readers: Sequence[object]) -> int:
    """How many chats are read at once: fewer with a model, which is slow."""
    return MODEL_CHUNK if len(readers) > 1 else CHUNK


async def run(settings: WorkerSettings) -> None:
    pool = await postgres.connect(settings.database_url.get_secret_value(), size=4)
    client = redis.connect(settings.redis_url.get_secret_value())
    kapso = None
    if settings.kapso_api_key:
        key = settings.kapso_api_key.get_secret_value()
        budget = Budget(client, key, per_minute=settings.kapso_requests_per_minute)
        kapso = Client(url=settings.kapso_api_url, key=key, spend=budget.spend, punish=budget.punish)
    stop = asyncio.Event()
    known = Known(bot=settings.bot_name, note_event=settings.note_event)
    asking, drafter = model_of(settings, pool)
    extraction = Extraction(
        pool, known, asking, bot=settings.bot_name, stop=stop.is_set, chunk=chunk_of(asking),
        ai_applies=settings.ai_status == "apply", give_way=GiveWay(client, shards=settings.inbox_shards),
    )  # fmt: skip
    embedders = settings.embedders()
    words, asked = await _words(), asyncio.Queue[bool]()
    # Told to end in the middle of a pass, it ends after the chats in hand.
    ear = asyncio.create_task(_listen(words, asked, stop))
    with contextlib.suppress(BrokenPipeError):  # the worker has ended: nobody reads the answer
        while await asked.get():
            answer = await _pass(extraction, pool, kapso, drafter, embedders.current)
            sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
            sys.stdout.flush()
    await cancel_and_wait(ear)
    for reader in asking:
        await reader.close()
    await embedders.close()
    if kapso:
        await kapso.close()
    await client.aclose()
    await pool.close()


async def _pass(
    extraction: Extraction, pool: Pool, kapso: Client | None, drafter: AnyDrafter | None, embedder: Embedder | None
) -> dict[str, object]:
    try:
        done = await extraction.run()
        await suggest(pool, drafter)
        await walk_chats(pool, extraction.give_way)
        await embed(pool, embedder, extraction.give_way)
        if kapso:
            # What it brings makes leads due: the next pass reads them.
            await fetch_variables(pool, kapso)
    except (*STORE_ERRORS, RedisError) as error:
        return {"error": type(error).__name__}
    return asdict(done)


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
