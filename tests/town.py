"""A small town to look at: people who talk with Sarah, some of them warm. For pictures and accessibility."""

from datetime import UTC, datetime, timedelta

from domain.lead import Source
from store.leads import leads
from store.leads.leads import Actor
from store.postgres import Pool
from tests.chats import extracted
from tests.desk import says
from tests.helpers import delivery, payload, settled
from workers.drain.interpret import DeliveryReading, EventFailure
from workers.drain.settle import InterpretedDelivery, Settler

BUDI = Actor(Source.HUMAN, "user:budi")
# Minutes ago, name, what was said; '< ' begins one of ours.
PEOPLE = (
    (1, "Rina Wulandari", ("< Halo kak! Aku Sarah 😊 Boleh tahu dengan siapa?", "saya Rina kak, usaha laundry di Bandung",
                           "< Sudah berapa lama usahanya jalan?", "udah 3 tahun, cabang 2", "< Kendala terbesarnya saat ini apa, kak?",
                           "chat numpuk terus, sering telat balas pelanggan", "< Kami bantu jawab tiap chat dalam semenit, kak.",
                           "menarik, mau demo. berapa harganya? kalau bisa minggu ini sudah jalan")),
    (3, "Bayu Pratama", ("halo", "< Halo kak! Usahanya apa, kak?", "saya punya toko baju online di Surabaya", "saya tertarik, bisa demo?")),
    (7, "Sari Kusuma", ("mau tanya paketnya", "< Paket mulai 499rb per bulan ya kak.", "wah mahal ya kak, nanti dulu")),
    (12, "Dewi Anggraini", ("saya Dewi dari Medan, jualan kue", "order lewat chat suka kelewat", "kapan bisa mulai?")),
    (25, "Agus Setiawan", ("siang", "< Siang kak! Di kota mana, kak?", "Semarang, bengkel motor")),
    (48, "Maya Lestari", ("hi, I run a small spa in Denpasar", "< Hi Maya! What is hardest right now?", "follow-ups. I forget to reply at night")),
    (95, "Joko Santoso", ("cuma tanya dulu kak", "< Boleh kak, silakan 😊")),
    (180, "Fitri Handayani", ("saya Fitri, klinik gigi di Yogyakarta sejak 2019", "boleh dikirim proposalnya?", "< Baik kak, kami kirim hari ini.")),
    (600, "Tono Wijaya", ("warung makan, Makassar", "< Terima kasih kak!")),
    (1300, "Wati Gunawan", ("sudah pakai sebelah kak, nanti kalau kontraknya habis ya",)),
    (1600, None, ("halo kak, masih buka?",)),
)  # fmt: skip


async def town(pool: Pool) -> str:
    """Returns the id of the lead to open."""
    now = datetime.now(UTC)
    for n, (minutes, name, said) in enumerate(PEOPLE):
        start = now - timedelta(minutes=minutes, seconds=30)
        for place, text in enumerate(said):
            ours = text.startswith("< ")
            await says(pool, text.removeprefix("< "), number=f"62812{n:02d}345678"[:13], name=name, ours=ours,
                       at=start + timedelta(seconds=3 * place), id=f"wamid.{n}.{place}")  # fmt: skip
    first = await pool.fetchrow("SELECT id FROM leads WHERE name LIKE 'Rina%'")
    await says(pool, "", number="6281200345678", type="reaction", reaction={"message_id": "wamid.0.6", "emoji": "👍"},
               at=now)  # fmt: skip
    for status in ("delivered", "read"):
        for place in (0, 2, 4, 6):
            await says(pool, "", number="6281200345678", ours=True, id=f"wamid.0.{place}", at=now,
                       kapso={"direction": "outbound", "status": status})  # fmt: skip
    await extracted(pool)
    await leads.add_note(pool, first["id"], "Wants a demo on Thursday; decides together with her brother.", by=BUDI)
    for name, status in (("Fitri", "contacted"), ("Maya", "qualified"), ("Tono", "converted")):
        row = await pool.fetchrow("SELECT id FROM leads WHERE name LIKE $1", f"{name}%")
        await leads.set_status(pool, row["id"], status, by=BUDI)
    return str(first["id"])


async def an_earlier_release_failed(pool: Pool, count: int) -> None:
    """Dead letters that this release can apply, and some that stay dead."""
    for n in range(count):
        body = payload("received_text")["body"]
        body["message"]["id"] = f"wamid.dead{n}"
        unread = InterpretedDelivery(
            delivery(body, "whatsapp.message.received"),
            DeliveryReading(failures=[EventFailure(0, "unexpected", "KeyError")]),
        )
        await Settler(pool, release="old", give_up=lambda: True).settle([unread])
    await settled(pool, [delivery(b"{broken", "whatsapp.message.received") for _ in range(3)])
