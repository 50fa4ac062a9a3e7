"""Who has the chats: invented names, numbers, trades and cities."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from tools.simulator.person import SimulatedPerson
from tools.simulator.story.script import Arc


@dataclass(frozen=True, slots=True)
class Player:
    """A person in an arc. `facts` fill in the lines; `seller` is who looks after them, if anybody."""

    person: SimulatedPerson
    facts: Mapping[str, str]
    seller: str | None


def recalled(chat: Mapping[str, Any]) -> Player:
    """Return the person of a chat, from what `outcome` kept of them."""
    facts, number = chat["facts"], chat["phone"].removeprefix("+")
    person = SimulatedPerson(name=chat["shown_name"], number=number, phone=number, bsuid=chat["bsuid"], parent=None,
                             username=None, facts={})  # fmt: skip
    return Player(person, facts, chat["seller"])


def players(cast: Mapping[str, Any], arc: Arc, rng: Random) -> Iterator[Player]:
    """New people without end, each unlike the ones before."""
    words = {**cast, **cast["english"]} if arc.english else cast
    while True:
        first, last = rng.choice(cast["first"]), rng.choice(cast["last"])
        number = f"{rng.choice(cast['prefixes'])}{rng.randrange(10**7):07d}"
        facts = {
            "nick": first, "name": f"{first} {last}", "trade": rng.choice(words["trades"]),
            "city": rng.choice(words["cities"]),
            "years": rng.choice(words["years"]), "shops": str(rng.choice((3, 4, 5, 8))),
            "email": f"{first}.{last}@contoh.example".lower(),
        }  # fmt: skip
        person = SimulatedPerson(
            name=f"{first} {last}" if rng.random() < 0.7 else first, number=number, phone=number,
            bsuid=f"ID.{rng.randrange(10**16):016d}", parent=None, username=None, facts={},
        )  # fmt: skip
        yield Player(person, facts, rng.choice(cast["sellers"]) if arc.owner else None)
