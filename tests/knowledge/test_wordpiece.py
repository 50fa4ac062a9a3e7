"""Words in pieces, as BERT's own tokenizer takes them apart."""

from knowledge.local import VOCABULARY
from knowledge.wordpiece import WordPiece

WORDS = WordPiece(VOCABULARY.read_text(encoding="utf-8").rstrip("\n").split("\n"))
PIECES = {number: piece for piece, number in WORDS._number.items()}


def pieces(text: str, most: int = 64) -> list[str]:
    return [PIECES[number] for number in WORDS.numbers(text, most=most)][1:-1]


def test_known_words_stay_whole_and_others_fall_into_pieces() -> None:
    # As the reference tokenizer of the model says it.
    assert pieces("Hello, world!") == ["hello", ",", "world", "!"]
    assert pieces("embeddings") == ["em", "##bed", "##ding", "##s"]
    assert pieces("Café İstanbul") == ["cafe", "istanbul"]
    assert pieces("中国你") == ["中", "国", "[UNK]"]
    assert pieces("🙂") == ["[UNK]"]
    assert pieces("x" * 101) == ["[UNK]"]
    assert pieces("Rp 1.500.000") == ["r", "##p", "1", ".", "500", ".", "000"]


def test_it_is_cut_where_the_model_ends() -> None:
    assert len(WORDS.numbers("kata " * 500, most=16)) == 16
    assert pieces("") == []
