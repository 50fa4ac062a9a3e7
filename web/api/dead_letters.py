"""Operations for those who look after the mirror: dead letters, replays, freshness."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from domain.delivery import FailureKind
from domain.masking import masked
from store.ops import dead_letters, replays
from store.ops.dead_letters import LetterQuery
from store.ops.status import MirrorStatus
from store.postgres import Pool
from web.api.fields import Strict
from web.api.leads import Query
from web.api.models import Text, Whole
from web.api.operation import Answer, Operation, OperationCall, number_of
from web.api.problems import Problem, not_found


class Group(BaseModel):
    """Dead letters of one cause."""

    fingerprint: str
    error_kind: str
    error: str
    events: list[str]
    letters: int
    first_failed_at: datetime
    last_failed_at: datetime
    example: int = Field(description="The id of one of them.")


class Groups(BaseModel):
    """The largest first."""

    groups: list[Group]


class DeadLetter(BaseModel):
    """An event that failed for good; its body masked."""

    id: int
    delivery_id: UUID
    position: int
    received_at: datetime
    event: str | None
    error_kind: str
    error: str
    fingerprint: str
    attempts: int
    first_failed_at: datetime
    last_failed_at: datetime
    state: str
    body: str = Field(description="The delivery's body with personal data masked.")


class LetterFilter(Strict):
    """Which dead letters; what is left out does not narrow."""

    fingerprint: Text | None = None
    kind: FailureKind | None = None
    event: Text | None = None
    id: Annotated[int, Field(ge=1, le=2**63 - 1), Whole] | None = None


class NewReplay(Strict):
    """A plan (what would become of each), or with `go` the replay itself."""

    filter: LetterFilter = LetterFilter()
    go: bool = False
    per_second: Annotated[float, Field(ge=1, le=1000)] = 100


class Replay(BaseModel):
    """A replay and how far it has come."""

    id: int
    kind: str
    filter: dict[str, Any]
    go: bool
    per_second: float
    state: Literal["asked", "running", "done", "cancelled", "failed"]
    asked_by: str
    asked_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    planned: int = Field(description="Dead letters, or deliveries.")
    done: int
    applied: int = Field(description="Events; so are unchanged, ignored and failed.")
    unchanged: int
    ignored: int
    failed: int
    cancel_asked_by: str | None
    error: str | None


class Freshness(BaseModel):
    """How far the mirror can be trusted."""

    complete_to: datetime | None = Field(description="All that was pushed up to then is in the rows.")
    verified_to: datetime | None = Field(description="Compared with Kapso up to then.")
    waiting: int
    oldest_seconds: float
    p50_ms: float | None = Field(description="Receipt to rows, of the last minute.")
    p99_ms: float | None
    dead_letters: int
    problems: list[str] = Field(description="What needs a person.")


class GroupsQuery(Query):
    state: Literal["open", "replayed", "discarded"] = Field("open", description="Only those.")


class LetterOperations:
    def __init__(self, pool: Pool, read_status: Callable[[], Awaitable[MirrorStatus]]) -> None:
        self._pool = pool
        self._read_status = read_status

    def table(self) -> list[Operation]:
        read, write = ("dead-letters:read", "operator"), ("dead-letters:write", "operator")
        return [
            Operation("GET", "/dead-letters", "listDeadLetters", "Dead letters by cause", *read, self.groups, Groups, query=GroupsQuery),
            Operation("GET", "/dead-letters/{id}", "getDeadLetter", "One dead letter, its body masked", *read, self.letter, DeadLetter, problems=(404,)),
            Operation("POST", "/replays", "askReplay", "Plan a replay of open dead letters, or do it", *write, self.ask, Replay, body=NewReplay, status=202),
            Operation("GET", "/replays/{id}", "getReplay", "A replay, and how far it has come", *read, self.replay, Replay, problems=(404,)),
            Operation("POST", "/replays/{id}/cancel", "cancelReplay", "End a replay; what was done stands", *write, self.cancel, Replay, problems=(404, 409)),
            Operation("GET", "/freshness", "freshness", "How far the mirror can be trusted", "freshness:read", "viewer", self.freshness, Freshness),
        ]  # fmt: skip

    async def groups(self, call: OperationCall) -> Answer:
        found = await dead_letters.groups(self._pool, LetterQuery(state=call.query.state))
        return Answer(Groups(groups=[Group.model_validate(group._asdict()) for group in found]))

    async def letter(self, call: OperationCall) -> Answer:
        wanted = LetterQuery(state=None, id=number_of(call.path["id"]))
        async for letter in dead_letters.matching(self._pool, wanted):
            body = masked(await dead_letters.Bodies(self._pool).of(letter))
            return Answer(DeadLetter.model_validate(letter._asdict() | {"body": body}))
        raise not_found(f"there is no dead letter {wanted.id}")

    async def ask(self, call: OperationCall) -> Answer:
        asked: NewReplay = call.body
        wanted = LetterQuery(**asked.filter.model_dump())
        planned = await dead_letters.count(self._pool, wanted)
        by = call.caller.actor.name
        id = await replays.ask(self._pool, wanted, by=by, planned=planned, go=asked.go, per_second=asked.per_second)
        return Answer(await self._read(id))

    async def replay(self, call: OperationCall) -> Answer:
        return Answer(await self._read(number_of(call.path["id"])))

    async def cancel(self, call: OperationCall) -> Answer:
        id = number_of(call.path["id"])
        if not await replays.cancel(self._pool, id, by=call.caller.actor.name):
            await self._read(id)
            raise Problem(409, "Over already", "It has ended, or a console runs it: end it there.")
        return Answer(await self._read(id))

    async def freshness(self, _: OperationCall) -> Answer:
        now = await self._read_status()
        complete = min((drain.complete_to for drain in now.drains), default=None)
        return Answer(
            Freshness(
                complete_to=complete,
                verified_to=now.verified_to,
                waiting=now.waiting,
                oldest_seconds=now.oldest_seconds,
                p50_ms=now.freshness_p50_ms,
                p99_ms=now.freshness_p99_ms,
                dead_letters=sum(letters.open for letters in now.letters),
                problems=now.problems,
            )
        )

    async def _read(self, id: int) -> Replay:
        found = await replays.read(self._pool, id)
        if found is None:
            raise not_found(f"there is no replay {id}")
        return Replay.model_validate(found._asdict())
