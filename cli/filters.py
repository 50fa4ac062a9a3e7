"""The filters that commands on dead letters share, and how they say when."""

import argparse
import sys
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

from config.environment import load
from config.stores import DatabaseSettings
from domain.delivery import FAILURE_KINDS
from kapso.events import BY_NAME
from store.ops import dead_letters
from store.ops.dead_letters import LetterQuery
from store.postgres import Pool

WHEN = "2026-11-23T08:00 (UTC), or an age: 30m, 6h, 2d"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def moment(text: str) -> datetime:
    """ISO 8601 (UTC where no offset is given), or how long ago: 30m, 6h, 2d."""
    if text[:-1].isdigit() and text[-1:] in UNITS:
        try:
            return datetime.now(UTC) - timedelta(seconds=int(text[:-1]) * UNITS[text[-1]])
        except OverflowError:
            raise argparse.ArgumentTypeError(f"{text!r} is before any time there is") from None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time. Say {WHEN}") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def add(parser: argparse.ArgumentParser, *, state: str | None = "open") -> None:
    parser.add_argument("--event", metavar="EVENT", help="only of this event, e.g. whatsapp.message.received")
    parser.add_argument("--kind", choices=FAILURE_KINDS, help="only of this kind")
    parser.add_argument("--fingerprint", help="only of this cause; `groups` lists them")
    parser.add_argument("--since", type=moment, help=f"only received since then: {WHEN}")
    parser.add_argument("--contact", help="only those that name this contact: its id, phone, or other name")
    if state:
        parser.add_argument(
            "--state", choices=("open", "replayed", "discarded", "all"), default=state, help=f"default {state}"
        )


async def read(pool: Pool, arguments: argparse.Namespace) -> LetterQuery:
    """Return the filter. Exit with 2 for an unknown event: an empty result would look as if all were well."""
    state = getattr(arguments, "state", "open")
    if arguments.event and not await _is_known(pool, arguments.event):
        raise SystemExit(_refused(arguments.event))
    return LetterQuery(
        state=None if state == "all" else state,
        event=arguments.event,
        kind=arguments.kind,
        fingerprint=arguments.fingerprint,
        since=arguments.since,
        names=await dead_letters.names_of(pool, arguments.contact, load(DatabaseSettings).phones)
        if arguments.contact
        else None,
    )


async def _is_known(pool: Pool, event: str) -> bool:
    return event in BY_NAME or bool(await dead_letters.count(pool, LetterQuery(state=None, event=event)))


def _refused(event: str) -> int:
    near = get_close_matches(event, BY_NAME, 1)
    hint = f"Did you mean {near[0]}?" if near else "docs/events.md lists them."
    print(f"There is no event {event!r}. {hint}", file=sys.stderr)
    return 2


def recorded(arguments: argparse.Namespace) -> dict[str, object]:
    """The filter as it is kept with a replay; a contact's name stays out of it."""
    names = ("event", "kind", "fingerprint", "since", "until", "source", "id")
    found = {name: getattr(arguments, name, None) for name in names}
    if getattr(arguments, "contact", None):
        found["contact"] = "given"
    return {name: value for name, value in found.items() if value is not None}
