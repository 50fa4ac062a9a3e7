"""`mirror webhooks`: whether Kapso's webhooks are as they must be for nothing to be missed, and making them so."""

import argparse
import asyncio
import json
import sys

from cli.kapso import Opened, kapso, run_reporting_kapso_errors
from store.ops import alarms
from workers.poll.watch_kapso import WEBHOOKS, WantedWebhooks, webhook_problems
from workers.poll.webhook_check import WebhookProblem, wanted_events


def add(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("check", help="whether each webhook is there: active, our URL, our secret, all events")
    actions.add_parser("register", help="make the webhooks that are missing, and set right those that are wrong")
    actions.add_parser("resume", help="switch on again what Kapso has paused")


def run(arguments: argparse.Namespace) -> int:
    return asyncio.run(run_reporting_kapso_errors(lambda: _run(arguments)))


async def _run(arguments: argparse.Namespace) -> int:
    async with kapso() as opened:
        if opened.settings.webhook_url is None:
            print("WEBHOOK_URL is not set: the public URL of our /webhooks/kapso.", file=sys.stderr)
            return 2
        found = await _problems(opened)
        changed: list[str] = []
        if arguments.action == "register":
            if not opened.secrets:
                print("KAPSO_WEBHOOK_SECRETS is not set. Set it: Kapso gets the first secret.", file=sys.stderr)
                return 2
            changed = await _register(opened, found)
        elif arguments.action == "resume":
            changed = await _resume(opened, found)
        left = await _problems(opened) if changed else found
        await alarms.set_or_clear(opened.pool, WEBHOOKS, "; ".join(problem.what for problem in left) or None)
    _tell(arguments, left, changed)
    return 1 if left else 0


async def _problems(opened: Opened) -> list[WebhookProblem]:
    wanted = WantedWebhooks(opened.settings.webhook_url, opened.secrets)
    return await webhook_problems(opened.pool, opened.client, wanted)


async def _register(opened: Opened, found: list[WebhookProblem]) -> list[str]:
    changed = []
    for of in sorted({(problem.phone_number_id, problem.webhook_id) for problem in found}, key=str):
        number, id = of
        settings = {
            "url": opened.settings.webhook_url, "secret_key": opened.secrets[0], "active": True,
            "events": list(wanted_events(number)), "payload_version": "v2",
        }  # fmt: skip
        if id is None:
            await opened.client.make_webhook(number, settings | {"kind": "kapso"})
        else:
            await opened.client.change_webhook(id, settings)
        changed.append(f"{'made' if id is None else 'set right'}: the webhook of {number or 'the project'}")
    return changed


async def _resume(opened: Opened, found: list[WebhookProblem]) -> list[str]:
    changed = []
    for problem in found:
        if problem.kind == "paused" and problem.webhook_id:
            await opened.client.change_webhook(problem.webhook_id, {"active": True})
            changed.append(f"resumed: the webhook of {problem.phone_number_id or 'the project'}")
    return changed


def _tell(arguments: argparse.Namespace, left: list[WebhookProblem], changed: list[str]) -> None:
    if arguments.json:
        print(json.dumps({"problems": [problem._asdict() for problem in left], "changed": changed}))
        return
    for line in changed:
        print(line)
    for problem in left:
        print(problem.what)
    if any(problem.kind == "paused" for problem in left) or any(line.startswith("resumed") for line in changed):
        print("What Kapso dropped meanwhile is fetched by polling; mirror reconcile --since … does it at once.")
    if not left:
        print("the webhooks are as they must be")
