"""Send a notification: as a signed webhook, a Slack message or an e-mail."""

import asyncio
import smtplib
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

import httpx
import orjson
from standardwebhooks import Webhook

from domain.hooks import secrets, sentence
from domain.outbound import are_public, pinned
from store.hooks.notifications import Notification

TIMEOUT: Final = httpx.Timeout(15.0)
SMTP_SECONDS: Final = 20.0
# Connections are made for a host and go to an address: another host of that address must not get them.
ONE_EACH: Final = httpx.Limits(max_connections=50, max_keepalive_connections=0)
LONGEST_SUBJECT = 200


class SendFailed(Exception):
    """The receiver did not accept the notification. The text gives the reason, without personal data."""


class Channel(Protocol):
    async def send(self, notification: Notification) -> None:
        """Raises SendFailed."""

    async def close(self) -> None: ...


class WebhookChannel:
    """Posts JSON signed by the Standard Webhooks specification. Never follows a redirect.

    Reaches private addresses only if `private` is true. `link` returns the desk's URL of a notification, if any.
    """

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
            raise SendFailed("only https:// is allowed (HOOKS_PRIVATE=true allows http and private addresses)")
        to = pinned(url, await _address(url, private=self._private))
        headers = {"Content-Type": "application/json", **to.headers, **self._signed(notification, body)}
        await _post(
            self._client,
            self._client.build_request("POST", to.url, content=body, headers=headers, extensions=to.extensions),
        )

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
    """Posts to an incoming webhook of Slack: a sentence, the summary of a handoff, and a link."""

    def __init__(self, url: str, link: Callable[[Notification], str | None]) -> None:
        self._url = url
        self._link = link
        self._client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, notification: Notification) -> None:
        text = "\n".join(_escaped(line) for line in lines_of(notification, self._link(notification)))
        await _post(self._client, self._client.build_request("POST", self._url, json={"text": text}))


class EmailChannel:
    """Sends an e-mail through an SMTP server: `smtps://`, or `smtp://` with STARTTLS if the server offers it.

    With TLS the server's certificate must be valid. A password is sent over TLS only.
    """

    def __init__(self, url: str, sender: str, link: Callable[[Notification], str | None]) -> None:
        self._server = urlsplit(url)
        self._sender = sender
        self._link = link

    async def close(self) -> None:
        """Nothing to close: each message opens a connection of its own."""

    async def send(self, notification: Notification) -> None:
        subject, *lines = lines_of(notification, self._link(notification))
        message = EmailMessage()
        message["Subject"] = " ".join(subject.split())[:LONGEST_SUBJECT]
        message["From"], message["To"] = self._sender, notification.target
        message["Message-ID"] = f"<{notification.message_id}@{self._sender.partition('@')[2] or 'mirror'}>"
        message.set_content("\n".join((subject, *lines)))
        try:
            await asyncio.to_thread(self._deliver, message)
        except ssl.SSLCertVerificationError as error:
            raise SendFailed(f"the SMTP server's certificate is not valid ({error.verify_message})") from error
        except (smtplib.SMTPException, OSError) as error:
            raise SendFailed(f"the SMTP server did not accept it ({type(error).__name__})") from error

    def _deliver(self, message: EmailMessage) -> None:
        server, tls = self._server, ssl.create_default_context()
        to = (server.hostname or "", server.port or 0)
        is_private = server.scheme == "smtps"
        with (
            smtplib.SMTP_SSL(*to, timeout=SMTP_SECONDS, context=tls)
            if is_private
            else smtplib.SMTP(*to, timeout=SMTP_SECONDS)
        ) as connection:
            connection.ehlo()
            if not is_private and connection.has_extn("starttls"):
                connection.starttls(context=tls)
                is_private = True
            if server.username and not is_private:
                raise SendFailed("the SMTP server offers no TLS: the password of SMTP_URL is not sent without")
            if server.username:
                connection.login(unquote(server.username), unquote(server.password or ""))
            connection.send_message(message)


def lines_of(notification: Notification, link: str | None) -> list[str]:
    """Return the text for people: a sentence, the summary of a handoff, a link."""
    handoff: dict[str, Any] = notification.data.get("handoff") or {}
    lines = [sentence(notification.event, notification.data)]
    if summary := handoff.get("conversation_summary"):
        lines.append(summary)
    return [*lines, *([link] if link else [])]


def _escaped(line: str) -> str:
    """Escape Slack's control characters: a customer's text must not create links or mention everybody."""
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


async def _address(url: httpx.URL, *, private: bool) -> str:
    """Return an address of the host. Raises SendFailed if the host is unknown or an address is not public."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a host name"
        raise SendFailed(f"the host is not known ({why})") from error
    addresses = [str(one[4][0]) for one in found]
    if not private and not are_public(addresses):
        raise SendFailed("its address is private (HOOKS_PRIVATE=true allows private addresses)")
    return addresses[0]


async def _post(client: httpx.AsyncClient, request: httpx.Request) -> None:
    """Raises SendFailed for a status that is not 2xx, or no response. Never reads the body."""
    try:
        answer = await client.send(request, stream=True)
        await answer.aclose()
    except (httpx.HTTPError, OSError) as error:
        raise SendFailed(f"no response ({type(error).__name__})") from error
    if not answer.is_success:
        raise SendFailed(f"responded with {answer.status_code}")
