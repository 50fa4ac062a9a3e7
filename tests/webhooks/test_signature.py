import hmac

import pytest

from webhooks.signature import is_signed, is_signed_by_meta

BODY = '{"text": "Olá <3 & \u2028"}'.encode()
ONE, OTHER = b"one", b"other"


def signed(secret: bytes, body: bytes = BODY) -> bytes:
    return hmac.digest(secret, body, "sha256").hex().encode()


@pytest.mark.parametrize(
    ("signature", "secrets", "right"),
    [
        (signed(ONE), [ONE], True),
        (signed(OTHER), [ONE, OTHER], True),
        (signed(ONE).upper(), [ONE], True),
        (b" " + signed(ONE) + b" ", [ONE], True),
        (signed(OTHER), [ONE], False),
        (signed(ONE, BODY + b" "), [ONE], False),
        (signed(ONE)[:-1], [ONE], False),
        (b"sha256=" + signed(ONE), [ONE], True),
        (b"sha512=" + signed(ONE), [ONE], False),
        (b"", [ONE], False),
        ("ä".encode() * 32, [ONE], False),
        (signed(ONE), [], False),
    ],
)
def test_only_the_hex_of_the_raw_body_under_one_of_our_secrets_is_right(
    signature: bytes, secrets: list[bytes], right: bool
) -> None:
    assert is_signed(BODY, signature, secrets) is right


@pytest.mark.parametrize(
    ("signature", "secret", "right"),
    [
        (b"sha256=" + signed(ONE), ONE, True),
        (b"sha256=" + signed(ONE).upper(), ONE, True),
        (b"sha1=" + signed(ONE), ONE, False),
        (signed(ONE), ONE, False),
        (b"sha256=" + signed(OTHER), ONE, False),
        (b"sha256=" + signed(ONE), None, False),
    ],
)
def test_metas_header_needs_its_scheme_and_the_app_secret(signature: bytes, secret: bytes | None, right: bool) -> None:
    assert is_signed_by_meta(BODY, signature, secret) is right
