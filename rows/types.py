"""The rows that the mapping makes and the store writes. Times are timezone-aware UTC; JSON columns are canonical text.

Which columns merge how stands below each row as a `Merge`; `store/sql/upsert_*.sql` says the same in SQL.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Merge:
    """How two rows of one key become one.

    `newest` lists groups: the first names of each are its version, compared in order, and the rest come along. A group
    whose first column is null was not carried by that row and takes no part.
    """

    key: tuple[str, ...]
    least: tuple[str, ...] = ()
    greatest: tuple[str, ...] = ()
    newest: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()


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
    marketing_preference: str | None = None
    marketing_sequence: int | None = None
    marketing_preference_at: datetime | None = None

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
        (("marketing_sequence", "marketing_preference_at", "marketing_preference"), ()),
    ),
)


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
    metadata: str | None = None
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


class Message(NamedTuple):
    id: str
    conversation_id: UUID | None = None
    named_as: str | None = None
    phone_number_id: str | None = None
    direction: str | None = None
    type: str | None = None
    content: str | None = None
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
    error: str | None = None
    error_at: datetime | None = None
    error_tie: int | None = None


MESSAGE = Merge(
    key=("id",),
    least=("sent_at", "delivered_at", "read_at", "failed_at"),
    greatest=("conversation_id", "named_as", "phone_number_id", "direction", "reply_to_id", "origin"),
    newest=(
        (("content_at", "content_tie"), ("type", "content")),
        (("text_at", "text"), ()),
        (("media_url_at", "media_url"), ()),
        (("transcript_at", "transcript"), ()),
        (("status_rank", "status"), ()),
        (("error_at", "error_tie"), ("error",)),
    ),
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


PHONE_NUMBER = Merge(
    key=("id",),
    newest=(
        (("display_phone_number_at", "display_phone_number"), ()),
        (("name_at", "name"), ()),
        (("state_at", "state"), ()),
        (("account_state_at", "account_state"), ()),
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
    handoff: str | None = None
    handoff_at: datetime | None = None
    handoff_tie: int | None = None
    error: str | None = None
    error_at: datetime | None = None
    error_tie: int | None = None


WORKFLOW_EXECUTION = Merge(
    key=("id",),
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
    properties: str | None = None
    properties_tie: int | None = None


PROJECT_EVENT = Merge(
    key=("id",),
    greatest=("name", "conversation_id", "occurred_at"),
    newest=((("properties_tie",), ("properties",)),),
)


@dataclass(slots=True)
class Facts:
    """Rows by table, in any order and with repeated keys: what a set of events says."""

    sightings: list[Sighting] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    phone_numbers: list[PhoneNumber] = field(default_factory=list)
    workflow_executions: list[WorkflowExecution] = field(default_factory=list)
    project_events: list[ProjectEvent] = field(default_factory=list)

    def add(self, other: "Facts") -> None:
        self.sightings += other.sightings
        self.joins += other.joins
        self.conversations += other.conversations
        self.messages += other.messages
        self.phone_numbers += other.phone_numbers
        self.workflow_executions += other.workflow_executions
        self.project_events += other.project_events
