"""What somebody types into the search box."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.lead_filter import LeadFilter, narrowed_by_search
from domain.phone import part
from domain.search import parse


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("0812-3456-7890", "81234567890"), ("+62 812 3456 7890", "6281234567890"), ("(0812) 3456", "8123456"),
        ("62812", "62812"), ("7890", "7890"), ("+62 (0)812 345", "62812345"), ("12", None), ("rina", None), ("3 toko", None),
        ("\u202a+62 813-1111-0001\u202c", "6281311110001"), ("wa.me/6281311110001", "6281311110001"),
        ("https://wa.me/6281311110001?text=halo", "6281311110001"), ("+62 0812 345", "62812345"),
        ("+62\u00a0812\u20113456", "628123456"), ("0062 812 3456", "628123456"), ("(612) 555", "612555"),
    ],
)  # fmt: skip
def test_a_number_in_any_form(typed: str, digits: str | None) -> None:
    assert part(typed) == digits


def test_qualifiers_narrow_and_the_rest_is_looked_for() -> None:
    found = parse('Rina status:hot,new city:"kota bandung" score:>70 score:<=90 phase:b is:unread is:waiting laundry')
    assert found.parts == ["rina", "laundry"]
    assert found.chosen == {"temperature": ["hot"], "status": ["new"], "phase": ["B"]}
    assert (found.city, found.least_score, found.most_score) == ("kota bandung", 71, 90)
    assert (found.unread, found.waiting, found.strange) == (True, True, [])


def test_what_nobody_understands_is_told_and_does_not_hide_everybody() -> None:
    found = parse("status:lost score:many is:late kota:solo https://x.invalid")
    assert found.strange == ["status:lost", "score:many", "is:late"]
    assert (found.city, found.parts) == ("solo", ["https://x.invalid"])


@given(st.text(max_size=60))
def test_nothing_that_is_typed_fails(text: str) -> None:
    found = parse(text)
    assert all("\0" not in part and part == part.lower() for part in found.parts)


@pytest.mark.parametrize(
    ("chosen", "typed", "fits"),
    [
        (LeadFilter(city="Jakarta"), "city:bandung", LeadFilter(city="")),
        (LeadFilter(city="Jakarta"), "kota:jakarta", LeadFilter(city="Jakarta")),
        (LeadFilter(least_score=50), "score:>80", LeadFilter(least_score=81)),
        (LeadFilter(least_score=90), "score:>80", LeadFilter(least_score=90)),
        (LeadFilter(most_score=50), "score:<80", LeadFilter(most_score=50)),
        (LeadFilter(status=["new"]), "status:qualified", LeadFilter(status=[""])),
        (LeadFilter(), "trade:laundry", LeadFilter(fields={"business_type": "laundry"})),
        (LeadFilter(), "jenis_usaha:laundry", LeadFilter(fields={"business_type": "laundry"})),
    ],
)
def test_a_search_narrows_the_filters_and_never_widens_them(chosen: LeadFilter, typed: str, fits: LeadFilter) -> None:
    assert narrowed_by_search(chosen, typed) == (replace(fits, parts=[]), [])
