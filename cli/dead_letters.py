"""`mirror dead-letters`: look at what failed for good, replay it, or put it aside."""

import argparse
import asyncio
import base64
import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from cli import filters
from cli.numbers import LARGEST, whole
from cli.progress import Progress, add_replay_options, replay
from cli.stores import database, run_reporting_store_errors
from store.ops import dead_letters
from store.ops.dead_letters import Letter, LetterQuery
from store.postgres import Pool

EPILOG = """examples:
  mirror dead-letters groups                          what is the matter, by cause
  mirror dead-letters show 17                         one letter with its body
  mirror dead-letters replay --kind unexpected        a dry run: what would become of each
  mirror dead-letters replay --kind unexpected --go   do it
"""


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = EPILOG, argparse.RawDescriptionHelpFormatter
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="one line each, without bodies")
    listing.add_argument("--limit", type=whole(1), default=50, help="at most that many (default 50)")
    filters.add(listing)
    show = actions.add_parser("show", help="one letter, with the body of its delivery (personal data)")
    show.add_argument("id", type=whole(1, LARGEST))
    filters.add(actions.add_parser("groups", help="letters of one cause together, the largest group first"))
    again = actions.add_parser("replay", help="a dry run that says what would become of each; with --go, do it")
    filters.add(again, state=None)
    again.add_argument("--id", type=whole(1, LARGEST), help="only this letter")
    add_replay_options(again)
    discard = actions.add_parser(
        "discard", help="without --go, count them; with --go and a filter, discard them (their bodies are kept)"
    )
    filters.add(discard, state=None)
    discard.add_argument("--id", type=whole(1, LARGEST), help="only this letter")
    discard.add_argument("--go", action="store_true", help="do it")
    export = actions.add_parser("export", help="one JSON object a line, with bodies (personal data)")
    export.add_argument("--output", type=Path, help="a file (default: the standard output)")
    filters.add(export)


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(run_reporting_store_errors(lambda: _run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    async with database(by_key=True) as pool:
        return await ACTIONS[arguments.action](pool, arguments)


async def _list(pool: Pool, arguments: argparse.Namespace) -> int:
    wanted = await filters.read(pool, arguments)
    found = [letter async for letter in dead_letters.matching(pool, wanted, limit=arguments.limit)]
    if arguments.json:
        print(json.dumps([_plain(letter) for letter in found], default=str))
        return 1 if found else 0
    for letter in found:
        print(f"{letter.id:>8}  {letter.last_failed_at:%Y-%m-%d %H:%M:%S}  {letter.state:9} ×{letter.attempts}  "
              f"{letter.error_kind:10} {letter.fingerprint}  {letter.event or '–'}: {letter.error}")  # fmt: skip
    total, which = await dead_letters.count(pool, wanted), f"{wanted.state} " if wanted.state else ""
    if found:
        print(f"{len(found)} of {total} dead letters")
    elif there := await dead_letters.count(pool, LetterQuery(state=wanted.state)):
        print(f"none of the {there} {which}dead letters fits")
    else:
        print(f"no {which}dead letters: nothing to look after")
    return 1 if found else 0


async def _show(pool: Pool, arguments: argparse.Namespace) -> int:
    letter = await _letter(pool, arguments.id)
    if letter is None:
        return 2
    body = await dead_letters.Bodies(pool).of(letter)
    plain = _plain(letter) | {"body": _text(body)}
    if arguments.json:
        print(json.dumps(plain, default=str))
        return 0
    for name, value in plain.items():
        if name != "body":
            print(f"{name:16} {value}")
    print()
    try:
        print(json.dumps(json.loads(body), indent=2, ensure_ascii=False))
    except ValueError:
        print(_text(body))
    return 0


async def _groups(pool: Pool, arguments: argparse.Namespace) -> int:
    found = await dead_letters.groups(pool, await filters.read(pool, arguments))
    if arguments.json:
        print(json.dumps([group._asdict() for group in found], default=str))
        return 1 if found else 0
    for group in found:
        print(f"{group.letters:>8} × {group.error_kind}: {group.error}")
        print(f"           in {', '.join(group.events)}")
        first, last = (f"{at:%Y-%m-%d %H:%M}" for at in (group.first_failed_at, group.last_failed_at))
        print(f"           {group.fingerprint}, {first} to {last} UTC; mirror dead-letters show {group.example}")
    if not found:
        print("no dead letters")
    return 1 if found else 0


async def _replay(pool: Pool, arguments: argparse.Namespace) -> int:
    wanted = (await filters.read(pool, arguments))._replace(id=arguments.id)
    planned = await dead_letters.count(pool, wanted)
    return await replay(
        pool,
        arguments,
        kind="dead letters",
        planned=planned,
        things=dead_letters.matching(pool, wanted),
        one=lambda replayer, letter: replayer.letter(letter),
        name=lambda letter: f"letter {letter.id}",
        to_go_on="What was replayed stays replayed. The same command goes on with the letters that are still open.",
    )


async def _discard(pool: Pool, arguments: argparse.Namespace) -> int:
    wanted = (await filters.read(pool, arguments))._replace(id=arguments.id)
    if arguments.go and wanted == LetterQuery():
        print("This would discard every open dead letter. Say which: --fingerprint of one cause, --id, --event, --kind,"
              " --contact, or --since.", file=sys.stderr)  # fmt: skip
        return 2
    done = await dead_letters.discard(pool, wanted) if arguments.go else 0
    matching = done or await dead_letters.count(pool, wanted)
    if arguments.json:
        print(json.dumps({"matching": matching, "discarded": done}))
    elif arguments.go:
        print(f"{done} dead letters discarded; their bodies are kept (--state discarded)")
    else:
        print(f"{matching} dead letters match. Nothing was changed; add --go to discard them.")
    return 0


async def _export(pool: Pool, arguments: argparse.Namespace) -> int:
    wanted = await filters.read(pool, arguments)
    count, bodies = 0, dead_letters.Bodies(pool)
    with arguments.output.open("w", encoding="utf-8") if arguments.output else nullcontext(sys.stdout) as file:
        progress = Progress(await dead_letters.count(pool, wanted), quiet=arguments.output is None)
        async for letter in dead_letters.matching(pool, wanted):
            file.write(json.dumps(_plain(letter) | {"body": _text(await bodies.of(letter))}, default=str) + "\n")
            count += 1
            progress.tell(count)
        progress.end()
    if arguments.output:
        print(json.dumps({"exported": count}) if arguments.json else f"{count} dead letters in {arguments.output}")
    return 0


async def _letter(pool: Pool, id: int) -> Letter | None:
    async for letter in dead_letters.matching(pool, LetterQuery(state=None, id=id)):
        return letter
    print(f"There is no dead letter {id}.", file=sys.stderr)
    return None


ACTIONS = {
    "list": _list,
    "show": _show,
    "groups": _groups,
    "replay": _replay,
    "discard": _discard,
    "export": _export,
}


def _plain(letter: Letter) -> dict[str, Any]:
    return letter._asdict()


def _text(body: bytes) -> str:
    """As it came; what is no text, in base64."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(body).decode()
