"""What a chat shows of what people send beside words; the pages escape all of it."""

import html
import itertools
import re
from typing import Any

import httpx
import pytest

from store.postgres import Pool
from tests.desk import signed_in
from tests.helpers import settled
from tests.workers.drain.test_foreign import AGAIN, EDITED, REVOKED, SAID, received, text
from web.desk.chat_parts import LONGEST, MOST_DETAILS, details, origin

FORM = {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json":
        '{"nama": "Rina", "jumlah": 3, "rasa": ["keju", "coklat"], "flow_token": "unused"}'}}  # fmt: skip
SHOWN: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a form": ({"type": "interactive", "interactive": FORM}, ["nama Rina", "jumlah 3", "rasa keju, coklat"]),
    "calls": (
        {"type": "interactive", "interactive": {"type": "call_permission_reply", "call_permission_reply": {"response": "reject"}}},
        ["calls refused"],
    ),
    "an order": (
        {"type": "order", "order": {"catalog_id": "K", "product_items": [
            {"product_retailer_id": "KUE-5", "quantity": 2, "item_price": 15000, "currency": "IDR"}]}},
        ["ordered 2 × KUE-5 (IDR 15000)"],
    ),
    "a card": (
        {"type": "contacts", "contacts": [{"name": {"formatted_name": "Bu Nani"}, "phones": [{"phone": "+62 812-9"}]}]},
        ["contact card Bu Nani, +62 812-9"],
    ),
    "a place": (
        {"type": "location", "location": {"latitude": -6.9, "longitude": 107.6, "name": "Toko Kue"}},
        ["place Toko Kue"],
    ),
    "a place without a name": ({"type": "location", "location": {"latitude": -6.9, "longitude": 107.6}}, ["place -6.9,107.6"]),
    "an ad": (text("info", referral={"source_type": "ad", "headline": "Promo"}), ["came from an ad: Promo", "came from ad: Promo"]),
    "a product": (text("ini?", context={"referred_product": {"product_retailer_id": "K5"}}), ["asks about the product: K5"]),
}  # fmt: skip


async def panel(http: httpx.AsyncClient, pool: Pool) -> str:
    id = await pool.fetchval("SELECT id FROM lead_list")
    page = await http.get(f"/leads/{id}")
    return page.text


def plain(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.mark.parametrize("name", SHOWN)
async def test_what_is_no_plain_text_is_readable(name: str, pool: Pool, redis_url: str, database_url: str) -> None:
    message, shown = SHOWN[name]
    await settled(pool, [received(message)])
    async with signed_in(pool, redis_url, database_url) as http:
        said = plain(await panel(http, pool))
    for words in shown:
        assert words in said
    assert "Sent" not in said
    assert "unused" not in said


async def test_a_place_leads_to_a_map(pool: Pool, redis_url: str, database_url: str) -> None:
    await settled(pool, [received(SHOWN["a place"][0])])
    async with signed_in(pool, redis_url, database_url) as http:
        assert 'href="https://www.google.com/maps/search/?api=1&amp;query=-6.9,107.6"' in await panel(http, pool)


async def test_edited_and_deleted_messages_are_marked(pool: Pool, redis_url: str, database_url: str) -> None:
    async with signed_in(pool, redis_url, database_url) as http:
        await settled(pool, [SAID, EDITED, AGAIN])
        page = await panel(http, pool)
        assert "3 dus deh" in page
        assert '<span title="mau 20 dus">edited</span>' in page
        await settled(pool, [REVOKED])
        page = await panel(http, pool)
        assert "<del>3 dus deh</del>" in page
        assert "deleted by its sender" in page


async def test_a_username_stands_with_one_at(pool: Pool, redis_url: str, database_url: str) -> None:
    who = text("halo", from_user_id="ID.88", username="@sari.k")
    await settled(pool, [received(who, number=None, username="@sari.k")])
    async with signed_in(pool, redis_url, database_url, role="operator") as http:
        page = (await http.get("/")).text
        assert "@sari.k" in page
        assert "@@" not in page
        found = (await http.get("/ops/trace", params={"q": "@sari.k", "days": 30})).text
        assert "wamid.A" in found


HOSTILE = "<script>alert(1)</script>\"'><b>"


async def test_hostile_answers_are_words(pool: Pool, redis_url: str, database_url: str) -> None:
    answers = {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": {HOSTILE: HOSTILE}}}
    advert = {"source_type": HOSTILE, "headline": HOSTILE, "source_url": "javascript:alert(1)"}
    await settled(pool, [received({"type": "interactive", "interactive": answers, "referral": advert})])
    async with signed_in(pool, redis_url, database_url) as http:
        page = await panel(http, pool)
    assert "<script>alert" not in page
    assert html.escape(HOSTILE, quote=False).replace("'", "&#39;").replace('"', "&#34;") in page
    assert "javascript:" not in page


def test_odd_parts_are_left_out_and_the_rest_is_bounded() -> None:
    odd: list[Any] = [None, 7, "x", [], {}, [[1]], {"a": 1}, True]
    for kind, part in itertools.product(("order", "contacts", "location", "interactive", "text", None, "new"), odd):
        for content in (part, {"product_items": part}, [{"name": part, "phones": [part]}], {"type": "nfm_reply", "nfm_reply": part},
                        {"type": "nfm_reply", "nfm_reply": {"response_json": part}},
                        {"type": "call_permission_reply", "call_permission_reply": {"response": part}},
                        {"latitude": part, "longitude": part}):  # fmt: skip
            assert all(one.value for one in details(kind, content))
    assert origin(7, "x") == []
    many = {"type": "nfm_reply", "nfm_reply": {"response_json": {"n" * 9000 + str(n): "x" * 9000 for n in range(900)}}}
    found = details("interactive", many)
    assert len(found) == MOST_DETAILS
    assert {(len(one.name), len(one.value)) for one in found} == {(LONGEST, LONGEST)}
