"""`dev.py simulate`: a Kapso of our own posts signed webhooks to a URL."""

import argparse
import asyncio
import json
import secrets
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from cli.numbers import amount, whole
from tools.simulator import chaos
from tools.simulator.run import PATIENT, Plan, SimulatorTally, simulate

CONNECT_SECONDS = 3.0
WHY = {
    0: "no answer came; is the web process running at that address?",
    401: "answered 401; is --secret one of KAPSO_WEBHOOK_SECRETS?",
    404: "answered 404; the path of the webhook is /webhooks/kapso",
    503: "answered 503; the stores are down or the inbox is full",
}


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", required=True, help="the webhook to post to (http://…/webhooks/kapso)")
    parser.add_argument("--secret", required=True, help="the secret to sign with")
    parser.add_argument("--ledger", required=True, type=Path, help="the file to append to; `dev.py verify` reads it")
    parser.add_argument("--rate", type=amount(0, above=True), default=20, help="events a second (default 20)")
    parser.add_argument("--messages", type=whole(1), help="end after that many events")
    parser.add_argument("--seconds", type=amount(0, above=True), help="end after that many seconds")
    parser.add_argument("--people", type=whole(1, 1_000_000), default=300, help="people in the town (default 300)")
    parser.add_argument(
        "--seed", type=whole(0, 2**63 - 1), help="the same seed produces the same events (default: a new one)"
    )
    parser.add_argument(
        "--retries",
        type=_seconds,
        default=PATIENT,
        help="pauses between tries, in seconds (default 0.5,1,2,4,8,16; Kapso's own: 10,40)",
    )
    parser.add_argument("--pauses", action="store_true", help="pause the webhook when too much fails, as Kapso does")
    parser.add_argument(
        "--api-port", type=whole(1, 65_535), help="serve Kapso's REST API there, and go on until Ctrl-C"
    )
    parser.add_argument("--api-key", default="", help="the key that the API takes")
    parser.add_argument("--api-per-minute", type=whole(1), default=100, help="what the API allows (default 100)")
    parser.add_argument(
        "--api-faults", type=amount(0, 1), default=0.0, help="share of API requests that go wrong, 0 to 1"
    )
    parser.add_argument(
        "--story",
        type=Path,
        metavar="FILE",
        help="play the story of the demo. Unless FILE exists, send its eight weeks first, and write its chats to FILE",
    )
    kinds = "; ".join(f"{name}: {what}" for name, what in chaos.KINDS.items())
    parser.add_argument("--chaos", default="none", help=f"none, all, or a list of: {kinds}")


def run(arguments: argparse.Namespace) -> int:
    try:
        kinds = chaos.parse(arguments.chaos)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    plan = Plan(
        url=arguments.url,
        secret=arguments.secret,
        ledger=arguments.ledger,
        rate=arguments.rate,
        seed=secrets.randbelow(2**31) if arguments.seed is None else arguments.seed,
        events=arguments.messages,
        seconds=arguments.seconds,
        chaos=kinds,
        people=arguments.people,
        retries=arguments.retries,
        pauses=arguments.pauses,
        api_port=arguments.api_port,
        api_key=arguments.api_key,
        api_per_minute=arguments.api_per_minute,
        api_faults=arguments.api_faults,
        story=arguments.story,
    )
    try:
        tally = asyncio.run(_simulate(plan, lambda tally: _tell(arguments, plan, tally), quiet=arguments.json))
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 1 if tally.refused or tally.unanswered else 0


def _tell(arguments: argparse.Namespace, plan: Plan, tally: SimulatorTally) -> None:
    if arguments.json:
        print(json.dumps({"seed": plan.seed, "events": tally.events, "deliveries": tally.deliveries,
                          "accepted": tally.accepted, "refused": tally.refused, "unanswered": tally.unanswered,
                          "lost": tally.lost}))  # fmt: skip
    else:
        print(f"seed {plan.seed}: {tally.events} events in {tally.deliveries} deliveries, {tally.accepted} accepted, "
              f"{tally.refused} refused, {tally.unanswered} unanswered, {tally.lost} not posted")  # fmt: skip
    for answer, count in tally.answers.items():
        print(f"{count} deliveries not taken: {WHY.get(answer, f'answered {answer}')}", file=sys.stderr)
    sys.stdout.flush()


def _seconds(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: say seconds, like 10,40") from None


async def _say_if_nobody_listens(url: str) -> None:
    """At once: the first delivery is given up half a minute later."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, port)
        writer.close()
    except (OSError, TimeoutError) as error:
        text = f"Nobody listens at {url} yet ({type(error).__name__}). Deliveries are tried again, then given up."
        print(text, file=sys.stderr, flush=True)


async def _simulate(plan: Plan, finished: Callable[[SimulatorTally], None], *, quiet: bool) -> SimulatorTally:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def progress(tally: SimulatorTally) -> None:
        print(f"\r{tally.events} events, {tally.accepted} accepted", end="", file=sys.stderr, flush=True)

    await _say_if_nobody_listens(plan.url)
    return await simulate(plan, stop, None if quiet or not sys.stderr.isatty() else progress, finished)
