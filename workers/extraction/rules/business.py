"""The customer's trade, in their own words."""

import re
from collections.abc import Iterator
from typing import Final

from workers.extraction.rules.clauses import clause_of
from workers.extraction.rules.finding import FoundValue, SpelledLine
from workers.extraction.rules.place_names import is_place, mentions
from workers.extraction.rules.places import AGREES
from workers.extraction.rules.segments import MOST_PARTS, Part, is_short, parts
from workers.extraction.rules.spans import SPAN
from workers.extraction.rules.trades import OCCUPATIONS, PRODUCTS, TRADES, ends_with_trade, is_of_trade
from workers.extraction.rules.vocabulary import any_of, around, words

STOP: Final = any_of("after_trades") + r"|usaha\w*|cabang\w*|kecil\w*"
PART: Final = rf"(?!(?:{STOP})(?!\w))[a-zé&]+(?:-[a-zé]+)*"
WHAT: Final = rf"(?P<what>{PART}(?: {PART}){{0,3}})"
# "toko kue", "bengkel las": kinds of shop that take what they sell along; and in English the other way round.
SHOP: Final = re.compile(rf"(?<!\w)(?P<what>(?:{any_of('shops')})(?: {PART}){{1,2}})")
ENGLISH_SHOP: Final = re.compile(rf"(?<!\w)(?P<what>(?:{PART} ){{1,3}}(?:{any_of('english_shops')}))(?!\w)")
SAYS: Final = around("business", "says", behind=rf" {WHAT}")
SELLS: Final = re.compile(
    r"(?<!\w)(?P<verb>jualan|jual|berjualan|dagang|selling|sell|sells"
    rf"|(?:i|we) (?:make|supply|produce|export|import|craft))(?: online)? {WHAT}"
)
MAKES: Final = around("business", "makes", behind=r"(?: \w+){0,2} ?$")
OWN: Final = around("business", "own")
OF_OTHERS: Final = around("business", "of_others", behind=r"[^.!?\n]{0,30}$")
ASKED: Final = around("business", "asked")
NOT_ASKED: Final = around("business", "not_asked")
GIVEN: Final = frozenset(words("given_names"))
EVERYDAY: Final = frozenset(words("common_indonesian")[:2000]) | frozenset(words("common_english")[:2000])
MOST_GUESSED: Final = 3
NOT_TRADES: Final = frozenset(words("not_trades"))
TITLES: Final = frozenset(words("titles"))
# "toko kakakku", "ada kantornya gak": no kind of shop.
KIN: Final = frozenset(words("kin"))
# "the accounting company", "look like a serious company": not what the writer has.
THEIRS: Final = re.compile(
    r"(?<!run )(?<!own )(?<!have )(?<!running )(?<!of )(?<!for )(?<!from )(?<!\w)the $"
    r"|(?<!\w)(?:like (?:an? )?|kayak |kaya |seperti )$"
)
SERVES_US: Final = re.compile(r"(?:sup+lier|pemasok|vendor|kurir|reseller|agen|distributor|pengepul)(?!\w)")
OURS: Final = re.compile(r" (?:saya|aku|gue|kami|kita)(?!\w)")
# "ini yang jual aplikasi wa itu ya?": asks who we are.
QUESTION_TO_US: Final = re.compile(
    r"(?:^|[.,!] )(?:\w+[ ,.]+){0,2}ini (?:toko |yang |tempat )?(?:yang )?(?:jual(?:an)? ?)?$"
)
US_QUESTION: Final = re.compile(r"(?: \w+){0,4} (?:ya|kan|bukan)? ?(?:\?|$)")
NOT_SOLD: Final = frozenset(words("not_sold"))
TAIL: Final = around("business", "tail", before=" ", behind="$")
CUT: Final = re.compile(rf"^(?P<what>{PART}(?: {PART}){{0,4}})")
SELF_BEFORE: Final = around("business", "self_before", behind=r" ?(?:an? |the |seorang |cuma |hanya )?$")
SELF: Final = around("clauses", "self")
ASKS_FOR: Final = re.compile(r"(?<!\w)(?:saya|aku|gue|kami|i|we|my|buat|untuk|kalau|for)(?!\w)")
# "buat toko hijab": the kind of shop belongs to what it sells.
KIND: Final = re.compile(rf"(?<!\w)(?:{any_of('shops')}) $")
ROLE: Final = re.compile(r"^(?:owner|pemilik) (?=\w)")
DENIES: Final = re.compile(
    r"(?<!\w)(?:bukan|not) (?:an? )?\w+(?: \w+)?(?: (?:mbak|kak|mas|pak|bu|min|sis))? ?, ?"
    r"(?:tapi |but |melainkan )?(?:an? )?"
)
QUESTION: Final = re.compile(r"([^.!?\n]*)\?")
CLOSE: Final = 60
"""Characters of a clause in which somebody speaks of themself."""
PASSING: Final = 0.15
STATED, SHOWN, NAMED, MENTIONED, GUESSED = 0.9, 0.8, 0.7, 0.6, 0.6
EARLY: Final = 40
"""Characters from the beginning of a line in which the trade stands that it introduces."""


def _first(name: str) -> frozenset[str]:
    return frozenset(word.split()[0] for word in words(name))


# Pattern, confidence, cue words. A line without any of the cue words is not searched: the search is expensive.
LOOKS: Final = (
    (
        SELLS,
        0.85,
        frozenset(
            [
                "jualan",
                "jual",
                "berjualan",
                "dagang",
                "selling",
                "sell",
                "sells",
                "make",
                "supply",
                "produce",
                "export",
                "import",
                "craft",
            ]
        ),
    ),
    (SHOP, SHOWN, _first("shops")),
    (ENGLISH_SHOP, SHOWN, frozenset(words("english_shops"))),
    (SAYS, 0.75, frozenset(words("says_trades"))),
)


def businesses(said: SpelledLine) -> Iterator[FoundValue]:
    asked = ASKED.search(said.asked) is not None and NOT_ASKED.search(said.asked) is None
    own = asked or OWN.search(said.text) is not None or ASKED.search(said.topic) is not None
    placed = any(True for _ in mentions(said.text))
    answers = _answers(said, asked=asked, placed=placed)
    yield from _agreed(said)
    yield from _put_right(said)
    for found in (*answers, *_told(said, own=own), *_known(said, own=own, placed=placed)):
        stated = asked or SELF.search(clause_of(said.text, found.start, found.end, most=CLOSE))
        yield found if stated else found._replace(confidence=found.confidence - PASSING)


def _agreed(said: SpelledLine) -> Iterator[FoundValue]:
    """The trade in our question that the customer says yes to: "Kliniknya fisioterapi ya Kak?", "iya"."""
    questions = QUESTION.findall(said.asked)
    if not questions or AGREES.match(said.text) is None:
        return
    asked = "\n".join(questions)
    found = [one for known in (TRADES, PRODUCTS) for one in known.mentions(asked)]
    if found:
        start, end, _ = max(found, key=lambda one: one[1] - one[0])
        yield FoundValue("business_type", asked[start:end], said.line, GUESSED, 0, len(said.text))


def _put_right(said: SpelledLine) -> Iterator[FoundValue]:
    """The trade behind one that we had wrongly named: "bukan salon mbak, barbershop"."""
    denied = DENIES.search(said.text)
    if denied is None:
        return
    for known in (TRADES, OCCUPATIONS, PRODUCTS):
        for start, end, _ in known.mentions(said.text):
            if start == denied.end():
                yield FoundValue("business_type", said.text[start:end], said.line, STATED, start, end)


def _told(said: SpelledLine, *, own: bool) -> Iterator[FoundValue]:
    for pattern, confidence, begins in LOOKS:
        for match in pattern.finditer(said.text) if not said.words.isdisjoint(begins) else ():
            start, end = match.span("what")
            if (own or _stands_apart(said, start)) and (one := _found(said, start, end, confidence)):
                verb = match["verb"] if "verb" in match.re.groupindex else ""
                if verb in ("jualan", "jual", "dagang", "berjualan"):
                    one = one._replace(value=f"jualan {one.value}", start=match.start("verb"))
                yield one
                break


def _known(said: SpelledLine, *, own: bool, placed: bool) -> Iterator[FoundValue]:
    """Trades, occupations and products that are known by name, where the line makes them the customer's."""
    for start, end, _ in TRADES.mentions(said.text):
        stands = own or _stands_apart(said, start)
        yield from _as_list(_found(said, start, end, NAMED if stands else MENTIONED))
    for start, end, _ in OCCUPATIONS.mentions(said.text):
        if said.text[start:end] in TITLES:
            continue  # "ustadz Ridwan"
        if SELF_BEFORE.search(said.text[:start]):
            yield from _as_list(_found(said, start, end, SHOWN))
        elif placed and start < EARLY and _stands_apart(said, start):
            yield from _as_list(_found(said, start, end, MENTIONED))
    for start, end, _ in PRODUCTS.mentions(said.text):
        if placed and start < EARLY and _stands_apart(said, start):
            yield from _as_list(_found(said, start, end, MENTIONED))
        if MAKES.search(said.text[max(0, start - 40) : start]):
            kind = KIND.search(said.text[:start])
            yield from _as_list(_found(said, kind.start() if kind else start, end, SHOWN))


def _answers(said: SpelledLine, *, asked: bool, placed: bool) -> Iterator[FoundValue]:
    """The part of a short answer, or of an introduction with a place, that is a trade."""
    if not asked and not placed:
        return
    told = parts(said.text)
    if len(told) > MOST_PARTS or not (asked or any(is_place(part.text) for part in told)):
        return
    rest: list[Part] = []
    for part in told:
        if is_place(part.text) or SPAN.search(part.text) or not is_short(part):
            continue
        if end := _known_end(part.text):
            yield from _as_list(_found(said, part.start, part.start + end, STATED if asked else SHOWN))
            return
        rest.append(part)
    if asked and rest and len(said.text.split()) <= 10:
        part = rest[0] if len(rest) == 1 or not said.asks_name else rest[-1]
        if (cut := CUT.match(part.text)) and _may_be_trade(cut["what"]):
            yield from _as_list(_found(said, part.start, part.start + cut.end(), GUESSED))


def _may_be_trade(text: str) -> bool:
    """Whether unknown words can be the answer to what the trade is."""
    first = text.split(maxsplit=1)[0]
    return first not in GIVEN and first not in EVERYDAY and len(text.split()) <= MOST_GUESSED


def _known_end(text: str) -> int:
    """Where the trade ends that the text begins with or holds; 0 if none is known."""
    for known in (TRADES, PRODUCTS, OCCUPATIONS):
        for start, _, _ in known.mentions(text):
            cut = CUT.match(text)
            if cut and start < cut.end():
                return cut.end()
    return 0


def _as_list(one: FoundValue | None) -> list[FoundValue]:
    return [one] if one else []


def _stands_apart(said: SpelledLine, start: int) -> bool:
    """At the beginning of its clause, but for an article."""
    return (
        re.fullmatch(
            r"(?:.* (?:here|dari|from) )?(?:an?|the|my|our|toko|ini|itu|kak|iya|oke)? ?",
            said.before(start).strip() + " ",
        )
        is not None
    )


def _without_town(value: str) -> str:
    """ "bengkel motor pontianak" without its town; a dish such as "nasi padang" stays whole."""
    for start, end, _ in mentions(value):
        trade = value[:start].strip()
        whole = is_of_trade(value, start, end)
        named = len(trade.split()) > 1 or any(size == len(trade) for _, size, _ in TRADES.mentions(trade))
        if end == len(value) and named and not whole and ends_with_trade(trade):
            return trade
    return value


def _found(said: SpelledLine, start: int, end: int, confidence: float) -> FoundValue | None:
    value = said.text[start:end]
    while TAIL.search(value):
        value = TAIL.sub("", value)
    value = _without_town(ROLE.sub("", value.removesuffix("nya")))
    words_ = value.split()
    if (
        not words_
        or words_[0] in NOT_TRADES
        or (words_[-1] in NOT_SOLD and not any(size == len(value) for _, size, _ in TRADES.mentions(value)))
        or len(value) < 3
        or any(True for _ in mentions(words_[0]))
        or not KIN.isdisjoint(words_)
    ):
        return None
    if QUESTION_TO_US.search(said.text[:start]) and US_QUESTION.match(said.text, end):
        return None
    if THEIRS.search(said.text[:start]):
        return None
    if SERVES_US.match(value) and OURS.match(said.text, end):
        return None  # "supplier saya"
    if said.is_of_others(start, end) or OF_OTHERS.search(said.text[:start]):
        return None
    if said.asks(end) and not ASKS_FOR.search(said.text, said.text.rfind(". ", 0, start) + 1):
        return None
    return FoundValue("business_type", value, said.line, confidence, start, end)
