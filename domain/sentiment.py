"""How somebody feels, by the words of their last messages (pure). Indonesian and English, in everyday spelling."""

import re
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

Sentiment: TypeAlias = Literal["positive", "neutral", "negative", "urgent"]
SENTIMENTS: Final[tuple[Sentiment, ...]] = ("positive", "neutral", "negative", "urgent")

URGENT: Final = (
    "urgent", "asap", "segera", "secepatnya", "buruan", "darurat", "mendesak", "hari ini juga", "sekarang juga",
    "right now", "immediately", "emergency",
)  # fmt: skip
NEGATIVE: Final = (
    "kecewa", "marah", "kesal", "kesel", "lama banget", "lambat", "lelet", "parah", "jelek", "buruk", "rugi", "tipu",
    "penipu", "penipuan", "bohong", "komplain", "rusak", "gagal", "ga jelas", "gak jelas", "tidak puas", "ga puas",
    "gak puas", "ribet", "mahal banget", "kapok", "disappointed", "angry", "terrible", "awful", "bad service", "scam",
    "refund", "complain", "complaint", "broken", "useless", "too slow", "not happy", "unhappy", "worst",
)  # fmt: skip
POSITIVE: Final = (
    "makasih", "terima kasih", "terimakasih", "tq", "thank you", "thanks", "mantap", "mantul", "bagus", "keren",
    "puas", "senang", "suka", "sip", "siap", "oke banget", "recommended", "great", "perfect", "awesome", "love it",
    "good job", "happy", "amazing", "membantu",
)  # fmt: skip
NOT: Final = ("tidak", "ga", "gak", "nggak", "ngga", "enggak", "kurang", "belum", "bukan", "not", "no", "never")
# So many of the last messages say how they feel now.
LAST: Final = 3


def _any(words: Sequence[str]) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in words)
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE)


_URGENT, _NEGATIVE, _POSITIVE = _any(URGENT), _any(NEGATIVE), _any(POSITIVE)
_NOT_POSITIVE = re.compile(rf"(?<!\w)(?:{'|'.join(NOT)})\s+(?:\w+\s+)?{_POSITIVE.pattern}", re.IGNORECASE)


class SentimentFound(NamedTuple):
    """`message_id` is the message that shows it."""

    sentiment: Sentiment
    message_id: str


def of_text(text: str) -> Sentiment:
    """What is pressing counts most, then what is wrong."""
    if _URGENT.search(text):
        return "urgent"
    if _NEGATIVE.search(text) or _NOT_POSITIVE.search(text):
        return "negative"
    return "positive" if _POSITIVE.search(text) else "neutral"


def felt(said: Sequence[tuple[str, str]]) -> SentimentFound | None:
    """Of (message id, text), oldest first, as the customer wrote them: the newest of the last few that shows anything,
    else neutral. None where they wrote nothing."""
    if not said:
        return None
    for id, text in reversed(said[-LAST:]):
        if (sentiment := of_text(text)) != "neutral":
            return SentimentFound(sentiment, id)
    return SentimentFound("neutral", said[-1][0])
