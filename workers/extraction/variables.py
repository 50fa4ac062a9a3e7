"""Variables of the bot's runs, which Kapso never pushes: fetched for runs that were handed over or failed."""

import structlog

from kapso.client import Client, Gone, KapsoError, Priority
from store.leads import reading
from store.postgres import Pool

log = structlog.get_logger(__name__)

A_PASS = 10


async def fetch_variables(pool: Pool, client: Client) -> None:
    """A few in each pass, from what is left of the request budget; what fails is asked for again in the next."""
    for execution in await reading.unread_executions(pool, limit=A_PASS):
        try:
            known = await client.variables(execution, Priority.VERIFY)
        except Gone:
            known = {}
        except KapsoError as error:
            log.warning("variables of the bot can't be read now", error=str(error))
            return
        await reading.keep_variables(pool, execution, known)
