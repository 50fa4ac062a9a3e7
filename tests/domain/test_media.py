"""Hashes that payloads declare, and how long a file is tried for."""

import base64
import hashlib
from datetime import timedelta

import pytest

from domain.media import PAUSES, digest

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
def test_digest_reads_base64_and_hex(declared: str | None, wanted: bytes | None) -> None:
    assert digest(declared) == wanted


def test_pauses_span_days_and_less_than_whatsapp_keeps_a_file() -> None:
    assert timedelta(days=3) < timedelta(seconds=sum(PAUSES)) < timedelta(days=7)
