"""How the status of a lead follows its chat (pure).

AI moves a lead forward: new, qualified, contacted. AI only suggests `converted` and `archived`. If a person or an agent
set the status, changes by AI and by the bot become suggestions. AI never suggests an earlier status. It suggests
nothing for a lead that is converted or archived.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from domain.lead import CONVERTED, LOCKING, Claim, Source
from domain.score import WARM

FORWARD: Final = ("new", "qualified", "contacted")
ARCHIVED: Final = "archived"
REFUSES, AGREES, ANSWERED = "says they are not interested", "agrees and asks how to pay", "a person has answered"
"""Reasons, as the pages translate them."""


class StatusStep(NamedTuple):
    """Whether a claim to the status is applied, suggested, or ignored (neither)."""

    applies: bool = False
    is_suggested: bool = False


def step(status: str, set_by: str | None, claim: Claim, *, ai_applies: bool) -> StatusStep:
    """Decide what a claim to the status leads to. `set_by`: the source of the current status, or None."""
    if claim.value == status:
        return StatusStep()
    held = set_by in LOCKING
    if claim.source is Source.BOT:
        return StatusStep(applies=not held, is_suggested=held)
    if claim.source is not Source.AI:
        return StatusStep(applies=True)
    if status not in FORWARD or _is_behind(str(claim.value), status):
        return StatusStep()
    applies = ai_applies and not held and claim.value in FORWARD
    return StatusStep(applies=applies, is_suggested=not applies)


def _is_behind(wanted: str, status: str) -> bool:
    return wanted in FORWARD and FORWARD.index(wanted) < FORWARD.index(status)


def status_claims(fields: Mapping[str, Any], signals: Mapping[str, Any], *, actor: str) -> list[Claim]:
    """Return the claims to the status that follow from the fields and signals of a chat."""
    if "not interested" in signals:
        return [Claim("status", ARCHIVED, Source.AI, actor, REFUSES)]
    claims = []
    points = fields.get("lead_score") or 0
    if points >= WARM:
        claims.append(Claim("status", "qualified", Source.AI, actor, f"the score is {points}"))
    if signals.keys() >= {"said yes", "asked how to buy"}:
        claims.append(Claim("status", CONVERTED, Source.AI, actor, AGREES))
    return claims


def contacted_claim(message_id: str, *, actor: str) -> Claim:
    return Claim("status", "contacted", Source.AI, actor, ANSWERED, message_id)
