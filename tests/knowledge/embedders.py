"""Articles, and embedders that need no model, for tests."""

import hashlib
from collections.abc import Mapping, Sequence

from knowledge.articles import ParsedArticle
from knowledge.embedder import Embedder, Embedders, EmbedderUnavailable

PRICES = ParsedArticle("shop/prices.md", "Prices", "Two shops cost 249,000 rupiah a month.", ("money",))
HOURS = ParsedArticle(
    "shop/hours.md", "Opening hours", "We answer from eight in the morning until ten at night.", ("help",)
)


class Scripted:
    """Embeds each text as itself, so that only the same words are near; another model in its own way. `near` says where
    texts are that hold these words."""

    def __init__(self, name: str, dimension: int = 8, *, near: Mapping[str, list[float]] | None = None) -> None:
        self.name, self.dimension = name, dimension
        self.near = near or {}
        self.away = False

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self.away:
            raise EmbedderUnavailable("away")
        return [
            next((at for words, at in self.near.items() if words in text.lower()), self._itself(text)) for text in texts
        ]

    async def close(self) -> None:
        pass

    def _itself(self, text: str) -> list[float]:
        return [byte / 255 for byte in hashlib.sha256(text.encode()).digest()[: self.dimension]]


class Made(Embedders):
    def __init__(self, *ones: Embedder) -> None:
        self.current = ones[0] if ones else None
        self._ones = {(one.name, one.dimension): one for one in ones}

    def of(self, name: str, dimension: int) -> Embedder | None:
        return self._ones.get((name, dimension))


async def at_once() -> None:
    pass
