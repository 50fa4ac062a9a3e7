"""TOTP codes of authenticator apps (RFC 6238): six digits of HMAC-SHA1 for each time step of 30 seconds."""

import base64
import hmac
from datetime import datetime
from typing import Final
from urllib.parse import quote

STEP_SECONDS: Final = 30
DIGITS: Final = 6
SECRET_BYTES: Final = 20


def code(secret: bytes, step: int) -> str:
    """Return the code of a time step (RFC 4226)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    start = mac[-1] & 0x0F
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(given: str, secret: bytes, at: datetime) -> int | None:
    """Return the time step of a code: the current one or a neighbour, because clocks differ. None for a wrong code."""
    now = int(at.timestamp()) // STEP_SECONDS
    digits = "".join(given.split()).encode()
    fits = [step for step in (now - 1, now, now + 1) if hmac.compare_digest(code(secret, step).encode(), digits)]
    return fits[-1] if fits else None


def base32(secret: bytes) -> str:
    """Return the secret as users enter it by hand."""
    return base64.b32encode(secret).decode()


def from_base32(text: str) -> bytes | None:
    """Return the secret of a text by `base32`. None if it is not valid."""
    try:
        secret = base64.b32decode(text)
    except ValueError:
        return None
    return secret if len(secret) == SECRET_BYTES else None


def uri(secret: bytes, *, name: str, issuer: str) -> str:
    """Return the otpauth:// URI of the QR code."""
    label = f"{quote(issuer)}:{quote(name)}"
    return (
        f"otpauth://totp/{label}?secret={base32(secret)}&issuer={quote(issuer)}&digits={DIGITS}&period={STEP_SECONDS}"
    )
