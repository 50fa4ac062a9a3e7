"""Whether a body is signed with one of our secrets. Pure; compares in constant time."""

import hmac
from collections.abc import Sequence


def is_signed(body: bytes, signature: bytes, secrets: Sequence[bytes]) -> bool:
    """`signature` is X-Webhook-Signature: the hex HMAC-SHA256 of the raw body, `sha256=` before it or not."""
    given = signature.strip().lower().removeprefix(b"sha256=")
    # All secrets are tried, so that the time taken does not tell which one matched.
    matches = [hmac.compare_digest(_hex(body, secret), given) for secret in secrets]
    return any(matches)


def is_signed_by_meta(body: bytes, signature: bytes, app_secret: bytes | None) -> bool:
    """`signature` is X-Hub-Signature-256: `sha256=` and the hex HMAC-SHA256 of the raw body."""
    scheme, _, given = signature.strip().partition(b"=")
    if not app_secret or scheme != b"sha256":
        return False
    return hmac.compare_digest(_hex(body, app_secret), given.lower())


def _hex(body: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, body, "sha256").hex().encode()
