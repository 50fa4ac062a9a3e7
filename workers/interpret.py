"""Read one delivery: tell what it is, take it apart, map each event, and keep its books. Pure."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from kapso.legacy import LegacyMessageEvent
from kapso.meta import MetaBody
from rows.delivery import Delivery
from rows.erasure import GAP
from rows.nul import without_nul
from rows.types import Facts
from workers.mapping.events import IGNORED, MESSAGE, MIRRORED, POLLED
from workers.mapping.legacy import legacy_message_event
from workers.mapping.meta import meta_fact, meta_parts
from workers.mapping.values import Ignored, Malformed, Mismatch, Occasion

META_OBJECT = "whatsapp_business_account"


class Failure(NamedTuple):
    """Why an event became a dead letter; the text names keys and kinds, never values."""

    position: int
    kind: str
    error: str

    @property
    def fingerprint(self) -> str:
        """The same for the same cause, whichever event met it."""
        return hashlib.blake2b(f"{self.kind}\0{self.error}".encode(), digest_size=8).hexdigest()


@dataclass(slots=True)
class Reading:
    """What a delivery says, and its books: each of its events stands in `events`, is ignored, or failed."""

    events: list[tuple[int, Facts]] = field(default_factory=list)
    ignored: int = 0
    failures: list[Failure] = field(default_factory=list)


def interpret(delivery: Delivery) -> Reading:
    """Never raises for what stands in the body or the headers."""
    reading = Reading()
    try:
        parts = list(_parts(delivery))
    except Exception as error:
        _book(reading, 0, error)
        return reading
    for position, part in enumerate(parts):
        try:
            reading.events.append((position, part()))
        except Exception as error:
            _book(reading, position, error)
    return reading


def _book(reading: Reading, position: int, error: Exception) -> None:
    match error:
        case Ignored():
            reading.ignored += 1
        case Mismatch():
            reading.failures.append(Failure(position, "mismatch", str(error)))
        case ValidationError():
            reading.failures.append(Failure(position, "malformed", _summary(error)))
        case Malformed():
            reading.failures.append(Failure(position, "malformed", str(error)))
        case _:
            # A fault of ours. Its text may quote a value, its type does not; the bytes are kept.
            reading.failures.append(Failure(position, "unexpected", type(error).__name__))


def _summary(error: ValidationError) -> str:
    """Which keys are wrong and how; their values may be personal and stay out."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = (f"{'.'.join(str(step) for step in one['loc'])}: {one['type']}" for one in found)
    return "; ".join(sorted(set(lines)))[:500]


def _parts(delivery: Delivery) -> Iterator[Callable[[], Facts]]:
    """Each event of the delivery, ready to be mapped."""
    body = _json_object(delivery.body)
    if delivery.source == "poll":
        return _polled(body, delivery)
    if body.get("object") == META_OBJECT:
        if delivery.event in MIRRORED:
            raise Mismatch(f"event {delivery.event} with a body of the Meta kind")
        return _meta(body, delivery)
    event = _event_name(body, delivery)
    if event not in MIRRORED:
        raise Ignored("on purpose" if event in IGNORED else "unknown event")
    elements = [body]
    if body.get("batch") is True and isinstance(body.get("data"), list):
        elements = body["data"]
    occasion = Occasion(event, delivery.received_at)
    return (_gap if element == GAP else partial(_map, element, occasion, delivery.version) for element in elements)


def _gap() -> Facts:
    raise Ignored("somebody was erased")


def _polled(body: dict[str, Any], delivery: Delivery) -> Iterator[Callable[[], Facts]]:
    kind, occasion = POLLED[delivery.event or ""], Occasion(delivery.event or "", delivery.received_at)
    for element in body["data"]:
        yield partial(lambda one: kind.facts(kind.model.model_validate(one), occasion), element)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed("body is not JSON") from None
    if not isinstance(parsed, dict):
        raise Malformed("body is not a JSON object")
    try:
        cleaned: dict[str, Any] = without_nul(parsed) if b"\\u0000" in body else parsed
    except RecursionError:
        raise Malformed("nested too deep") from None
    return cleaned


def _event_name(body: dict[str, Any], delivery: Delivery) -> str:
    """The header's word, held against the body's where that has one. The header is unsigned."""
    said = body.get("event") if isinstance(body.get("event"), str) else None
    if said is None and body.get("batch") is True and isinstance(body.get("type"), str):
        said = body["type"]
    if delivery.event and said and delivery.event != said:
        raise Mismatch(f"header says {delivery.event}, body another event")
    event = delivery.event or said
    if not event:
        raise Mismatch("neither header nor body names the event")
    return event


def _map(element: Any, occasion: Occasion, version: str | None) -> Facts:
    if not isinstance(element, dict):
        raise Malformed("event is not a JSON object")
    kind = MIRRORED[occasion.event]
    if kind.holds not in element:
        _raise_for_shape(element, kind.holds)
    if kind is not MESSAGE:
        if "message" in element:
            raise Mismatch(f"event {occasion.event} with a message")
        return kind.facts(kind.model.model_validate(element), occasion)
    message = element["message"]
    legacy = isinstance(message, dict) and "whatsapp_message_id" in message
    if version in ("v1", "v2") and legacy != (version == "v1") and isinstance(message, dict) and message:
        if legacy or "timestamp" in message:
            raise Mismatch(f"header says {version}, body is of the other version")
        raise Malformed("message.whatsapp_message_id: missing")
    if legacy:
        return legacy_message_event(LegacyMessageEvent.model_validate(element), occasion)
    return kind.facts(kind.model.model_validate(element), occasion)


def _raise_for_shape(element: dict[str, Any], missing: str) -> None:
    """A body that is plainly of another kind is a mismatch; one that only lacks something is malformed."""
    others = {kind.holds for kind in MIRRORED.values()} - {missing, "phone_number_id", "conversation", "name", "id"}
    if any(key in element for key in others):
        raise Mismatch(f"body has no {missing}, but what another event has")
    raise Malformed(f"{missing}: missing")


def _meta(body: dict[str, Any], delivery: Delivery) -> Iterator[Callable[[], Facts]]:
    for kind, part, value in meta_parts(MetaBody.model_validate(body)):
        occasion = Occasion(kind, delivery.received_at)
        yield partial(meta_fact, kind, part, value, occasion)
