"""Articles and chats are found by words and by meaning, whatever there is to embed with."""

import json
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cli.main import main
from knowledge.articles import ParsedArticle
from knowledge.embedder import LOCAL, Embedder, Embedders
from store.knowledge import articles as knowledge
from store.postgres import Pool
from tests.chats import chat, extracted, lead
from tests.desk import signed_in
from tests.helpers import rows
from tests.knowledge.embedders import HOURS, PRICES, Made, Scripted, at_once
from tests.web.api.test_api import problem, program
from tools.evaluation.retrieval import GoldSet, gold, quality
from workers.extraction.embed import embed

NONSENSE = Path(__file__).with_name("nonsense.txt")


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
    await pool.execute("UPDATE embedding_models SET floor = 0")
    same = f"{HOURS.title}: {HOURS.content}"
    found = await knowledge.search(pool, Made(one), same)
    assert (found.meant, found.rows[0]["source"]) == (True, "shop/hours.md")
    assert await sources(pool, Made(one), same, tags=["money"]) == ["shop/prices.md"]
    one.away = True
    assert (await knowledge.search(pool, Made(one), "two shops")).meant is False
    assert await sources(pool, Made(one), "two shops") == ["shop/prices.md"]


async def test_a_filter_finds_its_own_among_many_that_are_nearer(pool: Pool) -> None:
    """The nearest of all would be others, and none of them passes the filter."""
    near = [
        ParsedArticle(f"faq/{n}.md", f"Number {n}", "The very words of the question.")
        for n in range(knowledge.DEPTH + 40)
    ]
    await knowledge.put(pool, [*near, PRICES])
    one = Scripted("one", near={"the very words": [1.0, *[0.0] * 7], "249,000": [0.6, 0.8, *[0.0] * 6]})
    while await embed(pool, one, at_once):
        pass
    await pool.execute("UPDATE embedding_models SET floor = 0.5")
    asked = "the very words that no article has said before xyzzy"
    assert "shop/prices.md" not in await sources(pool, Made(one), asked, limit=50)
    assert await sources(pool, Made(one), asked, tags=["money"]) == ["shop/prices.md"]
    assert await sources(pool, Made(one), asked, source="shop/") == ["shop/prices.md"]


@pytest.mark.parametrize(("name", "least"), [("own", (0.85, 0.74)), ("strangers", (0.79, 0.71))])
async def test_the_local_model_and_words_find_no_worse_than_either_alone(
    pool: Pool, name: GoldSet, least: tuple[float, float]
) -> None:
    embedders = Embedders()
    assert embedders.current is not None
    assert embedders.current.name == LOCAL
    articles, questions = gold(name)
    await knowledge.put(pool, articles)
    while await embed(pool, embedders.current, at_once):
        pass
    wanted = [one.sources for one in questions]
    both = quality(wanted, [await sources(pool, embedders, one.text) for one in questions])
    words = quality(wanted, [await sources(pool, Made(), one.text) for one in questions])
    near = quality(wanted, [await nearest(pool, embedders.current, one.text) for one in questions])
    nonsense = NONSENSE.read_text(encoding="utf-8").splitlines()
    nothing = [query for query in nonsense if not await sources(pool, embedders, query)]
    await embedders.close()
    # Of words that another hand made up; "test 123" is in it, and a few words of ours.
    assert (len(nonsense), len(nothing) >= 39) == (42, True), set(nonsense) - set(nothing)
    assert both.mrr >= max(words.mrr, near.mrr), (both, words, near)
    assert both.recall >= words.recall
    # Below the floor nothing is shown: that costs a question or two.
    assert both.recall >= near.recall - 0.03, (both, near)
    assert both >= least


async def test_a_word_counts_by_how_few_passages_hold_it(pool: Pool) -> None:
    """The code stands in one article, "printer" in all of them."""
    filler = [ParsedArticle(f"p/{n}.md", f"Printer {n}", "printer printer printer") for n in range(20)]
    await knowledge.put(pool, [*filler, ParsedArticle("p/code.md", "Error KSR4012", "The drawer of the printer.")])
    assert (await sources(pool, Made(), "printer printer KSR4012"))[0] == "p/code.md"


async def nearest(pool: Pool, embedder: Embedder, question: str) -> list[str]:
    (vector,) = await embedder.embed([question])
    (model,) = await knowledge.models(pool)
    found = await pool.fetch(
        f"SELECT k.source FROM embeddings_{model['id']} AS e JOIN passages AS p ON p.id = e.passage_id"  # noqa: S608
        " JOIN articles AS k ON k.id = p.article_id ORDER BY e.embedding <=> $1::text::vector LIMIT 10",
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
    (shop / "terms.pdf").write_bytes(b"%PDF-1.7")
    assert main(["knowledge", "import", str(shop), "--json"]) == 1
    told = capsys.readouterr()
    said = json.loads(told.out)
    assert (said["changed"], said["same"], said["unreadable"], said["embedded"]) == (2, 0, 1, 2)
    assert "title and content" in told.err
    assert (said["skipped"], f"skipped: {shop / 'terms.pdf'}" in told.err) == ([str(shop / "terms.pdf")], True)
    (shop / "terms.pdf").unlink()
    # What could not be read is not what is gone, and a path through a folder's parent or a hidden one is a path like others.
    assert main(["knowledge", "import", str(shop), "--prune", "--json"]) == 1
    told = capsys.readouterr()
    assert (json.loads(told.out)["gone"], "nothing was forgotten" in told.err) == (0, True)
    (shop / "broken.csv").unlink()
    # A link that leads out of the folder is not followed.
    (tmp_path / "secret.md").write_text("# Salaries\n\nNobody is to read this.")
    (shop / "more.md").symlink_to(tmp_path / "secret.md")
    assert main(["knowledge", "import", str(shop), "--json"]) == 1
    told = capsys.readouterr()
    assert (json.loads(told.out)["unreadable"], "leads out of" in told.err) == (1, True)
    (shop / "more.md").unlink()
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
    assert json.loads(capsys.readouterr().out) == {
        "changed": 0, "same": 1, "gone": 1, "unreadable": 0, "skipped": [], "embedded": 0,
    }  # fmt: skip
    assert main(["knowledge", "search", "how much for two shops"]) == 0
    assert "Prices" in capsys.readouterr().out
    assert main(["knowledge", "status"]) == 0
    assert LOCAL in capsys.readouterr().out
    # Two folders of one name are two, given another; a file given another stays what it is.
    (empty / "hours.md").write_text("# Hours\n\nFrom nine.")
    (empty / "list.csv").write_text("title,content\nA,one")
    assert main(["knowledge", "import", str(empty), "--as", "branch", "--prune"]) == 0
    assert main(["knowledge", "import", str(empty / "list.csv"), "--as", "branch list"]) == 0
    capsys.readouterr()
    assert main(["knowledge", "search", "--json", "prices hours one"]) == 0
    hits = json.loads(capsys.readouterr().out)["hits"]
    assert {hit["source"] for hit in hits} == {
        "shop/prices.md",
        "branch/hours.md",
        "branch/list.csv#1",
        "branch list.csv#1",
    }
    for source, gone in (("branch list.csv", 1), ("branch/", 2), ("branch", 0), ("sho", 0)):
        assert main(["knowledge", "forget", source, "--json"]) == (0 if gone else 1)
        assert json.loads(capsys.readouterr().out) == {"gone": gone}
    assert main(["knowledge", "import", str(tmp_path / "nowhere")]) == 2
    assert "psycopg" not in sys.modules


async def test_programs_and_people_look_things_up(pool: Pool, redis_url: str, database_url: str) -> None:
    hostile = ParsedArticle(
        "x/<img>.md", "<img src=x onerror=alert(1)>", "two shops <img src=x onerror=alert(1)> **bold**"
    )
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


async def test_a_bad_passage_can_not_be(pool: Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute("INSERT INTO passages (place, text) VALUES (0, 'of nobody')")
