"""What a message holds besides the customer's own words: pressed buttons, stickers, forwarded advertisements, orders to
a program; and chats of people who want a job or want to sell something to us (pure).
"""

import re
from typing import Final

from workers.extraction.rules.vocabulary import LETTERS, as_written, words

# A sentence with one of these is addressed to a program.
INJECTION: Final = re.compile(as_written("talk", "injection"), re.IGNORECASE | re.DOTALL)
# A text without any of these is no injection; looking for them first is quicker.
INJECTION_CUES: Final = frozenset(words("injection_cues"))
MARKS: Final = frozenset("<{[#")
SENTENCES: Final = re.compile(r"[^.!?\n#]*(?:[.!?\n#]+(?=\s|$|#)|[.!?\n#]+|$)")
STICKER: Final = re.compile(r"\s*\[[^\[\]\n]{1,40}\]\s*")
OPTION: Final = re.compile(r"\[([^\[\]\n]{1,60})\]|^\s*(\d{1,2}\s*[.)]\s*.{1,60}?)\s*$", re.MULTILINE)
# "Pilih menu: Lihat Harga / Coba Demo".
MENU: Final = re.compile(r"(?:pilih|menu|choose|select)", re.IGNORECASE)
BETWEEN_OPTIONS: Final = re.compile(r"[/|:\n•·]")
BUTTON: Final = re.compile(
    r"(?:lihat (?:harga|menu|paket|katalog)|kembali ke menu(?: utama)?|menu utama|coba gratis(?: sekarang)?"
    r"|jadwalkan demo|hubungi (?:admin|kami|cs)|mulai|see (?:prices?|pricing)|main menu|back to menu"
    r"|book a demo|get started|start)"
)
FORWARDED: Final = re.compile(as_written("talk", "forwarded"), re.IGNORECASE)
ADVERTISES: Final = re.compile(as_written("talk", "advertises"), re.IGNORECASE)
ENOUGH: Final = 3
"""Different signs of an advertisement that make one."""
# A text without any of these words is none of the kind; looking for them first is quicker.
ADVERTISING: Final = frozenset(words("advertising_cues"))
EMOJI: Final = frozenset("🔥🎉📣⚡")
SEEKING: Final = frozenset(words("seeking_cues"))
OFFERING: Final = frozenset(words("offering_cues"))
SHORTEST_ADVERTISEMENT: Final = 50
"""Characters."""
SEEKS: Final = re.compile(as_written("talk", "seeks_job"), re.IGNORECASE)
OFFERS: Final = re.compile(as_written("talk", "offers_to_us"), re.IGNORECASE)


def own_words(text: str, topic: str) -> str:
    """The message, what is not the customer's own blanked out, as long as it was. `topic` is what we said last."""
    said = frozenset(LETTERS.findall(text.lower()))
    if STICKER.fullmatch(text) or is_option(text, topic) or is_advertisement(text, said):
        return " " * len(text)
    if INJECTION_CUES.isdisjoint(said) and MARKS.isdisjoint(text):
        return text
    return SENTENCES.sub(lambda match: " " * len(match[0]) if is_prompt_injection(match[0]) else match[0], text)


def is_prompt_injection(text: str) -> bool:
    """Whether a sentence talks to a program: it is not read for facts."""
    return INJECTION.search(text) is not None


def is_option(text: str, topic: str) -> bool:
    """Whether the customer only pressed one of the buttons, or chose from the list, that we had sent."""
    said = text.strip().casefold()
    listed = [one[1] or one[2] for one in OPTION.finditer(topic)]
    listed += BETWEEN_OPTIONS.split(topic) if MENU.search(topic) else []
    return bool(said) and (any(one.strip().casefold() == said for one in listed) or BUTTON.fullmatch(said) is not None)


def is_advertisement(text: str, said: frozenset[str]) -> bool:
    """`said` are the words of the text."""
    if FORWARDED.search(text) is not None:
        return True
    if len(text) <= SHORTEST_ADVERTISEMENT or (ADVERTISING.isdisjoint(said) and EMOJI.isdisjoint(text)):
        return False
    return len({one[0].lower() for one in ADVERTISES.finditer(text)}) >= ENOUGH


def is_no_customer(text: str) -> bool:
    """Whether the writer seeks a job, or wants to sell something to us."""
    said = frozenset(LETTERS.findall(text.lower()))
    seeks = not SEEKING.isdisjoint(said) and SEEKS.search(text) is not None
    return seeks or (not OFFERING.isdisjoint(said) and OFFERS.search(text) is not None)
