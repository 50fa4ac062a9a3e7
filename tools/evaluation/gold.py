"""Gold chats, as windows to read: the sets of this folder, or a file of the same format (GUIDELINE.md)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import orjson

from domain.window import ChatLine, ChatWindow, ReadValues

HERE = Path(__file__).parent
SETS = ("report", "own", "others", "develop")
GIVEN_AS = {"budget": "estimated_value"}
"""What the guideline calls a field, and what the lead calls it."""


class Chat(NamedTuple):
    id: str
    tags: tuple[str, ...]
    window: ChatWindow
    expected: Mapping[str, Any]


def chats(name: str) -> list[Chat]:
    """`name` is one of SETS, or the path of a file. Raises OSError and ValueError for a file that can't be read."""
    path = HERE / f"{name}.jsonl" if name in SETS else Path(name)
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_chat(orjson.loads(line)) for line in lines if line.strip()]


def _chat(raw: Mapping[str, Any]) -> Chat:
    lines = tuple(
        ChatLine(f"{raw['id']}-{place}", said["from"] == "customer", said["text"], said.get("type") == "audio")
        for place, said in enumerate(raw["messages"])
    )
    return Chat(raw["id"], tuple(raw["tags"]), ChatWindow(uuid5(NAMESPACE_URL, raw["id"]), lines), raw["expect"])


def found_values(reading: ReadValues | None) -> dict[str, Any]:
    """Return the values that were read, by field as the guideline calls it."""
    if reading is None:
        return {}
    values = {claim.field: claim.value for claim in reading.claims}
    return {**values, **{said: values[field] for said, field in GIVEN_AS.items() if field in values}}
