"""Places that a line names and where the customer is not: former and closed ones, served and visited ones, those of
others, ours, and names of dishes (pure)."""

import re
from typing import Final

from workers.extraction.rules.finding import SpelledLine
from workers.extraction.rules.place_names import mentions
from workers.extraction.rules.trades import is_of_trade
from workers.extraction.rules.vocabulary import around

PASSING: Final = around("places", "passing")
OF_OTHERS: Final = around("places", "of_others")
NOT_SO: Final = re.compile(
    r"(?<!\w)(?:bukan|not|gak|tidak|no longer|dulu|dulunya|used to be|sebelumnya|left|moved from|pindah dari)"
    r" ?(?:lagi )?(?:tinggal |berada |ada |based |living )?(?:lagi )?"
    r"(?:di|in|from|dari|yang di)? ?(?:kota |kab ?\.? ?)?$"
)
# "dulu kerja di bank 10 tahun, di siantar": the place belongs to the clause before.
LONELY: Final = re.compile(r" ?(?:di|in|at) ?")
FORMERLY: Final = re.compile(r"(?<!\w)(?:dulu|sebelumnya|before that|previously|used to|worked)(?!\w)[^.!?;\n]*$")
GOES_THERE: Final = re.compile(r" ?(?:ke|to)(?!\w)")
BRIEFLY: Final = re.compile(
    r" (?:and \w+ |dan \w+ )?(?:airport|bandara"
    r"|for (?:an? |the )?(?:trade|meeting|holidays?|fair|conference|exhibition|business trip)"
    r"|trips?|tours?|on (?:the )?weekends?|tiap (?:akhir pekan|weekend)"
    r"|liburan|next week|minggu depan)(?!\w)"
)
SERVES: Final = re.compile(
    r"(?<!\w)(?:post|ship|send|deliver|serve|cover|kirim|ngirim|mengirim|antar|melayani|layanin|jangkau)\w*"
    r"(?: (?:to|ke|sampai|hingga))*(?P<rest> [^.!?;\n]*)$"
)
BETWEEN_PLACES: Final = re.compile(
    r"(?<!\w)(?:even|and|dan|kadang|sometimes|paling|sama|sampai|hingga|ke|to|also|juga|or|atau|serta|the)(?!\w)"
)
# "yang di medan dulu": there once.
ONCE: Final = re.compile(r" dulu(?:nya)?(?= ?(?:$|[.,;!]))")
CLOSED: Final = re.compile(r"(?: \w+){0,2} (?:sudah tutup|tutup permanen|is closed|has closed|was closed)(?!\w)")
SENTENCES: Final = re.compile(r"[^.!?\n]+[.!?\n]?")
ASKS_WHAT: Final = re.compile(r"(?<!\w)(?:mana|apa|siapa|berapa|kapan|where|what|who|when|how)(?!\w)")
OUR_PLACE: Final = re.compile(r"(?<!\w)(?:kami|kita|our|we|kantor|office)(?!\w)")
# What is no more than heard: "oh bandung".
ECHOES: Final = re.compile(r"(?:o+h*|owh?|hoo+|ah|i see|wah)[ ,]*")


def is_elsewhere(said: SpelledLine, start: int, end: int, *, led: bool) -> bool:
    """Return whether the place at `start` to `end` is not the customer's. `led`: a word for "in" stands before it."""
    before, clause = said.text[:start], said.before(start)
    return bool(
        said.is_of_others(start, end)
        or PASSING.search(clause)
        or OF_OTHERS.search(clause)
        or NOT_SO.search(before)
        or ONCE.match(said.text, end)
        or CLOSED.match(said.text, end)
        or (led and GOES_THERE.match(said.text, end))
        or is_of_trade(said.text, start, end)
        or _is_former(before, clause)
        or _is_visited_or_served(said.text, start, end)
        or (ECHOES.fullmatch(before) and _is_ours(said, start, end))
    )


def _is_former(before: str, clause: str) -> bool:
    """Whether the place alone goes on with a clause of former days: "dulu di jakarta, tanah abang"."""
    former = FORMERLY.search(before) if LONELY.fullmatch(clause) or not clause.strip() else None
    return former is not None and (bool(clause.strip()) or any(True for _ in mentions(former[0])))


def _is_visited_or_served(text: str, start: int, end: int) -> bool:
    """Whether it is only where they travel, or one of the places that they serve: "kirim ke Johor, Penang, Medan"."""
    if BRIEFLY.match(text, end):
        return True
    served = SERVES.search(text, 0, start)
    if served is None:
        return False
    rest = served["rest"]
    for first, last, _ in reversed(list(mentions(rest))):
        rest = rest[:first] + rest[last:]
    return BETWEEN_PLACES.sub("", rest).strip(" ,/&-") == ""


def _is_ours(said: SpelledLine, start: int, end: int) -> bool:
    """Whether we had just told that we are there: "kantor kami di Bandung", "oh bandung"."""
    place = re.compile(rf"(?<!\w){re.escape(said.text[start:end])}(?!\w)")
    for sentence in SENTENCES.findall(said.asked):
        named = place.search(sentence)
        asks = named and sentence.endswith("?") and not ASKS_WHAT.search(sentence, named.end())
        if named and not asks and OUR_PLACE.search(sentence, 0, named.start()):
            return True
    return False
