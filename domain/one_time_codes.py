"""Codes of an authenticator app: TOTP as RFC 6238 has it, six digits of HMAC-SHA1 for each half minute."""

import base64
import hmac
from datetime import datetime
from typing import Final
from urllib.parse import quote

STEP_SECONDS: Final = 30
DIGITS: Final = 6
SECRET_BYTES: Final = 20


def code(secret: bytes, step: int) -> str:
    """RFC 4226: the code of that half minute since 1970."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    start = mac[-1] & 0x0F
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(given: str, secret: bytes, at: datetime) -> int | None:
    """The half minute whose code that is: this one, the one before or the one after, for clocks differ. None: none."""
    now = int(at.timestamp()) // STEP_SECONDS
    digits = "".join(given.split()).encode()
    fits = [step for step in (now - 1, now, now + 1) if hmac.compare_digest(code(secret, step).encode(), digits)]
    return fits[-1] if fits else None


def base32(secret: bytes) -> str:
    """As people type it into an app that cannot see the picture."""
    return base64.b32encode(secret).decode()


def from_base32(text: str) -> bytes | None:
    """The secret that `base32` wrote; None where it is none."""
    try:
        secret = base64.b32decode(text)
    except ValueError:
        return None
    return secret if len(secret) == SECRET_BYTES else None


def uri(secret: bytes, *, name: str, issuer: str) -> str:
    """What the picture says to the app."""
    label = f"{quote(issuer)}:{quote(name)}"
    return (
        f"otpauth://totp/{label}?secret={base32(secret)}&issuer={quote(issuer)}&digits={DIGITS}&period={STEP_SECONDS}"
    )
