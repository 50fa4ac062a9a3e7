"""The one way to read a phone number that somebody typed (pure). WhatsApp's own numbers (wa_id) are never read here."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

SHORTEST: Final = 7
LONGEST: Final = 15
EXAMPLE: Final = "+62 812 3456 7890"
REGIONS: Final = frozenset(phonenumbers.SUPPORTED_REGIONS)
# A number within a link: wa.me/62812…, api.whatsapp.com/send?phone=62812…, whatsapp://send?phone=…
LINK: Final = re.compile(
    r"(?:https?://)?(?:www\.)?(?:wa\.me/|(?:api|web|chat)?\.?whatsapp\.com/send/?\?(?:[^#]*&)?phone=)(?:%2B|\+)?([0-9]+)(?:[/?&#].*)?"
    r"|whatsapp://send/?\?(?:[^#]*&)?phone=(?:%2B|\+)?([0-9]+)(?:[&#].*)?",
    re.IGNORECASE,
)
NUMBER: Final = re.compile(r"\+?[0-9()][0-9\s()./-]*")
# 0062, (0062), (+62): what stands before a country, and the brackets around both.
ABROAD: Final = re.compile(r"^(?:00|\((?:00|\+)(?=[0-9]+\)))")


class NotAPhone(ValueError):
    """The text says what a number must be like; what was typed does not stand in it."""

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template.format(**values))
        self.template = template
        self.values = values


@dataclass(frozen=True, slots=True)
class Phones:
    """Reads numbers. `region` (ISO 3166, such as ID) is the country of numbers that are written without one."""

    region: str | None = None

    def read(self, text: str) -> str:
        """E.164 with +. Raises NotAPhone."""
        tidy = tidied(text)
        if not NUMBER.fullmatch(tidy):
            raise NotAPhone("must be a phone number, like {example}", example=EXAMPLE)
        if tidy.startswith("+"):
            return _international(tidy)
        if self.region is None:
            raise NotAPhone("must be a number with its country, like {example}", example=EXAMPLE)
        return self._national(tidy, self.region)

    def meant(self, text: str) -> list[str]:
        """Every number that the text may mean, E.164: as it is read, and as if its country stood in front already."""
        tidy = tidied(text)
        if not NUMBER.fullmatch(tidy):
            return []
        return list(dict.fromkeys(self._meant(tidy)))

    def _meant(self, tidy: str) -> Iterator[str]:
        for one in (tidy, f"+{tidy.removeprefix('+')}"):
            try:
                yield self.read(one)
            except NotAPhone:
                continue

    def _national(self, tidy: str, region: str) -> str:
        try:
            number = phonenumbers.parse(tidy, region)
        except NumberParseException as error:
            if error.error_type == NumberParseException.TOO_LONG:
                raise NotAPhone("is too long for a phone number; write one number") from None
            raise NotAPhone("must be a phone number, like {example}", example=EXAMPLE) from None
        match phonenumbers.is_possible_number_with_reason(number):
            case ValidationResult.IS_POSSIBLE:
                return _e164(number)
            case ValidationResult.TOO_SHORT | ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
                raise NotAPhone(
                    "is too short for a number of {region}; from elsewhere, write it like {example}",
                    region=region,
                    example=EXAMPLE,
                )
        raise NotAPhone(
            "is too long for a number of {region}; from elsewhere, write it like {example}",
            region=region,
            example=EXAMPLE,
        )


ANYWHERE: Final = Phones()
"""Reads only numbers that name their country."""


def tidied(text: str) -> str:
    """Without what comes along when a number is copied: marks of direction, odd spaces and dashes, a link around it.

    What names its country otherwise (00…, a link of WhatsApp) begins with +.
    """
    shown = "".join(_plain(one) for one in unicodedata.normalize("NFKC", text)).strip().removeprefix("tel:").strip()
    if match := LINK.fullmatch(shown):
        return f"+{match[1] or match[2]}"
    return ABROAD.sub("+", shown)


def part(text: str) -> str | None:
    """The digits of a number, or of a part of one, as they stand in E.164: without the 0 that is dialled at home.

    None where it is no number, or too little of one to look for.
    """
    tidy = tidied(text)
    if not NUMBER.fullmatch(tidy):
        return None
    digits = re.sub(r"\D", "", tidy.replace("(0)", ""))
    if tidy.startswith("+"):
        without = _without_trunk(digits)
        # One 0 is dialled at home. A text with more is no number, and must not match by the few digits that are left.
        digits = without if len(without) >= len(digits) - 1 else digits
    digits = digits.lstrip("0")
    return digits if len(digits) >= 3 else None


def spelled_at_home(digits: str) -> str | None:
    """How a number (its digits in E.164) is dialled in its own country, where that begins with 0: 0812…; else None."""
    try:
        number = phonenumbers.parse(f"+{digits}")
    except NumberParseException:
        return None
    dialled = re.sub(r"\D", "", phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL))
    return dialled if dialled.startswith("0") and not dialled.startswith("00") else None


def shown(number: str) -> str:
    """An E.164 number with its groups apart (+62 812-7777-0001): a text to every spreadsheet, and read again."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return number


def _international(tidy: str) -> str:
    """Any length that E.164 has: countries lengthen their numbers, and WhatsApp keeps forms that they gave up."""
    try:
        number = _e164(phonenumbers.parse(tidy))
    except NumberParseException as error:
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            raise NotAPhone("begins with no country that there is; write it like {example}", example=EXAMPLE) from None
        raise _wrong_length() from None
    if not SHORTEST <= len(number) - 1 <= LONGEST:
        raise _wrong_length()
    return number


def _without_trunk(digits: str) -> str:
    try:
        return _e164(phonenumbers.parse(f"+{digits}"))[1:]
    except NumberParseException:
        return digits


def _e164(number: phonenumbers.PhoneNumber) -> str:
    if number.italian_leading_zero and _dials_zero_at_home(number.country_code or 0):
        number.italian_leading_zero = None  # dialled at home only, and part of no number
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _dials_zero_at_home(country: int) -> bool:
    region = phonenumbers.region_code_for_country_code(country)
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    return bool(metadata and metadata.national_prefix == "0")


def _plain(character: str) -> str:
    return {"Cf": "", "Pd": "-", "Zs": " "}.get(unicodedata.category(character), character)


def _wrong_length() -> NotAPhone:
    return NotAPhone(
        "must have {least} to {most} digits with its country, like {example}",
        least=SHORTEST,
        most=LONGEST,
        example=EXAMPLE,
    )
