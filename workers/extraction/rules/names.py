"""What the customer calls themself."""

import re
from collections.abc import Iterator
from typing import Final

from workers.extraction.rules.finding import FoundValue, SpelledLine
from workers.extraction.rules.places import places
from workers.extraction.rules.vocabulary import around, words

TITLES: Final = (
    r"(?:pak|bapak|bpk|bu|ibu|kak|kaka|kakak|mas|mbak|mba|bang|abang|teh|kang|om|tante|mr|mrs|ms|miss|koh|ko|cici|ce|ci|haji|hj|sis|gan)"
    r"\.?"
)
WORD: Final = r"[a-z]+(?:['’\-][a-z]+)*"
NAME: Final = rf"(?P<name>{WORD}(?: {WORD}){{0,2}})"
NOT_NAMES: Final = frozenset(words("not_names")) | {word for trade in words("trades") for word in trade.split()}
COMMON: Final = frozenset(words("indonesian")) | frozenset(words("english"))
ENDS: Final = re.compile(r"(?:kan|nya|ing|kah|lah)$")
# SURE: the words before it always introduce a name. WRITTEN: the name must be capitalized.
# FOLLOWED: the sentence must end after the name, or one of the listed words must follow.
SURE: Final = re.compile(
    rf"(?<!\w)(?:nama(?:nya)?(?: (?:saya|aku|gue|ku|lengkap|panggilan|itu|adalah|is|sih))*|namaku|(?:saya|aku) bernama|"
    r"(?:panggil|sebut)(?: (?:aja|saja|saya|aku|gue|me|ku))*|my name(?: is|'s|s)?|name ?'?s|call me)"
    rf"\s*[:=]? ?(?:{TITLES} )?{NAME}"
)
WRITTEN: Final = re.compile(
    r"(?<!\w)(?:this is|it ?['’]? ?s|i am|i ?['’] ?m|im|saya|aku|gue|ini|dengan|sama)(?: ini)?"
    rf" (?:{TITLES} )?{NAME}"
)
FOLLOWED: Final = re.compile(
    r"(?<!\w)(?:this is|i am|i ?['’] ?m|saya|aku|gue|ini(?: dengan)?|dengan)"
    rf" (?:{TITLES} )?(?P<name>{WORD}(?: {WORD})?)(?!\w)"
    r"(?= ?(?:,|\.|$|!|\n|(?:dari|pemilik|owner|yang|punya|kak|di|mau|from|sini|and|jualan|jual|istri\w*|suami\w*|"
    r"anaknya|adiknya|here|speaking|calling|saya|i|usaha)(?!\w)))"
)
GREETED: Final = re.compile(
    r"(?:\W|hai|halo|hallo|hi|hello|pagi|siang|sore|malam|selamat|kak|mbak|mas|min|sis|pak|bu|sarah|iya|ya|oh|btw|assalamualaikum|so)*"
)
FOLLOWS: Final = around("names", "follows", before=r" ?")
HERE: Final = re.compile(rf"(?<!\w)(?<![.@])(?P<name>{WORD}) here(?!\w)|(?<!\w){TITLES} (?P<other>{WORD}) ini(?!\w)")
CORRECTED: Final = re.compile(
    rf"(?<!\w)(?P<name>{WORD}) (?:maksud\w*|bukan|, ?bukan|yang (?:bener|benar))"
    rf"|(?<!\w)bukan {WORD}[ ,]+(?:tapi|but|melainkan|yang benar)? ?(?P<other>{WORD})$"
)
ASKED: Final = re.compile(
    r"(?<!\w)(?:siapa|nama\w*|your name|a name|who am i|who is this|who's this|speaking with|atas nama)(?!\w)"
)
ASKED_IF: Final = re.compile(
    rf"(?<!\w)(?:dengan|this|speaking with|am i talking to) (?:{TITLES} )?(?P<name>{WORD})(?: ya)?(?: kak)? ?\?"
)
AGREES: Final = re.compile(r"^(?:iya|ya|yup|yep|yes|betul|bener|benar|correct|right)(?!\w)")
ANSWERS: Final = re.compile(
    r"^(?:(?:oh|ya|iya|yes|hi|hai|halo|sure|dengan|sama|saya|aku|ini|it ?['’]? ?s|panggil|aja)[, ]+)*"
    rf"(?:{TITLES} )?{NAME}(?! ?\?)"
)


SELF: Final = frozenset(("this", "it", "i", "im", "saya", "aku", "gue", "ini", "dengan", "sama"))
NAMING: Final = frozenset(("nama", "namanya", "namaku", "bernama", "panggil", "sebut", "my", "name", "names", "call"))
# Pattern, confidence, cue words. A line without any of the cue words is not searched: the search is expensive.
LOOKS: Final = (
    (SURE, 0.95, NAMING),
    (WRITTEN, 0.85, SELF),
    (FOLLOWED, 0.8, SELF),
    (HERE, 0.8, frozenset(("here", "ini"))),
)


def names(said: SpelledLine) -> Iterator[FoundValue]:
    careless = said.line.text.islower()
    yield from _told(said, careless=careless)
    corrected = CORRECTED.search(said.text) if said.corrects else None
    if corrected and (found := _found(said, corrected, 0.95, capitals=not careless)):
        yield found
    answer = ANSWERS.match(said.text) if ASKED.search(said.asked) else None
    if answer and (found := _found(said, answer, 0.9, capitals=False)):
        yield found
    agreed = ASKED_IF.search(said.asked) if AGREES.match(said.text) else None
    if agreed and _is_name(agreed["name"]):
        yield FoundValue("name", agreed["name"].title(), said.line, 0.7, 0, len(said.text))


def _told(said: SpelledLine, *, careless: bool) -> Iterator[FoundValue]:
    """Yield names that the customer gives unasked.

    FOLLOWED requires a capitalized name; in a line without capitals it requires an introduction instead.
    """
    for pattern, confidence, cues in LOOKS:
        for match in pattern.finditer(said.text) if not said.words.isdisjoint(cues) else ():
            if pattern is FOLLOWED and careless and not _is_introduction(said, match):
                continue
            capitals = pattern in (WRITTEN, HERE) or (pattern is FOLLOWED and not careless)
            if found := _found(said, match, confidence, capitals=capitals):
                yield found


def _is_introduction(said: SpelledLine, match: re.Match[str]) -> bool:
    """Where nobody writes capitals: at the beginning but for a greeting, or with what only follows a name."""
    return (
        GREETED.fullmatch(said.before(match.start())) is not None or FOLLOWS.match(said.text, match.end()) is not None
    )


def _found(said: SpelledLine, match: re.Match[str], confidence: float, *, capitals: bool) -> FoundValue | None:
    """The name up to the first word that can't be one; with `capitals`, only where it is written like one."""
    group = "name" if match["name"] else "other"
    start = place = match.start(group)
    parts: list[str] = []
    for word in match[group].split(" "):
        if not _is_name(word):
            break
        end = place + len(word)
        written = said.written(place, end) or word
        if capitals and not written[:1].isupper():
            break
        if parts and written[:1].islower() and parts[0][:1].isupper():
            break
        parts.append(written)
        place = end + 1
    if not parts or re.search(rf"(?<!\w)(?:bukan|not) (?:{TITLES} )?{re.escape(parts[0].lower())}(?!\w)", said.text):
        return None
    value = " ".join(part if part[:1].isupper() and not part.isupper() else part.capitalize() for part in parts)
    return FoundValue("name", value, said.line, confidence, start, place - 1)


def _is_name(word: str) -> bool:
    return (
        len(word) > 1
        and word not in NOT_NAMES
        and word not in COMMON
        and not ENDS.search(word)
        and word not in places()
    )
