"""How Postgres goes about one batch: EXPLAIN (ANALYZE, BUFFERS) of every statement on the hot path, undone again."""

from benchmarks import limit
from benchmarks.bench import PEOPLE, Bench
from benchmarks.events import delivery, new_messages
from store import postgres
from store.postgres import statement


async def explained(bench: Bench, database_url: str, *, batch: int = 500) -> str:
    """Markdown; as the workers' connections plan it."""
    deliveries = [delivery(post) for post in new_messages(bench.numbers(batch), batch, PEOPLE)]
    pool = await postgres.connect(database_url, size=1, by_key=True)
    parts = [
        f"A batch of {batch} new messages, {await bench.pool.fetchval('SELECT count(*) FROM messages'):,} there.\n"
    ]
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        for name, arguments in (await limit.arguments(bench, deliveries)).items():
            text = f"EXPLAIN (ANALYZE, BUFFERS) {statement(name)}"  # noqa: S608  (our own statement)
            lines = await connection.fetch(text, *arguments)
            parts.append(f"## {name}\n\n```\n" + "\n".join(line[0] for line in lines) + "\n```\n")
        await transaction.rollback()
    await pool.close()
    return "\n".join(parts)
