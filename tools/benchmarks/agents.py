"""`python3 dev.py bench agents`: measure knowledge searches (latency) and MCP calls (rate, latency) over real HTTP."""

import argparse
import asyncio
import json
import os
import random
import sys
import time
from typing import Any
from urllib.parse import quote

from redis.asyncio import Redis

from docs.examples.manager_bot import call, connected
from knowledge.articles import ParsedArticle
from knowledge.embedder import Embedder, Embedders
from store import loops, postgres
from store.access import api_keys
from store.knowledge import articles as knowledge
from store.postgres import Pool
from tools.benchmarks.bench import Bench, machine, say
from tools.benchmarks.load import send
from tools.evaluation.retrieval import Question, gold, quality
from tools.simulator.checker.compare import percentiles

SEARCHES = 10
CLIENTS = 10
NEIGHBOURS = 10


async def run(options: argparse.Namespace) -> dict[str, Any]:
    pool = await postgres.connect(os.environ["DATABASE_URL"], size=4, timeout=3600)
    bench = Bench(pool, Redis.from_url(os.environ["REDIS_URL"]))
    key = await api_keys.add(pool, "bench", ["knowledge:read", "leads:read", "messages:read"])
    embedders = Embedders()
    if embedders.current is None:
        raise SystemExit("the extra `knowledge` is not installed: nothing can be embedded here")
    articles, questions = gold("strangers")
    found: dict[str, Any] = {"machine": machine(), "articles": options.articles}
    found["quality"] = await _quality(pool, embedders, embedders.current, articles, questions)
    say(json.dumps(found["quality"]))
    await _fill(pool, embedders.current, articles, options.articles)
    found["recall"] = await _recall(pool, embedders.current, questions)
    asked = [one.text for one in questions] * (1 + int(SEARCHES * options.seconds) // len(questions))
    async with bench.running(work=[]) as running:
        base = running.urls[0].removesuffix("/webhooks/kapso")
        found["by words and meaning"] = await _searches(base, asked, key, options.seconds)
        # Without its vectors nothing is embedded.
        await pool.execute("SELECT drop_embedding_model(id) FROM embedding_models")
        found["by words alone"] = await _searches(base, asked, key, options.seconds)
        found["calls"] = await _calls(base, key, options.seconds)
    await embedders.close()
    return found


async def _searches(base: str, asked: list[str], key: str, seconds: float) -> dict[str, Any]:
    made = [_get(base, text, key) for text in asked[: int(SEARCHES * seconds)]]
    await send([base], made[:20], 5)  # the model is loaded at its first use
    sent = await send([base], made, SEARCHES)
    say(json.dumps(percentiles(sent.answer_ms)))
    return percentiles(sent.answer_ms) | {"refused": sent.refused}


async def _quality(
    pool: Pool, embedders: Embedders, embedder: Embedder, articles: list[ParsedArticle], questions: list[Question]
) -> dict[str, Any]:
    await knowledge.put(pool, articles)
    model = await knowledge.begin(pool, embedder)
    if model is None:
        raise SystemExit("this PostgreSQL has no pgvector")
    await _embed(pool, embedder, model)

    class Nobody(Embedders):
        def __init__(self) -> None:
            self.current = None

        def of(self, name: str, dimension: int) -> Embedder | None:
            return None

    async def sources(by: Embedders, text: str) -> list[str]:
        return [row["source"] for row in (await knowledge.search(pool, by, text)).rows]

    async def nearest(text: str) -> list[str]:
        return list(dict.fromkeys([row["source"] for row in await _near(pool, embedder, model, text, exact=True)]))

    wanted = [one.sources for one in questions]
    return {
        "hybrid": quality(wanted, [await sources(embedders, one.text) for one in questions])._asdict(),
        "words": quality(wanted, [await sources(Nobody(), one.text) for one in questions])._asdict(),
        "meaning": quality(wanted, [await nearest(one.text) for one in questions])._asdict(),
    }


async def _fill(pool: Pool, embedder: Embedder, articles: list[ParsedArticle], count: int) -> None:
    """Articles of sentences from ours, shuffled: as many words and meanings, no two alike."""
    rng = random.Random(7)
    sentences = [one for article in articles for one in article.content.split(". ")]
    made = [
        ParsedArticle(f"made/{n}", f"{rng.choice(articles).title} {n}", ". ".join(rng.sample(sentences, 4)), ("made",))
        for n in range(count - len(articles))
    ]
    say(f"filling up to {count} articles")
    for start in range(0, len(made), 500):
        await knowledge.put(pool, made[start : start + 500])
    model = await knowledge.begin(pool, embedder)
    assert model is not None
    began = time.perf_counter()
    embedded = await _embed(pool, embedder, model)
    say(f"{embedded} passages embedded, {embedded / (time.perf_counter() - began):.0f} a second")
    await pool.execute("ANALYZE")


async def _embed(pool: Pool, embedder: Embedder, model: int) -> int:
    count = 0
    while some := await knowledge.embed_some(pool, embedder, model, most=2000):
        count += some
    return count


async def _recall(pool: Pool, embedder: Embedder, questions: list[Question]) -> float:
    (row,) = await knowledge.models(pool)
    hits = 0
    for one in questions:
        near, exact = [
            {found["id"] for found in await _near(pool, embedder, row["id"], one.text, exact=exact)}
            for exact in (False, True)
        ]
        hits += len(near & exact)
    recall = hits / (NEIGHBOURS * len(questions))
    say(f"recall@{NEIGHBOURS} of the index against all vectors: {recall:.3f}")
    return recall


async def _near(pool: Pool, embedder: Embedder, model: int, text: str, *, exact: bool) -> list[Any]:
    (vector,) = await embedder.embed([text])
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL hnsw.ef_search = 120")
        if exact:
            await connection.execute("SET LOCAL enable_indexscan = off")
        return list(
            await connection.fetch(
                f"SELECT e.passage_id AS id, k.source FROM embeddings_{int(model)} AS e"  # noqa: S608
                " JOIN passages AS p ON p.id = e.passage_id JOIN articles AS k ON k.id = p.article_id"
                " WHERE e.of_article ORDER BY e.embedding <=> $1::text::vector LIMIT $2",
                str(vector), NEIGHBOURS,
            )
        )  # fmt: skip


async def _calls(base: str, key: str, seconds: float) -> dict[str, Any]:
    """Each client calls as soon as it has its answer."""
    late: list[float] = []
    end = time.perf_counter() + seconds

    async def client() -> None:
        async with connected(base, key) as mcp:
            while (began := time.perf_counter()) < end:
                await call(mcp, "search_leads", limit=5)
                late.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return percentiles(late) | {"per_second": round(len(late) / (time.perf_counter() - began))}


def _get(base: str, question: str, key: str) -> bytes:
    host = base.removeprefix("http://")
    path = f"/api/v1/knowledge/search?q={quote(question)}"
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="dev.py bench agents",
        description="Knowledge search at 10 a second, and MCP calls from ten clients at once.",
    )
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=15, help="length of each stretch (default 15)")
    found = loops.run(run(parser.parse_args()))
    print(f"{found['machine']}\n\n| measure | found | goal |\n|---|---|---|")
    for name, goal in (("by words and meaning", 150), ("by words alone", 40)):
        one = found[name]
        print(
            f"| search in {found['articles']:,} articles {name}, p50 / p95 / p99 | {one['p50']} / {one['p95']} / {one['p99']} ms | p95 ≤ {goal} ms |"
        )
    print(f"| recall@{NEIGHBOURS} of the index against all vectors | {found['recall']:.3f} | 0.95 |")
    print(
        f"| calls a second from {CLIENTS} agents; p95 | {found['calls']['per_second']}; {found['calls']['p95']} ms | 200 |"
    )
    for name, one in found["quality"].items():
        print(
            f"| our gold questions, {name}: recall@5, mean reciprocal rank | {one['recall']:.2f}, {one['mrr']:.2f} | hybrid ≥ either |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
