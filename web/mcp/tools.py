"""What agents may do: each tool, as it is called. The docstrings are what agents read."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from domain.delivery import FailureKind
from domain.lead import Source
from domain.lead_fields import FIELDS, PROFILE_FIELDS, with_country
from domain.lead_filter import LONGEST_ORIGIN, LeadFilter, narrowed_by_search
from domain.next_step import SuggestedStep, takes_of_all
from domain.phone import Phones
from knowledge.embedder import Embedders
from store.access.access_log import AccessLog
from store.knowledge import articles as knowledge
from store.leads import lead_detail, lead_list, leads, next_steps, overview
from store.leads.lead_list import Order
from store.leads.leads import Actor
from store.mirror import merges
from store.ops import dead_letters, replays
from store.ops.dead_letters import LetterQuery
from store.ops.status import MirrorStatus
from store.postgres import Pool
from web import overviews
from web.mcp import answers
from web.mcp.access import Who, actor
from web.mcp.answers import cut, lead_line
from web.mcp.errors import tool_errors
from web.query import cursor_of, cursor_text

CHAT: Final = 20
Id: TypeAlias = Annotated[UUID, Field(description="The lead's id, as search_leads gives it.")]
Reason: TypeAlias = Annotated[
    str, Field(min_length=3, max_length=500, description="Why; kept with the change, and people read it.")
]
Status: TypeAlias = Literal["new", "qualified", "contacted", "converted", "archived"]
Temperature: TypeAlias = Literal["hot", "warm", "lukewarm", "cold"]
StepType: TypeAlias = Literal["TASK", "PR", "REPLY", "FOLLOW_UP", "SEND_EMAIL", "SCHEDULE_CALL", "SEND_PROPOSAL"]
Limit: TypeAlias = Annotated[int, Field(ge=1, le=50, description="How many at most.")]
Version: TypeAlias = Annotated[int, Field(ge=1, description="The version that you read; stale ones are refused.")]


class Tools:
    """`who` finds the key behind a call; `read_status` tells how the mirror does."""

    def __init__(
        self,
        pool: Pool,
        embedders: Embedders,
        phones: Phones,
        read_status: Callable[[], Awaitable[MirrorStatus]],
        who: Who,
        access_log: AccessLog,
    ) -> None:
        self._pool = pool
        self._embedders = embedders
        self._phones = phones
        self._read_status = read_status
        self._who = who
        self._access_log = access_log

    # -- reading

    async def search_leads(
        self,
        query: Annotated[
            str,
            Field(
                max_length=200,
                description="A name, a number in any form, a @username, qualifiers such as business_type:laundry; may be empty.",
            ),
        ] = "",
        status: list[Status] | None = None,
        temperature: list[Temperature] | None = None,
        city: Annotated[str, Field(max_length=200)] | None = None,
        owner: Annotated[str, Field(max_length=64, description="The user who looks after them; - for nobody.")]
        | None = None,
        tag: Annotated[str, Field(max_length=200)] | None = None,
        awaiting_reply: Annotated[bool, Field(description="Only those that wait for our answer.")] = False,
        order: Annotated[
            Order,
            Field(description="By the last message; waiting: the longest wait first; priority: the best score first."),
        ] = "newest",
        after: Annotated[str, Field(max_length=100)] | None = None,
        limit: Limit = 20,
        *,
        context: Context[Any, Any],
    ) -> answers.Leads:
        """Find leads. Each comes with its status, score and why, and whether it waits for us. Go on with `next`."""
        chosen = LeadFilter(
            status=status, temperature=temperature, city=city or None, awaiting_reply=awaiting_reply or None,
            owner=[owner] if owner else None, tag=[tag] if tag else None,
        )  # fmt: skip
        asked = {"q": query, "city": city, "owner": owner, "tag": tag, "waiting": awaiting_reply, "status": ",".join(status or ()),
                 "temperature": ",".join(temperature or ())}  # fmt: skip
        with tool_errors():
            cursor = cursor_of(after, order) if after else None
            if after and cursor is None:
                raise ToolError("`after` is not what `next` gave: begin without it")
            wanted, strange = narrowed_by_search(chosen, query)
            page = await lead_list.page(self._pool, wanted, after=cursor, limit=limit, order=order)
        given = {name: value for name, value in asked.items() if value}
        self._access_log.note(self._by(context).name, "list", given, [row["id"] for row in page.leads])
        return answers.Leads(
            leads=[lead_line(row) for row in page.leads],
            next=cursor_text(page.next) if page.next else None,
            guessed=page.guessed,
            not_understood=strange,
        )

    async def get_lead(
        self,
        lead: Id,
        context: Context[Any, Any],
        messages: Annotated[int, Field(ge=0, le=100, description="How many of the last messages.")] = CHAT,
    ) -> answers.LeadAnswer:
        """One lead with all that is known, its notes, and the end of the chat. Read it before you write."""
        with tool_errors():
            found = await lead_detail.read(self._pool, lead, self._by(context), messages=max(messages, 1))
            notes, in_all = answers.noted(await lead_detail.notes(self._pool, found.lead["id"]))
        row = found.lead
        held = [
            name for name, why in found.why.items() if why["source"] == Source.HUMAN and why["reason"] != leads.LET_GO
        ]
        return answers.LeadAnswer(
            id=row["id"], version=row["version"], status=row["status"],
            fields={name: row[name] for name in (*FIELDS, *PROFILE_FIELDS) if row[name] is not None},
            held_by_people=sorted(held), awaiting_reply=row["awaiting_reply"],
            signals={one["type"]: one["points"] for one in orjson.loads(row["signals"])},
            notes=notes, notes_in_all=in_all,
            chat=answers.said(found.messages[:messages]),
        )  # fmt: skip

    async def list_recent_activity(
        self,
        context: Context[Any, Any],
        lead: Annotated[UUID | None, Field(description="Of one lead; without it, of all.")] = None,
        limit: Limit = 20,
    ) -> answers.Activity:
        """What changed lately: fields, statuses, who, and why; the newest first."""
        with tool_errors():
            rows = await lead_detail.recent(self._pool, lead, limit=limit)
        seen = list(dict.fromkeys(row["lead_id"] for row in rows))
        self._access_log.note(self._by(context).name, "list", {"tool": "list_recent_activity"}, seen)
        return answers.Activity(
            changes=[
                answers.ChangeAnswer(
                    lead=row["lead_id"], name=row["name"], field=row["field"], new=answers.shortened(leads.plain(row["new"])),
                    by=f"{row['source']} {row['actor']}", at=row["changed_at"], reason=cut(row["reason"]),
                )
                for row in rows
            ]
        )  # fmt: skip

    async def pipeline_summary(self) -> answers.Pipeline:
        """How many leads stand where, how many wait for us, and how many suggestions wait for a person."""
        with tool_errors():
            counts = await lead_list.counts(self._pool, LeadFilter())
            waiting = await next_steps.waiting(self._pool)
        return answers.Pipeline(
            total=counts["all"]["all"], by_status=counts["status"], by_temperature=counts["temperature"],
            awaiting_reply=counts["waiting"].get("true", 0), suggestions_waiting=waiting,
        )  # fmt: skip

    async def overview(
        self,
        days: Annotated[Literal[7, 30, 90], Field(description="The length of the period, which ends now.")] = 7,
        city: Annotated[str, Field(max_length=200)] = "",
        owner: Annotated[str, Field(max_length=64, description="Only the leads of this user.")] = "",
        origin: Annotated[
            str, Field(max_length=LONGEST_ORIGIN, description="Only leads of this advertisement or product.")
        ] = "",
    ) -> answers.OverviewSummary:
        """Compare the last days with those before: leads, replies, conversions, origins, pain points, objections."""
        asked = overviews.chosen(str(days), city, owner, origin)
        with tool_errors():
            return answers.compared(days, await overview.overview(self._pool, asked, ZoneInfo("UTC")))

    async def search_knowledge(
        self,
        question: Annotated[
            str, Field(min_length=1, max_length=500, description="In words, as you would ask a colleague.")
        ],
        tags: Annotated[list[str] | None, Field(max_length=20, description="Only articles with any of them.")] = None,
        limit: Limit = 5,
    ) -> answers.Hits:
        """Look something up in our articles (prices, terms, how things are done), by words and by meaning."""
        with tool_errors():
            found = await knowledge.search(self._pool, self._embedders, question, tags=tags, limit=limit)
        return answers.Hits(
            hits=[
                answers.Hit(id=str(row["id"]), title=row["title"], snippet=row["snippet"], source=row["source"])
                for row in found.rows
            ],
            by_meaning=found.meant,
        )

    async def mirror_health(self) -> answers.Health:
        """How far the mirror can be trusted: how complete it is, what waits, what needs a person."""
        with tool_errors():
            now = await self._read_status()
        return answers.Health(
            complete_to=min((drain.complete_to for drain in now.drains), default=None),
            waiting=now.waiting,
            dead_letters=sum(letters.open for letters in now.letters),
            problems=now.problems,
        )

    # -- writing

    async def update_lead(
        self,
        lead: Id,
        fields: Annotated[
            dict[str, Any],
            Field(min_length=1, description=f"Any of {', '.join((*FIELDS, *PROFILE_FIELDS))}; null empties one."),
        ],
        expected_version: Version,
        reason: Reason,
        context: Context[Any, Any],
    ) -> answers.Written:
        """Set what is known of a lead. What a person holds becomes a suggestion (`suggested`)."""
        with tool_errors():
            done = await leads.patch(
                self._pool,
                lead,
                with_country(fields, self._phones),
                version=expected_version,
                by=self._by(context),
                reason=reason,
            )
        return _written(done)

    async def set_status(
        self,
        lead: Id,
        status: Status,
        reason: Reason,
        expected_version: Version,
        context: Context[Any, Any],
    ) -> answers.Written:
        """Move a lead, in any direction. Every move is kept with its reason."""
        with tool_errors():
            done = await leads.set_status(
                self._pool, lead, status, by=self._by(context), version=expected_version, reason=reason
            )
        return _written(done)

    async def add_note(
        self,
        lead: Id,
        text: Annotated[str, Field(min_length=1, max_length=10_000)],
        context: Context[Any, Any],
    ) -> answers.Noted:
        """Write a note on a lead's timeline, for people and other agents."""
        with tool_errors():
            return answers.Noted(note=await leads.add_note(self._pool, lead, text, by=self._by(context)))

    async def propose_suggestion(
        self,
        lead: Id,
        type: StepType,
        content: Annotated[
            dict[str, Any],
            Field(
                description=f"What the type takes; ? marks what may be left out. {takes_of_all()}. FOLLOW_UP needs text or"
                " reason, SCHEDULE_CALL topic or suggestedTimes; a time without a zone is taken as UTC."
            ),
        ],
        reason: Reason,
        context: Context[Any, Any],
        confidence: Annotated[float | None, Field(ge=0, le=1)] = None,
    ) -> answers.Proposed:
        """Suggest what to do next about a lead. A person decides on it; nothing is sent by itself."""
        with tool_errors():
            step = SuggestedStep(type, content, confidence, reason)
            id = await next_steps.propose(self._pool, lead, step, by=self._by(context))
        assert id is not None  # only a step with an occasion can be a repeat, and this one has none
        return answers.Proposed(suggestion=id, status="PENDING")

    # -- operating

    async def replay_dead_letters(
        self,
        context: Context[Any, Any],
        fingerprint: Annotated[
            str | None, Field(max_length=100, description="Of one cause (mirror dead-letters groups).")
        ] = None,
        kind: FailureKind | None = None,
        event: Annotated[str | None, Field(max_length=100)] = None,
        go: Annotated[bool, Field(description="False: a plan, nothing is changed.")] = False,
    ) -> answers.Replayed:
        """Apply events again that failed for good. A plan unless `go`; a worker takes it up within a second."""
        wanted = LetterQuery(fingerprint=fingerprint, kind=kind, event=event)
        with tool_errors():
            planned = await dead_letters.count(self._pool, wanted)
            id = await replays.ask(
                self._pool, wanted, by=self._by(context).name, planned=planned, go=go, per_second=100
            )
        return answers.Replayed(replay=id, planned=planned, go=go)

    async def merge_contacts(
        self,
        lead: Id,
        other: Annotated[UUID, Field(description="The lead that turned out to be the same person.")],
        reason: Reason,
        context: Context[Any, Any],
        go: Annotated[bool, Field(description="False: a plan, nothing is changed.")] = False,
    ) -> answers.Merged:
        """Two leads are one person: join them for good, chats and all. It can't be undone. A plan unless `go`."""
        with tool_errors():
            people = [answers.called(await leads.current(self._pool, id)) for id in (lead, other)]
            one = await merges.merge(self._pool, lead, other, by=self._by(context), reason=reason, go=go)
        return answers.Merged(done=go, lead=one, people=people)

    def _by(self, context: Context[Any, Any]) -> Actor:
        return actor(self._who(context.request_context))


def _written(done: leads.PatchedLead) -> answers.Written:
    return answers.Written(id=done.lead.id, version=done.lead.version, changed=done.changed, suggested=done.suggested)
