"""Operations on knowledge: what we know, and who said what, found by words and by meaning."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from knowledge.embedder import Embedders
from store.access.access_log import AccessLog
from store.knowledge import articles as knowledge
from store.postgres import Pool
from web.api.leads import Plain, Query, Several
from web.api.models import Text
from web.api.operation import Answer, Operation, OperationCall, number_of
from web.api.problems import not_found

Question = Annotated[str, Plain, Field(min_length=1, max_length=500)]


class ArticleHit(BaseModel):
    """An article that fits the question."""

    id: int
    source: str = Field(description="Where it comes from.")
    title: str
    tags: list[str]
    snippet: str = Field(description="The passage that fits, the words of the question in ** **.")
    score: float = Field(description="Of this search only: likeness in meaning, and a share of the words.")


class ArticleHits(BaseModel):
    """The best first."""

    hits: list[ArticleHit]
    by_meaning: bool = Field(description="False: only words were compared.")


class Article(BaseModel):
    """An article as it was brought in."""

    id: int
    source: str
    title: str
    content: str
    tags: list[str]
    updated_at: datetime


class ChatHit(BaseModel):
    """A lead whose chat fits the question."""

    lead_id: UUID
    name: str | None
    phone: str | None
    status: str
    last_message_at: datetime | None
    message_id: str | None = Field(description="The first message of the passage.")
    snippet: str
    score: float


class ChatHits(BaseModel):
    """The best first."""

    hits: list[ChatHit]
    by_meaning: bool = Field(description="False: only words were compared.")


class KnowledgeQuery(Query):
    q: Question = Field(description="A question, in words.")
    tags: Annotated[list[Annotated[Text, Field(max_length=100)]], Several, Field(max_length=50)] = Field(
        [], description="Articles with any of them, separated by commas."
    )
    source: Annotated[str, Plain, Field(max_length=500)] | None = Field(
        None, description="Articles from under that folder or file."
    )
    limit: Annotated[int, Field(ge=1, le=50)] = 10


class ChatsQuery(Query):
    q: Question = Field(description="What was said, in words: who asked about prices for two shops.")
    limit: Annotated[int, Field(ge=1, le=50)] = 10


class KnowledgeOperations:
    def __init__(self, pool: Pool, embedders: Embedders, access_log: AccessLog) -> None:
        self._pool = pool
        self._access_log = access_log
        self._embedders = embedders

    def table(self) -> list[Operation]:
        return [
            Operation("GET", "/knowledge/search", "searchKnowledge", "Articles by words and by meaning", "knowledge:read", "viewer", self.search, ArticleHits, query=KnowledgeQuery),
            Operation("GET", "/knowledge/{id}", "getArticle", "One article", "knowledge:read", "viewer", self.get, Article, problems=(404,)),
            Operation("GET", "/conversations/search", "searchConversations", "Leads by what was said in their chats", "messages:read", "viewer", self.chats, ChatHits, query=ChatsQuery),
        ]  # fmt: skip

    async def search(self, call: OperationCall) -> Answer:
        query: KnowledgeQuery = call.query
        found = await knowledge.search(
            self._pool, self._embedders, query.q, tags=query.tags, source=query.source, limit=query.limit
        )
        hits = [ArticleHit.model_validate(dict(row)) for row in found.rows]
        return Answer(ArticleHits(hits=hits, by_meaning=found.meant))

    async def get(self, call: OperationCall) -> Answer:
        row = await knowledge.article(self._pool, number_of(call.path["id"]))
        if row is None:
            raise not_found("there is no such article")
        return Answer(Article.model_validate(dict(row)))

    async def chats(self, call: OperationCall) -> Answer:
        query: ChatsQuery = call.query
        found = await knowledge.search_chats(self._pool, self._embedders, query.q, limit=query.limit)
        asked = query.model_dump(exclude_defaults=True)
        self._access_log.note(
            call.caller.actor.name, "search", {"page": "conversations"} | asked, [row["lead_id"] for row in found.rows]
        )
        hits = [ChatHit.model_validate(dict(row)) for row in found.rows]
        return Answer(ChatHits(hits=hits, by_meaning=found.meant))
