"""Sarah, the sales bot: what she asks, what people answer, and what she keeps of it. A talk goes step by step."""

import random
from typing import Any, NamedTuple

from tools.simulator import words
from tools.simulator.person import SimulatedPerson


class TalkStep(NamedTuple):
    asked: str
    answers: tuple[str, ...]


TALK = (
    TalkStep("Halo kak! Aku Sarah 😊 Boleh tahu dengan siapa?", ("{first} kak", "saya {name}", "My name is {name}")),
    TalkStep("Usahanya apa, kak?", ("saya punya {business}", "usaha {business} kak", "I run a {business}")),
    TalkStep("Di kota mana, kak?", ("di {city} kak", "saya di {city}", "We are in {city}")),
    TalkStep("Sudah berapa lama usahanya jalan?", ("udah {span} kak", "jalan {span}", "usahanya {span}")),
    TalkStep("Kendala terbesarnya saat ini apa, kak?", ("masalahnya {pain}", "honestly {pain}", "{pain} kak")),
    TalkStep(
        "Banyak yang begitu kak. Bulan ini ada promo, mau aku jelaskan?",
        ("boleh, berapa harganya ya?", "how much is it per month?", "harganya berapa kak? budget saya 2 juta"),
    ),
    TalkStep(
        "Paket mulai 499rb per bulan, bisa coba gratis 14 hari. Gimana, kak?",
        (
            "oke deal, transfer ke mana?", "saya mau daftar, butuh minggu ini", "mahal bgt kak",
            "not interested, thanks", "harus tanya suami dulu kak", "bisa demo dulu gak?", "saya pikir2 dulu ya kak",
        ),
    ),
)  # fmt: skip


def question(person: SimulatedPerson, rng: random.Random) -> str:
    """What Sarah says now; small talk once all is asked, and now and then before."""
    if person.step < len(TALK) and rng.random() < 0.85:
        return TALK[person.step].asked
    return rng.choice(words.OUTBOUND)


def answer(person: SimulatedPerson, rng: random.Random) -> str:
    """What the person says now. Facts are told once; who has told all talks on."""
    if person.step >= len(TALK) or rng.random() < 0.15:
        line = rng.choice(words.INBOUND)
    else:
        line = rng.choice(TALK[person.step].answers)
        person.step += 1
    facts = {"name": person.name, "first": person.name.split()[0], **person.facts}
    return line.format(**facts)


def kept(person: SimulatedPerson) -> dict[str, Any]:
    """What Sarah knows by now, as her events carry it."""
    known = {"nama": person.name, "usaha": person.facts["business"], "kota": person.facts["city"]}
    return dict(list(known.items())[: max(1, person.step)])


def facts(rng: random.Random) -> dict[str, str]:
    return {
        "business": rng.choice(words.BUSINESSES), "city": rng.choice(words.CITIES), "span": rng.choice(words.SPANS),
        "pain": rng.choice(words.PAINS),
    }  # fmt: skip
