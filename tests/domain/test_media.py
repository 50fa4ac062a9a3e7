"""Hashes that payloads declare, and how long a file is tried for."""

import base64
import hashlib
from datetime import timedelta

import pytest

from domain.media import PAUSES, digest, pause

DIGEST = hashlib.sha256(b"a picture").digest()


@pytest.mark.parametrize(
    ("declared", "wanted"),
    [
        (base64.b64encode(DIGEST).decode(), DIGEST),
        (DIGEST.hex(), DIGEST),
        (f" {DIGEST.hex().upper()} ", DIGEST),
        (None, None),
        ("", None),
        ("not a hash", None),
        (base64.b64encode(DIGEST[:20]).decode(), None),
        ("z" * 64, None),
        ("é" * 64, None),
    ],
)
def test_a_declared_hash_is_read_in_base64_and_in_hex(declared: str | None, wanted: bytes | None) -> None:
    assert digest(declared) == wanted


def test_a_file_is_tried_for_days_and_not_for_longer_than_whatsapp_keeps_it() -> None:
    waited = [pause(attempts) for attempts in range(1, 20)]
    assert waited == [*PAUSES, *[None] * (19 - len(PAUSES))]
    assert timedelta(days=3) < timedelta(seconds=sum(PAUSES)) < timedelta(days=7)
