"""The fields of a lead, each declared once: what it may hold, who may set it, where it is shown, whether AI reads it.

Parsers, the desk's panel, the model's prompt and the evaluation derive from LEAD_FIELDS. Tables, statements, the API's
models and translations are compared with it: tests/domain/test_lead_fields.py names what was forgotten.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from domain.field_kinds import (
    ADDRESS,
    AMOUNT,
    DAY,
    LANGUAGE,
    MOMENT,
    PHONE,
    PROBABILITY,
    SCORE,
    TAGS,
    TEXTS,
    USER,
    YEARS,
    Kind,
    NotAllowed,
    Value,
    one_of,
    phone,
    text,
)
from domain.phone import Phones

TEMPERATURES: Final = ("hot", "warm", "lukewarm", "cold")
PHASES: Final = ("A", "B", "C", "D")
URGENCIES: Final = ("high", "medium", "low")

Section: TypeAlias = Literal["What is known", "The deal", "As a customer"]
Table: TypeAlias = Literal["lead_records", "customer_profiles"]


class LeadField(NamedTuple):
    name: str
    indonesian: str
    """Its label in Indonesian."""
    kind: Kind
    section: Section | None = None
    """Where the panel shows it, in the order of the table; None: the panel shows it in a place of its own."""
    prompt: str | None = None
    """The description of the field in the model's prompt; None leaves the field out of the prompt."""
    categories: tuple[str, ...] = ()
    """Of what AI reads, where it has a closed vocabulary; people may write other words."""
    is_long: bool = False
    """Whether the panel gives it several lines."""
    people_only: bool = False
    """Whether only people and agents set it; what AI reads is suggested: a second number, a budget."""
    stated_by_bot: bool = False
    """Whether the bot's word outranks AI's."""
    from_us: bool = False
    """Whether it is read from our messages, and not from the customer's."""
    is_filtered: bool = False
    """Whether a search by words in it, `name:words`, narrows the list."""
    is_exported: bool = False
    """Whether it is a column of the list's CSV file."""
    table: Table = "lead_records"
    english: str = ""
    """Its label where that is another than its name, with spaces."""

    @property
    def label(self) -> str:
        """In English."""
        return self.english or self.name.replace("_", " ")

    @property
    def is_date(self) -> bool:
        return self.kind is DAY

    @property
    def is_list(self) -> bool:
        return self.kind in (TEXTS, TAGS, YEARS)


PAINS: Final = (
    "slow replies", "lost orders", "no follow-up", "manual work", "few customers", "stock", "bookkeeping", "staff",
    "competition", "advertising costs", "customer data", "late payments",
)  # fmt: skip
MOTIVES: Final = ("grow sales", "save time", "expand", "look professional", "serve better", "recommended")
PRIORITIES: Final = ("price", "ease", "speed", "support", "features", "security")
OBJECTIONS: Final = ("price", "trust", "timing", "approval", "has another", "no need")
CLOSINGS: Final = ("discount", "free trial", "limited offer", "social proof", "bonus", "guarantee")

LEAD_FIELDS: Final = (
    LeadField(
        "name", "nama", text(200), "What is known",
        prompt="what customers call themselves, without titles (Pak, Bu, Mr); with two on a phone, the last writer",
        is_exported=True,
    ),
    LeadField(
        "phone", "telepon", PHONE, "What is known", prompt="another number of their own, E.164", people_only=True,
        is_exported=True,
    ),
    LeadField(
        "business_type", "jenis usaha", text(200), "What is known",
        prompt="the trade in the customer's own words, in lower case and the shortest form: laundry, toko kue",
        is_filtered=True, is_exported=True, english="trade",
    ),
    LeadField(
        "domisili", "domisili", text(200), "What is known",
        prompt="the city or regency, by its official name without Kota or Kabupaten, where the business is, or else "
        "the customer lives; of a district or nickname the city it lies in; a province only where nothing nearer is "
        "said",
        is_exported=True, english="city",
    ),
    LeadField(
        "business_duration", "lama usaha", text(200), "What is known",
        prompt='how long the business runs: "3 years", "6 months", "18 months", "since 2019" or "just started"; '
        "never an age, a rent, a former job or how long a job takes", english="in business for",
    ),
    LeadField(
        "language", "bahasa", LANGUAGE, "What is known",
        prompt="id, en, or mixed when both carry sentences; a loan word mixes nothing", is_filtered=True,
        is_exported=True,
    ),
    LeadField(
        "story", "cerita", text(4000), "What is known", prompt="how the business came about, in the customer's words",
        is_long=True,
    ),
    LeadField(
        "pain_points", "kendala", TEXTS, "What is known",
        prompt="an entry for each trouble of the business; the category where one fits, else the customer's words",
        categories=PAINS, is_long=True, is_filtered=True, is_exported=True, english="troubles",
    ),
    LeadField(
        "interest_motivation", "alasan berminat", text(500), "What is known",
        prompt="why they want what the seller sells", categories=MOTIVES, is_long=True, english="motivation",
    ),
    LeadField(
        "priority", "prioritas", text(200), "What is known",
        prompt="what matters most in choosing, only when they say that it does", categories=PRIORITIES,
    ),
    LeadField(
        "urgency_level", "tingkat urgensi", one_of(*URGENCIES), "What is known",
        prompt="high: now, today, this week; medium: this or next month; low: later, no hurry, just looking",
        is_filtered=True, is_exported=True, english="urgency",
    ),
    LeadField(
        "objection_raised", "keberatan", text(500), "What is known",
        prompt="the last one to the seller's offer; a question is none", categories=OBJECTIONS, is_long=True,
        is_exported=True, english="objection",
    ),
    LeadField(
        "closing_technique_used", "teknik penutupan", text(200), "What is known",
        prompt="the last way in which the seller tried to close, quoted from the seller's message", categories=CLOSINGS,
        from_us=True, english="way of closing",
    ),
    LeadField("lead_score", "skor", SCORE, stated_by_bot=True, is_exported=True, english="score"),
    LeadField(
        "lead_temperature", "suhu", one_of(*TEMPERATURES), stated_by_bot=True, is_exported=True, english="temperature"
    ),
    LeadField("chat_phase", "fase", one_of(*PHASES), stated_by_bot=True, is_exported=True, english="phase"),
    LeadField("owner", "pemilik", USER, people_only=True, is_exported=True),
    LeadField("tags", "label", TAGS, is_exported=True),
    LeadField("snoozed_until", "ditunda sampai", MOMENT, people_only=True),
    LeadField(
        "estimated_value", "perkiraan nilai", AMOUNT, "The deal",
        prompt="what they can or want to pay the seller, as a bare number; never their own prices, rent or turnover",
        people_only=True,
    ),
    LeadField("expected_close_date", "perkiraan tanggal jadi", DAY, "The deal", english="expected to close"),
    LeadField("predicted_close_probability", "peluang jadi", PROBABILITY, "The deal", english="odds of closing"),
    LeadField("email", "surel", ADDRESS, "As a customer", prompt="the customer's own", table="customer_profiles"),
    LeadField("address", "alamat", text(500), "As a customer", table="customer_profiles"),
    LeadField("state", "provinsi", text(100), "As a customer", table="customer_profiles"),
    LeadField("zip", "kode pos", text(20), "As a customer", table="customer_profiles"),
    LeadField("services", "layanan", TEXTS, "As a customer", table="customer_profiles", is_filtered=True),
    LeadField("seasons", "musim", YEARS, "As a customer", table="customer_profiles"),
    LeadField("last_service_date", "tanggal layanan terakhir", DAY, "As a customer", table="customer_profiles"),
    LeadField("source", "asal", text(100), "As a customer", table="customer_profiles", is_filtered=True),
)  # fmt: skip
BY_NAME: Final[Mapping[str, LeadField]] = {one.name: one for one in LEAD_FIELDS}
FIELDS: Final = tuple(one.name for one in LEAD_FIELDS if one.table == "lead_records")
PROFILE_FIELDS: Final = tuple(one.name for one in LEAD_FIELDS if one.table == "customer_profiles")
"""In the profile of a customer, beside the lead; the same rules apply."""
FILTERED: Final = tuple(one.name for one in LEAD_FIELDS if one.is_filtered)
READ_BY_AI: Final = tuple(one.name for one in LEAD_FIELDS if one.prompt is not None)


def label_of(name: str) -> str:
    """In English; of what is no field, its name with spaces."""
    return BY_NAME[name].label if name in BY_NAME else name.replace("_", " ")


def of_section(section: Section) -> tuple[str, ...]:
    """The names of its fields, as the panel shows them."""
    return tuple(one.name for one in LEAD_FIELDS if one.section == section)


def with_country(values: Mapping[str, Any], phones: Phones) -> dict[str, Any]:
    """What somebody typed, its number read. Raises NotAllowed."""
    number = values.get("phone")
    return {**values, "phone": phone("phone", number, phones)} if number is not None else dict(values)


def parse(name: str, value: object) -> Value:
    """The value as it is kept; None empties the field. Raises NotAllowed."""
    if name not in BY_NAME:
        raise NotAllowed(f"there is no field {name}; there are {', '.join(BY_NAME)}, and status, which is set apart")
    return None if value is None else BY_NAME[name].kind.parse(name, value)
