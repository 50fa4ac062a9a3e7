"""The hot route: read the body, check its signature, put it into the inbox, answer 200 when it is there."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from logging import DEBUG
from uuid import uuid4

import orjson
import structlog
from starlette.types import Message, Receive, Scope, Send

from domain.delivery import Delivery
from store.inbox.appender import Appender, DeliveryNotTaken
from store.inbox.inbox import InboxFull
from webhooks.signature import is_signed, is_signed_by_meta

log = structlog.get_logger(__name__)

# Headers are unsigned and only kept for the worker; a longer one than this is nothing that Kapso sent.
HEADER_LIMIT = 256
RETRY_AFTER_SECONDS = b"10"
POLL_PREFIX = "poll."
UNSIGNED = "the body is not signed with one of our secrets"


class ClientGone(Exception):
    """The connection ended before the whole body was sent."""


class Receiver:
    """An ASGI endpoint. It answers 200, 401, 405, 413 or 503, and counts the outcomes by code in `answers`."""

    def __init__(
        self,
        appender: Appender,
        *,
        secrets: Sequence[bytes],
        meta_app_secret: bytes | None,
        body_limit: int,
        now: Callable[[], datetime],
        answers: "Counter[int]",
    ) -> None:
        self._appender = appender
        self._secrets = secrets
        self._meta_app_secret = meta_app_secret
        self._body_limit = body_limit
        self._now = now
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await self._answer(send, 405, "only POST", (b"allow", b"POST"))
            return
        headers = dict(scope["headers"])
        if not (b"x-webhook-signature" in headers or b"x-hub-signature-256" in headers):
            await self._answer(send, 401, UNSIGNED)
            return
        try:
            body = await self._read(headers, receive)
        except ClientGone:
            return
        if body is None:
            await self._answer(send, 413, f"the body is over {self._body_limit} bytes")
        elif not self._is_ours(body, headers):
            await self._answer(send, 401, UNSIGNED)
        elif not await self._store(body, headers):
            await self._answer(send, 503, "not taken, send it again", (b"retry-after", RETRY_AFTER_SECONDS))
        else:
            await self._answer(send, 200)

    async def _read(self, headers: dict[bytes, bytes], receive: Receive) -> bytes | None:
        """The whole body, or None when it is too long. Raises ClientGone."""
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._body_limit:
            return None
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            body: bytes = message.get("body", b"")
            return body if len(body) <= self._body_limit else None
        return await self._read_parts(message, receive)

    async def _read_parts(self, message: Message, receive: Receive) -> bytes | None:
        parts = bytearray()
        while message["type"] == "http.request":
            parts += message.get("body", b"")
            if len(parts) > self._body_limit:
                return None
            if not message.get("more_body", False):
                return bytes(parts)
            message = await receive()
        raise ClientGone

    def _is_ours(self, body: bytes, headers: dict[bytes, bytes]) -> bool:
        """Whichever signature is there is checked; the forwarded Meta kind may come with either."""
        signature, hub_signature = headers.get(b"x-webhook-signature"), headers.get(b"x-hub-signature-256")
        if signature and is_signed(body, signature, self._secrets):
            return True
        return bool(hub_signature) and is_signed_by_meta(body, hub_signature or b"", self._meta_app_secret)

    async def _store(self, body: bytes, headers: dict[bytes, bytes]) -> bool:
        delivery = Delivery(
            id=uuid4(),
            received_at=self._now(),
            event=_event(headers),
            idempotency_key=_header(headers, b"x-idempotency-key"),
            version=_header(headers, b"x-webhook-payload-version"),
            body=body,
        )
        try:
            await self._appender.append(delivery)
            if log.is_enabled_for(DEBUG):
                log.debug("taken", delivery=str(delivery.id), received=delivery.event)
        except InboxFull:
            advice = (
                "check that a worker is running; `mirror status` says how much waits;"
                " INBOX_LIMIT and INBOX_LIMIT_BYTES allow more"
            )
            log.error("the inbox is full, answering 503: Kapso may give up", what_to_do=advice)
            return False
        except DeliveryNotTaken as error:
            log.error("neither redis nor postgres accepted the delivery, answering 503", error=str(error))
            return False
        return True

    async def _answer(self, send: Send, code: int, detail: str = "", *headers: tuple[bytes, bytes]) -> None:
        self._answers[code] += 1
        kind, body = b"text/plain", b""
        if detail:
            kind = b"application/problem+json"
            body = orjson.dumps({"type": "about:blank", "status": code, "title": detail})
        length = str(len(body)).encode()
        all_headers = [(b"content-type", kind), (b"content-length", length), *headers]
        await send({"type": "http.response.start", "status": code, "headers": all_headers})
        await send({"type": "http.response.body", "body": body})


def _event(headers: dict[bytes, bytes]) -> str | None:
    """The event as the header names it. Nobody signed the header, so it can't name what only our own polls bring."""
    name = _header(headers, b"x-webhook-event")
    return None if name and name.startswith(POLL_PREFIX) else name


def _header(headers: dict[bytes, bytes], name: bytes) -> str | None:
    return headers.get(name, b"")[:HEADER_LIMIT].decode("latin-1").strip().replace("\0", "") or None
