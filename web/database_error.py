"""What is shown instead of a page while Postgres is away, or is read-only."""

import asyncpg
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from store.postgres import FAULTS_OF_OURS
from web.render import Pages
from web.words import translator

log = structlog.get_logger(__name__)

# Opening a chat writes to the access log, which a read-only database refuses.
READ_ONLY = "The database is read-only for now: lists can be seen, chats can't be opened, and nothing can be changed."
AWAY = "The database does not answer now. Nothing is lost: messages wait, and show when it is back."
RETRY_SECONDS = "5"


class DatabaseErrorPage:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def show(self, request: Request, error: Exception) -> Response:
        """Answer 503. Programming errors are raised again: they are no outage."""
        if isinstance(error, FAULTS_OF_OURS):
            raise error
        log.warning("a page can't be shown", path=request.url.path.split("/")[1], error=type(error).__name__)
        why = READ_ONLY if isinstance(error, asyncpg.ReadOnlySQLTransactionError) else AWAY
        headers = {"Retry-After": RETRY_SECONDS}
        if request.headers.get("hx-request"):
            words = translator(self._pages.preferences(request).language)
            return PlainTextResponse(words(why), 503, headers)
        page = self._pages.page(request, "database_error.html", 503, why=why)
        page.headers.update(headers)
        return page
