"""The page on which people look things up: in articles, and in what was said."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from knowledge.embedder import Embedders
from store.access.access_log import AccessLog
from store.access.accounts import User
from store.knowledge import articles as knowledge
from store.postgres import Pool
from web.access import actor
from web.error_pages import NOT_THERE, Refusal
from web.query import with_changes
from web.render import Pages

LONGEST_QUESTION = 500
HITS, PAGE = 15, 100
HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)


class KnowledgePages:
    def __init__(self, pool: Pool, pages: Pages, embedders: Embedders, access_log: AccessLog) -> None:
        self._access_log = access_log
        self._pool = pool
        self._pages = pages
        self._embedders = embedders

    async def show(self, request: Request, user: User) -> Response:
        query = dict(request.query_params)
        question = query.get("q", "").replace("\0", "").strip()[:LONGEST_QUESTION]
        chats = query.get("in") == "chats"
        given: dict[str, Any] = {"found": None, "articles": []}
        if question and chats:
            given["found"] = await knowledge.search_chats(self._pool, self._embedders, question, limit=HITS)
            ids = [row["lead_id"] for row in given["found"].rows]
            self._access_log.note(actor(user).name, "search", {"page": "knowledge", "q": question}, ids)
        elif question:
            given["found"] = await knowledge.search(self._pool, self._embedders, question, limit=HITS)
        elif not chats:
            given["articles"] = await knowledge.articles(self._pool, limit=PAGE)
        return self._pages.page(request, "knowledge.html", user=user, query=query, question=question, chats=chats,
                                change=with_changes, marked=marked, **given)  # fmt: skip

    async def article(self, request: Request, user: User) -> Response:
        row = await knowledge.article(self._pool, request.path_params["id"])
        if row is None:
            return Refusal(NOT_THERE, 404)
        return self._pages.page(request, "article.html", user=user, article=row, sections=sections(row["content"]))


def sections(content: str) -> list[tuple[str, str]]:
    """Return the heading ("" for what stands before the first one) and the text of each section of an article."""
    before, *rest = HEADING.split(content)
    return [("", before.strip()), *zip(rest[::2], map(str.strip, rest[1::2]), strict=True)]


def marked(snippet: str) -> list[tuple[str, bool]]:
    """Pieces of a snippet, and whether each is a word of the question."""
    return [(piece, place % 2 == 1) for place, piece in enumerate(snippet.split("**"))]
