"""What the API takes and gives. Times are UTC, ISO 8601; null means: not known; a field left out means: as it is."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from rows.lead import EMAIL, MOST_VALUE, PHASES, STATUSES, TEMPERATURES, URGENCIES, NotAllowed, parse

Status = Literal["new", "qualified", "contacted", "converted", "archived"]
Temperature = Literal["hot", "warm", "lukewarm", "cold"]
Phase = Literal["A", "B", "C", "D"]
Urgency = Literal["high", "medium", "low"]
Tier = Literal["hot", "warm", "cold", "dormant"]
Direction = Literal["inbound", "outbound"]


def _whole(value: object) -> object:
    """JSON has one kind of number: 3.0 is a whole one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _as_the_field(name: str) -> AfterValidator:
    """As the lead's own rule has it, and in its words where it is not so."""

    def parsed(value: str) -> str:
        try:
            return str(parse(name, value))
        except NotAllowed as error:
            raise ValueError(str(error).removeprefix(f"{name} ")) from None

    return AfterValidator(parsed)


Whole = BeforeValidator(_whole)
Phone = Annotated[str, _as_the_field("phone"), Field(json_schema_extra={"pattern": r"^\+[1-9][0-9]{6,14}$"})]
Email = Annotated[str, _as_the_field("email"), Field(max_length=254, json_schema_extra={"pattern": f"^{EMAIL}$"})]
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
# Something to read, and no NUL.
Words = Annotated[str, Field(pattern=r"^[^\x00]*[^\s\x00-\x1f][^\x00]*$")]
assert (Status.__args__, Temperature.__args__) == (STATUSES, TEMPERATURES)  # type: ignore[attr-defined]
assert (Phase.__args__, Urgency.__args__) == (PHASES, URGENCIES)  # type: ignore[attr-defined]


class Strict(BaseModel):
    """What is sent: a field that we do not know is an error, not a silent nothing."""

    model_config = ConfigDict(extra="forbid", strict=True)


class LeadSummary(BaseModel):
    """A lead as a list shows it."""

    id: UUID
    contact_id: UUID
    name: str | None
    phone: str | None = Field(description="E.164 with +; null for people known only by @username or id.")
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
    last_message_at: datetime | None
    last_message_text: str | None
    last_message_type: str | None
    last_message_direction: Direction | None
    reply_window_ends_at: datetime | None = Field(description="Until then WhatsApp lets us answer freely.")
    last_activity_at: datetime | None
    suggestions: int = Field(description="Open suggestions beside its fields.")
    overall_score: float | None = Field(description="lead_score from 0 to 1.")
    priority_tier: Tier
    predicted_close_probability: float | None
    estimated_value: int | None
    expected_close_date: date | None
    version: int


class Deleted(BaseModel):
    """What is out of sight now; it can be restored."""

    deleted: UUID


class LeadPage(BaseModel):
    """A page of leads."""

    leads: list[LeadSummary]
    next: str | None = Field(description="Give it as `after` for the next page; null on the last one.")
    guessed: bool = Field(description="Nobody is spelled like `q`: these are the most alike.")


class Why(BaseModel):
    """Where the value of a field comes from."""

    source: str = Field(description="human, agent, ai, bot or kapso.")
    actor: str
    changed_at: datetime
    message_id: str | None
    quote: str | None
    confidence: float | None
    reason: str | None


class Suggestion(BaseModel):
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

    points: int = Field(description="Its weight in lead_score; negative ones speak against.")
    message_id: str | None = None
    quote: str | None = None


class Lead(BaseModel):
    """A lead with all that explains it."""

    id: UUID
    contact_id: UUID
    phone: str | None = Field(description="A person's correction of the number, or the one the customer gave.")
    mirrored_phone: str | None = Field(description="The number as WhatsApp says it.")
    name: str | None
    business_type: str | None
    domisili: str | None
    business_duration: str | None
    story: str | None
    language: str | None
    pain_points: list[str] | None
    interest_motivation: str | None
    priority: str | None
    urgency_level: Urgency | None
    lead_score: int | None
    lead_temperature: Temperature | None
    closing_technique_used: str | None
    objection_raised: str | None
    chat_phase: Phase | None
    status: Status
    awaiting_reply: bool
    version: int = Field(description="Rises with every change; its ETag.")
    created_at: datetime
    last_contact_at: datetime | None
    last_activity_at: datetime | None
    status_changed_at: datetime
    converted_at: datetime | None
    signals: dict[str, Signal] = Field(description="What makes the score, by name.")
    overall_score: float | None = Field(description="lead_score from 0 to 1.")
    priority_tier: Tier = Field(description="By the temperature; dormant once archived, or silent for 30 days.")
    predicted_close_probability: float | None = Field(description="What somebody says, else by rule.")
    estimated_value: int | None = Field(description="In whole units of the currency you sell in.")
    expected_close_date: date | None
    last_scored_at: datetime | None
    converted_to_client_id: UUID | None = Field(description="The client they became.")
    email: str | None
    address: str | None
    state: str | None
    zip: str | None
    services: list[str] | None
    seasons: list[int] | None = Field(description="The years for which they signed.")
    last_service_date: date | None
    source: str | None = Field(description="How they came to us, when not by WhatsApp.")
    why: dict[str, Why] = Field(description="Field to where its value comes from.")
    suggestions: list[Suggestion]


class LeadPatch(Strict):
    """Fields to set; null empties one, a field left out stays as it is."""

    phone: Phone | None = None
    name: Annotated[Words, Field(max_length=200)] | None = None
    business_type: Annotated[Words, Field(max_length=200)] | None = None
    domisili: Annotated[Words, Field(max_length=200)] | None = None
    business_duration: Annotated[Words, Field(max_length=200)] | None = None
    story: Annotated[Words, Field(max_length=4000)] | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2,8}$")] | None = None
    pain_points: Annotated[list[Annotated[Words, Field(max_length=200)]], Field(min_length=1, max_length=20)] | None = (
        None
    )
    interest_motivation: Annotated[Words, Field(max_length=500)] | None = None
    priority: Annotated[Words, Field(max_length=200)] | None = None
    urgency_level: Urgency | None = None
    lead_score: Annotated[int, Field(ge=0, le=100), Whole] | None = None
    lead_temperature: Temperature | None = None
    closing_technique_used: Annotated[Words, Field(max_length=200)] | None = None
    objection_raised: Annotated[Words, Field(max_length=500)] | None = None
    chat_phase: Phase | None = None
    predicted_close_probability: Annotated[float, Field(ge=0, le=1)] | None = None
    estimated_value: Annotated[int, Field(ge=0, lt=MOST_VALUE), Whole] | None = None
    expected_close_date: Annotated[str, Field(json_schema_extra={"format": "date"})] | None = None


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
    text: str | None = Field(description="What the person wrote, chose or captioned; never a rendering.")
    transcript: str | None
    has_media: bool = Field(description="Whether GET /media/{id} has a file.")
    content: Any
    reply_to_id: str | None
    origin: str | None
    status: str | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    error: Any


class Messages(BaseModel):
    """Newest first."""

    messages: list[Message]
    next: str | None = Field(description="Give it as `before` for older ones; null at the end.")
