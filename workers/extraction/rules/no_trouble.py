"""Troubles that a line names and that nobody has: possible, denied, over, or a slip of the writer's own (pure)."""

import re
from typing import Final

from workers.extraction.rules.finding import SpelledLine
from workers.extraction.rules.vocabulary import around

SENTENCE_ENDS: Final = re.compile(r"[.!?;\n](?=\s|$)")
POSITIVE: Final = re.compile(
    r"(?:nya)? ?(?:\? ?(?:tidak|gak|nggak|no|belum)(?!\w)|[?,]? ?(?:aman|rapi|beres|lancar|bagus|terkendali|kehandle"
    r"|no problem|is fine)|[?,] ?(?:tidak ada|tidak juga|gak ada)(?= ?(?:$|[.,!])))(?!\w)"
)
# Words that name what may be a trouble, and are none without another word or our question.
BARE: Final = frozenset((
    "accounting", "bookkeeping", "pembukuan", "pembukuannya", "keuangan", "keuangannya", "persaingan", "kompetitor",
    "saingan", "pesaing", "competition", "competitors", "competitor", "manual",
))  # fmt: skip
ASKED: Final = around("pains", "asked")
SERVED: Final = around("clauses", "served")
MORE: Final = re.compile(r" (?:\w+ )?(?:makin|semakin|tambah|banyak|ketat|everywhere|keep|too)(?!\w)")
TROUBLES: Final = around("pains", "troubles")
# "eh salah hitung", "maaf lambat balas": of this chat.
OWN_SLIP: Final = re.compile(
    r"(?:^ ?|[,.] ?)(?:eh|maaf\w*|maap|sorry|sori|aduh|punten)[ ,]+(?:kak |mbak |mas |baru |kalau |lama )?$"
)
# "kecewa, jawabannya itu-itu terus": of our service, where no customer of theirs is named.
DISAPPOINTED: Final = re.compile(r"(?<!\w)(?:kecewa|disappointed)(?!\w)")
IN_FORMER_DAYS: Final = re.compile(
    r"(?:^|, ?)(?:(?:waktu|pas|jaman|zaman) (?:\w+ ){0,3}dulu"
    r"|dulu(?:nya)?(?: memang| pas| waktu| sempat)?|back then|before that)(?!\w)"
)
TODAY: Final = re.compile(r"(?<!\w)(?:sekarang|now|sampai|masih|still)(?!\w)")
ONCE_IT_IS: Final = re.compile(r"(?<!\w)(?:kalau|nanti|pas|tunggu|nunggu|when|once|if|until) (?:\w+ ){0,2}$")
AT_HOME: Final = re.compile(r" (?:di|at) (?:rumah|home)(?!\w)| (?:rame|ramai)(?!\w)")
SUPPOSES: Final = re.compile(r"(?<!\w)(?:kalau|jika|bila|if|when|apakah|apa|oh|terus|does|do|can|will|would)(?!\w)")


def _is_about_us(text: str) -> bool:
    return DISAPPOINTED.search(text) is not None and SERVED.search(text) is None


def is_no_trouble(said: SpelledLine, value: str, match: re.Match[str]) -> bool:
    """Return whether the trouble at `match` is no trouble of the business. `value` is its category."""
    text, start, end = said.text, match.start(), match.end()
    before = text[max((one.end() for one in SENTENCE_ENDS.finditer(text, 0, start)), default=0) : start]
    if match[0] in BARE and not (ASKED.search(said.asked) or TROUBLES.search(text) or MORE.match(text, end)):
        return True
    if POSITIVE.match(text, end) or OWN_SLIP.search(before) or _is_about_us(text):
        return True
    if IN_FORMER_DAYS.search(before) and not TODAY.search(before):
        return True
    if value == "few customers" and (ONCE_IT_IS.search(before) or AT_HOME.match(text, end)):
        return True
    return said.asks(end) and SUPPOSES.search(before) is not None
