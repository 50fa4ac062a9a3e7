"""`mirror hooks`: manage the webhooks, Slack channels and e-mail addresses that get notifications."""

import argparse
import asyncio
import getpass
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from cli.stores import database, run_reporting_store_errors
from config.environment import load
from config.stores import StoreSettings
from domain.hooks import EVENTS, secret
from store.hooks import hooks
from store.hooks.hooks import Hook, HookRefused
from store.postgres import Pool

EPILOG = """examples:
  mirror hooks add sales --slack --event handoff.created --event lead.became_hot
  mirror hooks add crm --url https://crm.example.com/hooks/mirror --event lead.status_changed
  mirror hooks add night --email night@example.com --event alarm.began
  mirror hooks test crm

Webhooks follow the Standard Webhooks specification. Verify them with its library and the secret that `add` prints.
"""
NO_KEY = "HOOKS_KEY is not set: webhooks can't be signed. Create a key with: openssl rand -hex 32"
NO_HOOK = "No hook is named {name}. List the hooks with: mirror hooks list"


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = EPILOG, argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    commands.add_parser("list", help="list the hooks with their waiting and dead notifications and the last error")
    new = commands.add_parser("add", help="add a hook; for a webhook, print its secret")
    new.add_argument("name", help="lower case letters, digits, . _ -")
    kind = new.add_mutually_exclusive_group(required=True)
    kind.add_argument("--url", help="a webhook: POST signed JSON to this URL")
    kind.add_argument("--slack", action="store_true", help="a Slack channel: post to SLACK_WEBHOOK_URL")
    kind.add_argument("--email", metavar="ADDRESS", help="an e-mail address: send through SMTP_URL")
    new.add_argument(
        "--event", action="append", choices=EVENTS, required=True, help="an event; repeat the option for more"
    )
    for action, what in (
        ("secret", "print the secret of a webhook"),
        ("test", "send a test notification"),
        ("pause", "stop sending; notifications wait"),
        ("resume", "send again, the waiting notifications first"),
        ("rotate", "begin a new secret; messages carry both signatures for a day"),
        ("dead", "list the dead notifications, the newest first"),
        ("replay", "retry the dead notifications"),
        ("remove", "delete the hook and its notifications"),
    ):
        commands.add_parser(action, help=what).add_argument("name")


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(run_reporting_store_errors(lambda: _run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    async with database() as pool:
        try:
            return await ACTIONS[arguments.action](pool, arguments)
        except HookRefused as refused:
            print(refused, file=sys.stderr)
            return 2


async def _add(pool: Pool, arguments: argparse.Namespace) -> int:
    kind = "webhook" if arguments.url else "slack" if arguments.slack else "email"
    key = _key()
    if kind == "webhook" and key is None:
        print(NO_KEY, file=sys.stderr)
        return 2
    by = f"user:{getpass.getuser()}"
    made = await hooks.add(pool, arguments.name, kind, arguments.url or arguments.email, arguments.event, by=by)
    return (
        _secret_of(arguments, made, key) if key and kind == "webhook" else _report(arguments, f"{made.name} is added")
    )


async def _list(pool: Pool, arguments: argparse.Namespace) -> int:
    rows = await hooks.every(pool)
    if arguments.json:
        print(json.dumps({"hooks": [dict(row) for row in rows]}, default=str))
        return 0
    for row in rows:
        state = "paused" if row["paused_at"] else "on"
        print(f"{row['name']:<20}{state:<8}{row['waiting']} waiting, {row['dead']} dead  {row['target'] or 'Slack'}")
        print(f"{'':<28}{' '.join(row['events'])}" + (f"\n{'':<28}last error: {row['error']}" if row["error"] else ""))
    if not rows:
        print("no hooks yet. Add one: mirror hooks add NAME --url URL --event handoff.created")
    return 0


async def _secret(pool: Pool, arguments: argparse.Namespace) -> int:
    found, key = await hooks.read(pool, arguments.name), _key()
    if key is None:
        print(NO_KEY, file=sys.stderr)
        return 2
    if found and found.kind != "webhook":
        return _no_secret(found)
    return _secret_of(arguments, found, key) if found else _missing(arguments)


def _no_secret(hook: hooks.Hook) -> int:
    print(f"{hook.name} is of the kind {hook.kind}: only webhooks are signed, and have a secret.", file=sys.stderr)
    return 2


async def _rotate(pool: Pool, arguments: argparse.Namespace) -> int:
    key = _key()
    if key is None:
        print(NO_KEY, file=sys.stderr)
        return 2
    if (before := await hooks.read(pool, arguments.name)) and before.kind != "webhook":
        return _no_secret(before)
    found = await hooks.rotate(pool, arguments.name)
    return _secret_of(arguments, found, key) if found else _missing(arguments)


async def _test(pool: Pool, arguments: argparse.Namespace) -> int:
    asked = await hooks.test(pool, arguments.name)
    text = "a worker sends it within a second; see the result with: mirror hooks list"
    return _report(arguments, text) if asked else _missing(arguments)


async def _pause(pool: Pool, arguments: argparse.Namespace) -> int:
    paused = arguments.action == "pause"
    done = await hooks.pause(pool, arguments.name, paused=paused)
    return _report(arguments, f"{arguments.name} is {'paused' if paused else 'on'}") if done else _missing(arguments)


async def _dead(pool: Pool, arguments: argparse.Namespace) -> int:
    if await hooks.read(pool, arguments.name) is None:
        return _missing(arguments)
    rows = await hooks.dead(pool, arguments.name)
    if arguments.json:
        print(json.dumps({"dead": [dict(row) for row in rows]}, default=str))
        return 0
    for row in rows:
        print(f"{row['occurred_at']:%Y-%m-%d %H:%M} UTC  {row['event']:<22}{row['attempts']} attempts  {row['error']}")
    if not rows:
        print("no dead notifications")
    return 0


async def _replay(pool: Pool, arguments: argparse.Namespace) -> int:
    if await hooks.read(pool, arguments.name) is None:
        return _missing(arguments)
    return _report(arguments, f"{await hooks.replay(pool, arguments.name)} notifications are retried")


async def _remove(pool: Pool, arguments: argparse.Namespace) -> int:
    done = await hooks.remove(pool, arguments.name)
    return _report(arguments, f"{arguments.name} is removed") if done else _missing(arguments)


def _key() -> bytes | None:
    key = load(StoreSettings).hooks_key
    return key.get_secret_value().encode() if key else None


def _secret_of(arguments: argparse.Namespace, hook: Hook, key: bytes) -> int:
    text = secret(key, hook.id, hook.generation)
    print(json.dumps({"name": hook.name, "secret": text}) if arguments.json else text)
    return 0


def _report(arguments: argparse.Namespace, text: str) -> int:
    print(json.dumps({"done": text}) if arguments.json else text)
    return 0


def _missing(arguments: argparse.Namespace) -> int:
    print(NO_HOOK.format(name=arguments.name), file=sys.stderr)
    return 1


ACTIONS: Final[Mapping[str, Callable[[Pool, Any], Awaitable[int]]]] = {
    "list": _list, "add": _add, "secret": _secret, "test": _test, "pause": _pause, "resume": _pause, "rotate": _rotate,
    "dead": _dead, "replay": _replay, "remove": _remove,
}  # fmt: skip
