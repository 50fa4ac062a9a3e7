"""Read one delivery: tell what it is, take it apart, map each event, and keep its books. Pure."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from pydantic import ValidationError

from domain.body import batch_of, parsed_json
from domain.delivery import Delivery, FailureKind
from domain.erasure import ERASED_ELEMENT
from domain.types import Facts
from kapso.base import TooOdd, read
from kapso.events import BY_NAME, EVENT_TYPES
from kapso.legacy import LegacyMessageEvent
from kapso.message import MessageEvent
from kapso.meta import MetaBody, MetaValue
from workers.drain.mapping.events import MAPS, POLLED
from workers.drain.mapping.legacy import legacy_message_event
from workers.drain.mapping.meta import meta_fact, meta_parts
from workers.drain.mapping.values import Bounds, EventContext, Ignored, Malformed, Mismatch, latest_of

META_OBJECT = "whatsapp_business_account"
# Keys that identify one event type, but that bodies of other types may have too.
SHARED_KEYS = ("phone_number_id", "conversation", "name", "id")
# How many JSON objects and arrays a body may hold: what parsing costs is known before it begins.
LEAST_CONTAINERS, CONTAINERS_PER_EVENT = 200_000, 20
# And how many commas, in texts too: each may stand between two values.
LEAST_COMMAS, COMMAS_PER_EVENT = 300_000, 30


Part: TypeAlias = Callable[[list[str]], Facts]
"""An event, ready to be mapped; it is given the list that gets the paths of what it drops."""


class EventFailure(NamedTuple):
    """Why an event became a dead letter; the text names keys and kinds, never values."""

    position: int
    kind: FailureKind
    error: str

    @property
    def fingerprint(self) -> str:
        """The same for the same cause, whichever event met it."""
        return hashlib.blake2b(f"{self.kind}\0{self.error}".encode(), digest_size=8).hexdigest()


@dataclass(slots=True)
class DeliveryReading:
    """What a delivery says, and its books: each of its events stands in `events`, is ignored, or failed."""

    events: list[tuple[int, Facts]] = field(default_factory=list)
    ignored: int = 0
    failures: list[EventFailure] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    """Paths of optional values that made no sense and were left out."""

    @property
    def count(self) -> int:
        """How many events the delivery has."""
        return len(self.events) + self.ignored + len(self.failures)


def interpret(delivery: Delivery, bounds: Bounds) -> DeliveryReading:
    """Read one delivery. It never raises for what stands in the body or the headers.

    A body of more events than `bounds` allows fails as a whole.
    """
    reading = DeliveryReading()
    try:
        parts = _bounded(delivery, bounds)
    except Exception as error:
        _book(reading, 0, error)
        return reading
    for position, part in enumerate(parts):
        try:
            reading.events.append((position, part(reading.dropped)))
        except Exception as error:
            _book(reading, position, error)
    return reading


def _bounded(delivery: Delivery, bounds: Bounds) -> list[Part]:
    most_events = bounds.most_events
    if len(delivery.body) > LEAST_CONTAINERS:  # a shorter one can't hold as many
        _weigh(delivery.body, most_events)
    parts = list(islice(_parts(delivery, latest_of(delivery.received_at, bounds)), most_events + 1))
    if len(parts) > most_events:
        raise Malformed(f"more than {most_events} events in one body: if Kapso sent them, raise BODY_EVENTS_LIMIT")
    return parts


def _weigh(body: bytes, most_events: int) -> None:
    """Before it is parsed: what that costs depends on how much stands in it."""
    containers = max(LEAST_CONTAINERS, most_events * CONTAINERS_PER_EVENT)
    if body.count(b"{") + body.count(b"[") > containers:
        raise Malformed(f"more than {containers} JSON objects and lists in one body: BODY_EVENTS_LIMIT allows no more")
    commas = max(LEAST_COMMAS, most_events * COMMAS_PER_EVENT)
    if body.count(b",") > commas:
        raise Malformed(f"more than {commas} JSON values in one body: BODY_EVENTS_LIMIT allows no more")


def _book(reading: DeliveryReading, position: int, error: Exception) -> None:
    match error:
        case Ignored():
            reading.ignored += 1
        case Mismatch():
            reading.failures.append(EventFailure(position, "mismatch", str(error)))
        case TooOdd():
            reading.failures.append(EventFailure(position, "malformed", str(error)))
        case ValidationError():
            reading.failures.append(EventFailure(position, "malformed", _summary(error)))
        case Malformed():
            reading.failures.append(EventFailure(position, "malformed", str(error)))
        case _:
            # A fault of ours. Its text may quote a value, its type does not; the bytes are kept.
            reading.failures.append(EventFailure(position, "unexpected", type(error).__name__))


def _summary(error: ValidationError) -> str:
    """Which keys are wrong and how; their values may be personal and stay out."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = (f"{'.'.join(str(step) for step in one['loc'])}: {one['type']}" for one in found)
    return "; ".join(sorted(set(lines)))[:500]


def _parts(delivery: Delivery, latest: datetime) -> Iterator[Part]:
    """Each event of the delivery, ready to be mapped."""
    body = _json_object(delivery.body)
    if delivery.source == "poll":
        return _polled(body, delivery, latest)
    if body.get("object") == META_OBJECT:
        named = BY_NAME.get(delivery.event or "")
        if named and named.model:
            raise Mismatch(f"event {delivery.event} with a body of the Meta kind")
        return _meta(body, delivery, latest)
    event, elements = _event_name(body, delivery), batch_of(body)
    return _events([body] if elements is None else elements, event, delivery, latest)


def _events(elements: list[Any], event: str | None, delivery: Delivery, latest: datetime) -> Iterator[Part]:
    """Elements of a batch may be of other events than the batch says: each one's own word counts."""
    for place, element in enumerate(elements):
        name = _own_name(element) or event or _name_by_shape(element)
        context = partial(EventContext, name, delivery.received_at, latest, place)
        yield _erased if element == ERASED_ELEMENT else partial(_map, element, delivery.version, context)


def _erased(_: list[str]) -> Facts:
    raise Ignored("somebody was erased")


def _polled(body: dict[str, Any], delivery: Delivery, latest: datetime) -> Iterator[Part]:
    event = delivery.event or ""
    kind = POLLED[event]

    def facts(element: Any, context: Callable[[list[str]], EventContext], dropped: list[str]) -> Facts:
        return kind.facts(read(kind.model, element, dropped), context(dropped))

    for place, element in enumerate(body["data"]):
        context = partial(EventContext, event, delivery.received_at, latest, place)
        yield _erased if element == ERASED_ELEMENT else partial(facts, element, context)


def _json_object(body: bytes) -> dict[str, Any]:
    parsed = parsed_json(body)
    if parsed is None:
        raise Malformed("body is not JSON")
    if not isinstance(parsed, dict):
        raise Malformed("body is not a JSON object")
    return parsed


def _event_name(body: dict[str, Any], delivery: Delivery) -> str | None:
    """The header's word, held against the body's where that has one. The header is unsigned."""
    said = body.get("event") if isinstance(body.get("event"), str) else None
    if said is None and batch_of(body) is not None and isinstance(body.get("type"), str):
        said = body["type"]
    if delivery.event and said and delivery.event != said:
        raise Mismatch(f"header says {delivery.event}, body another event")
    return delivery.event or said


def _own_name(element: Any) -> str | None:
    """What an element says of itself, as far as we know the word: `type` may be something else's."""
    said = (element.get("event"), element.get("type")) if isinstance(element, dict) else ()
    return next((one for one in said if isinstance(one, str) and one in BY_NAME), None)


def _name_by_shape(element: Any) -> str:
    """Where nobody names the event, a message tells by its direction and status which one it is; else ''."""
    message = element.get("message") if isinstance(element, dict) else None
    if not isinstance(message, dict):
        return ""
    kapso = message.get("kapso")
    said = kapso if isinstance(kapso, dict) else message
    if said.get("direction") != "outbound":
        return "whatsapp.message.received"
    named = f"whatsapp.message.{said.get('status')}"
    return named if named in BY_NAME else "whatsapp.message.sent"


def _map(element: Any, version: str | None, context: Callable[[list[str]], EventContext], dropped: list[str]) -> Facts:
    if not isinstance(element, dict):
        raise Malformed("event is not a JSON object")
    at = context(dropped)
    if not at.event:
        raise Mismatch("neither header nor body names the event")
    kind = BY_NAME.get(at.event)
    if kind is None or kind.model is None:
        raise Ignored("on purpose" if kind else "unknown event")
    if kind.body_key not in element:
        _raise_for_shape(element, kind.body_key)
    if kind.model is MessageEvent and _is_legacy(element["message"], version):
        return legacy_message_event(read(LegacyMessageEvent, element, dropped), at)
    if kind.model is not MessageEvent and "message" in element:
        raise Mismatch(f"event {at.event} with a message")
    return MAPS[kind.model](read(kind.model, element, dropped), at)


def _is_legacy(message: Any, version: str | None) -> bool:
    """Whether it is a message of v1, told by the key that names it and held against the header."""
    legacy = isinstance(message, dict) and "whatsapp_message_id" in message
    if version in ("v1", "v2") and legacy != (version == "v1") and isinstance(message, dict) and message:
        if legacy or "timestamp" in message:
            raise Mismatch(f"header says {version}, body is of the other version")
        raise Malformed("message.whatsapp_message_id: missing")
    return legacy


def _raise_for_shape(element: dict[str, Any], missing: str) -> None:
    """A body that is plainly of another kind is a mismatch; one that only lacks something is malformed."""
    others = {kind.body_key for kind in EVENT_TYPES if kind.model} - {missing, *SHARED_KEYS}
    if any(key in element for key in others):
        raise Mismatch(f"the body lacks {missing} of its event, and has a key of another event")
    raise Malformed(f"{missing}: missing")


def _meta(body: dict[str, Any], delivery: Delivery, latest: datetime) -> Iterator[Part]:
    def facts(kind: str, part: Any, value: MetaValue, place: int, dropped: list[str]) -> Facts:
        return meta_fact(kind, part, value, EventContext(kind, delivery.received_at, latest, place, dropped))

    for place, (kind, part, value) in enumerate(meta_parts(MetaBody.model_validate(body))):
        yield partial(facts, kind, part, value, place)
