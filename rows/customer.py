"""A customer in the words of a CRM, and which field of the lead each of its words is (pure)."""

from collections.abc import Mapping
from typing import Any, Final

from rows.lead import PROFILE_FIELDS, NotAllowed

STATUSES: Final = ("active", "past", "lead", "cold")
# The others are named alike.
FIELD_OF: Final = {"city": "domisili"} | {name: name for name in ("name", "phone", *PROFILE_FIELDS)}
WORD_OF: Final = {field: word for word, field in FIELD_OF.items()}


def fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the lead that these words set; an empty list is none. Raises NotAllowed."""
    unknown = set(values) - set(FIELD_OF)
    if unknown:
        raise NotAllowed(f"a customer has no {', '.join(sorted(unknown))}")
    return {FIELD_OF[name]: None if value == [] else value for name, value in values.items()}
