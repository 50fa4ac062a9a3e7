"""Files as articles, and articles as passages short enough to have one meaning each (pure)."""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

SUFFIXES: Final = (".md", ".markdown", ".txt", ".csv")
LONGEST_TITLE, LONGEST_CONTENT, LONGEST_SOURCE = 300, 200_000, 500
PASSAGE: Final = 700
"""Characters that a passage has at most, but for longer sentences: about what the local model reads at once."""
LONGEST_PASSAGE: Final = 2000


class NotReadable(ValueError):
    """A file that is no article; the text says why."""


class ParsedArticle(NamedTuple):
    """`source` names it: the file, and in a CSV its row (prices.csv#7, or prices.csv#faq where the row says so)."""

    source: str
    title: str
    content: str
    tags: tuple[str, ...] = ()

    @property
    def hash(self) -> bytes:
        said = "\0".join([self.title, self.content, *self.tags])
        return hashlib.blake2b(said.encode(), digest_size=16).digest()


def articles(source: str, data: bytes) -> list[ParsedArticle]:
    """Of one file, by its suffix. Markdown may begin with a `title:` and `tags:` between two `---`; a CSV has the
    columns title and content, and may have tags and source. Raises NotReadable."""
    if len(source) > LONGEST_SOURCE - 20:
        raise NotReadable("its name is too long")
    try:
        text = data.decode("utf-8-sig").replace("\0", "").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise NotReadable("it is not UTF-8") from None
    if source.lower().endswith(".csv"):
        return list(_rows(source, text))
    head, body = _front_matter(text) if source.lower().endswith((".md", ".markdown")) else ({}, text)
    heading = re.search(r"^#\s+(.+)$", body, re.MULTILINE)
    stem = re.sub(r"[-_]+", " ", source.rpartition("/")[2].rpartition(".")[0]).strip()
    title = head.get("title") or (heading.group(1) if heading else stem) or source
    return [_article(source, title, body, _tags(head.get("tags", "")))]


def _rows(source: str, text: str) -> Iterator[ParsedArticle]:
    """A row is named by its own source if that is unique in the file, has no # and is no number; else by its number,
    after its own source if it has one.
    """
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        if not {"title", "content"} <= set(reader.fieldnames or ()):
            raise NotReadable("a CSV needs the columns title and content")
        rows = list(reader)
    except csv.Error as error:
        raise NotReadable(f"row {reader.line_num}: {error}") from None
    named = Counter((row.get("source") or "").strip() for row in rows)
    for number, row in enumerate(rows, start=1):
        own = (row.get("source") or "").strip()
        alone = named[own] == 1 and own and "#" not in own and not own.isdigit()
        name = own if alone else f"{own}#{number}".lstrip("#")
        yield _article(f"{source}#{name}", row["title"] or "", row["content"] or "", _tags(row.get("tags") or ""))


def _article(source: str, title: str, content: str, tags: tuple[str, ...]) -> ParsedArticle:
    title, content = " ".join(title.split())[:LONGEST_TITLE], content.strip()
    if not title or not content:
        raise NotReadable(f"{source} has no {'title' if not title else 'content'}")
    if len(content) > LONGEST_CONTENT:
        raise NotReadable(f"{source} is longer than {LONGEST_CONTENT:,} characters: split it")
    if len(source) > LONGEST_SOURCE:
        raise NotReadable(f"{source[:40]}… is named by more than {LONGEST_SOURCE} characters")
    return ParsedArticle(source, title, content, tags)


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    if not found:
        return {}, text
    pairs = (line.partition(":") for line in found.group(1).splitlines())
    return {name.strip().lower(): value.strip().strip("\"'[]") for name, _, value in pairs}, text[found.end() :]


def _tags(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag.strip().lower() for tag in re.split(r"[,;]", text) if tag.strip()))[:50]


def passages(content: str) -> list[str]:
    """In order, and together all of it. A heading stays with what follows it."""
    found: list[str] = []
    part = ""
    for piece in _pieces(content):
        if part and len(part) + len(piece) > PASSAGE and not _is_heading(part):
            found.append(part)
            part = ""
        part = f"{part}\n{piece}".strip()
    return [*found, part] if part else found


def _pieces(content: str) -> Iterator[str]:
    """Paragraphs; long ones by sentences, and what has none by force."""
    for paragraph in re.split(r"\n\s*\n", content):
        words = paragraph.strip()
        if len(words) <= PASSAGE:
            if words:
                yield words
            continue
        for sentence in re.split(r"(?<=[.!?])\s+|\n", words):
            for start in range(0, len(sentence), LONGEST_PASSAGE):
                yield sentence[start : start + LONGEST_PASSAGE]


def _is_heading(part: str) -> bool:
    return part.startswith("#") and "\n" not in part


def chat_passages(lines: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of (message id, text), oldest first: (first message's id, passage). A passage is a few messages that follow each
    other, since one alone says little."""
    found: list[tuple[str, list[str]]] = []
    for id, text in lines:
        words = " ".join(text.split())[:LONGEST_PASSAGE]
        if not words:
            continue
        if found and sum(map(len, found[-1][1])) + len(words) <= PASSAGE:
            found[-1][1].append(words)
        else:
            found.append((id, [words]))
    return [(id, "\n".join(said)) for id, said in found]
