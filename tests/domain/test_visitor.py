"""What a chat says of a visitor, and how a summary reads."""

import json
from collections import Counter
from pathlib import Path

import pytest

from domain.visitor import VisitorLine, facts, summary

KNOWN = {
    "name": "Rina", "email": "rina@example.com", "phone": "+6281234567890", "business_type": "laundry kiloan",
    "domisili": "Bandung", "business_duration": "3 years", "pain_points": ["slow replies", "lost orders"],
    "interest_motivation": "grow sales", "urgency_level": "high", "priority": "price", "objection_raised": "price",
    "lead_score": 72, "lead_temperature": "hot", "story": None,
}  # fmt: skip


def said(*lines: str) -> list[VisitorLine]:
    return [VisitorLine(line.removeprefix("< "), not line.startswith("< ")) for line in lines]


def test_a_fully_known_lead_has_no_unknown_fit() -> None:
    lines = said("< Halo", "saya pemilik Laundry Bersih Jaya", "nama usaha saya Bersih Jaya", "tau dari teman saya")
    assert facts(KNOWN, lines) == {
        "visitor_name": "Rina", "visitor_email": "rina@example.com", "visitor_phone": "+6281234567890",
        "visitor_company": "Bersih Jaya", "visitor_role": "owner", "problem_fit": "strong", "authority_fit": "strong",
        "company_fit": "strong", "timing_fit": "strong", "referral_mentioned": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "line", "name", "expected"),
    [
        ({"pain_points": ["slow replies"]}, "", "problem_fit", "partial"),
        ({"interest_motivation": "grow"}, "", "problem_fit", "partial"),
        ({"business_type": "laundry"}, "", "company_fit", "partial"),
        ({"urgency_level": "medium"}, "", "timing_fit", "partial"),
        ({"urgency_level": "low"}, "", "timing_fit", "weak"),
        ({"objection_raised": "approval"}, "harus tanya suami dulu", "authority_fit", "weak"),
        ({}, "saya yang memutuskan kok", "authority_fit", "strong"),
        ({}, "I'm the owner of a bakery", "authority_fit", "strong"),
        ({}, "saya cuma admin di sini", "authority_fit", "weak"),
        ({}, "saya manager toko", "authority_fit", "partial"),
        ({}, "saya manager toko", "visitor_role", "manager"),
        ({}, "we run a small bakery", "visitor_role", "owner"),
        ({}, "dari PT Maju Mundur Sejahtera kak", "visitor_company", "PT Maju Mundur Sejahtera"),
        ({}, "my company is Acme Foods, based in Bali", "visitor_company", "Acme Foods"),
        ({}, "I work at Kopi Kenangan", "visitor_company", "Kopi Kenangan"),
        ({}, "I'm a consultant, it is for a client", "is_consultant", True),
        ({}, "saya konsultan pajak, buat klien saya", "is_consultant", True),
        ({}, "A friend of mine told me about you", "referral_mentioned", True),
        ({}, "direkomendasikan teman", "referral_mentioned", True),
        ({}, "dapat info dari tetangga", "referral_mentioned", True),
    ],
)
def test_what_is_said_is_read(fields: dict[str, object], line: str, name: str, expected: object) -> None:
    assert facts(fields, said(line)).get(name) == expected


@pytest.mark.parametrize(
    "line",
    [
        "",
        "halo kak",
        "saya tanya bos dulu ya",
        "I need to ask my manager",
        "teman saya juga suka",
        "berapa harganya?",
        "admin tolong dibantu",
    ],
)
def test_what_is_not_said_is_not_made_up(line: str) -> None:
    assert facts({}, said(line)) == {}


OTHERS = Path(__file__).with_name("visitors_by_others.json")


def test_visitors_by_another_hand_are_read_and_nothing_is_made_up() -> None:
    """40 chats that were written without sight of the patterns."""
    right: Counter[str] = Counter()
    for one in json.loads(OTHERS.read_text(encoding="utf-8")):
        read = facts({}, said(*one["lines"]))
        for name, key in (("company", "visitor_company"), ("role", "visitor_role"), ("is_consultant",) * 2,
                          ("referral", "referral_mentioned")):  # fmt: skip
            wanted, found = one[name] or None, read.get(key)
            assert wanted or not found, (name, found, one["lines"])
            right[name] += wanted == found
    assert (right["company"] >= 36, right["role"] >= 36, right["referral"] >= 39) == (True, True, True), right
    assert right["is_consultant"] == 40


def test_our_own_words_say_nothing_of_the_visitor() -> None:
    assert facts({}, said("< saya pemilik PT Kami Sendiri, direkomendasikan teman")) == {}


def test_a_long_name_fits_into_a_packet() -> None:
    assert len(facts({"name": "x" * 500}, [])["visitor_name"]) == 200


def test_a_summary_says_what_is_known_and_their_last_words() -> None:
    assert summary(KNOWN, said("halo", "< halo kak", "berapa harganya?")) == (
        "Rina runs: laundry kiloan in Bandung (3 years). Pains: slow replies, lost orders. Wants: grow sales."
        " Priority: price. Urgency: high. Objection: price. Score 72 (hot). Latest messages: “halo”, “berapa harganya?”."
    )
    assert summary(KNOWN | {"story": "Rina wants fewer lost orders."}, []) == "Rina wants fewer lost orders."
    assert summary({}, []) == "Nothing is known of this visitor yet."
    assert len(summary({}, said(*("x" * 5000,) * 50))) < 800
