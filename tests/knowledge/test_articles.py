"""Files as articles, articles as passages, questions as words."""

import pytest

from knowledge.articles import PASSAGE, NotReadable, articles, chat_passages, passages
from knowledge.terms import terms


def test_markdown_says_its_title_and_tags() -> None:
    (one,) = articles("shop/prices.md", b"---\ntitle: Prices\ntags: [Money, sales]\n---\n# Another\n\nText.")
    assert (one.title, one.tags, one.content.startswith("# Another")) == ("Prices", ("money", "sales"), True)
    (one,) = articles("shop/how-to-pay.md", b"# How to pay\n\nBy bank.")
    assert (one.title, one.tags) == ("How to pay", ())
    (one,) = articles("shop/opening_hours.txt", b"\xef\xbb\xbfFrom eight.")
    assert (one.title, one.content) == ("opening hours", "From eight.")


def test_a_csv_is_a_row_an_article() -> None:
    data = b'title,content,tags,source\nA,one,"x;y",\nB,"two, three",,own/name\n'
    first, second = articles("list.csv", data)
    assert (first.source, first.tags) == ("list.csv#1", ("x", "y"))
    assert (second.source, second.content) == ("list.csv#own/name", "two, three")


def test_rows_of_one_name_are_articles_of_their_own() -> None:
    data = b'title,content,source\r\nA,"one\r\ntwo",faq\r\nB,two,faq\r\nC,three,faq#1\r\nD,four,\r\nE,five,4\r\n'
    found = articles("list.csv", data)
    assert len({one.source for one in found}) == 5
    assert [one.source for one in found[:2]] == ["list.csv#faq#1", "list.csv#faq#2"]
    assert found[0].content == "one\ntwo"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b"name,text\nA,b"),
        ("a.md", b""),
        ("a.txt", b"\xff\xfe\x00"),
        ("a.csv", b'title,content\nA,"' + b"x" * 200_000 + b'"'),
        ("a.csv", b"title,content,source\nA,b," + b"s" * 600),
        ("a.md", b"# x\n" + b"y" * 300_000),
        ("x" * 600, b"y"),
    ],
)
def test_what_is_no_article_is_told(name: str, data: bytes) -> None:
    with pytest.raises(NotReadable):
        articles(name, data)


def test_passages_are_short_and_together_all_of_it() -> None:
    text = "# One\n\n" + "A sentence of some length here. " * 60 + "\n\n# Two\n\nShort.\n\n" + "x" * 5000
    found = passages(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(len(part) <= PASSAGE or "x" * 1000 in part for part in found)
    assert not any(part.strip() in ("# One", "# Two") for part in found)


def test_a_few_messages_make_a_passage() -> None:
    lines = [(f"m{n}", "kata " * 30) for n in range(10)]
    found = chat_passages([*lines, ("m10", " ")])
    assert (found[0][0], len(found)) == ("m0", 3)
    assert chat_passages([("a", " ")]) == []


def test_a_question_is_its_telling_words() -> None:
    assert terms("Berapa harga untuk dua toko?") == ["'harga'", "'dua'", "'toko'"]
    assert terms("what is it") == ["'what'", "'is'", "'it'"]
    assert terms("?!'\"\\") == []
    assert terms("aa' | bb & !cc:* d") == ["'aa'", "'bb'", "'cc'"]
