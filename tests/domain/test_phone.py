"""One way to read a number: as people write it, with a country of its own or at home."""

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.phone import ANYWHERE, LONGEST, SHORTEST, NotAPhone, Phones, part, spelled_at_home

INDONESIA, AMERICA, BRITAIN = Phones("ID"), Phones("US"), Phones("GB")


@pytest.mark.parametrize(
    "written",
    [
        "+62 (0) 812-7777-0001", "+62 0812-7777-0001", "0812-7777-0001", "6281277770001", "+6281277770001",
        "0062 812 7777 0001", "62 812 7777 0001", "812 7777 0001", "(0812) 7777 0001", "\u202a+62 812-7777-0001\u202c",
        "(+62) 812-7777-0001", "(0062) 812 77770001",
        "+62\u00a0812\u20117777\u20110001", "tel:+6281277770001", "wa.me/6281277770001", "https://wa.me/6281277770001",
        "https://wa.me/6281277770001?text=halo%20kak", "https://api.whatsapp.com/send?phone=6281277770001&text=hi",
        "https://api.whatsapp.com/send/?phone=%2B6281277770001", "whatsapp://send?phone=+6281277770001",
        "＋６２８１２７７７７０００１", " +62.812.7777.0001 ",
    ],
)  # fmt: skip
def test_an_indonesian_number_as_indonesians_write_it(written: str) -> None:
    assert INDONESIA.read(written) == "+6281277770001"


def test_what_is_looked_for_keeps_its_digits() -> None:
    assert [part(one) for one in ("+62 0812-77", "+620000000", "0812-77", "000")] == [
        "6281277",
        "620000000",
        "81277",
        None,
    ]


@pytest.mark.parametrize(
    ("phones", "written", "number"),
    [
        (AMERICA, "612-555-1234", "+16125551234"), (AMERICA, "1 (612) 555-1234", "+16125551234"),
        (INDONESIA, "612-555-1234", "+626125551234"), (BRITAIN, "07911 123456", "+447911123456"),
        (ANYWHERE, "+44 (0)20 7946 0958", "+442079460958"), (ANYWHERE, "+39 06 698 12345", "+390669812345"),
        (ANYWHERE, "+60 012-345 6789", "+60123456789"), (ANYWHERE, "+5215512345678", "+5215512345678"),
        (AMERICA, "+62 812 7777 0001", "+6281277770001"), (ANYWHERE, "wa.me/6281277770001", "+6281277770001"),
    ],
)  # fmt: skip
def test_a_number_has_the_country_it_names_else_the_one_at_home(phones: Phones, written: str, number: str) -> None:
    assert phones.read(written) == number


@pytest.mark.parametrize(
    ("phones", "written", "said"),
    [
        (ANYWHERE, "612-555-1234", "with its country"), (ANYWHERE, "6281277770001", "with its country"),
        (ANYWHERE, "+9991234567", "no country that there is"), (AMERICA, "0812-3456-7899", "too long for a number of US"),
        (INDONESIA, "0812", "too short for a number of ID"), (INDONESIA, "call me", "like +62 812 3456 7890"),
        (INDONESIA, "", "like +62"), (AMERICA, "1-800-FLOWERS", "like +62"), (ANYWHERE, "+62 813", "7 to 15 digits"),
        (ANYWHERE, "+62 812 7777 0001 0002 0003", "7 to 15 digits"), (INDONESIA, "0812-7777-0001 / 0813-1111-0001", "write one number"),
        (INDONESIA, "wa.me/", "like +62"), (INDONESIA, "٣", "like +62"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_with_what_to_write(phones: Phones, written: str, said: str) -> None:
    with pytest.raises(NotAPhone, match=re.escape(said)) as refused:
        phones.read(written)
    assert written == "" or written not in str(refused.value)


def test_what_is_asked_for_may_mean_several_numbers() -> None:
    assert INDONESIA.meant("612-555-1234") == ["+626125551234", "+6125551234"]
    assert ANYWHERE.meant("6281277770001") == ["+6281277770001"]
    assert INDONESIA.meant("0812-7777-0001") == ["+6281277770001"]
    assert INDONESIA.meant("rina") == []


@given(st.text(max_size=80))
def test_nothing_that_is_typed_fails(text: str) -> None:
    for phones in (ANYWHERE, INDONESIA, AMERICA):
        for number in phones.meant(text):
            assert re.fullmatch(rf"\+[1-9][0-9]{{{SHORTEST - 1},{LONGEST - 1}}}", number)


@given(
    st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)),
    st.from_regex(r"[1-9][0-9]{6,11}", fullmatch=True),
)
def test_every_number_with_its_country_is_read_and_read_again_the_same(country: int, rest: str) -> None:
    text = f"+{country}{rest}"
    number = ANYWHERE.read(text.strip())
    assert AMERICA.read(number) == ANYWHERE.read(number)


def test_at_home_a_number_begins_with_its_trunk_zero() -> None:
    assert spelled_at_home("6281277770001") == "081277770001"
    assert spelled_at_home("447911123456") == "07911123456"
    assert spelled_at_home("16125551234") is None
    assert spelled_at_home("9991234567") is None
