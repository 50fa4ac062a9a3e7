"""Contact cards in messages: whom they name, and what is left without some of them (pure)."""

import json
from collections.abc import Collection
from typing import Any

from domain.naming import names_in
from domain.types import MirroredMessage

KIND = "contacts"
"""The type of a message that shares cards, and the part of it that lists them."""


def names_on_cards(message: MirroredMessage) -> set[str]:
    """As tombstones know them."""
    return names_in(message.content.encode()) if message.type == KIND and message.content else set()


def without_cards(content: str, names: Collection[str]) -> str:
    """The content of such a message without the cards that name one of these; the same text where all are left.

    Names with what tombstones put before them, or bare.
    """
    cards = json.loads(content)
    left = cards_but(cards, names) if isinstance(cards, list) else cards
    return content if left == cards else json.dumps(left, ensure_ascii=False, separators=(",", ":"))


def cards_but(cards: list[Any], names: Collection[str]) -> list[Any]:
    """A card that names somebody goes as a whole."""
    return [card for card in cards if names_in(json.dumps(card, ensure_ascii=False).encode()).isdisjoint(names)]
