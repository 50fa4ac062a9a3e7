"""Articles and chats are found by words and by meaning, whatever there is to embed with."""

import asyncio
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from starlette.responses import JSONResponse

from console.main import main
from evaluation.retrieval import gold, quality
from knowledge.articles import Article
from knowledge.embedder import LOCAL, Embedder, Embedders, Endpoint, Unavailable
from rows.lead import Source
from store import knowledge, leads
from store.leads import Actor
from store.postgres import Pool
from tests.chats import chat, extracted, lead
from tests.dashboard.test_api import problem, program
from tests.desk import signed_in
from tests.helpers import rows
from tests.servers import scripted
from workers.extraction.embed import embed

BUDI = Actor(Source.HUMAN, "user:budi")
PRICES = Article("shop/prices.md", "Prices", "Two shops cost 249,000 rupiah a month.", ("money",))
HOURS = Article("shop/hours.md", "Opening hours", "We answer from eight in the morning until ten at night.", ("help",))


class Scripted:
    """Embeds each text as itself, so that only the same words are near; another model in its own way."""

    def __init__(self, name: str, dimension: int = 8) -> None:
        self.name, self.dimension = name, dimension
        self.away = False

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self.away:
            raise Unavailable("away")
        return [[byte / 255 for byte in hashlib.sha256(text.encode()).digest()[: self.dimension]] for text in texts]

    async def close(self) -> None:
        pass


class Made(Embedders):
    def __init__(self, *ones: Embedder) -> None:
        self.current = ones[0] if ones else None
        self._ones = {(one.name, one.dimension): one for one in ones}

    def of(self, name: str, dimension: int) -> Embedder | None:
        return self._ones.get((name, dimension))


async def at_once() -> None:
    pass


async def sources(pool: Pool, embedders: Embedders, question: str, **more: Any) -> list[str]:
    return [row["source"] for row in (await knowledge.search(pool, embedders, question, **more)).rows]


async def test_importing_again_changes_only_what_changed(pool: Pool) -> None:
    assert await knowledge.put(pool, [PRICES, HOURS]) == (2, 0, 0)
    before = {row["article_id"]: row["id"] for row in await rows(pool, "passages")}
    assert await knowledge.put(pool, [PRICES, HOURS._replace(content="We answer all day.")]) == (1, 1, 0)
    after = {row["article_id"]: row["id"] for row in await rows(pool, "passages")}
    assert sum(before[id] == after[id] for id in before) == 1
    assert await knowledge.keep_only(pool, "shop", ["shop/prices.md"]) == 1
    assert await sources(pool, Made(), "answer all day") == []


async def test_by_words_alone_it_says_so(pool: Pool) -> None:
    await knowledge.put(pool, [PRICES, HOURS])
    found = await knowledge.search(pool, Made(), "how much for two shops?")
    assert ([row["title"] for row in found.rows], found.meant) == (["Prices"], False)
    assert "**shops**" in found.rows[0]["snippet"]
    assert await sources(pool, Made(), "two shops", tags=["help"]) == []
    assert await sources(pool, Made(), "two shops", tags=["MONEY"]) == ["shop/prices.md"]
    assert await sources(pool, Made(), "two shops", source="other/") == []
    for nothing in ("", "?!", "'; DROP TABLE passages; --", "\\", "a" * 500):
        await knowledge.search(pool, Made(), nothing)


async def test_meaning_is_asked_too_and_filters_hold(pool: Pool) -> None:
    await knowledge.put(pool, [PRICES, HOURS])
    one = Scripted("one")
    assert await embed(pool, one, at_once) == 2
    same = f"{HOURS.title}: {HOURS.content}"
    found = await knowledge.search(pool, Made(one), same)
    assert (found.meant, found.rows[0]["source"]) == (True, "shop/hours.md")
    assert await sources(pool, Made(one), same, tags=["money"]) == ["shop/prices.md"]
    one.away = True
    assert (await knowledge.search(pool, Made(one), "two shops")).meant is False
    assert await sources(pool, Made(one), "two shops") == ["shop/prices.md"]


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
    assert [(row["name"], row["complete_at"] is not None) for row in await knowledge.models(pool)] == [("new", True)]
    tables = await pool.fetch("SELECT relname FROM pg_class WHERE relname ~ '^embeddings_[0-9]+$'")
    assert [row["relname"] for row in tables] == [f"embeddings_{model}"]


async def test_who_said_what_is_found_and_follows_the_chat(pool: Pool) -> None:
    await chat(pool, "berapa harga untuk dua toko?")
    await chat(pool, "jam berapa buka?", number="6281111111111")
    await extracted(pool)
    one = Scripted("one")
    await embed(pool, one, at_once)
    found = await knowledge.search_chats(pool, Made(one), "siapa yang tanya harga dua toko")
    assert found.rows[0]["lead_id"] == (await lead(pool))["id"]
    await chat(pool, "kirim katalog ya", at=60)
    await extracted(pool)
    assert await embed(pool, one, at_once) == 1  # what changed, and nothing else
    (hit,) = (await knowledge.search_chats(pool, Made(), "katalog")).rows
    assert "**katalog**" in hit["snippet"]
    await leads.delete(pool, (await lead(pool))["id"], by=BUDI)
    assert (await knowledge.search_chats(pool, Made(), "katalog")).rows == []


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
        one = Endpoint(url=f"{url}/v1", model="m", dimension=2, key="k")
        assert await one.embed(["a", "b"]) == [[1, 0], [0, 1]]
        for _ in range(3):
            with pytest.raises(Unavailable):
                await one.embed(["a", "b"])
        await one.close()


async def test_the_local_model_finds_better_with_words_than_either_alone(pool: Pool) -> None:
    """On our own gold set, synthetic: 34 articles, 90 questions, two languages."""
    embedders = Embedders()
    assert embedders.current is not None
    assert embedders.current.name == LOCAL
    articles, questions = gold()
    await knowledge.put(pool, articles)
    while await embed(pool, embedders.current, at_once):
        pass
    wanted = [one.source for one in questions]
    both = quality(wanted, [await sources(pool, embedders, one.text) for one in questions])
    words = quality(wanted, [await sources(pool, Made(), one.text) for one in questions])
    near = quality(wanted, [await nearest(pool, embedders.current, one.text) for one in questions])
    await embedders.close()
    assert (both.recall >= max(words.recall, near.recall), both.mrr >= max(words.mrr, near.mrr)) == (True, True), (
        both, words, near,
    )  # fmt: skip
    assert both.recall >= 0.6


async def nearest(pool: Pool, embedder: Embedder, question: str) -> list[str]:
    (vector,) = await embedder.embed([question])
    (model,) = await knowledge.models(pool)
    found = await pool.fetch(
        f"SELECT k.source FROM embeddings_{model['id']} AS e JOIN passages AS p ON p.id = e.passage_id"  # noqa: S608
        " JOIN knowledge_base AS k ON k.id = p.article_id ORDER BY e.embedding <=> $1::text::vector LIMIT 10",
        str(vector),
    )
    return list(dict.fromkeys(row["source"] for row in found))


def test_the_command_imports_searches_and_says_how_it_stands(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "prices.md").write_text("# Prices\n\nTwo shops cost 249,000 a month.")
    (shop / "hours.txt").write_text("From eight.")
    (shop / "broken.csv").write_text("x,y\n1,2")
    assert main(["knowledge", "import", str(shop), "--json"]) == 1
    told = capsys.readouterr()
    said = json.loads(told.out)
    assert (said["changed"], said["same"], said["unreadable"], said["embedded"]) == (2, 0, 1, 2)
    assert "title and content" in told.err
    # What could not be read is not what is gone, and a path through a folder's parent or a hidden one is a path like others.
    assert main(["knowledge", "import", str(shop), "--prune", "--json"]) == 1
    told = capsys.readouterr()
    assert (json.loads(told.out)["gone"], "nothing was forgotten" in told.err) == (0, True)
    (shop / "broken.csv").unlink()
    (tmp_path / ".hidden").mkdir()
    around = tmp_path / ".hidden" / ".." / "shop"
    assert main(["knowledge", "import", str(around), "--prune", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["same"] == 2
    empty = tmp_path / "empty" / "shop"
    empty.mkdir(parents=True)
    assert main(["knowledge", "import", str(empty), "--prune", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["gone"] == 0
    (shop / "hours.txt").unlink()
    assert main(["knowledge", "import", str(shop), "--prune", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"changed": 0, "same": 1, "gone": 1, "unreadable": 0, "embedded": 0}
    assert main(["knowledge", "search", "how much for two shops"]) == 0
    assert "Prices" in capsys.readouterr().out
    assert main(["knowledge", "status"]) == 0
    assert LOCAL in capsys.readouterr().out
    assert main(["knowledge", "import", str(tmp_path / "nowhere")]) == 2
    assert "psycopg" not in sys.modules


async def test_programs_and_people_look_things_up(pool: Pool, redis_url: str, database_url: str) -> None:
    hostile = Article("x/<img>.md", "<img src=x onerror=alert(1)>", "two shops <img src=x onerror=alert(1)> **bold**")
    await knowledge.put(pool, [PRICES, hostile])
    await chat(pool, "berapa harga untuk dua toko?")
    await extracted(pool)
    async with program(pool, redis_url, database_url) as http:
        found = (await http.get("/knowledge/search", params={"q": "two shops", "tags": "money"})).json()
        assert [hit["title"] for hit in found["hits"]] == ["Prices"]
        one = await http.get(f"/knowledge/{found['hits'][0]['id']}")
        assert one.json()["content"] == PRICES.content
        assert problem(await http.get("/knowledge/999"))[0] == 404
        assert problem(await http.get("/knowledge/search"))[0] == 422
        chats = (await http.get("/conversations/search", params={"q": "harga dua toko"})).json()
        assert [hit["lead_id"] for hit in chats["hits"]] == [str((await lead(pool))["id"])]
    async with signed_in(pool, redis_url, database_url, role="viewer") as http:
        for path in (
            "/knowledge",
            "/knowledge?q=two+shops",
            "/knowledge?in=chats",
            "/knowledge?in=chats&q=toko",
            "/knowledge/2",
        ):
            page = await http.get(path)
            assert (page.status_code, "<img src=x" in page.text) == (200, False), path
        assert "<mark>shops</mark>" in (await http.get("/knowledge?q=two+shops")).text


async def test_two_processes_begin_the_same_model_once(pool: Pool) -> None:
    ids = await asyncio.gather(*(knowledge.begin(pool, Scripted("one")) for _ in range(5)))
    assert len(set(ids)) == 1


async def test_a_bad_passage_can_not_be(pool: Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute("INSERT INTO passages (place, text) VALUES (0, 'of nobody')")
