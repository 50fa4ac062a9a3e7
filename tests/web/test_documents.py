"""The OpenAPI document, read by validators and generators of others, and what they make of it used against the API."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import validate

from store.postgres import Pool
from tests.chats import chat, lead
from tests.domain.test_next_step import DOCUMENTED
from tests.web.api.test_api import DOCUMENT, program

# One process generates the client, and runs all tests of it.
pytestmark = pytest.mark.xdist_group("documents")


def document() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(DOCUMENT.read_text())
    return read


def test_a_validator_of_others_finds_nothing() -> None:
    validate(document())
    assert document()["servers"]
    assert document()["info"]["license"]["name"]


def test_leaving_a_field_of_a_body_out_is_never_sending_a_default() -> None:
    """A generator of TypeScript makes a property with a default a required one; sent as null, it would empty the field."""
    schemas = document()["components"]["schemas"]
    defaults = [f"{name}.{field}" for name, one in schemas.items() for field, said in one.get("properties", {}).items()
                if "default" in said]  # fmt: skip
    assert defaults == []
    for patch in ("LeadPatch", "CustomerPatch", "TicketPatch"):
        assert not schemas[patch].get("required"), patch


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The package that openapi-python-client makes of the document."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "config.yaml").write_text("post_hooks: []\npackage_name_override: theirs\n")

    command = str(Path(sys.executable).parent / "openapi-python-client")
    done = subprocess.run(
        [command, "generate", "--path", str(DOCUMENT), "--meta", "none", "--config", str(folder / "config.yaml"),
         "--output-path", str(folder / "theirs"), "--fail-on-warning"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module("theirs")
    finally:
        sys.path.remove(str(folder))


async def test_a_generated_client_reads_and_patches(
    generated: Any, pool: Pool, redis_url: str, database_url: str
) -> None:
    await chat(pool, "saya Rina, usaha laundry di Bandung")
    id = (await lead(pool))["id"]

    def operation(name: str) -> Any:
        return importlib.import_module(f"theirs.api.default.{name}")

    def model(module: str, name: str) -> Any:
        return getattr(importlib.import_module(f"theirs.models.{module}"), name)

    async with program(pool, redis_url, database_url) as http:
        token = http.headers["authorization"].removeprefix("Bearer ")
        url = str(http.base_url).removesuffix("/api/v1/")
        async with generated.AuthenticatedClient(base_url=url, token=token, raise_on_unexpected_status=True) as client:
            page = await operation("list_leads").asyncio(client=client)
            assert [one.id for one in page.leads] == [id]
            before = await operation("get_lead").asyncio(id, client=client)
            patch = model("lead_patch", "LeadPatch")(story="came by bus")
            done = await operation("patch_lead").asyncio(id, client=client, body=patch, if_match="*")
        assert done.lead.to_dict()["story"] == "came by bus"
        assert done.changed == ["story"]
        assert done.lead.to_dict()["name"] == before.to_dict()["name"]


JANE = {
    "name": "Jane Smith", "email": "jane@example.com", "phone": "612-555-1234", "address": "12 Elm Street",
    "city": "Minneapolis", "state": "MN", "zip": "55401", "services": ["lawn care"], "status": "past",
    "last_service_date": "2025-09-30", "notes": "gate code at the door", "source": "import",
    "created_at": "2024-03-01T09:30:00Z",
}  # fmt: skip


def is_valid(body: dict[str, Any], schema: str) -> None:
    """By the document alone. Raises ValidationError."""
    jsonschema_rs.validate({"$ref": f"#/components/schemas/{schema}", **document()}, body)


async def test_a_generated_client_creates_the_documented_customer(
    generated: Any, pool: Pool, redis_url: str, database_url: str
) -> None:
    is_valid(JANE, "NewCustomer")
    new = importlib.import_module("theirs.models.new_customer").NewCustomer
    create = importlib.import_module("theirs.api.default.create_customer")
    async with program(pool, redis_url, database_url, default_region="US") as http:
        token = http.headers["authorization"].removeprefix("Bearer ")
        url = str(http.base_url).removesuffix("/api/v1/")
        async with generated.AuthenticatedClient(base_url=url, token=token, raise_on_unexpected_status=True) as client:
            made = await create.asyncio(client=client, body=new.from_dict(JANE))
        kept = (await http.get(f"/customers/{made.id}")).json()
    assert (kept["phone"], kept["status"], kept["created_at"][:19]) == ("+16125551234", "past", "2024-03-01T09:30:00")


@pytest.mark.parametrize(("type", "content"), DOCUMENTED)
async def test_the_documented_suggestions_are_taken_as_they_stand(
    type: str, content: dict[str, Any], pool: Pool, redis_url: str, database_url: str
) -> None:
    await chat(pool, "halo")
    id = (await lead(pool))["id"]
    is_valid({"lead_id": str(id), "type": type, "suggested_content": content}, "NewSuggestion")
    async with program(pool, redis_url, database_url) as http:
        made = await http.post("/suggestions", json={"lead_id": str(id), "type": type, "suggested_content": content})
        assert made.status_code == 201, made.text
        path = f"/suggestions/{made.json()['id']}"
        assert (await http.get(path)).json()["suggested_content"].keys() <= content.keys()
        approved = await http.post(f"{path}/approve", json={})
        assert approved.json()["status"] == "APPROVED"
        assert (await http.delete(f"/leads/{id}")).is_success
        kept = (await http.get(path)).json()
        assert (kept["lead_id"], kept["status"]) == (None, "APPROVED")
        assert [one["lead_id"] for one in (await http.get("/suggestions")).json()["suggestions"]] == [None]
        await http.post(f"/leads/{id}/restore")
        assert (await http.get(path)).json()["lead_id"] == str(id)
