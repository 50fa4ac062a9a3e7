"""Values as people see and type them in their language, ways to reach a person, reasons, days: all pure."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from store.leads.agenda import AgendaEntry
from web.desk.agenda import by_day
from web.desk.facts import as_text, as_value
from web.desk.reasons import because
from web.desk.reply_links import ReplyLinks
from web.words import translator

INDONESIAN, ENGLISH = translator("id"), translator("en")


@pytest.mark.parametrize(
    ("name", "stored", "indonesian"),
    [
        ("business_duration", "3 years", "3 tahun"), ("business_duration", "1 year", "1 tahun"),
        ("business_duration", "18 months", "18 bulan"), ("business_duration", "since 2019", "sejak 2019"),
        ("business_duration", "just started", "baru mulai"), ("business_duration", "ages", "ages"),
        ("language", "mixed", "campuran"), ("urgency_level", "high", "tinggi"), ("objection_raised", "price", "harga"),
        ("closing_technique_used", "discount", "diskon"), ("business_type", "toko kue", "toko kue"),
    ],
)  # fmt: skip
def test_a_value_is_shown_and_taken_in_the_viewers_words(name: str, stored: str, indonesian: str) -> None:
    assert as_text(name, stored, INDONESIAN) == indonesian
    if stored != "1 year":  # tahun is both
        assert as_value(name, indonesian, INDONESIAN) == stored
    assert as_value(name, as_text(name, stored, ENGLISH), ENGLISH) == stored


def test_of_a_list_each_word_is_known_or_stays() -> None:
    assert as_text("pain_points", ["slow replies", "kabel putus"], INDONESIAN) == "balasan lambat, kabel putus"
    assert as_value("pain_points", "Balasan lambat, kabel putus", INDONESIAN) == ["slow replies", "kabel putus"]


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("5 juta", 5e6), ("5jt", 5e6), ("Rp 1,5 jt", 1.5e6), ("750rb", 750e3), ("750 ribu", 750e3), ("2 miliar", 2e9),
        ("5.000.000", 5e6), ("50,000.50", 50_000.5), ("1 500 000", 1.5e6), ("2,5 mio", 2.5e6), ("2.5m", "2.5m"), ("a lot", "a lot"),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_type_them(typed: str, amount: Any) -> None:
    assert as_value("estimated_value", typed, INDONESIAN) == amount


LEAD = {"phone": "+62 812-3456-7890", "contact_id": UUID(int=1)}
TEMPLATE = "https://app.kapso.ai/inbox/{conversation_id}"


def test_the_preferred_way_comes_first_and_only_ways_that_lead_somewhere() -> None:
    both = ReplyLinks(TEMPLATE, "kapso").ways(LEAD, UUID(int=7))
    assert [way.url for way in both] == [f"https://app.kapso.ai/inbox/{UUID(int=7)}", "https://wa.me/6281234567890"]
    assert [way.place for way in ReplyLinks(TEMPLATE).ways(LEAD, UUID(int=7))] == ["whatsapp", "kapso"]
    assert [way.place for way in ReplyLinks(TEMPLATE).ways(LEAD, None)] == ["whatsapp"]
    assert ReplyLinks().ways(LEAD | {"phone": None}, UUID(int=7)) == []
    (only,) = ReplyLinks("https://x.example/?p={phone}").ways(LEAD | {"phone": None}, None)
    assert only.url == "https://x.example/?p="


def test_reasons_of_rules_are_said_in_the_viewers_words() -> None:
    assert (
        because("60 because asked price +15, no hurry -10", INDONESIAN)
        == "60 karena tanya harga +15, tidak buru-buru -10"
    )
    assert because("the score is 45", INDONESIAN) == "skornya 45"
    assert because("because I said so", INDONESIAN) == "because I said so"


def test_days_are_those_of_the_viewer() -> None:
    now = datetime(2026, 11, 29, 20, 30, tzinfo=UTC)  # the 30th in Jakarta
    at = {
        "overdue": datetime(2026, 11, 29, 16, 0, tzinfo=UTC), "today": datetime(2026, 11, 29, 18, 0, tzinfo=UTC),
        "tomorrow": datetime(2026, 12, 1, 2, 0, tzinfo=UTC), "later": datetime(2026, 12, 9, tzinfo=UTC),
    }  # fmt: skip
    entries = [AgendaEntry(when, None, None, None) for when in at.values()]
    assert [(name, [one.at for one in due]) for name, due in by_day(entries, now, ZoneInfo("Asia/Jakarta"))] == [
        (name, [when]) for name, when in at.items()
    ]
