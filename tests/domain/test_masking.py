"""Bodies that operators may look at."""

import json

from hypothesis import given
from hypothesis import strategies as st

from domain.masking import masked
from tests.helpers import PAYLOADS

SECRETS = st.sampled_from(["Rina Sari", "+6281234567890", "halo kak", "wamid.HBgN=="])


def test_shape_stays_and_people_go() -> None:
    body = {
        "event": "whatsapp.message.received",
        "message": {"id": "wamid.SECRET", "from": "6281234567890", "type": "text", "text": {"body": "harga?"}},
        "numbers": {"6281234567890": 6281234567890, "count": 3}, "url": "https://app.kapso.ai/secret",
        "conversation": {"id": "3f2a1b9c-0000-4000-8000-000000000001", "ok": True, "none": None, "empty": ""},
    }  # fmt: skip
    shown = masked(json.dumps(body).encode())
    assert json.loads(shown) == {
        "event": "whatsapp.message.received",
        "message": {"id": "‹text, 12›", "from": "‹13 digits›", "type": "text", "text": {"body": "‹text, 6›"}},
        "numbers": {"‹key›": "‹number›", "count": 3}, "url": "‹address›",
        "conversation": {"id": "3f2a1b9c-0000-4000-8000-000000000001", "ok": True, "none": None, "empty": ""},
    }  # fmt: skip
    assert masked(b"{broken 6281234567890") == "‹21 bytes that are no JSON, or nested too deeply›"
    assert masked(b"[" * 3000 + b"]" * 3000).endswith("nested too deeply›")
    assert "too deeply" in masked(b'{"a":' * 300 + b"1" + b"}" * 300)


def test_no_payload_shows_a_number_or_a_text() -> None:
    for path in PAYLOADS.glob("*.json"):
        body = json.loads(path.read_text())["body"]
        shown = masked(json.dumps(body).encode())
        for word in _words(body, ""):
            assert json.dumps(word) not in shown, (path.name, word)


def _words(value: object, key: str) -> list[str]:
    if isinstance(value, dict):
        return [word for name, one in value.items() for word in _words(one, name)]
    if isinstance(value, list):
        return [word for one in value for word in _words(one, key)]
    return (
        [value]
        if isinstance(value, str)
        and key in {"body", "from", "to", "phone_number", "wa_id", "name", "text", "caption", "username"}
        and len(value) > 3
        else []
    )


@given(SECRETS, st.sampled_from(["name", "note", "from", "label"]))
def test_what_stands_under_any_other_key_is_masked(secret: str, key: str) -> None:
    assert secret not in masked(json.dumps({key: [secret, {key: secret}]}).encode())
