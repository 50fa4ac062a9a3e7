"""Codes against the examples of RFC 4226 and RFC 6238."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.one_time_codes import STEP_SECONDS, base32, code, step_of, uri

SECRET = b"12345678901234567890"
# RFC 4226, appendix D.
COUNTED = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
# RFC 6238, appendix B, whose eight digits end in the six of ours.
AT = [(59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
      (2000000000, "69279037"), (20000000000, "65353130")]  # fmt: skip


@pytest.mark.parametrize(("step", "digits"), list(enumerate(COUNTED)))
def test_codes_are_those_of_rfc_4226(step: int, digits: str) -> None:
    assert code(SECRET, step) == digits


@pytest.mark.parametrize(("seconds", "digits"), AT)
def test_codes_are_those_of_rfc_6238(seconds: int, digits: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert step_of(digits[2:], SECRET, at) == seconds // STEP_SECONDS
    assert step_of(f" {digits[2:5]} {digits[5:]} ", SECRET, at) == seconds // STEP_SECONDS


@pytest.mark.parametrize(("late", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_differ_by_half_a_minute(late: int, fits: bool) -> None:
    at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    digits = code(SECRET, int(at.timestamp()) // STEP_SECONDS)
    assert (step_of(digits, SECRET, at + timedelta(seconds=late * STEP_SECONDS)) is not None) == fits


@pytest.mark.parametrize("given", ["", "1", "1234567", "abcdef", "١٢٣٤٥٦", "-12345"])
def test_what_is_no_code_fits_nothing(given: str) -> None:
    assert step_of(given, SECRET, datetime(2026, 11, 30, tzinfo=UTC)) is None


def test_the_picture_says_what_apps_expect() -> None:
    parts = urlsplit(uri(SECRET, name="budi", issuer="Kapso mirror"))
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/Kapso%20mirror:budi")
    assert parse_qs(parts.query) == {
        "secret": [base32(SECRET)], "issuer": ["Kapso mirror"], "digits": ["6"], "period": ["30"]
    }  # fmt: skip
