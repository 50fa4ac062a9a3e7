"""A customer in the words of a CRM, and which field of the lead each of its words is (pure)."""

from collections.abc import Mapping
from typing import Any, Final

from domain.field_kinds import NotAllowed
from domain.lead_fields import PROFILE_FIELDS

STATUSES: Final = ("active", "past", "lead", "cold")
# The others are named alike.
FIELD_OF: Final = {"city": "domisili"} | {name: name for name in ("name", "phone", *PROFILE_FIELDS)}
WORD_OF: Final = {field: word for word, field in FIELD_OF.items()}


def standing(lead_status: str, *, was_converted: bool, is_cold: bool) -> str:
    """The status of a customer. Postgres has the same as a table, customer_statuses, for views."""
    if lead_status == "converted":
        return "active"
    if lead_status == "archived":
        return "past" if was_converted else "cold"
    return "cold" if is_cold else "lead"


def fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the lead that these words set; an empty list is none. Raises NotAllowed."""
    unknown = set(values) - set(FIELD_OF)
    if unknown:
        raise NotAllowed(f"a customer has no {', '.join(sorted(unknown))}")
    return {FIELD_OF[name]: None if value == [] else value for name, value in values.items()}
