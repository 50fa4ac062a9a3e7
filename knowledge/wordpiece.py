"""Texts as the numbers that BERT models read: lower case without accents, words in pieces of a vocabulary (pure)."""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

UNKNOWN, BEGIN, END, PADDING = "[UNK]", "[CLS]", "[SEP]", "[PAD]"
LONGEST_WORD: Final = 100


class WordPiece:
    def __init__(self, vocabulary: Sequence[str]) -> None:
        """A line a piece, in the order of their numbers; pieces inside a word begin with ##."""
        self._number = {piece: number for number, piece in enumerate(vocabulary)}
        self.padding = self._number[PADDING]

    def numbers(self, text: str, *, most: int) -> list[int]:
        """At most so many, with those of the begin and the end."""
        found: list[int] = []
        for word in _words(text):
            found += self._pieces(word)
            if len(found) >= most - 2:
                break
        return [self._number[BEGIN], *found[: most - 2], self._number[END]]

    def _pieces(self, word: str) -> list[int]:
        """The longest that fit, from the left; a word that no pieces make is unknown."""
        if len(word) > LONGEST_WORD:
            return [self._number[UNKNOWN]]
        found: list[int] = []
        start = 0
        while start < len(word):
            ends = range(len(word), start, -1)
            pieces = (("##" if start else "") + word[start:end] for end in ends)
            fits = next(((end, self._number[piece]) for end, piece in zip(ends, pieces, strict=True)
                         if piece in self._number), None)  # fmt: skip
            if fits is None:
                return [self._number[UNKNOWN]]
            start, number = fits
            found.append(number)
        return found


def _words(text: str) -> Iterator[str]:
    """Runs of letters and digits; each punctuation mark and each ideograph alone."""
    word = ""
    for sign in unicodedata.normalize("NFD", text.lower()):
        kind = unicodedata.category(sign)
        if kind == "Mn" or (kind[0] == "C" and not sign.isspace()):
            continue
        alone = _is_punctuation(sign, kind) or _is_ideograph(sign)
        if word and (alone or sign.isspace()):
            yield word
            word = ""
        if alone:
            yield sign
        elif not sign.isspace():
            word += sign
    if word:
        yield word


def _is_punctuation(sign: str, kind: str) -> bool:
    return kind[0] == "P" or (sign.isascii() and sign.isprintable() and not sign.isalnum() and not sign.isspace())


def _is_ideograph(sign: str) -> bool:
    at = ord(sign)
    return 0x4E00 <= at <= 0x9FFF or 0x3400 <= at <= 0x4DBF or 0x20000 <= at <= 0x2FA1F or 0xF900 <= at <= 0xFAFF
