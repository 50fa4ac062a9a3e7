"""How a notification gets out: as a signed webhook, into Slack, as an e-mail."""

import asyncio
import ipaddress
import smtplib
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

import httpx
import orjson
from standardwebhooks import Webhook

from domain.hooks import secrets, sentence
from store.hooks.notifications import Notification

TIMEOUT: Final = httpx.Timeout(15.0)
SMTP_SECONDS: Final = 20.0
# Connections are made for a host and go to an address: another host of that address must not get them.
ONE_EACH: Final = httpx.Limits(max_connections=50, max_keepalive_connections=0)
LONGEST_REASON = 200


class NotTaken(Exception):
    """The receiver did not take it; the text says why, without personal data."""


class Channel(Protocol):
    async def send(self, notification: Notification) -> None:
        """Raises NotTaken."""

    async def close(self) -> None: ...


class WebhookChannel:
    """Posts signed JSON, as Standard Webhooks describe it. It never follows a redirect, and reaches no private address
    unless `private` allows it."""

    def __init__(self, key: bytes, *, private: bool, link: Callable[[Notification], str | None]) -> None:
        self._key = key
        self._private = private
        self._link = link
        self._client = httpx.AsyncClient(timeout=TIMEOUT, limits=ONE_EACH, follow_redirects=False, trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, notification: Notification) -> None:
        body = self._body(notification)
        url = httpx.URL(notification.target or "")
        if url.scheme != "https" and not self._private:
            raise NotTaken("only https:// is allowed (HOOKS_PRIVATE=true allows http and private addresses)")
        address = await _address(url, private=self._private)
        headers = {"Host": url.netloc.decode(), "Content-Type": "application/json", **self._signed(notification, body)}
        request = self._client.build_request(
            "POST", url.copy_with(host=address), content=body, headers=headers,
            extensions={"sni_hostname": url.host},
        )  # fmt: skip
        _judged(await _posted(self._client, request))

    def _body(self, notification: Notification) -> bytes:
        link = self._link(notification)
        data = notification.data | ({"url": link} if link else {})
        return orjson.dumps({"type": notification.event, "timestamp": notification.occurred_at, "data": data})

    def _signed(self, notification: Notification, body: bytes) -> dict[str, str]:
        now = datetime.now(UTC)
        held = secrets(self._key, notification.hook_id, notification.generation, notification.rotated_at, now)
        signatures = (Webhook(one).sign(notification.message_id, now, body.decode()) for one in held)
        return {"webhook-id": notification.message_id, "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": " ".join(signatures)}  # fmt: skip


class SlackChannel:
    """An incoming webhook of Slack: a sentence, what the packet says, and a link."""

    def __init__(self, url: str, link: Callable[[Notification], str | None]) -> None:
        self._url = url
        self._link = link
        self._client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, notification: Notification) -> None:
        lines = told(notification, self._link(notification))
        text = "\n".join(_plain_slack(line) for line in lines)
        request = self._client.build_request("POST", self._url, json={"text": text})
        _judged(await _posted(self._client, request))


class EmailChannel:
    """By an SMTP server: `smtp://` (with STARTTLS where the server offers it) or `smtps://`, with user and password."""

    def __init__(self, url: str, sender: str, link: Callable[[Notification], str | None]) -> None:
        self._server = urlsplit(url)
        self._sender = sender
        self._link = link

    async def close(self) -> None:
        """Each message has a connection of its own."""

    async def send(self, notification: Notification) -> None:
        subject, *lines = told(notification, self._link(notification))
        message = EmailMessage()
        message["Subject"] = " ".join(subject.split())[:LONGEST_REASON]
        message["From"], message["To"] = self._sender, notification.target
        message["Message-ID"] = f"<{notification.message_id}@{self._sender.partition('@')[2] or 'mirror'}>"
        message.set_content("\n".join((subject, *lines)))
        try:
            await asyncio.to_thread(self._deliver, message)
        except (smtplib.SMTPException, OSError) as error:
            raise NotTaken(f"the SMTP server did not take it ({type(error).__name__})") from error

    def _deliver(self, message: EmailMessage) -> None:
        server, kind = self._server, smtplib.SMTP_SSL if self._server.scheme == "smtps" else smtplib.SMTP
        with kind(server.hostname or "", server.port or 0, timeout=SMTP_SECONDS) as connection:
            connection.ehlo()
            if server.scheme == "smtp" and connection.has_extn("starttls"):
                connection.starttls()
            if server.username:
                connection.login(unquote(server.username), unquote(server.password or ""))
            connection.send_message(message)


def told(notification: Notification, link: str | None) -> list[str]:
    """For people: a sentence, what a handoff says, a link."""
    handoff: dict[str, Any] = notification.data.get("handoff") or {}
    lines = [sentence(notification.event, notification.data)]
    if summary := handoff.get("conversation_summary"):
        lines.append(summary)
    return [*lines, *([link] if link else [])]


def _plain_slack(line: str) -> str:
    """Slack reads <, > and & as its own: a stranger's words must not make links or call everybody."""
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


async def _address(url: httpx.URL, *, private: bool) -> str:
    """An address of the host. Raises NotTaken where there is none, or one that is not public."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NotTaken(f"the host is not known ({error.strerror})") from error
    addresses = [str(one[4][0]) for one in found]
    if not private and not all(ipaddress.ip_address(one).is_global for one in addresses):
        raise NotTaken("its address is a private one (HOOKS_PRIVATE=true allows it)")
    return addresses[0]


async def _posted(client: httpx.AsyncClient, request: httpx.Request) -> int:
    try:
        answer = await client.send(request, stream=True)
        await answer.aclose()
    except (httpx.HTTPError, OSError) as error:
        raise NotTaken(f"no answer ({type(error).__name__})") from error
    return answer.status_code


def _judged(status: int) -> None:
    if not 200 <= status < 300:
        raise NotTaken(f"answered {status}")
