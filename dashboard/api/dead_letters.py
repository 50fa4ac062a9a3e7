"""Operations for those who look after the mirror: dead letters, replays, freshness."""

from collections.abc import Awaitable, Callable
from typing import Literal

from pydantic import Field

from dashboard.api import models
from dashboard.api.leads import Query
from dashboard.api.operation import Answer, Call, Operation, number_of
from dashboard.api.problems import Problem, not_found
from rows.masking import masked
from store import dead_letters, replays
from store.dead_letters import Filter
from store.postgres import Pool
from store.status import Status


class GroupsQuery(Query):
    state: Literal["open", "replayed", "discarded"] = Field("open", description="Only those.")


class LetterOperations:
    def __init__(self, pool: Pool, look: Callable[[], Awaitable[Status]]) -> None:
        self._pool = pool
        self._look = look

    def table(self) -> list[Operation]:
        read, write = ("dead-letters:read", "operator"), ("dead-letters:write", "operator")
        return [
            Operation("GET", "/dead-letters", "listDeadLetters", "Dead letters by cause", *read, self.groups, models.Groups, query=GroupsQuery),
            Operation("GET", "/dead-letters/{id}", "getDeadLetter", "One dead letter, its body masked", *read, self.letter, models.DeadLetter, problems=(404,)),
            Operation("POST", "/replays", "askReplay", "Plan a replay of open dead letters, or do it", *write, self.ask, models.Replay, body=models.NewReplay, status=202),
            Operation("GET", "/replays/{id}", "getReplay", "A replay, and how far it has come", *read, self.replay, models.Replay, problems=(404,)),
            Operation("POST", "/replays/{id}/cancel", "cancelReplay", "End a replay; what was done stands", *write, self.cancel, models.Replay, problems=(404, 409)),
            Operation("GET", "/freshness", "freshness", "How far the mirror can be trusted", "freshness:read", "viewer", self.freshness, models.Freshness),
        ]  # fmt: skip

    async def groups(self, call: Call) -> Answer:
        found = await dead_letters.groups(self._pool, Filter(state=call.query.state))
        return Answer(models.Groups(groups=[models.Group.model_validate(group._asdict()) for group in found]))

    async def letter(self, call: Call) -> Answer:
        wanted = Filter(state=None, id=number_of(call.path["id"]))
        async for letter in dead_letters.matching(self._pool, wanted):
            return Answer(models.DeadLetter.model_validate(letter._asdict() | {"body": masked(letter.body)}))
        raise not_found(f"there is no dead letter {wanted.id}")

    async def ask(self, call: Call) -> Answer:
        asked: models.NewReplay = call.body
        wanted = Filter(**asked.filter.model_dump())
        planned = await dead_letters.count(self._pool, wanted)
        by = call.caller.actor.name
        id = await replays.ask(self._pool, wanted, by=by, planned=planned, go=asked.go, per_second=asked.per_second)
        return Answer(await self._read(id))

    async def replay(self, call: Call) -> Answer:
        return Answer(await self._read(number_of(call.path["id"])))

    async def cancel(self, call: Call) -> Answer:
        id = number_of(call.path["id"])
        if not await replays.cancel(self._pool, id, by=call.caller.actor.name):
            await self._read(id)
            raise Problem(409, "Over already", "It has ended, or a console runs it: end it there.")
        return Answer(await self._read(id))

    async def freshness(self, _: Call) -> Answer:
        now = await self._look()
        complete = min((drain.complete_to for drain in now.drains), default=None)
        return Answer(
            models.Freshness(
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

    async def _read(self, id: int) -> models.Replay:
        found = await replays.read(self._pool, id)
        if found is None:
            raise not_found(f"there is no replay {id}")
        return models.Replay.model_validate(found._asdict())
