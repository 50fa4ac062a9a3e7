"""The rows that the mapping makes and the store writes. Times are timezone-aware UTC; JSON columns are canonical text.

Which columns merge how stands below each row as a `Merge`: batches are folded by it, and `dev.py sql` makes the upserts
of `store/mirror/upserts.sql` from it. A column's kind in the table follows from its type here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, NamedTuple, TypeAlias
from uuid import UUID

JSON: Final = "jsonb"
Json: TypeAlias = Annotated[str, JSON]


@dataclass(frozen=True, slots=True)
class Merge:
    """How two rows of one key become one.

    `newest` lists groups: the first names of each are its version, compared in order, and the rest come along. A group
    whose first column is null was not carried by that row and takes no part.

    `covered` maps a column to the column whose value replaces it in the table once `covered_by` is set. The original
    value is kept in unedited_<column>.
    """

    key: tuple[str, ...]
    least: tuple[str, ...] = ()
    greatest: tuple[str, ...] = ()
    newest: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    covered: Mapping[str, str] = field(default_factory=dict)
    covered_by: str = ""


class Sighting(NamedTuple):
    """What one event said of a person, under the names that it used.

    `handle` is a name that can pass to somebody else ('+number', 'kapso:id', 'email:address'), `bsuid` one that cannot;
    '' is unknown.
    """

    handle: str
    bsuid: str
    first_at: datetime
    last_at: datetime
    as_wa_id: bool = False
    as_phone: bool = False
    as_parent: bool = False
    name: str | None = None
    name_at: datetime | None = None
    username: str | None = None
    username_at: datetime | None = None

    @property
    def named_as(self) -> str:
        return self.bsuid or self.handle


SIGHTING = Merge(
    key=("handle", "bsuid"),
    least=("first_at",),
    greatest=("last_at", "as_wa_id", "as_phone", "as_parent"),
    newest=(
        (("name_at", "name"), ()),
        (("username_at", "username"), ()),
    ),
)


class Preference(NamedTuple):
    """Whether a person takes marketing messages from one business number, said under the names of a sighting.

    `preference` is stopped or resumed. Kapso numbers these events (`sequence`, 0 where it does not).
    """

    handle: str
    bsuid: str
    phone_number_id: str
    preference: str
    sequence: int
    said_at: datetime


PREFERENCE = Merge(key=("handle", "bsuid", "phone_number_id"), newest=((("sequence", "said_at", "preference"), ()),))


class Join(NamedTuple):
    """Two names of one person, for good; `kind` is line, previous or parent."""

    a: str
    b: str
    kind: str


class Conversation(NamedTuple):
    id: UUID
    named_as: str | None = None
    phone_number_id: str | None = None
    status: str | None = None
    state_at: datetime | None = None
    created_at: datetime | None = None
    last_active_at: datetime | None = None
    ended_at: datetime | None = None
    metadata: Json | None = None
    metadata_at: datetime | None = None
    metadata_received_at: datetime | None = None
    metadata_tie: int | None = None


CONVERSATION = Merge(
    key=("id",),
    least=("created_at",),
    greatest=("named_as", "phone_number_id", "last_active_at"),
    newest=(
        (("state_at", "status"), ("ended_at",)),
        (("metadata_at", "metadata_received_at", "metadata_tie"), ("metadata",)),
    ),
)


class MirroredMessage(NamedTuple):
    id: str
    conversation_id: UUID | None = None
    named_as: str | None = None
    phone_number_id: str | None = None
    direction: str | None = None
    type: str | None = None
    content: Json | None = None
    content_at: datetime | None = None
    content_tie: int | None = None
    text: str | None = None
    text_at: datetime | None = None
    media_url: str | None = None
    media_url_at: datetime | None = None
    transcript: str | None = None
    transcript_at: datetime | None = None
    reply_to_id: str | None = None
    origin: str | None = None
    status: str | None = None
    status_rank: int | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None
    error: Json | None = None
    error_at: datetime | None = None
    error_tie: int | None = None
    group_id: str | None = None
    group_member: str | None = None
    referral: Json | None = None
    referral_tie: int | None = None
    referred_product: Json | None = None
    referred_product_tie: int | None = None
    first_received_at: datetime | None = None
    edited_type: str | None = None
    edited_content: Json | None = None
    edited_text: str | None = None
    edited_at: datetime | None = None
    edited_tie: int | None = None
    revoked_at: datetime | None = None


MESSAGE = Merge(
    key=("id",),
    least=("sent_at", "delivered_at", "read_at", "failed_at", "first_received_at", "revoked_at"),
    greatest=(
        "conversation_id",
        "named_as",
        "phone_number_id",
        "direction",
        "reply_to_id",
        "origin",
        "group_id",
        "group_member",
    ),
    newest=(
        (("content_at", "content_tie"), ("type", "content")),
        (("text_at", "text"), ()),
        (("media_url_at", "media_url"), ()),
        (("transcript_at", "transcript"), ()),
        (("status_rank", "status"), ()),
        (("error_at", "error_tie"), ("error",)),
        (("referral_tie",), ("referral",)),
        (("referred_product_tie",), ("referred_product",)),
        (("edited_at", "edited_tie"), ("edited_type", "edited_content", "edited_text")),
    ),
    covered={"type": "edited_type", "content": "edited_content", "text": "edited_text"},
    covered_by="edited_at",
)


class MessageEdit(NamedTuple):
    """One edit of a message: the new words. `id` is the edit's own; the message may come later."""

    id: str
    message_id: str
    edited_at: datetime
    edited_tie: int
    type: str | None = None
    content: Json | None = None
    text: str | None = None


MESSAGE_EDIT = Merge(
    key=("id",), greatest=("message_id",), newest=((("edited_at", "edited_tie"), ("type", "content", "text")),)
)


class PhoneNumber(NamedTuple):
    id: str
    display_phone_number: str | None = None
    display_phone_number_at: datetime | None = None
    name: str | None = None
    name_at: datetime | None = None
    state: str | None = None
    state_at: datetime | None = None
    account_state: str | None = None
    account_state_at: datetime | None = None
    error: Json | None = None
    error_at: datetime | None = None
    error_tie: int | None = None


PHONE_NUMBER = Merge(
    key=("id",),
    newest=(
        (("display_phone_number_at", "display_phone_number"), ()),
        (("name_at", "name"), ()),
        (("state_at", "state"), ()),
        (("account_state_at", "account_state"), ()),
        (("error_at", "error_tie"), ("error",)),
    ),
)


class WorkflowExecution(NamedTuple):
    id: str
    workflow_id: str | None = None
    conversation_id: UUID | None = None
    channel: str | None = None
    tracking_id: str | None = None
    status: str | None = None
    status_at: datetime | None = None
    handoff: Json | None = None
    handoff_at: datetime | None = None
    handoff_tie: int | None = None
    error: Json | None = None
    error_at: datetime | None = None
    error_tie: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


WORKFLOW_EXECUTION = Merge(
    key=("id",),
    least=("started_at", "ended_at"),
    greatest=("workflow_id", "conversation_id", "channel", "tracking_id"),
    newest=(
        (("status_at", "status"), ()),
        (("handoff_at", "handoff_tie"), ("handoff",)),
        (("error_at", "error_tie"), ("error",)),
    ),
)


class ProjectEvent(NamedTuple):
    id: str
    name: str | None = None
    conversation_id: UUID | None = None
    occurred_at: datetime | None = None
    properties: Json | None = None
    properties_tie: int | None = None


PROJECT_EVENT = Merge(
    key=("id",),
    greatest=("name", "conversation_id", "occurred_at"),
    newest=((("properties_tie",), ("properties",)),),
)


MERGES: Final[Mapping[type, Merge]] = {
    Sighting: SIGHTING,
    Preference: PREFERENCE,
    Conversation: CONVERSATION,
    MirroredMessage: MESSAGE,
    MessageEdit: MESSAGE_EDIT,
    PhoneNumber: PHONE_NUMBER,
    WorkflowExecution: WORKFLOW_EXECUTION,
    ProjectEvent: PROJECT_EVENT,
}


@dataclass(slots=True)
class Facts:
    """Rows by table, in any order and with repeated keys: what a set of events says."""

    sightings: list[Sighting] = field(default_factory=list)
    preferences: list[Preference] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    messages: list[MirroredMessage] = field(default_factory=list)
    edits: list[MessageEdit] = field(default_factory=list)
    phone_numbers: list[PhoneNumber] = field(default_factory=list)
    workflow_executions: list[WorkflowExecution] = field(default_factory=list)
    project_events: list[ProjectEvent] = field(default_factory=list)

    def add(self, other: "Facts") -> None:
        self.sightings += other.sightings
        self.preferences += other.preferences
        self.joins += other.joins
        self.conversations += other.conversations
        self.messages += other.messages
        self.edits += other.edits
        self.phone_numbers += other.phone_numbers
        self.workflow_executions += other.workflow_executions
        self.project_events += other.project_events
