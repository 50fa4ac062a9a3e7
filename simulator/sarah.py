"""Sarah, the sales bot: what she asks, what people answer, and what she keeps of it. A talk goes step by step."""

import random
from typing import Any, NamedTuple

from simulator import words
from simulator.person import Person


class Step(NamedTuple):
    asked: str
    answers: tuple[str, ...]


TALK = (
    Step("Halo kak! Aku Sarah 😊 Boleh tahu dengan siapa?", ("{first} kak", "saya {name}", "My name is {name}")),
    Step("Usahanya apa, kak?", ("saya punya {business}", "usaha {business} kak", "I run a {business}")),
    Step("Di kota mana, kak?", ("di {city} kak", "saya di {city}", "We are in {city}")),
    Step("Sudah berapa lama usahanya jalan?", ("udah {span} kak", "jalan {span}", "usahanya {span}")),
    Step("Kendala terbesarnya saat ini apa, kak?", ("masalahnya {pain}", "honestly {pain}", "{pain} kak")),
    Step(
        "Banyak yang begitu kak. Bulan ini ada promo, mau aku jelaskan?",
        ("boleh, berapa harganya ya?", "how much is it per month?", "harganya berapa kak? budget saya 2 juta"),
    ),
    Step(
        "Paket mulai 499rb per bulan, bisa coba gratis 14 hari. Gimana, kak?",
        (
            "oke deal, transfer ke mana?", "saya mau daftar, butuh minggu ini", "mahal bgt kak",
            "not interested, thanks", "harus tanya suami dulu kak", "bisa demo dulu gak?", "saya pikir2 dulu ya kak",
        ),
    ),
)  # fmt: skip


def question(person: Person, rng: random.Random) -> str:
    """What Sarah says now; small talk once all is asked, and now and then before."""
    if person.step < len(TALK) and rng.random() < 0.85:
        return TALK[person.step].asked
    return rng.choice(words.OUTBOUND)


def answer(person: Person, rng: random.Random) -> str:
    """What the person says now. Facts are told once; who has told all talks on."""
    if person.step >= len(TALK) or rng.random() < 0.15:
        line = rng.choice(words.INBOUND)
    else:
        line = rng.choice(TALK[person.step].answers)
        person.step += 1
    facts = {"name": person.name, "first": person.name.split()[0], **person.facts}
    return line.format(**facts)


def kept(person: Person) -> dict[str, Any]:
    """What Sarah knows by now, as her events carry it."""
    known = {"nama": person.name, "usaha": person.facts["business"], "kota": person.facts["city"]}
    return dict(list(known.items())[: max(1, person.step)])


def facts(rng: random.Random) -> dict[str, str]:
    return {
        "business": rng.choice(words.BUSINESSES), "city": rng.choice(words.CITIES), "span": rng.choice(words.SPANS),
        "pain": rng.choice(words.PAINS),
    }  # fmt: skip
