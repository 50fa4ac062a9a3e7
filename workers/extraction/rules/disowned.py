"""Lines that say that earlier lines were not about the writer: sent by mistake, of a friend, or that there is no
business at all (pure).
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from domain.window import ChatLine
from workers.extraction.rules.finding import SpelledLine
from workers.extraction.rules.told import Disowns, Told
from workers.extraction.rules.vocabulary import around, as_written, words

WRONG_PERSON: Final = re.compile(as_written("disowned", "wrong_person"), re.IGNORECASE)
MISPOSTED: Final = re.compile(as_written("disowned", "misposted"), re.IGNORECASE)
NO_BUSINESS: Final = around("disowned", "no_business", before=r"^\W*")
FOR_OTHERS: Final = around("disowned", "for_others")
ASKED_BUSINESS: Final = around("business", "asked")
SELF: Final = frozenset(words("self"))
# A line without any of these is no such line; looking for them first is quicker.
MISTAKES: Final = frozenset(("salah", "wrong", "kepencet", "meant"))
# Such a mistake is a trouble of theirs: "kurir sering salah kirim".
HABITS: Final = frozenset((
    "sering", "suka", "kadang", "selalu", "terus", "mulu", "pesanan", "orderan", "barang", "paket", "kurir", "admin",
    "karyawan", "pelanggan", "customer", "often", "always", "sometimes", "orders",
))  # fmt: skip
OF_BUSINESS: Final = frozenset({"business_type", "business_duration", "interest_motivation"})
FEWEST: Final = 2
"""Words of a message that says something."""
FOR: Final = frozenset(("buat", "untuk", "for"))


def disowns(said: SpelledLine) -> Disowns | None:
    if not MISTAKES.isdisjoint(said.words) and HABITS.isdisjoint(said.words):
        if WRONG_PERSON.search(said.line.text):
            return Disowns.CHAT
        if MISPOSTED.search(said.line.text):
            return Disowns.LINE_BEFORE
    if not FOR.isdisjoint(said.words) and FOR_OTHERS.search(said.text):
        return Disowns.FOR_OTHERS
    asked = ASKED_BUSINESS.search(said.asked) is not None
    return Disowns.BUSINESS if asked and NO_BUSINESS.search(said.text) else None


def speaks_of_self(said: SpelledLine) -> bool:
    return not SELF.isdisjoint(said.words)


def owned(told: Sequence[tuple[ChatLine, Told]]) -> list[tuple[ChatLine, Told]]:
    """Return what is left of the lines after what some of them say of the others. Our own lines stay."""
    kept: list[tuple[ChatLine, Told]] = []
    for_others = False
    for line, one in told:
        match one.disowns:
            case Disowns.CHAT:
                return [each for each in told if not each[0].inbound]
            case Disowns.LINE_BEFORE:
                kept = _without_last(kept)
            case Disowns.BUSINESS:
                kept = [(before, _without_business(said)) for before, said in kept]
            case Disowns.FOR_OTHERS:
                for_others = True
        is_theirs = for_others and line.inbound and not one.speaks_of_self
        kept.append((line, Told(tongue=one.tongue) if is_theirs else one))
    return kept


def _without_last(kept: Sequence[tuple[ChatLine, Told]]) -> list[tuple[ChatLine, Told]]:
    """Without the last line of the customer's that is more than an exclamation."""
    last = max(
        (at for at, (line, said) in enumerate(kept) if line.inbound and said.tongue.words >= FEWEST), default=None
    )
    return [each for at, each in enumerate(kept) if at != last]


def _without_business(said: Told) -> Told:
    return replace(said, fields=tuple(one for one in said.fields if one.field not in OF_BUSINESS), pains=())
