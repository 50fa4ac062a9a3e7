"""Post signed bodies over kept-alive connections. Small, so that the load does not outweigh what it measures."""

import asyncio
import hashlib
import hmac
from urllib.parse import urlsplit


class Unheard(Exception):
    """No answer came; whether the request was taken is not known."""


class Poster:
    """A pool of connections to one webhook URL (http only)."""

    def __init__(self, url: str, secret: str, *, timeout: float = 10) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"{url}: the simulator posts to http:// URLs only")
        self._host, self._port, self._path = parts.hostname, parts.port or 80, parts.path or "/"
        self._secret = secret.encode()
        self._timeout = timeout
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, body: bytes, headers: dict[str, str]) -> int:
        """The status of the answer; raises OSError where no connection could be made, Unheard where no answer came."""
        signature = hmac.digest(self._secret, body, hashlib.sha256).hex()
        lines = [f"POST {self._path} HTTP/1.1", f"Host: {self._host}", f"Content-Length: {len(body)}"]
        lines += ["Content-Type: application/json", f"X-Webhook-Signature: {signature}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        request = ("\r\n".join(lines) + "\r\n\r\n").encode() + body
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(request)
            async with asyncio.timeout(self._timeout):
                status, keep = await _answer(reader)
        except (OSError, EOFError, TimeoutError, ValueError, IndexError) as error:
            writer.close()
            raise Unheard(type(error).__name__) from None
        if keep:
            self._idle.append((reader, writer))
        else:
            writer.close()
        return status

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head.split(b" ", 2)[1])
    _, found, rest = head.partition(b"content-length:")
    if found:
        await reader.readexactly(int(rest.split(b"\r\n", 1)[0]))
    return status, bool(found) and b"connection: close" not in head
