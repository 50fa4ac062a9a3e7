"""What the customer calls themself."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from workers.extraction.rules.finding import FoundValue, SpelledLine
from workers.extraction.rules.place_names import is_place, places
from workers.extraction.rules.segments import MOST_PARTS, Part, parts
from workers.extraction.rules.trades import TRADES
from workers.extraction.rules.vocabulary import any_of, around, words

TITLES: Final = rf"(?:(?:{any_of('titles')})\.? ){{0,3}}"
WORD: Final = r"[a-z]+(?:['’\-][a-z]+)*"
NAME: Final = rf"(?P<name>{WORD}(?: {WORD}){{0,2}})"
NOT_NAMES: Final = frozenset(words("not_names"))
TITLED: Final = frozenset(words("titles"))
MOST_FREQUENT: Final = 700
GIVEN: Final = frozenset(words("given_names"))
COMMON: Final = frozenset(
    word
    for name in ("indonesian", "english", "common_indonesian", "common_english", "trades", "products", "occupations")
    for line in words(name)
    for word in line.split()
)
ONLY_NAMES: Final = GIVEN - COMMON
EVERYDAY: Final = (
    frozenset(word for name in ("common_indonesian", "common_english") for word in words(name)[:MOST_FREQUENT])
    | frozenset(words("indonesian"))
    | frozenset(words("english"))
)
ENDS: Final = re.compile(r"(?:kan|nya|ing|kah|lah)$")
# SURE: the words before it always introduce a name. WRITTEN: the name must be capitalized.
# FOLLOWED: the sentence must end after the name, or one of the listed words must follow.
SURE: Final = re.compile(
    rf"(?<!\w)(?:nama(?:nya)?(?: (?:saya|aku|gue|ku|lengkap|panggilan|itu|adalah|is|sih|sendiri))*|"
    r"namaku|lengkapnya|a\.?n\.|atas nama|"
    r"(?:saya|aku) bernama|"
    r"(?:panggil|sebut)(?: (?:aja|saja|saya|aku|gue|me|ku))*|(?:my )?name(?: is|'s|s)|name ?'?s|call me)"
    rf"\s*[:=]? ?{TITLES}{NAME}"
)
WRITTEN: Final = re.compile(
    r"(?<!\w)(?:this is|it ?['’]? ?s|i am|i ?['’] ?m|im|ini saya|ini aku|saya|aku|gue|ini|dengan|sama)(?: ini)?"
    rf" {TITLES}{NAME}"
)
FOLLOWED: Final = re.compile(
    r"(?<!\w)(?:this is|i am|i ?['’] ?m|ini saya|ini aku|saya|aku|gue|kita|ini(?: dengan)?|dengan)"
    rf" {TITLES}(?P<name>{WORD}(?: {WORD})?)(?!\w)"
    r"(?= ?(?:,|\.|$|!|\n|(?:dari|pemilik|owner|yang|punya|kak|di|mau|from|sini|and|jualan|jual|istri\w*|suami\w*|"
    r"anaknya|adiknya|here|speaking|calling|saya|i|usaha|usahanya|disini|ya|mbak|mas|pak|sekarang|adiknya|kakaknya)(?!\w)))"
)
GREETED: Final = re.compile(
    r"(?:\W|hai|halo|hallo|hi|hello|pagi|siang|sore|malam|selamat|kak|mbak|mas|min|sis|pak|bu|sarah|iya|ya|oh|btw|assalamualaikum|so)*"
)
FOLLOWS: Final = around("names", "follows", before=r" ?")
FROM: Final = re.compile(
    rf"(?:^|[.!,] )(?:(?:halo|hai|hi|hello|hey|yes|iya|betul|pagi|siang|sore|malam|kak|mbak)[ ,]+)*{TITLES}"
    rf"(?P<name>{WORD}(?: {WORD})?) (?:from|dari|pemilik|owner|adminnya)(?!\w)"
)
CALLED: Final = re.compile(rf"(?<!\w)(?:it ?['’]? ?s|this is|i ?['’]? ?m) (?P<name>{WORD}) (?:here|speaking)(?!\w)")
HERE: Final = re.compile(
    rf"(?<!\w)(?<![.@])(?P<name>{WORD}) (?:here|speaking|btw|is my name|di ?sini|now(?=[,.]))(?!\w)"
    rf"|(?<!\w){TITLES}(?P<other>{WORD}) ini(?!\w)"
)
CORRECTED: Final = re.compile(
    rf"(?<!\w)(?P<name>{WORD}) (?:maksud\w*|bukan|, ?bukan|yang (?:bener|benar))"
    rf"|(?<!\w)bukan {WORD}[ ,]+(?:tapi|but|melainkan|yang benar)? ?(?P<other>{WORD})$"
)
MISSPELT: Final = re.compile(
    rf"(?<!\w)salah (?:ketik|tulis|ejaan)[ ,.]+(?P<name>{WORD})(?= (?:pakai|pake|with|yang)|$|[,.])"
)
ASKED_IF: Final = re.compile(
    rf"(?<!\w)(?:dengan|this|speaking with|am i talking to) {TITLES}(?P<name>{WORD})"
    r"(?:(?: ya)?(?: kak)? ?\?| (?:yang|dari|from|pemilik)(?!\w)[^.!?]*\?)"
)
AGREES: Final = re.compile(r"^(?:iya|ya|yup|yep|yes|betul|bener|benar|correct|right)(?!\w)")
WHOLE: Final = re.compile(rf"{TITLES}{NAME}(?: (?:namanya|nama saya|is fine))?")
STARRED: Final = re.compile(rf"\* ?{TITLES}(?P<name>{WORD}(?: {WORD})?)(?=$|[,.!]| kak| mbak| mas)")
RELATIVE: Final = re.compile(
    r"(?<!\w)(?:this is|ini|it ?['’]? ?s)(?: (?:his|her|the|my))? (?:wife|husband|son|daughter|sister|brother|istri\w*|"
    rf"suami\w*|anak\w*|adik\w*|kakak\w*)(?:(?<!nya)|,) {TITLES}(?P<name>{WORD})"
)
NOT_ME: Final = re.compile(r" ?,? (?:bukan|not) (?:saya|aku|gue|me)(?!\w)")
OF_PARCEL: Final = re.compile(
    r"(?<!\w)(?:paket|resi|rekening|rek|pesanan|cod|kiriman|transfer)(?!\w)[^!?\n]{0,40}(?:atas nama|a\.?n\.) ?$"
)
# The name behind these is that of whom they write to.
ADDRESSES: Final = re.compile(
    r"(?:^|[\s,.])(?:halo|hai|hi|hello|dear|yth|kepada|morning|pagi|siang|sore|malam|thanks|makasih)\s+(?:kak|mbak|mas|bu|pak|ibu|bapak)?\s*$"
)
GREETS: Final = re.compile(r"(?:regards|salam|hormat|cheers|sincerely|best|thanks|thank you)\W*(?:(?:saya|kami)\W*)?$")
# Before a name under a message.
SIGNS: Final = re.compile(
    r"(?:regards|salam|hormat|terima kasih|makasih|thanks|thank you|cheers|best|sincerely)\W*(?:saya\W*)?$"
    r"|[-–—~] ?$|[.!?\n] ?$"
)

SELF: Final = frozenset(("this", "it", "i", "im", "saya", "aku", "gue", "kita", "ini", "dengan", "sama"))
NAMING: Final = frozenset(("nama", "namanya", "namaku", "bernama", "panggil", "sebut", "my", "name", "names", "call"))
# Pattern, confidence, cue words. A line without any of the cue words is not searched: the search is expensive.
LOOKS: Final = (
    (SURE, 0.95, NAMING),
    (WRITTEN, 0.85, SELF),
    (FOLLOWED, 0.8, SELF),
    (HERE, 0.8, frozenset(("here", "ini", "sini", "disini", "now", "speaking", "btw", "name"))),
    (CALLED, 0.85, frozenset(("here", "speaking"))),
    (FROM, 0.8, frozenset(("from", "dari", "pemilik", "owner", "adminnya"))),
)


def names(said: SpelledLine) -> Iterator[FoundValue]:
    if said.line.chosen:  # the business wrote the text of a button
        return
    careless = said.line.text.islower()
    for one in (*_told(said, careless=careless), *_parts(said)):
        if not said.follows_others(one.start) and not NOT_ME.match(said.text, one.end):
            yield one
    corrected = (CORRECTED.search(said.text) or MISSPELT.search(said.text)) if said.corrects else None
    if corrected and (found := _found(said, corrected, 0.95, capitals=not careless)):
        yield found
    relative = RELATIVE.search(said.text)
    if relative and (found := _found(said, relative, 0.9, capitals=not careless)):
        yield found
    starred = STARRED.match(said.text)
    if starred and (found := _found(said, starred, 0.9, capitals=False)):
        yield found
    agreed = ASKED_IF.search(said.asked) if AGREES.match(said.text) else None
    if agreed and _is_name(agreed["name"]):
        yield FoundValue("name", agreed["name"].title(), said.line, 0.7, 0, len(said.text))


def _parts(said: SpelledLine) -> Iterator[FoundValue]:
    """Names that stand alone: as the answer to our question, beside a trade or a place, or under the message."""
    if not said.asks_name and said.line.text.islower():
        return
    told = parts(said.text)
    introduces = len(told) <= MOST_PARTS and len(told) > 1 and any(is_place(part.text) for part in told)
    signed = [part for part in told if GREETS.search(said.text[: part.start])]
    for part in told if said.asks_name or introduces else [*signed[:1], *told[:2], *told[-1:]]:
        found = _bare(said, part)
        if found is None:
            continue
        if said.asks_name:
            yield found._replace(confidence=0.9)
            return
        if _introduces(said, found, part, told, beside_place=introduces):
            yield found._replace(confidence=0.8)


def _introduces(said: SpelledLine, found: FoundValue, part: Part, told: Sequence[Part], *, beside_place: bool) -> bool:
    """Whether a name that nobody asked for is the writer's: it is written like one, and known or signed."""
    if not said.written(found.start, found.end)[:1].isupper() or len(told) < 2:
        return False
    if ADDRESSES.search(said.text[: part.start]):
        return False
    several, known = len(str(found.value).split()) > 1, str(found.value).lower().split()[0] in GIVEN
    signs = part is told[-1] and SIGNS.search(said.text[: part.start]) is not None
    return known or signs or (several and beside_place)


def _bare(said: SpelledLine, part: Part) -> FoundValue | None:
    """The name, if the part holds nothing else."""
    match = None if is_place(part.text) else WHOLE.fullmatch(part.text)
    trade = any(True for _ in TRADES.mentions(part.text))
    if match is None or (trade and part.text.split()[0] not in GIVEN):
        return None
    introduced = said.asks_name and part.is_first
    start = part.start + match.start("name")
    found = _named(said, match["name"], start, 0.8, capitals=False, introduced=introduced)
    return found if found and found.end >= start + len(match["name"]) else None


def _told(said: SpelledLine, *, careless: bool) -> Iterator[FoundValue]:
    """Yield names that the customer gives unasked.

    A name that is known needs no capitals behind a word for oneself.

    FOLLOWED requires a capitalized name; in a line without capitals it requires an introduction instead.
    """
    for pattern, confidence, cues in LOOKS:
        for match in pattern.finditer(said.text) if not said.words.isdisjoint(cues) else ():
            if match[0].startswith("ini ") and said.asks(match.end()):
                continue  # "ini LapakRapi ya?" asks who we are
            known = match.re is not HERE and (match["name"] or "").split(" ")[0] in ONLY_NAMES
            if pattern is FOLLOWED and careless and not known and not _is_introduction(said, match):
                continue
            capitals = not known and (pattern in (WRITTEN, HERE, FROM) or (pattern is FOLLOWED and not careless))
            if pattern is FROM and match["name"].split(" ")[0] not in GIVEN:
                continue
            if found := _found(said, match, confidence, capitals=capitals):
                yield _with_first_name(said, found) if pattern is HERE else found


def _with_first_name(said: SpelledLine, found: FoundValue) -> FoundValue:
    """ "Winston Tan here": the word before it is part of the name if it is a known one, and written like one."""
    before = re.search(rf"(?<!\w)({WORD}) $", said.text[: found.start])
    if (
        before is None
        or before[1] in NOT_NAMES
        or (before[1] in COMMON and before[1] not in GIVEN)
        or not said.written(*before.span(1))[:1].isupper()
    ):
        return found
    return found._replace(value=f"{before[1].title()} {found.value}", start=before.start(1))


def _is_introduction(said: SpelledLine, match: re.Match[str]) -> bool:
    """Where nobody writes capitals: with what only follows a name, at the beginning but for a greeting."""
    given, greeted = match["name"].split(" ")[0] in GIVEN, GREETED.fullmatch(said.before(match.start())) is not None
    follows = FOLLOWS.match(said.text, match.end()) is not None
    return (follows and (given or greeted)) or (greeted and given)


def _found(said: SpelledLine, match: re.Match[str], confidence: float, *, capitals: bool) -> FoundValue | None:
    group = "name" if match["name"] else "other"
    bare = said.text[match.start() : match.start(group)].strip(" :") in ("nama", "namanya")
    if match.re is SURE and bare and not said.asks_name and match["name"].split(" ")[0] not in GIVEN:
        return None  # "nama pengantin salah ketik"
    if OF_PARCEL.search(said.text, 0, match.start(group)):
        return None
    introduced = match.re is SURE or (match.re in (WRITTEN, FOLLOWED) and capitals)
    return _named(said, match[group], match.start(group), confidence, capitals=capitals, introduced=introduced)


def _named(
    said: SpelledLine, text: str, start: int, confidence: float, *, capitals: bool, introduced: bool = False
) -> FoundValue | None:
    """The name up to the first word that can't be one; with `capitals`, only where it is written like one."""
    place = start
    parts_: list[str] = []
    for word in text.split(" "):
        if word in NOT_NAMES or (word in TITLED and word not in GIVEN) or not (introduced or parts_ or _is_name(word)):
            break
        end = place + len(word)
        written = said.written(place, end) or word
        is_second = bool(parts_) and parts_[0].lower() in GIVEN and written[:1].isupper()
        is_written = (
            introduced and written[:1].isupper() and word not in NOT_NAMES and len(word) > 2
            and places().get(word) is None
        )  # fmt: skip
        if not is_written and not _is_name(word, introduced=introduced or is_second):
            break
        if capitals and not written[:1].isupper():
            break
        if parts_ and written[:1].islower() and parts_[0][:1].isupper():
            break
        if parts_ and len(written) > 1 and written.isupper() and not parts_[0].isupper():
            break  # "Zulfa MUA": a trade
        parts_.append(written)
        place = end + 1
    if not parts_ or re.search(rf"(?<!\w)(?:bukan|not) {TITLES}{re.escape(parts_[0].lower())}(?!\w)", said.text):
        return None
    value = " ".join(part if part[:1].isupper() and not part.isupper() else part.capitalize() for part in parts_)
    return FoundValue("name", value, said.line, confidence, start, place - 1)


def _is_name(word: str, *, introduced: bool = False) -> bool:
    """Behind words that introduce a name, all but the most frequent words can be one: Bunga, Yoga, Tari."""
    if len(word) < 2 or word in NOT_NAMES or (word in COMMON and word not in GIVEN):
        is_open = len(word) > 2 and word not in NOT_NAMES and word not in EVERYDAY and not ENDS.search(word)
        return introduced and is_open and places().get(word) is None
    return word in GIVEN or (ENDS.search(word) is None and places().get(word) is None)
