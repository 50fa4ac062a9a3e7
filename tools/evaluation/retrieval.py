"""How well questions find their articles, on two gold sets (synthetic): recall@5 and mean reciprocal rank.

`own`: 34 articles and 90 questions of the project's own, with which the weights of the search were chosen. `strangers`:
those articles and 26 more, and 150 questions by two people who saw the titles only; its figures are the published ones.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from knowledge.articles import ParsedArticle

HERE = Path(__file__).parent / "knowledge"
DEEP = 5
GoldSet: TypeAlias = Literal["own", "strangers"]


class Question(NamedTuple):
    text: str
    sources: tuple[str, ...]
    """Of the articles that answer it."""
    exact: bool = False
    """Whether it rests on a name, a price or a code."""


class Quality(NamedTuple):
    recall: float
    """Part of the questions of which an article is among the first five."""
    mrr: float
    """Mean of 1/rank within the first ten, 0 where none is there."""


def gold(name: GoldSet = "own") -> tuple[list[ParsedArticle], list[Question]]:
    told = _read("gold.toml")["article"]
    own = [_article(number, one) for number, one in enumerate(told)]
    if name == "own":
        return own, [Question(asked, (own[place].source,)) for place, one in enumerate(told) for asked in one["ask"]]
    more = _read("strangers.toml")
    articles = [*own, *(_article(number, one) for number, one in enumerate(more["article"], len(own)))]
    asked = [
        Question(one["ask"], tuple(articles[place].source for place in one["articles"]), one["exact"])
        for one in more["question"]
    ]
    return articles, asked


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


def _article(number: int, one: dict[str, Any]) -> ParsedArticle:
    return ParsedArticle(f"gold/{number:02}", one["title"], one["text"], tuple(one["tags"]))


def quality(wanted: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> Quality:
    """`wanted` are the right sources, `found` the sources that came, the best first, for each question."""
    ranks = [
        next((rank for rank, source in enumerate(sources, 1) if source in right), 0)
        for right, sources in zip(wanted, found, strict=True)
    ]
    return Quality(
        sum(0 < rank <= DEEP for rank in ranks) / len(ranks), sum(1 / rank for rank in ranks if rank) / len(ranks)
    )
