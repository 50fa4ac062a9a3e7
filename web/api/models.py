"""What the API takes and gives. Times are UTC, ISO 8601; null means: not known; a field left out means: as it is."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

from domain.field_kinds import READABLE, whole
from domain.lead import STATUSES
from domain.lead_fields import BY_NAME, FIELDS, PHASES, TEMPERATURES, URGENCIES
from web.api.fields import Strict, facts_of, patch_of

Status = Literal["new", "qualified", "contacted", "converted", "archived"]
Temperature = Literal["hot", "warm", "lukewarm", "cold"]
Phase = Literal["A", "B", "C", "D"]
Urgency = Literal["high", "medium", "low"]
Tier = Literal["hot", "warm", "cold", "dormant"]
Direction = Literal["inbound", "outbound"]


Whole = BeforeValidator(whole)
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
Words = Annotated[str, Field(pattern=READABLE)]
assert (Status.__args__, Temperature.__args__) == (STATUSES, TEMPERATURES)  # type: ignore[attr-defined]
assert (Phase.__args__, Urgency.__args__) == (PHASES, URGENCIES)  # type: ignore[attr-defined]


class LeadSummary(BaseModel):
    """A lead as a list shows it."""

    id: UUID
    contact_id: UUID
    name: str | None
    phone: str | None = Field(description="The number that counts, E.164 with +: corrected_phone, else mirrored_phone.")
    corrected_phone: str | None = Field(description="A person's correction of the number.")
    mirrored_phone: str | None = Field(description="The number as WhatsApp says it.")
    username: str | None
    business_scoped_user_id: str | None
    status: Status
    lead_temperature: Temperature | None
    lead_score: int | None
    score_because: str | None = Field(description="The signals that make the score, with their points.")
    chat_phase: Phase | None
    domisili: str | None
    business_type: str | None
    urgency_level: Urgency | None
    awaiting_reply: bool
    waiting_since: datetime | None = Field(
        description="Their first message after our last answer; null: they do not wait."
    )
    last_message_at: datetime | None
    last_message_text: str | None
    last_message_type: str | None
    last_message_direction: Direction | None
    reply_window_ends_at: datetime | None = Field(description="Until then WhatsApp lets us answer freely.")
    last_activity_at: datetime | None
    owner: str | None = Field(description="The user who looks after them; null: nobody yet.")
    tags: list[str] | None
    snoozed_until: datetime | None
    snoozed: bool = Field(description="Whether the inbox leaves them out: until snoozed_until, or until they write.")
    suggestions: int = Field(description="Open suggestions beside its fields.")
    overall_score: float | None = Field(description="lead_score from 0 to 1.")
    priority_tier: Tier
    predicted_close_probability: float | None
    estimated_value: float | None
    expected_close_date: date | None
    came_from: str | None = Field(description="The advertisement, post or product that their first such message names.")
    version: int


class Deleted(BaseModel):
    """What is out of sight now; it can be restored."""

    deleted: UUID


class LeadPage(BaseModel):
    """A page of leads."""

    leads: list[LeadSummary]
    next: str | None = Field(description="Give it as `after` for the next page; null on the last one.")
    guessed: bool = Field(description="Nobody is spelled like `q`: these are the most alike.")
    not_understood: list[str] = Field(description="Qualifiers of `q` that mean nothing here: with one, nobody fits.")


class Provenance(BaseModel):
    """Where the value of a field comes from."""

    source: str = Field(description="human, agent, ai, bot or kapso.")
    actor: str
    changed_at: datetime
    message_id: str | None
    quote: str | None
    confidence: float | None
    reason: str | None


class FieldSuggestion(BaseModel):
    """A value that may not replace what a person set."""

    id: int
    field: str
    value: Any
    source: str
    actor: str
    reason: str | None
    message_id: str | None
    quote: str | None
    confidence: float | None
    made_at: datetime


class Signal(BaseModel):
    """Something that speaks for or against a lead; its weight, and the words that show it."""

    type: str = Field(description="What was seen: asked_price, gave_city …")
    timestamp: datetime | None = Field(description="When the message was sent that shows it.")
    weight: float = Field(description="points / 100.")
    points: int = Field(description="Its weight in lead_score; negative ones speak against.")
    message_id: str | None
    quote: str | None = Field(description="The words that show it.")
    count: int | None = Field(None, description="How many, where it was counted.")
    value: Any = Field(None, description="How much, where it was said.")


class Lead(facts_of("LeadFacts", [name for name in BY_NAME if name != "phone"])):  # type: ignore[misc]
    """A lead with all that explains it."""

    id: UUID
    contact_id: UUID
    phone: str | None = Field(description="The number that counts: corrected_phone, else mirrored_phone.")
    corrected_phone: str | None = Field(description="A person's correction of the number.")
    mirrored_phone: str | None = Field(description="The number as WhatsApp says it.")
    status: Status
    awaiting_reply: bool
    waiting_since: datetime | None = Field(
        description="Their first message after our last answer; null: they do not wait."
    )
    version: int = Field(description="Rises with every change; its ETag.")
    created_at: datetime
    last_message_at: datetime | None = Field(description="The newest message that the list shows.")
    last_contact_at: datetime | None = Field(description="The newest message either way, that arrived.")
    last_activity_at: datetime | None
    status_changed_at: datetime
    converted_at: datetime | None
    signals: list[Signal] = Field(description="What makes the score, most points first; those against come last.")
    overall_score: float | None = Field(description="lead_score from 0 to 1.")
    priority_tier: Tier = Field(description="By the temperature; dormant once archived, or silent for 30 days.")
    last_scored_at: datetime | None
    converted_to_client_id: UUID | None = Field(description="The client they became.")
    came_from: str | None = Field(description="The advertisement, post or product that their first such message names.")
    why: dict[str, Provenance] = Field(description="Field to where its value comes from.")
    suggestions: list[FieldSuggestion] = Field(
        description="Values proposed for its fields; people accept them on the desk. Not those of /suggestions."
    )


class LeadPatch(patch_of("LeadFields", FIELDS)):  # type: ignore[misc]
    """Fields to set; null empties one, a field left out stays as it is."""


class Patched(BaseModel):
    """What became of a write."""

    lead: Lead
    changed: list[str] = Field(description="Fields that changed.")
    suggested: list[str] = Field(description="Fields that a person holds: these became suggestions.")


class StatusChange(Strict):
    """Where to move a lead."""

    status: Status
    reason: Annotated[Text, Field(max_length=500)] | None = None


class Note(BaseModel):
    """A note on the timeline."""

    id: int
    source: str
    actor: str
    text: str
    written_at: datetime
    corrects: int | None
    corrected_by: int | None


class Notes(BaseModel):
    """Oldest first."""

    notes: list[Note]


class NewNote(Strict):
    """A note, or the correction of one."""

    text: Annotated[Words, Field(max_length=10_000)]
    corrects: Annotated[int, Field(ge=1, le=2**63 - 1), Whole] | None = Field(
        None, description="The note it takes the place of."
    )


class Change(BaseModel):
    """One field that changed."""

    id: int
    field: str
    old: Any
    new: Any
    source: str
    actor: str
    reason: str | None
    message_id: str | None
    quote: str | None
    confidence: float | None
    changed_at: datetime


class History(BaseModel):
    """Newest first."""

    changes: list[Change]
    next: int | None = Field(description="Give it as `before` for older ones; null at the end.")


class Message(BaseModel):
    """A WhatsApp message."""

    id: str
    conversation_id: UUID | None
    contact_id: UUID | None
    direction: Direction | None
    type: str | None
    text: str | None = Field(description="What the person wrote, chose or captioned.")
    transcript: str | None
    has_media: bool = Field(
        description="Whether it has a file. Signed-in users see it at `/media/{id}`, outside of this API."
    )
    content: Any
    reply_to_id: str | None
    origin: str | None
    status: str | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    error: Any
    edited_at: datetime | None = Field(description="When its sender changed it last; text and content are the newest.")
    unedited_text: str | None = Field(description="Of an edited message: the words as they were sent.")
    revoked_at: datetime | None = Field(description="When its sender deleted it; the words stay here.")
    referral: Any = Field(description="The advertisement or post that the person came from.")
    referred_product: Any = Field(description="The product of a catalogue that the message asks about.")


class Messages(BaseModel):
    """Newest first."""

    messages: list[Message]
    next: str | None = Field(description="Give it as `before` for older ones; null at the end.")
