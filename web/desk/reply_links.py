"""Where a person is answered: WhatsApp on this device, or Kapso's inbox (pure). The mirror itself sends nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import quote
from uuid import UUID

Place = Literal["whatsapp", "kapso"]
NAMES: Final[Mapping[Place, str]] = {"whatsapp": "WhatsApp", "kapso": "Kapso"}
HINTS: Final[Mapping[Place, str]] = {
    "whatsapp": "Writes from the WhatsApp of this device",
    "kapso": "Writes from the business number",
}


class ReplyLink(NamedTuple):
    """A link that opens the chat there."""

    place: Place
    url: str

    @property
    def name(self) -> str:
        return NAMES[self.place]

    @property
    def hint(self) -> str:
        return HINTS[self.place]


@dataclass(frozen=True, slots=True)
class ReplyLinks:
    """`kapso_url` is a template (KAPSO_INBOX_URL), or None; `first` the place where the team answers."""

    kapso_url: str | None = None
    first: Place = "whatsapp"

    def ways(self, lead: Mapping[str, Any], conversation: UUID | None) -> list[ReplyLink]:
        """The preferred place first; only those that this person can be reached at."""
        found = [way for way in (self._whatsapp(lead), self._kapso(lead, conversation)) if way]
        return sorted(found, key=lambda way: way.place != self.first)

    def _whatsapp(self, lead: Mapping[str, Any]) -> ReplyLink | None:
        digits = "".join(one for one in lead["phone"] or "" if one.isdigit())
        return ReplyLink("whatsapp", f"https://wa.me/{digits}") if digits else None

    def _kapso(self, lead: Mapping[str, Any], conversation: UUID | None) -> ReplyLink | None:
        if not self.kapso_url or (conversation is None and "{conversation_id}" in self.kapso_url):
            return None
        given = {"conversation_id": conversation or "", "contact_id": lead["contact_id"], "phone": lead["phone"] or ""}
        return ReplyLink(
            "kapso", self.kapso_url.format(**{name: quote(str(value), safe="") for name, value in given.items()})
        )
