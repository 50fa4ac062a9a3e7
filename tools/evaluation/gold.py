"""The gold chats of this folder, as windows to read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import orjson

from domain.window import ChatLine, ChatWindow, ReadValues

HERE = Path(__file__).parent


class Chat(NamedTuple):
    id: str
    tags: tuple[str, ...]
    window: ChatWindow
    expected: Mapping[str, Any]


def chats(name: str) -> list[Chat]:
    """`name` is develop or report."""
    lines = (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [_chat(orjson.loads(line)) for line in lines if line.strip()]


def _chat(raw: Mapping[str, Any]) -> Chat:
    lines = tuple(
        ChatLine(f"{raw['id']}-{place}", said["from"] == "customer", said["text"], said.get("type") == "audio")
        for place, said in enumerate(raw["messages"])
    )
    return Chat(raw["id"], tuple(raw["tags"]), ChatWindow(uuid5(NAMESPACE_URL, raw["id"]), lines), raw["expect"])


def found_values(reading: ReadValues | None) -> dict[str, Any]:
    """Return the values that were read, by field. `email` is the quote of the signal "gave e-mail", in lower case."""
    if reading is None:
        return {}
    values = {claim.field: claim.value for claim in reading.claims}
    for signal in reading.signals:
        if signal.name == "gave e-mail" and signal.quote:
            values["email"] = signal.quote.lower()
    return values
