"""What the language model may cost a day (UTC), over all processes. Once spent, an alarm stands until tomorrow."""

from store.ops import alarms
from store.postgres import Pool, statement

ALARM = "model budget"
SPENT = "The model's tokens of today are spent (MODEL_TOKENS_PER_DAY = {most}); rules read the chats until tomorrow."


async def left(pool: Pool, most: int) -> bool:
    used: int = await pool.fetchval(statement("model_tokens")) or 0
    await alarms.set_or_clear(pool, ALARM, SPENT.format(most=most) if used >= most else None)
    return used < most


async def spend(pool: Pool, tokens: int) -> None:
    await pool.execute(statement("spend_tokens"), tokens)
