"""Articles and chats, to be found by words and by meaning. Meanings are kept apart by the model that made them.

Whoever embeds is handed in; without pgvector, or without anybody who embeds, search goes by words alone.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from knowledge.articles import ParsedArticle, passages
from knowledge.embedder import Embedder, Embedders, EmbedderUnavailable
from knowledge.terms import terms
from store.postgres import Connection, Pool, columns, statement

# So deep meaning and words are looked into before the two are added.
DEPTH = 60
# What the words of a question add to its likeness at most; chosen with the gold set `own` (tools/evaluation).
WORDS_SHARE = 0.15
ANY_MODEL = "embeddings_0"
# Passages that are embedded together.
AT_ONCE = 32
# Questions that no article answers, and words that mean nothing, in both languages.
ABOUT_NOTHING: Final = (
    "asdf qwer zxcv", "blorptang fizzwuggle", "kjsdhf ajdkla hjkl", "wkwkwk zzzz", "qwertyuiop", "zxcvbnm",
    "planet terbesar di tata surya", "resep rendang padang", "siapa juara liga inggris 2019", "obat sakit kepala",
    "what is the capital of Mongolia", "how do I fix a carburetor", "photosynthesis in plants", "lorem ipsum dolor",
)  # fmt: skip
# The model's table, or pgvector itself, was dropped while we looked.
GONE = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.UndefinedObjectError,
        asyncpg.UndefinedFunctionError)  # fmt: skip


async def _at_once() -> None:
    pass


class Imported(NamedTuple):
    """Articles that are new or changed, that were the same, and that are gone."""

    changed: int
    same: int
    gone: int = 0


class FoundPassages(NamedTuple):
    rows: list[asyncpg.Record]
    meant: bool
    """Whether meaning was asked too, and not words alone."""


class NearestPassages(NamedTuple):
    """Passages nearest in meaning, the nearest first."""

    ids: Sequence[int] = ()
    likeness: Sequence[float] = ()
    """Of each, 1 at most."""
    certain: int = 0
    """How many of them are nearer than the model's floor."""
    meant: bool = False
    """Whether meaning was asked."""


# -- articles


async def put(pool: Pool, given: Sequence[ParsedArticle]) -> Imported:
    """New ones come in, those that say something else take the place of what their source said before."""
    by_source = {one.source: one for one in given}
    said = [
        {"source": one.source, "title": one.title, "content": one.content, "tags": one.tags, "hash": one.hash.hex()}
        for one in by_source.values()
    ]
    async with pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(statement("upsert_articles"), orjson.dumps(said).decode())
        await connection.execute(statement("delete_passages_of_articles"), [row["id"] for row in rows])
        parts = [
            (row["id"], place, by_source[row["source"]].title, text)
            for row in rows
            for place, text in enumerate(passages(by_source[row["source"]].content))
        ]
        await connection.execute(statement("insert_passages_of_articles"), *columns(parts, 4))
    return Imported(len(rows), len(by_source) - len(rows))


async def keep_only(pool: Pool, origin: str, sources: Sequence[str]) -> int:
    """Forget what came from that folder or file before and is not there any more; returns how many articles."""
    return len(await pool.fetch(statement("delete_articles_but"), origin, list(sources)))


async def article(pool: Pool, id: int) -> asyncpg.Record | None:
    return await pool.fetchrow(statement("article"), id)


async def articles(pool: Pool, *, before: int | None = None, limit: int = 50) -> list[asyncpg.Record]:
    """The newest first; go on with the last one's id as `before`."""
    return list(await pool.fetch(statement("articles_page"), before, limit))


async def counts(pool: Pool) -> dict[str, int]:
    """articles, and passages of_articles and of_chats."""
    return dict(await pool.fetchrow(statement("knowledge_counts")))


# -- meanings


async def begin(pool: Pool, embedder: Embedder) -> int | None:
    """The id of the embedder's model, with a table for its vectors; None without pgvector."""
    id: int | None = await pool.fetchval(statement("begin_embedding_model"), embedder.name, embedder.dimension)
    return id


async def embed_some(
    pool: Pool, embedder: Embedder, model: int, *, most: int, pause: Callable[[], Awaitable[None]] = _at_once
) -> int:
    """Passages that have no meaning yet get one, a few at a time, with a `pause` before each few; returns how many.

    They are looked for once, since that reads every passage there is. Raises EmbedderUnavailable; what was embedded
    stays.
    """
    rows = await pool.fetch(_of_model("passages_to_embed", model), most)
    for start in range(0, len(rows), AT_ONCE):
        await pause()
        some = rows[start : start + AT_ONCE]
        vectors = await embedder.embed([row["text"] for row in some])
        made = [(row["id"], row["of_article"], _text(v), row["text"]) for row, v in zip(some, vectors, strict=True)]
        await pool.execute(_of_model("insert_embeddings", model), *columns(made, 4))
    if len(rows) < most:
        await _complete(pool, embedder, model)
    return len(rows)


async def _complete(pool: Pool, embedder: Embedder, model: int) -> None:
    """Let search go by the model; where articles came or went, measure again what is too far from them."""
    known = next((row for row in await models(pool) if row["id"] == model), None)
    if known is None:
        return
    passages = await pool.fetchval(_of_model("embedded_passages_of_articles", model))
    if passages != (known["floor_passages"] or 0):
        probes = [_text(vector) for vector in await embedder.embed(list(ABOUT_NOTHING))]
        await pool.execute(_of_model("calibrate_embedding_model", model), model, probes, passages)
    await pool.execute(statement("complete_embedding_model"), model)
    if known["complete_at"] is None:
        await pool.execute(statement("show_knowledge_base"))


async def forget_meanings(connection: Connection, passages: Sequence[int]) -> None:
    """Of passages that say something else now."""
    for model in await connection.fetch(statement("embedding_models")) if passages else []:
        await connection.execute(_of_model("forget_meanings", model["id"]), list(passages))


async def models(pool: Pool) -> list[asyncpg.Record]:
    """Rows of embedding_models, the newest first."""
    return list(await pool.fetch(statement("embedding_models")))


# -- search


async def search(
    pool: Pool,
    embedders: Embedders,
    question: str,
    *,
    tags: Sequence[str] | None = None,
    source: str | None = None,
    limit: int = 10,
) -> FoundPassages:
    """Articles: id, source, title, tags, snippet (the words in ** **), score; the best first."""
    wanted = [tag.lower() for tag in tags] if tags else None
    if wanted or source:
        near = await _near(pool, embedders, question, "nearest_passages_among", wanted, source or None)
    else:
        near = await _near(pool, embedders, question, "nearest_passages", True)
    rows = await pool.fetch(
        statement("search_articles"), terms(question), near.ids, near.likeness, wanted, source or None, limit, DEPTH,
        near.certain, WORDS_SHARE,
    )  # fmt: skip
    return FoundPassages(list(rows), near.meant)


async def search_chats(pool: Pool, embedders: Embedders | None, question: str, *, limit: int = 10) -> FoundPassages:
    """Leads: lead_id, name, phone, status, last_message_at, message_id, snippet, score; the best first.

    Without embedders by words alone.
    """
    near = await _near(pool, embedders, question, "nearest_passages", False) if embedders else NearestPassages()
    rows = await pool.fetch(
        statement("search_chats"), terms(question), near.ids, near.likeness, limit, DEPTH, WORDS_SHARE
    )
    return FoundPassages(list(rows), near.meant)


async def leads_that_say(pool: Pool, words: str, *, limit: int) -> dict[UUID, str]:
    """Leads in whose chats all of these words stand, in any form: id to the message near which one did last."""
    wanted = terms(words)
    rows = await pool.fetch(statement("leads_that_say"), wanted, limit) if wanted else []
    return {row["lead_id"]: row["message_id"] for row in rows}


class MessageHit(NamedTuple):
    """A message that says what was searched for."""

    message_id: str
    text: str


async def messages_of_hits(pool: Pool, near: Mapping[UUID, str], words: str) -> dict[UUID, MessageHit]:
    """Of hits of leads_that_say, where exactly they say it."""
    rows = await pool.fetch(statement("messages_of_hits"), list(near.values()), terms(words)) if near else []
    found = {row["near"]: MessageHit(row["id"], row["text"]) for row in rows}
    return {lead: found[message] for lead, message in near.items() if message in found}


async def _near(pool: Pool, embedders: Embedders, question: str, nearest: str, *which: object) -> NearestPassages:
    """Passages by the statement `nearest`; none where meaning cannot be asked."""
    if not question.strip():
        return NearestPassages()
    # The newest whose vectors are all there, ours before others; before there is one, the newest.
    ours = embedders.current.name if embedders.current else None
    known = sorted(await models(pool), key=lambda row: (row["complete_at"] is None, row["name"] != ours))
    asked = ((row["id"], row["floor"], embedders.of(row["name"], row["dimension"])) for row in known)
    model, floor, embedder = next((one for one in asked if one[2]), (0, None, None))
    if embedder is None:
        return NearestPassages()
    try:
        (vector,) = await embedder.embed([question])
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(statement("search_wide"))
            rows = await connection.fetch(_of_model(nearest, model), _text(vector), *which, DEPTH)
    except (EmbedderUnavailable, *GONE):
        return NearestPassages()
    certain = sum(row["likeness"] > (floor or 0) for row in rows)
    return NearestPassages([row["id"] for row in rows], [row["likeness"] for row in rows], certain, meant=True)


def _of_model(name: str, model: int) -> str:
    return statement(name).replace(ANY_MODEL, f"embeddings_{int(model)}")


def _text(vector: Sequence[float]) -> str:
    """As pgvector reads it."""
    return f"[{','.join(f'{one:.6g}' for one in vector)}]"
