"""What the way from Kapso to us does to events: late, twice, in batches, under new keys, or not at all. Seeded."""

import json
import random
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from tools.simulator.town import Event

KINDS = {
    "reorder": "events come up to three seconds late, so in any order",
    "duplicate": "a delivery comes again, under the same key",
    "rekey": "a delivery comes again, under a new key",
    "batch": "received messages come in batches; some of those again one by one under new keys",
    "drop": "status events are lost; the histories of later ones heal them",
    "bad": "signed bodies that are malformed or contradict their header",
    "lose": "deliveries of messages, conversations and project events are lost; only the API has them (not in all)",
    "recycle": "phone numbers pass from one person to another",
}


class PlannedPost(NamedTuple):
    """One delivery to make, `after` seconds from now."""

    key: str
    event: str | None
    version: str | None
    body: str
    expect: str
    events: int
    after: float
    lost: bool = False


def parse(text: str) -> frozenset[str]:
    """`none`, `all`, or a comma-separated list of kinds."""
    asked = frozenset(part.strip() for part in text.split(",") if part.strip()) - {"none"}
    if "all" in asked:
        return (asked | frozenset(KINDS)) - {"all"} - ({"lose"} - asked)
    if unknown := asked - KINDS.keys():
        raise ValueError(f"unknown chaos: {', '.join(sorted(unknown))}. Known: all, none, {', '.join(KINDS)}")
    return asked


class Chaos:
    def __init__(self, seed: int, kinds: frozenset[str]) -> None:
        self._random = random.Random(f"chaos {seed}")
        self._kinds = kinds
        self._held: list[Event] = []

    def deliver(self, scene: Iterable[Event]) -> Iterator[PlannedPost]:
        for event in scene:
            if self._is_dropped(event):
                continue
            if self._joins_batch(event):
                self._held.append(event)
                if len(self._held) >= self._random.randint(2, 6):
                    yield from self._batch()
                continue
            yield from self._again(self._post(event))

    def apart(self, batch: PlannedPost) -> Iterator[PlannedPost]:
        """The elements of a batch that Kapso gave up, under new keys."""
        for element in json.loads(batch.body).get("data", []):
            text = json.dumps(element, ensure_ascii=False, separators=(",", ":"))
            yield batch._replace(key=self._key(), body=text, events=1, after=0.0)

    def rest(self) -> Iterator[PlannedPost]:
        """What is still held back for a batch."""
        if self._held:
            yield from self._batch()

    def _is_dropped(self, event: Event) -> bool:
        lossy = event.name in ("whatsapp.message.sent", "whatsapp.message.delivered")
        return "drop" in self._kinds and lossy and event.expect == "applied" and self._random.random() < 0.05

    def _joins_batch(self, event: Event) -> bool:
        mine = event.name == "whatsapp.message.received" and event.version == "v2" and event.expect == "applied"
        return "batch" in self._kinds and mine and self._random.random() < 0.3

    def _batch(self) -> Iterator[PlannedPost]:
        held, self._held = self._held, []
        body: dict[str, Any] = {
            "type": held[0].name,
            "batch": True,
            "data": [event.body for event in held],
            "batch_info": {"size": len(held), "window_ms": 5000},
        }
        yield self._post(Event(held[0].name, "v2", body, events=len(held)))
        if self._random.random() < 0.2:  # the batch was thought to have failed
            for event in held:
                yield self._post(event)

    def _again(self, post: PlannedPost) -> Iterator[PlannedPost]:
        yield post
        if "duplicate" in self._kinds and self._random.random() < 0.03:
            yield post._replace(after=post.after + self._random.random() * 3)
        if "rekey" in self._kinds and self._random.random() < 0.02:
            yield post._replace(key=self._key(), after=post.after + self._random.random() * 3)

    def _post(self, event: Event) -> PlannedPost:
        late = self._random.random() ** 4 * 3 if "reorder" in self._kinds else 0.0
        body = (
            event.body
            if isinstance(event.body, str)
            else json.dumps(event.body, ensure_ascii=False, separators=(",", ":"))
        )
        after = late if "reorder" in self._kinds else event.after
        heals = (event.name or "").startswith(("whatsapp.message.", "whatsapp.conversation.", "project.event"))
        lost = "lose" in self._kinds and heals and event.expect == "applied" and self._random.random() < 0.02
        return PlannedPost(self._key(), event.name, event.version, body, event.expect, event.events, after, lost)

    def _key(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))
