"""A language model behind any OpenAI-compatible endpoint: asked within a budget, and left alone while it fails.

Needs the extra `model`.
"""

import json
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import structlog
from openai import AsyncOpenAI, BadRequestError, OpenAIError, UnprocessableEntityError
from openai.types.chat import ChatCompletion
from pydantic import BaseModel, ValidationError

from store.knowledge import model_budget
from store.postgres import Pool

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 30.0
# After so many failures in a row it is left alone for a while, and rules do its work.
FAILURES, PAUSE_SECONDS = 3, 60.0
TRIES = 2
# The endpoint works and rejects this chat: the chat is too long, or a content filter refused it.
NOT_THIS_ONE = (BadRequestError, UnprocessableEntityError)


class EndpointAnswer(NamedTuple):
    said: BaseModel
    tokens: int
    """What it took, tries and all."""


class ModelEndpoint:
    def __init__(self, pool: Pool, *, url: str, name: str, key: str | None, tokens_per_day: int) -> None:
        self.name = name
        self._pool = pool
        self._most = tokens_per_day
        self._client = AsyncOpenAI(base_url=url, api_key=key or "none", timeout=TIMEOUT_SECONDS, max_retries=0)
        self._failures = 0
        self._asks_again_at = 0.0

    async def close(self) -> None:
        await self._client.close()

    async def can_be_asked(self) -> bool:
        """Return whether it is neither paused after failures nor out of today's tokens."""
        return time.monotonic() >= self._asks_again_at and await model_budget.left(self._pool, self._most)

    async def ask(self, task: str, given: str, shape: type[BaseModel]) -> EndpointAnswer | None:
        """None where the model did not answer, answered nonsense twice, or the day's tokens are spent."""
        messages = [{"role": "system", "content": task}, {"role": "user", "content": given}]
        tokens = 0
        for _ in range(TRIES):
            if not await self.can_be_asked():
                return None
            try:
                text, cost = await self._ask(messages, shape)
            except NOT_THIS_ONE as error:
                log.warning("the model refuses a chat, rules do its work", error=type(error).__name__)
                return None
            except OpenAIError as error:
                self._failures += 1
                if self._failures >= FAILURES:
                    self._failures, self._asks_again_at = 0, time.monotonic() + PAUSE_SECONDS
                log.warning("the model does not answer, rules do its work", error=type(error).__name__)
                return None
            self._failures, tokens = 0, tokens + cost
            try:
                return EndpointAnswer(shape.model_validate_json(text), tokens)
            except ValidationError as error:
                messages += [{"role": "assistant", "content": text}, {"role": "user", "content": _repair(error)}]
        log.warning("the model gave an invalid response, the rules are used instead")
        return None

    async def _ask(self, messages: Sequence[dict[str, str]], shape: type[BaseModel]) -> tuple[str, int]:
        schema = {"name": "answer", "strict": True, "schema": shape.model_json_schema()}
        asked: Any = {
            "model": self.name,
            "messages": messages,
            "response_format": {"type": "json_schema", "json_schema": schema},
        }
        answer = await self._client.chat.completions.create(**asked)
        if not isinstance(answer, ChatCompletion) or not answer.choices:  # a proxy's page, for one
            raise OpenAIError("not an answer of a model")
        text = answer.choices[0].message.content or ""
        said = len(json.dumps(schema)) + sum(len(message["content"]) for message in messages) + len(text)
        cost = answer.usage.total_tokens if answer.usage else said // 3
        await model_budget.spend(self._pool, cost)
        return text, cost


def _repair(error: ValidationError) -> str:
    what = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)[:5])
    return f"That is not the JSON that was asked for ({what}). Answer again, with nothing but the JSON."
