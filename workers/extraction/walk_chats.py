"""Index, once and a few per pass, the chats that existed before chat search did."""

from collections.abc import Awaitable, Callable

from store.knowledge import chat_index
from store.postgres import Pool

AT_ONCE = 50
# In one pass; what is left waits for the next, half a minute later.
MOST = 1000


async def walk_chats(pool: Pool, give_way: Callable[[], Awaitable[None]]) -> int:
    """Returns how many leads were looked at; none once all have been."""
    done = 0
    while done < MOST and (some := await chat_index.walk(pool, most=AT_ONCE)):
        done += some
        await give_way()
    return done
