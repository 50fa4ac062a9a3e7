"""One person is one lead, in whatever form their number was written, wherever it was typed."""

import httpx
import pytest
from redis.asyncio import Redis

from store.postgres import Pool
from tests.chats import chat, lead
from tests.desk import form, signed_in
from tests.web.api.test_api import program

FORMS = ("+62 (0) 812-7777-0001", "+62 0812-7777-0001", "0812-7777-0001", "6281277770001", "wa.me/6281277770001",
         "\u202a+62 812-7777-0001\u202c")  # fmt: skip


async def numbers(http: httpx.AsyncClient, q: str) -> list[str]:
    return [one["phone"] for one in (await http.get("/leads", params={"q": q})).json()["leads"]]


@pytest.mark.parametrize("typed", FORMS)
async def test_who_was_typed_in_and_then_writes_is_one_lead(
    typed: str, pool: Pool, redis_url: str, database_url: str
) -> None:
    async with program(pool, redis_url, database_url) as http:
        made = await http.post("/customers", json={"name": "Budi", "phone": typed})
        assert (made.status_code, made.json()["phone"]) == (201, "+6281277770001")
        await chat(pool, "halo", number="6281277770001")
        for asked in FORMS:
            assert await numbers(http, asked) == ["+6281277770001"], asked
            found = (await http.get("/customers/search", params={"q": asked})).json()["customers"]
            assert [one["id"] for one in found] == [made.json()["id"]], asked
        again = await http.post("/customers", json={"name": "Budi", "phone": typed})
        assert again.status_code == 409


@pytest.mark.parametrize(
    ("region", "typed", "status"),
    [("US", "612-555-1234", 201), ("ID", "612-555-1234", 201), (None, "612-555-1234", 422), (None, "+9991234567", 422),
     ("ID", "+9991234567", 422), (None, "62812-3456-7899", 422), (None, "+62 812-3456-7899", 201)],
)  # fmt: skip
async def test_a_number_without_its_country_needs_one_at_home(
    region: str | None, typed: str, status: int, pool: Pool, redis_url: str, database_url: str
) -> None:
    async with program(pool, redis_url, database_url, default_region=region) as http:
        made = await http.post("/customers", json={"name": "Jane Smith", "phone": typed})
        assert made.status_code == status, made.text
        if status == 422:
            assert "like +62 812 3456 7890" in made.json()["errors"][0]


async def test_the_desk_reads_numbers_like_the_api(pool: Pool, redis_url: str, database_url: str) -> None:
    await chat(pool, "halo")
    await chat(pool, "halo", number="6281377770002")
    id = (await lead(pool))["id"]
    async with signed_in(pool, redis_url, database_url) as http:
        was = ""
        for typed in ("0813 6666 0009", "6281366660009", "+62 0813 6666 0009"):
            saved = await http.post(f"/leads/{id}/field", content=form(field="phone", value=typed, was=was))
            assert (saved.status_code, 'value="+6281366660009"' in saved.text) == (200, True), typed
            was = "+6281366660009"
        refused = await http.post(f"/leads/{id}/field", content=form(field="phone", value="+999 123 4567", was=was))
        assert (refused.status_code, "no country that there is" in refused.text) == (422, True)
        added = await http.post(f"/leads/{id}/people", content=form(who="0813-7777-0002", role="partner"))
        assert (added.status_code, "+6281377770002" in added.text) == (200, True)


async def test_a_wa_id_is_never_read_by_a_region(pool: Pool, redis: Redis, redis_url: str, database_url: str) -> None:
    """A Mexican number keeps the 1 that WhatsApp gives it; an odd one is kept as it came."""
    await chat(pool, "hola", number="5215512345678")
    await chat(pool, "hello", number="16125551234")
    assert sorted([row["phone"] for row in await pool.fetch("SELECT phone FROM contacts")]) == [
        "+16125551234",
        "+5215512345678",
    ]
    async with program(pool, redis_url, database_url, default_region="US") as http:
        assert await numbers(http, "612-555-1234") == ["+16125551234"]
        assert await numbers(http, "+52 1 55 1234 5678") == ["+5215512345678"]
