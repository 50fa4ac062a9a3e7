"""Passages get their meanings in the background: articles first, then what was said in chats."""

from collections.abc import Awaitable, Callable

import structlog

from knowledge.embedder import Embedder, EmbedderUnavailable
from store.knowledge import articles as knowledge
from store.postgres import Pool

log = structlog.get_logger(__name__)

# In one pass; what is left waits for the next, half a minute later.
MOST = 320


async def embed(pool: Pool, embedder: Embedder | None, give_way: Callable[[], Awaitable[None]]) -> int:
    """Returns how many passages were embedded; none where nobody embeds."""
    model = await knowledge.begin(pool, embedder) if embedder else None
    if embedder is None or model is None:
        return 0
    try:
        return await knowledge.embed_some(pool, embedder, model, most=MOST, pause=give_way)
    except EmbedderUnavailable as error:
        log.warning("nothing can be embedded now, search goes by words", error=str(error))
        return 0
