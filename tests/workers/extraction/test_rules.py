"""Rules, line by line; how good they are as a whole is measured on the gold chats."""

import time

import pytest

from evaluation.gold import found
from rows.window import Line, Window
from tests.workers.extraction.windows import window
from workers.extraction.rules.reader import read

CASES = [
    (["saya Budi dari Jogja"], {"name": "Budi", "domisili": "Yogyakarta"}),
    (["< dengan siapa kak?", "rina"], {"name": "Rina"}),
    (["halo Sarah"], {"name": None}),
    (["My name is Kevin Tanaka and I run a dental clinic"], {"name": "Kevin Tanaka", "business_type": "dental clinic"}),
    (["Nama saya Hendra", "eh salah ketik, Hendri maksudnya bukan Hendra"], {"name": "Hendri"}),
    (["I'm interested", "this is important"], {"name": None}),
    (["supplier saya di Surabaya"], {"domisili": None}),
    (["apakah bisa kirim ke Medan?"], {"domisili": None}),
    (["bukan di Bandung, tapi Cimahi"], {"domisili": "Cimahi"}),
    (["< kakak di Bandung ya?", "iya betul"], {"domisili": "Bandung"}),
    (["toko saya di Jawa Timur", "tepatnya di Malang"], {"domisili": "Malang"}),
    (["toko saya di Malang", "iya di Jawa Timur"], {"domisili": "Malang"}),
    (["udah jualan setahun setengah"], {"business_duration": "18 months"}),
    (["usaha dari tahun dua ribu delapan"], {"business_duration": "since 2008"}),
    (["jalan 2,5 thn"], {"business_duration": "30 months"}),
    (["usaha sudah dua puluh lima tahun"], {"business_duration": "25 years"}),
    (["garansinya 2 tahun ya?"], {"business_duration": None}),
    (["baru mau buka barbershop"], {"business_type": "barbershop", "business_duration": "just started"}),
    (["jualan seblak online"], {"business_type": "jualan seblak"}),
    (["email saya Rina.Putri@Contoh.co.id"], {"email": "rina.putri@contoh.co.id"}),
    (["wa saya satunya 0812-3456-7890"], {"phone": "+6281234567890"}),
    (["nomor supplier 081234567890"], {"phone": None}),
    (["nol delapan satu dua tiga empat lima enam tujuh delapan sembilan nol"], {"phone": "+6281234567890"}),
    (["kemahalan kak"], {"objection_raised": "price"}),
    (["mahal gak?"], {"objection_raised": None}),
    (["biaya iklan makin mahal"], {"objection_raised": None, "pain_points": ["advertising costs"]}),
    (["butuh hari ini juga"], {"urgency_level": "high"}),
    (["gak buru-buru kok"], {"urgency_level": "low"}),
    (["< promo berakhir hari ini", "ok"], {"closing_technique_used": "limited offer"}),
    (["berapa harganya, I need to know before tomorrow's meeting ya kak"], {"language": "mixed"}),
    (["ok"], {"language": None}),
]  # fmt: skip


@pytest.mark.parametrize(("said", "expected"), CASES)
def test_a_line_says_what_it_says(said: list[str], expected: dict[str, object]) -> None:
    values = found(read(window(*said)))
    assert {name: values.get(name) for name in expected} == expected


def test_every_quote_stands_in_the_message_that_it_names() -> None:
    chat = window(
        "< Halo, dgn siapa?", "Eee RINA kak, usaha Laundry di  BDG, chat numpuk bgt, 2thn", "brp harganya? urgent"
    )
    lines = {line.id: line.text for line in chat.lines}
    reading = read(chat)
    assert len(reading.claims) > 5
    quotes = [(claim.message_id, claim.quote) for claim in reading.claims]
    quotes += [(signal.message_id, signal.quote) for signal in reading.signals]
    for message_id, quote in quotes:
        assert quote
        assert quote in lines[message_id or ""]


def test_the_same_chat_is_always_read_the_same() -> None:
    chat = window("saya Budi, toko kue di Solo, sepi banget, berapa harganya?")
    assert read(chat) == read(chat)


def test_odd_text_harms_nobody() -> None:
    for text in (
        "",
        " ",
        "\0",
        "İstanbul'da",
        "🙏🏽" * 500,
        "a" * 20_000,
        "saya " * 2_000,
        "62" * 900,
        "\u202esaya budi",
    ):
        read(Window(window().lead_id, (Line("m1", True, text),)))


HOSTILE = ["oke, ", "ok ", "iya ", "saya ", "saya di ", "3 tahun ", "berapa ", "nama saya ", "a", "budget 1.", "1,", "i ", "we are ",
           "gak sempat bales chat ", "kata \n", "\"", "(", "di bandung, ", "tidak ada ", "dari ke ", "ya, ", "toko ", "?! "]  # fmt: skip


@pytest.mark.parametrize("word", HOSTILE)
def test_no_text_takes_long(word: str) -> None:
    began = time.process_time()
    for times in (40, 400, 4000):
        read(window(word * times, "< dengan siapa? usahanya apa? di mana?", word * times + "x"))
    assert time.process_time() - began < 5
