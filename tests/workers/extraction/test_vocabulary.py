"""Looking only where letters promise something finds all that looking everywhere finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.evaluation.gold import chats
from workers.extraction.rules.finding import spelled_out
from workers.extraction.rules.stems import stems_of
from workers.extraction.rules.vocabulary import FREQUENT, LETTERS, all_phrases, words

GOLD = [
    spelled_out(line.text)
    for chat in (*chats("develop"), *chats("others"), *chats("report"))
    for line in chat.window.lines
]
SAYINGS = [word for text in GOLD for word in text.split()] + list(words("slang"))


def missed(text: str) -> list[str]:
    every, letters = all_phrases()
    seen = letters.seen(LETTERS.findall(text))
    return [
        f"{field}: {value}"
        for field, one in every.items()
        for value, pattern in one.within(-1)
        if pattern.search(text) and value not in {likely for likely, _ in one.within(seen)}
    ]


def test_nothing_is_missed_in_the_gold_chats() -> None:
    assert [miss for text in GOLD for miss in missed(text)] == []


@given(st.lists(st.sampled_from(SAYINGS), max_size=14).map(" ".join))
def test_nothing_is_missed_in_jumbled_words(text: str) -> None:
    assert missed(text) == []


@pytest.mark.parametrize(
    ("way", "stems"),
    [
        (r"(?:gak|tidak) (?:nongol|muncul)", {"nongol", "muncul"}),  # "gak" stands everywhere
        (r"balas\w* (?:\w+ ){0,3}lama", {"balas"}), (r"(?:\w+ )?pelanggan", {"pelanggan"}),
        (r"\d+ (?:unread|chats?)", {"unread", "chat"}), (r"orders?", {"order"}), (r"hold (?!on)tight", {"hold"}),
        (r"(?:re-?)?building", None), (r"ke ?lewat", None), (r"\w*ompetitor", None), (r"(?:wa|chat) \d", None),
        (r"[ab]nota (?:x|\d)", None), (r"(?:nota|\d+)", None),
    ],
)  # fmt: skip
def test_the_words_that_must_stand_in_a_match(way: str, stems: set[str] | None) -> None:
    assert stems_of(way, FREQUENT) == stems
