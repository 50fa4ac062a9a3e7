"""What a message says beside its words (pure): a form's answers, an order, contact cards, a place, where it came from.

All of it is written by strangers: odd parts are left out, and the rest is bounded.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

import orjson

MOST_DETAILS = 40
LONGEST = 500
# A form's own book-keeping, which is nobody's answer.
TOKENS = frozenset({"flow_token", "wa_flow_response_params"})
MAP = "https://www.google.com/maps/search/?api=1&query="
WORDS = {
    "ad": "came from an ad", "post": "came from a post", "product": "asks about the product", "calls": "calls",
    "order": "ordered", "card": "contact card", "place": "place", "answer": "answer",
}  # fmt: skip
CALLS = {"accept": "allowed", "reject": "refused"}


class BubbleDetail(NamedTuple):
    """One line: a name and a value, in the sender's words unless they are said to be ours."""

    name: str
    value: str
    our_name: bool = True
    our_value: bool = False
    link: str | None = None


def details(kind: str | None, content: object) -> list[BubbleDetail]:
    """Of a message's typed part, as WhatsApp sends it."""
    found = (detail for detail in _details(kind, content) if detail.value)
    return [one._replace(name=one.name[:LONGEST], value=one.value[:LONGEST]) for one in islice(found, MOST_DETAILS)]


def origin(referral: object, product: object) -> list[BubbleDetail]:
    """The advertisement that somebody came from, and the product that they ask about."""
    found: list[BubbleDetail] = []
    if isinstance(referral, Mapping):
        said = _first(referral, "headline", "source_id", "source_url")
        found.append(BubbleDetail(WORDS["post" if referral.get("source_type") == "post" else "ad"], said))
    if isinstance(product, Mapping):
        found.append(BubbleDetail(WORDS["product"], _first(product, "product_retailer_id", "catalog_id")))
    return [BubbleDetail(one.name, one.value[:LONGEST]) for one in found if one.value]


def is_form_answer(kind: str | None, content: object) -> bool:
    """Its words are WhatsApp's own, always `Sent`."""
    return kind == "interactive" and isinstance(content, Mapping) and content.get("type") == "nfm_reply"


def _details(kind: str | None, content: object) -> Iterator[BubbleDetail]:
    match kind, content:
        case "interactive", {"type": "nfm_reply", "nfm_reply": {"response_json": answers}}:
            yield from _answers(answers)
        case "interactive", {"type": "call_permission_reply", "call_permission_reply": {"response": str(response)}}:
            yield BubbleDetail(WORDS["calls"], CALLS.get(response, response), our_value=True)
        case "order", {"product_items": [*items]}:
            for item in items:
                yield from _ordered(item)
        case "contacts", [*cards]:
            for card in cards:
                yield from _card(card)
        case "location", {"latitude": float() | int() as north, "longitude": float() | int() as east, **place}:
            at = f"{north},{east}"
            yield BubbleDetail(WORDS["place"], _first(place, "name", "address") or at, link=MAP + at)


def _answers(answers: object) -> Iterator[BubbleDetail]:
    if isinstance(answers, str):
        try:
            answers = orjson.loads(answers)
        except orjson.JSONDecodeError:
            yield BubbleDetail(WORDS["answer"], str(answers))
            return
    if isinstance(answers, Mapping):
        for name, value in answers.items():
            if name not in TOKENS:
                yield BubbleDetail(str(name), _plain(value), our_name=False)


def _ordered(item: object) -> Iterator[BubbleDetail]:
    if isinstance(item, Mapping):
        price = " ".join(part for part in (_plain(item.get("currency")), _plain(item.get("item_price"))) if part)
        number, product = _plain(item.get("quantity")), _plain(item.get("product_retailer_id"))
        ordered = " × ".join(part for part in (number, product) if part)
        yield BubbleDetail(WORDS["order"], f"{ordered} ({price})" if price else ordered)


def _card(card: object) -> Iterator[BubbleDetail]:
    if isinstance(card, Mapping):
        name, phones = card.get("name"), card.get("phones")
        whole = _first(name, "formatted_name", "first_name") if isinstance(name, Mapping) else _plain(name)
        numbers = [_first(one, "phone", "wa_id") for one in phones if isinstance(one, Mapping)] if isinstance(
            phones, list) else []  # fmt: skip
        yield BubbleDetail(WORDS["card"], ", ".join(part for part in (whole, *numbers) if part))


def _first(part: Mapping[Any, Any], *names: str) -> str:
    return next((said for name in names if (said := _plain(part.get(name)))), "")


def _plain(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case [*several] if all(isinstance(one, str) for one in several):
            return ", ".join(map(str, several))
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # nested too deep, or a number beyond 64 bits
        return ""
