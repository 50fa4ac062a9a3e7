"""How well questions find their articles, on a gold set of ours (synthetic): recall@5 and mean reciprocal rank."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from knowledge.articles import ParsedArticle

GOLD = Path(__file__).parent / "knowledge" / "gold.toml"
DEEP = 5


class Question(NamedTuple):
    text: str
    source: str
    """Of the article that answers it."""


class Quality(NamedTuple):
    recall: float
    """Part of the questions whose article is among the first five."""
    mrr: float
    """Mean of 1/rank within the first ten, 0 where it is not there."""


def gold() -> tuple[list[ParsedArticle], list[Question]]:
    articles, questions = [], []
    for number, one in enumerate(tomllib.loads(GOLD.read_text(encoding="utf-8"))["article"]):
        source = f"gold/{number:02}"
        articles.append(ParsedArticle(source, one["title"], one["text"], tuple(one["tags"])))
        questions += [Question(asked, source) for asked in one["ask"]]
    return articles, questions


def quality(wanted: Sequence[str], found: Sequence[Sequence[str]]) -> Quality:
    """`found` are sources, the best first, for each question."""
    ranks = [
        list(sources).index(source) + 1 if source in sources else 0
        for source, sources in zip(wanted, found, strict=True)
    ]
    return Quality(
        sum(0 < rank <= DEEP for rank in ranks) / len(ranks), sum(1 / rank for rank in ranks if rank) / len(ranks)
    )
