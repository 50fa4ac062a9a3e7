"""What people in the town say, in Indonesian, English and a mix. All invented."""

FIRST_NAMES = (  # noqa: SIM905
    "Ayu Budi Citra Dewi Eko Fajar Gita Hendra Indah Joko Kartika Lestari Made Nanda Putri Rizky Sari Taufik Wulan "
    "Yudi Agus Bayu Dian Fitri Galih Hana Ilham Jihan Kevin Laras Maya Nabila Oscar Priya Rani Sinta Tono Umi Vina "
    "Wawan "
).split()
LAST_NAMES = (  # noqa: SIM905
    "Pratama Wijaya Santoso Lestari Kusuma Hidayat Saputra Permata Nugroho Siregar Halim Tanjung Maulana Susanto "
    "Ramadhan Gunawan Setiawan Anggraini Hartono Suryani "
).split()
BUSINESSES = (
    "warung kopi", "toko baju online", "katering rumahan", "bengkel motor", "salon", "laundry kiloan", "coffee shop",
    "skincare reseller", "toko kue", "percetakan", "fashion brand", "online course", "travel agent", "petshop",
)  # fmt: skip
CITIES = (
    "Jakarta", "Bandung", "Surabaya", "Jogja", "Semarang", "Medan", "Makassar", "Denpasar", "Bekasi", "jaksel",
    "Tangerang", "Malang", "Solo", "Depok", "Palembang",
)  # fmt: skip
SPANS = (
    "2 tahun",
    "6 bulan",
    "baru mulai",
    "about 3 years",
    "sejak 2019",
    "almost a year",
    "5 thn",
    "since last March",
)
PAINS = (
    "closing-nya susah", "chat masuk banyak tapi gak kepegang", "iklan boncos", "admin sering telat bales",
    "customers ask the price and then disappear", "stok sering selisih", "no time to follow up", "repeat order sedikit",
)  # fmt: skip
INBOUND = (
    "Halo kak, saya {name}", "hi, this is {name}", "saya punya {business} di {city}", "I run a {business} in {city}",
    "udah jalan {span} kak", "we've been open {span}", "masalahnya {pain}", "honestly {pain}",
    "berapa harganya ya?", "how much is it per month?", "bisa demo dulu gak?", "ok kak, saya pikir2 dulu ya",
    "budget saya sekitar 2 juta", "butuh cepet nih, minggu ini bisa?", "makasih kak 🙏", "can you call me tomorrow?",
    "kak {business} saya lagi sepi, {pain}, ada solusi?", "lokasi {city}, {span}", "oke deal, transfer ke mana?",
    "<b>promo</b> & diskon? \"serius\" nih 'kan", "mahal bgt kak 😅", "sip, lanjut",
)  # fmt: skip
OUTBOUND = (
    "Halo kak! Aku Sarah 😊 boleh kenalan dulu?", "Usahanya di bidang apa, kak?", "Sudah berapa lama usahanya jalan?",
    "Kendala terbesarnya saat ini apa, kak?", "Noted kak, banyak yang mengalami hal serupa.",
    "We help shops like yours answer every chat within a minute.", "Mau aku jadwalkan demo 15 menit?",
    "Paket mulai 499rb per bulan ya kak.", "Terima kasih kak, sampai ketemu!", "Could you tell me your city?",
)  # fmt: skip
EMOJI = ("❤️", "👍", "😂", "🙏", "😮")
