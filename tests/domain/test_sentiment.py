"""How customers feel, by their words."""

import pytest

from domain.sentiment import SentimentFound, felt, of_text


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("makasih kak, mantap banget", "positive"),
        ("thanks, that is great", "positive"),
        ("berapa harganya?", "neutral"),
        ("saya mau tanya soal suku cadang", "neutral"),
        ("kecewa banget, barangnya rusak", "negative"),
        ("tidak puas sama pelayanannya", "negative"),
        ("ga begitu suka", "negative"),
        ("not happy with this", "negative"),
        ("tolong segera dibalas, makasih", "urgent"),
        ("I need this ASAP!", "urgent"),
        ("siapa namanya?", "neutral"),
        ("", "neutral"),
    ],
)
def test_words_say_it(text: str, sentiment: str) -> None:
    assert of_text(text) == sentiment


def test_the_newest_words_that_show_anything_count() -> None:
    assert felt([]) is None
    assert felt([("a", "kecewa"), ("b", "makasih"), ("c", "ok")]) == SentimentFound("positive", "b")
    # What they felt long ago is over.
    assert felt([("a", "kecewa"), ("b", "ok"), ("c", "jam berapa"), ("d", "baik")]) == SentimentFound("neutral", "d")
