"""What is handed to a CRM when a person takes a conversation over, whichever CRM it is."""

from typing import Annotated, Any, Literal, Protocol
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

Level = Literal["hot", "warm", "cold"]
Reason = Literal["hot_lead", "explicit_request", "stall", "llm_failure"]
Fit = Annotated[str, Field(min_length=1, max_length=50)]


class ContextPacket(BaseModel):
    """All that is known of a visitor at that moment. A fit that nobody stated is `unknown`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    packet_id: str = Field(default_factory=lambda: uuid4().hex, min_length=1, max_length=200)
    """The same packet, sent again, is the same handoff."""
    session_id: Annotated[str, Field(min_length=1, max_length=200)]
    lead_level: Level
    handoff_reason: Reason
    original_reason: Annotated[str, Field(max_length=1000)] | None = None
    conversation_id: str | None = None
    """Kapso's conversation, where it is one."""
    visitor_email: Annotated[str, Field(max_length=254)] | None = None
    visitor_phone: Annotated[str, Field(max_length=40)] | None = None
    visitor_name: Annotated[str, Field(max_length=200)] | None = None
    visitor_company: Annotated[str, Field(max_length=200)] | None = None
    visitor_role: Annotated[str, Field(max_length=200)] | None = None
    problem_fit: Fit = "unknown"
    authority_fit: Fit = "unknown"
    company_fit: Fit = "unknown"
    timing_fit: Fit = "unknown"
    is_consultant: bool = False
    referral_mentioned: bool = False
    turn_count: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    signals_observed: list[str | dict[str, Any]] = []
    """Names of signals, or objects that say more of them."""
    conversation_summary: Annotated[str, Field(max_length=20_000)] | None = None


class CRMClient(Protocol):
    async def create_lead(self, context_packet: ContextPacket) -> str:
        """The CRM's own id for it. The same packet again returns the same id. Raises when the CRM does not take it."""


REASONS: tuple[Reason, ...] = ("hot_lead", "explicit_request", "stall", "llm_failure")


def reason_of(said: str | None) -> tuple[Reason, str | None]:
    """One of the four, and what was said where it is none of them."""
    for reason in REASONS:
        if said == reason:
            return reason, None
    return "explicit_request", said or None
