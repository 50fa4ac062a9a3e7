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
SPANS = ("2 tahun", "6 bulan", "3 tahun", "sejak 2019", "setahun", "5 thn", "10 bulan", "dari 2015")
PAINS = (
    "closing-nya susah", "chat masuk banyak tapi gak kepegang", "iklan boncos", "admin sering telat bales",
    "customers ask the price and then disappear", "stok sering selisih", "no time to follow up", "repeat order sedikit",
)  # fmt: skip
INBOUND = (
    "makasih kak 🙏", "can you call me tomorrow?", "kak {business} saya lagi sepi, ada solusi?", "sip, lanjut",
    "<b>promo</b> & diskon? \"serius\" nih 'kan", "ok kak, saya pikir2 dulu ya", "bisa demo dulu gak?", "oke kak", "👍",
    "lokasi {city}, {span}", "kalau dua toko bisa?", "ada contohnya?", "I see, let me think about it",
)  # fmt: skip
NOTES = (
    "Minta dihubungi sore.", "Lebih suka voice note.", "Asked for an invoice.", "Membandingkan dengan yang lain.",
    "Suaminya ikut memutuskan.", "Has two shops, starts with one.",
)  # fmt: skip
OUTBOUND = (
    "Halo kak! Aku Sarah 😊 boleh kenalan dulu?", "Usahanya di bidang apa, kak?", "Sudah berapa lama usahanya jalan?",
    "Kendala terbesarnya saat ini apa, kak?", "Noted kak, banyak yang mengalami hal serupa.",
    "We help shops like yours answer every chat within a minute.", "Mau aku jadwalkan demo 15 menit?",
    "Paket mulai 499rb per bulan ya kak.", "Terima kasih kak, sampai ketemu!", "Could you tell me your city?",
)  # fmt: skip
EMOJI = ("❤️", "👍", "😂", "🙏", "😮")
