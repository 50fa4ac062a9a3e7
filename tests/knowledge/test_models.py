"""Meanings by model: one model gives way to another, pgvector goes and comes back, endpoints have their ways."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.responses import JSONResponse, Response

from knowledge.embedder import EmbedderUnavailable, EmbeddingEndpoint
from store.knowledge import articles as knowledge
from store.postgres import Pool
from tests.knowledge.embedders import HOURS, PRICES, Made, Scripted, at_once
from tests.knowledge.test_search import sources
from tests.servers import scripted
from workers.extraction.embed import embed

SAME = f"{HOURS.title}: {HOURS.content}"


async def test_another_model_embeds_anew_while_search_goes_on(pool: Pool) -> None:
    await knowledge.put(pool, [PRICES, HOURS])
    old, new = Scripted("old"), Scripted("new", dimension=16)
    await embed(pool, old, at_once)
    await embed(pool, old, at_once)  # finds nothing to do, and says that it is complete
    model = await knowledge.begin(pool, new)
    assert model is not None
    await knowledge.embed_some(pool, new, model, most=1)
    # Half is embedded: questions are asked in the old one's terms.
    found = await knowledge.search(pool, Made(new, old), f"{HOURS.title}: {HOURS.content}")
    assert (found.meant, found.rows[0]["source"]) == (True, "shop/hours.md")
    await embed(pool, new, at_once)
    # Nobody fills the old one any more.
    await pool.execute("UPDATE embedding_models SET used_at = now() - interval '2 hours' WHERE name = 'old'")
    await embed(pool, new, at_once)
    assert [(row["name"], row["complete_at"] is not None) for row in await knowledge.models(pool)] == [("new", True)]
    tables = await pool.fetch("SELECT relname FROM pg_class WHERE relname ~ '^embeddings_[0-9]+$'")
    assert [row["relname"] for row in tables] == [f"embeddings_{model}"]


async def test_without_pgvector_only_meaning_is_missing(pool: Pool) -> None:
    await pool.execute("DROP EXTENSION vector CASCADE")
    await knowledge.put(pool, [PRICES])
    assert await knowledge.begin(pool, Scripted("one")) is None
    assert await embed(pool, Scripted("one"), at_once) == 0
    assert await sources(pool, Made(Scripted("one")), "two shops") == ["shop/prices.md"]


async def test_an_endpoint_embeds_and_its_nonsense_is_refused(pool: Pool) -> None:
    good = JSONResponse({"data": [{"index": 1, "embedding": [0, 1]}, {"index": 0, "embedding": [1, 0]}]})
    answers = [
        good,
        JSONResponse({"data": []}),
        JSONResponse({"error": "x"}, 500),
        JSONResponse({"data": [{"index": 0}]}),
    ]
    async with scripted(answers) as (url, _):
        one = EmbeddingEndpoint(url=f"{url}/v1", model="m", dimension=2, key="k")
        assert await one.embed(["a", "b"]) == [[1, 0], [0, 1]]
        for _ in range(3):
            with pytest.raises(EmbedderUnavailable):
                await one.embed(["a", "b"])
        await one.close()


async def test_two_processes_begin_the_same_model_once(pool: Pool) -> None:
    ids = await asyncio.gather(*(knowledge.begin(pool, Scripted("one")) for _ in range(5)))
    assert len(set(ids)) == 1


async def test_two_processes_told_of_different_models_keep_both(pool: Pool) -> None:
    await knowledge.put(pool, [PRICES, HOURS])
    one, other = Scripted("one"), Scripted("other")
    for _ in range(3):
        await embed(pool, one, at_once)
        await embed(pool, other, at_once)
    assert {row["name"] for row in await knowledge.models(pool)} == {"one", "other"}
    assert await pool.fetchval("SELECT count(*) FROM embedding_models WHERE complete_at IS NOT NULL") == 2
    for current in (one, other):
        assert (await knowledge.search(pool, Made(current), SAME)).meant


async def test_pgvector_goes_and_comes_back(pool: Pool) -> None:
    await knowledge.put(pool, [PRICES, HOURS])
    one = Scripted("one")
    while await embed(pool, one, at_once):
        pass
    await pool.execute("DROP EXTENSION vector CASCADE")
    found = await knowledge.search(pool, Made(one), "two shops")
    assert ([row["source"] for row in found.rows], found.meant) == (["shop/prices.md"], False)
    await knowledge.put(pool, [HOURS._replace(content="We answer all day.")])
    assert await embed(pool, one, at_once) == 0
    await pool.execute("CREATE EXTENSION vector")
    # One that was complete and lost its vectors stands in nobody's way.
    model = await knowledge.begin(pool, other := Scripted("other"))
    assert model is not None
    assert await knowledge.embed_some(pool, other, model, most=1) == 1
    assert (await knowledge.search(pool, Made(other, one), "two shops")).meant
    assert await embed(pool, one, at_once) == 2
    assert (await knowledge.search(pool, Made(one), "two shops")).meant


async def test_pgvector_that_goes_while_somebody_asks_costs_only_meaning(pool: Pool) -> None:
    class Late(Scripted):
        async def embed(self, texts: Sequence[str]) -> list[list[float]]:
            await pool.execute("DROP EXTENSION vector CASCADE")
            return await super().embed(texts)

    await knowledge.put(pool, [PRICES])
    await embed(pool, Scripted("one"), at_once)
    found = await knowledge.search(pool, Made(Late("one")), "two shops")
    assert ([row["source"] for row in found.rows], found.meant) == (["shop/prices.md"], False)


async def test_what_changes_while_it_is_embedded_keeps_no_old_meaning(pool: Pool) -> None:
    """A passage is embedded outside of any transaction; by the time that its vector comes it may say something else."""
    await knowledge.put(pool, [PRICES])

    class Slow(Scripted):
        async def embed(self, texts: Sequence[str]) -> list[list[float]]:
            (passage,) = [row["id"] for row in await pool.fetch("SELECT id FROM passages")]
            await changing.execute("UPDATE passages SET text = 'something else' WHERE id = $1", passage)
            return await super().embed(texts)

    async with pool.acquire() as changing:
        change = changing.transaction()
        await change.start()
        model = await knowledge.begin(pool, slow := Slow("one"))
        assert model is not None
        assert await asyncio.wait_for(knowledge.embed_some(pool, slow, model, most=9), 10) == 1
        await change.commit()
    assert await pool.fetchval(f"SELECT count(*) FROM embeddings_{model}") == 0  # noqa: S608
    assert await embed(pool, Scripted("one"), at_once) == 1


@pytest.mark.parametrize("status", [400, 422])
async def test_an_endpoint_that_has_one_length_is_not_told_it(status: int) -> None:
    vector = JSONResponse({"data": [{"index": 0, "embedding": [0, 1]}]})
    refuses = JSONResponse({"error": "dimensions is not supported"}, status)
    async with scripted([refuses, vector, vector]) as (url, asked):
        one = EmbeddingEndpoint(url=f"{url}/v1", model="m", dimension=2, key=None)
        assert await one.embed(["a"]) == [[0, 1]]
        assert await one.embed(["a"]) == [[0, 1]]
        await one.close()
    assert len(asked) == 3


async def test_no_vector_holds_what_is_no_number() -> None:
    odd = Response(b'{"data": [{"index": 0, "embedding": [0, NaN]}]}', media_type="application/json")
    async with scripted([odd]) as (url, _):
        one = EmbeddingEndpoint(url=f"{url}/v1", model="m", dimension=2, key=None)
        with pytest.raises(EmbedderUnavailable):
            await one.embed(["a"])
        await one.close()
