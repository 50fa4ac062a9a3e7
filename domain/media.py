"""Rules for files of messages: pauses between downloads, and the hash that a payload declares (pure)."""

import base64
import binascii
from typing import Final

PAUSES: Final = (30, 120, 600, 3600, 21_600, 86_400, 172_800)
"""Seconds before each retry, together a little over three days. WhatsApp keeps a file for seven days."""
DIGEST_BYTES: Final = 32


def digest(declared: str | None) -> bytes | None:
    """Read the SHA-256 of a file as payloads have it, in base64 or in hex. None if there is none that can be read."""
    text = (declared or "").strip()
    try:
        found = bytes.fromhex(text) if len(text) == 2 * DIGEST_BYTES else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return found if len(found) == DIGEST_BYTES else None
