"""Next steps by rule: no reply for five days, the reply window closes, a lead went hot. A model may word them."""

from collections.abc import Sequence
from typing import Any, Protocol

import structlog

from domain.lead import Source
from domain.next_step import RULES, SuggestedStep, by_rule, content
from domain.window import ChatLine
from store.leads import next_steps, reading
from store.leads.leads import Actor
from store.leads.reading import Due
from store.postgres import Pool

log = structlog.get_logger(__name__)

AT_ONCE = 100
LINES = 20


class DraftedText(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def tokens(self) -> int: ...


class AnyDrafter(Protocol):
    name: str

    async def draft(self, lines: Sequence[ChatLine], why: str) -> DraftedText | None: ...


async def suggest(pool: Pool, drafter: AnyDrafter | None) -> int:
    """What calls for a step now gets one, and what no longer does loses it. Returns how many are new."""
    await next_steps.withdraw(pool)
    made = 0
    for row in await next_steps.due(pool, limit=AT_ONCE):
        step = by_rule(row["occasion"], row["about"], name=row["name"], language=row["language"])
        worded = await _worded(pool, row, step, drafter) if drafter and "text" in step.content else None
        by = Actor(Source.AI, drafter.name if drafter and worded else RULES)
        made += len(await next_steps.insert(pool, [(row["lead_id"], worded or step)], by))
    if made:
        log.info("next steps suggested", steps=made)
    return made


async def _worded(pool: Pool, row: Any, step: SuggestedStep, drafter: AnyDrafter) -> SuggestedStep | None:
    due = Due(row["lead_id"], row["contact_id"], None, None)
    (window,) = await reading.windows(pool, [due], lines=LINES)
    drafted = await drafter.draft(window.lines, step.reasoning or "")
    if drafted is None:
        return None
    return step._replace(content=content(step.type, {"text": drafted.text}), tokens=drafted.tokens)
