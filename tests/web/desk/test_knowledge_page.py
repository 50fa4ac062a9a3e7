"""An article is shown with its headings, not with the signs that make them."""

import pytest

from knowledge.articles import ParsedArticle
from store.knowledge import articles
from store.postgres import Pool
from tests.desk import signed_in
from web.desk.knowledge import sections


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("Just words", [("", "Just words")]),
        ("# Prices\nFrom 10\n\n## For two ##\nMore", [("", ""), ("Prices", "From 10"), ("For two", "More")]),
        ("#no heading\n    # code", [("", "#no heading\n    # code")]),
        ("", [("", "")]),
    ],
)
def test_headings_divide_an_article(content: str, found: list[tuple[str, str]]) -> None:
    assert sections(content) == found


async def test_an_article_shows_no_signs_of_markdown_and_runs_nothing(
    pool: Pool, redis_url: str, database_url: str
) -> None:
    one = ParsedArticle("prices.md", "Prices", "# Prices\nFrom 10\n## <script>alert(1)</script>\nMore", ("money",))
    await articles.put(pool, [one])
    async with signed_in(pool, redis_url, database_url, "viewer") as http:
        page = (await http.get("/knowledge/1")).text
        assert page.count("Prices</h") == 1
        assert "<h2>&lt;script&gt;alert(1)&lt;/script&gt;</h2>" in page
        assert "# " not in page.split('id="content"')[1]
