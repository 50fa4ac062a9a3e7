"""The operation on the overview: the figures of the page /overview, for programs."""

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.lead_filter import LONGEST_ORIGIN
from store.leads.overview import AGES, RANGES, Overview
from store.postgres import Pool
from web import overviews
from web.api.leads import Plain, Query
from web.api.operation import Answer, Operation, OperationCall
from web.live import Hub


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("it is not a time zone: write one of the IANA database, such as Asia/Jakarta")
    return name


def _known_range(days: int) -> int:
    if days not in RANGES:
        raise ValueError(f"it must be one of {', '.join(map(str, RANGES))}")
    return days


class OverviewQuery(Query):
    days: Annotated[int, AfterValidator(_known_range), Field(json_schema_extra={"enum": list(RANGES)})] = Field(
        RANGES[0], description="The length of the period, which ends now; it is compared with the one before."
    )
    city: Annotated[str, Plain, Field(max_length=200)] = Field("", description="By its official name, in any case.")
    owner: Annotated[str, Plain, Field(max_length=64)] = Field("", description="A user.")
    origin: Annotated[str, Plain, Field(max_length=LONGEST_ORIGIN)] = Field(
        "", description="As `came_from` of a lead names it."
    )
    time_zone: Annotated[str, AfterValidator(_known_zone), Field(max_length=64)] = Field(
        "UTC", description="Where weeks begin: a time zone of the IANA database."
    )


class OverviewPart(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class PeriodFigures(OverviewPart):
    """Of the leads created in a period."""

    new: int
    converted: int = Field(description="Those that are clients now.")
    conversion: float | None = Field(description="From 0 to 1; null without leads.")
    replied: int = Field(description="Those that have an answer of ours.")
    first_reply_seconds: float | None = Field(description="The median until our first answer.")
    unanswered: int = Field(description="Those that wrote more than a day ago and have no answer.")
    lost_value: float = Field(description="Estimated value times odds of those, summed.")


class FunnelStage(OverviewPart):
    status: str
    leads: int = Field(description="Those that reached this stage or a later one.")
    lost: int = Field(description="Those of them that got no further and are archived.")


class WeekOfLeads(OverviewPart):
    """Leads by the week of their creation and by their temperature now."""

    week: date = Field(description="Its Monday.")
    hot: int
    warm: int
    lukewarm: int
    cold: int


class CityRow(OverviewPart):
    city: str
    leads: int
    hot: int
    converted: int


class OriginRow(OverviewPart):
    origin: str | None = Field(description="Null: none is known.")
    leads: int
    hot: int
    converted: int


class OwnerOfLeads(OverviewPart):
    owner: str
    open: int = Field(description="Open leads now.")
    waiting: int = Field(description="Those of them that wait for our answer.")
    new: int = Field(description="Leads created in the period.")
    replied: int
    first_reply_seconds: float | None
    converted: int = Field(description="Conversions in the period.")


class WaitingLeads(OverviewPart):
    age: str
    leads: int


class WordCount(OverviewPart):
    words: str
    leads: int


class OverviewAnswer(OverviewPart):
    """Figures of a period against the period before, and what stands now."""

    now: PeriodFigures
    before: PeriodFigures
    expected_value: float = Field(description="Estimated value times odds over the open leads that have a value.")
    leads_with_value: int
    funnel: list[FunnelStage]
    weeks: list[WeekOfLeads]
    cities: list[CityRow]
    origins: list[OriginRow]
    owners: list[OwnerOfLeads]
    waiting: list[WaitingLeads]
    pains: list[WordCount]
    objections: list[WordCount]


class OverviewOperations:
    def __init__(self, pool: Pool, hub: Hub) -> None:
        self._pool = pool
        self._hub = hub

    def table(self) -> list[Operation]:
        return [
            Operation("GET", "/overview", "getOverview", "Figures of the last days against those before", "leads:read", "viewer", self.get, OverviewAnswer, query=OverviewQuery),
        ]  # fmt: skip

    async def get(self, call: OperationCall) -> Answer:
        query: OverviewQuery = call.query
        asked = overviews.chosen(str(query.days), query.city, query.owner, query.origin)
        return Answer(answer_of(await overviews.shared(self._hub, self._pool, asked, ZoneInfo(query.time_zone))))


def answer_of(found: Overview) -> OverviewAnswer:
    """Convert an overview to the API's model."""
    plain = found._asdict()
    for name in ("funnel", "weeks", "cities", "origins", "pains", "objections"):
        plain[name] = [dict(row) for row in plain[name]]
    plain["waiting"] = [{"age": age, "leads": leads} for age, leads in zip(AGES, found.waiting, strict=True)]
    return OverviewAnswer.model_validate(plain)
