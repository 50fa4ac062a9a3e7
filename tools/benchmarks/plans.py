"""How Postgres goes about one batch: EXPLAIN (ANALYZE, BUFFERS) of every statement on the hot path, undone again."""

from store import postgres
from store.postgres import statement
from tools.benchmarks import limit
from tools.benchmarks.bench import PEOPLE, Bench
from tools.benchmarks.events import delivery, new_messages


async def explained(bench: Bench, database_url: str, *, batch: int = 500) -> str:
    """Markdown; with the settings of the workers' connections and the values of this batch.

    The plans without values, which workers run, are held to the same indexes by tests/store/mirror/test_plans.py.
    """
    deliveries = [delivery(post) for post in new_messages(bench.numbers(batch), batch, PEOPLE)]
    pool = await postgres.connect(database_url, size=1, by_key=True)
    there = await bench.pool.fetchval("SELECT count(*) FROM messages")
    parts = [f"A batch of {batch} new messages; {there:,} are there.\n"]
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        for name, arguments in (await limit.arguments(bench, deliveries)).items():
            lines = await connection.fetch("EXPLAIN (ANALYZE, BUFFERS) " + statement(name), *arguments)
            parts.append(f"## {name}\n\n```\n" + "\n".join(line[0] for line in lines) + "\n```\n")
        await transaction.rollback()
    await pool.close()
    return "\n".join(parts)
