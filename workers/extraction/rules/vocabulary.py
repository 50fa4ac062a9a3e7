"""The words that rules know, from words/: one a line, or one way to say something a line."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

WORDS: Final = Path(__file__).parent / "words"
# What stands in braces in the files.
SHORT: Final = {
    "{NO}": r"(?:gak|tidak|tak|belum|not|don'?t|doesn'?t|didn'?t|can'?t|cannot|never|no)",
    "{CHATS}": (
        r"(?:chat\w*|wa|whatsapp|pesan\w*|dm|message\w*|inbox|inquir\w+|pertanyaan|customer\w*|pelanggan\w*|"
        r"pembeli\w*|orderan)"
    ),
    "{WE}": "(?:saya|aku|gue|kami|kita)",
    "{ADVERB}": "(?:currently|also|just|now|mainly|mostly|actually)",
    "{SIZE}": "(?:small|little|tiny|local|family|online)",
    "{RUN}": "(?:run|running|own|owning|have|manage|managing|operate|operating|started|opened|got|into|doing|in)",
    "{PUNYA}": "(?:punya|ada|buka|jalanin|jalankan|kelola|mengelola|ngelola|megang|rintis|merintis|bikin|produksi)",
}
NO: Final = SHORT["{NO}"]


@cache
def words(name: str) -> tuple[str, ...]:
    return tuple((WORDS / f"{name}.txt").read_text(encoding="utf-8").split("\n")[:-1])


def any_of(name: str) -> str:
    """A pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words(name), key=len, reverse=True))


@cache
def phrases(field: str) -> Mapping[str, re.Pattern[str]]:
    """Value of a field to the pattern of all ways to say it."""
    said = tomllib.loads((WORDS / "phrases.toml").read_text(encoding="utf-8"))[field]
    return {value: _pattern(ways) for value, ways in said.items()}


def around(rule: str, what: str, *, before: str = "", behind: str = "") -> re.Pattern[str]:
    """What one rule looks for around its finds; `before` and `behind` go on with the pattern."""
    ways = tomllib.loads((WORDS / "around.toml").read_text(encoding="utf-8"))[rule][what]
    return _pattern(ways, before=before, behind=behind)


def spelled(rule: str, what: str) -> str:
    """The same as one pattern, to be compiled by the caller."""
    ways = tomllib.loads((WORDS / "around.toml").read_text(encoding="utf-8"))[rule][what]
    return "|".join(ways)


def _pattern(ways: list[str], *, before: str = "", behind: str = "") -> re.Pattern[str]:
    joined = "|".join(ways)
    for short, long in SHORT.items():
        joined = joined.replace(short, long)
    return re.compile(rf"{before}(?<!\w)(?:{joined})(?!\w){behind}")
