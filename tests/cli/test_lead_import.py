"""Imports of leads: usual headers, a dry run, precedence, undo."""

import io
import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from domain.field_kinds import NotAllowed
from domain.lead import Source
from domain.lead_import import columns, values
from domain.phone import Phones
from domain.tables import NoTable, read
from store.leads import imports, leads
from store.leads.leads import Actor
from store.postgres import Pool
from tests.chats import NUMBER, chat, extracted, lead
from tests.cli.test_console import inside
from tests.desk import signed_in
from tests.helpers import rows

BUDI = Actor(Source.HUMAN, "user:budi")
PHONES = Phones("ID")
FAIR = """Nama;No. HP;Kota;Usaha;Nilai;Label;Catatan;Stan
Rina;0812-3456-7001;Bandung;laundry;Rp 5.000.000;pameran, hangat;Minta dihubungi Senin;A1
Sari;+62 812 3456 7002;Surabaya;toko kue;;pameran;;A2
;;Solo;warung;;;;A3
Tono;bukan nomor;Malang;bengkel;;;;A4
"""


@pytest.fixture
def environment(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DEFAULT_REGION", "ID")


@pytest.fixture
def fair(tmp_path: Path) -> str:
    (tmp_path / "fair.csv").write_text(FAIR, encoding="utf-8-sig")
    return str(tmp_path / "fair.csv")


@pytest.mark.usefixtures("environment")
async def test_import_plans_then_applies_then_undoes_a_file(
    pool: Pool, fair: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await chat(pool, "halo", number="6281234567002")
    code, out, _ = await inside(capsys, "leads", "import", fair)
    assert code == 1
    assert "columns without a field: Stan" in out
    assert "row 4 is refused: the row has neither a phone nor an e-mail" in out
    assert "row 5 is refused: phone must be a phone number" in out
    assert "1 would be added, 1 changed, 0 unchanged, 2 refused" in out
    assert (await pool.fetchval("SELECT count(*) FROM leads"), await rows(pool, "imports")) == (1, [])
    code, out, _ = await inside(capsys, "leads", "import", fair, "--go")
    assert (code, "This is import 1." in out) == (1, True)
    rina = await pool.fetchrow("SELECT * FROM leads WHERE name = 'Rina'")
    assert (rina["phone"], rina["domisili"], rina["business_type"], rina["estimated_value"], rina["tags"]) == (
        "+6281234567001", "Bandung", "laundry", 5_000_000, ["pameran", "hangat"],
    )  # fmt: skip
    assert [row["text"] for row in await rows(pool, "lead_notes")] == ["Minta dihubungi Senin"]
    assert {row["actor"] for row in await rows(pool, "lead_changes") if row["field"] == "domisili"} == {"import:1"}
    # The second import changes nothing.
    code, out, _ = await inside(capsys, "leads", "import", fair, "--go", "--json")
    assert {name: json.loads(out)[name] for name in ("import", "unchanged", "refused")} == {
        "import": 2,
        "unchanged": 2,
        "refused": 2,
    }
    # Budi changes Sari's city, which stays. Rina is deleted: only the import touched her.
    sari = await pool.fetchval("SELECT id FROM leads WHERE name = 'Sari'")
    await leads.patch(pool, sari, {"domisili": "Malang"}, version=None, by=BUDI)
    code, out, _ = await inside(capsys, "leads", "undo-import", "1", "--json")
    assert (code, json.loads(out)) == (0, {"removed": 1, "restored": 1, "kept": 1})
    left = await pool.fetch("SELECT domisili, business_type, name FROM leads")
    assert [(row["domisili"], row["business_type"], row["name"]) for row in left] == [("Malang", None, None)]
    code, _, told = await inside(capsys, "leads", "undo-import", "1")
    assert (code, "undone already" in told) == (1, True)


@pytest.mark.usefixtures("environment")
async def test_import_suggests_where_a_person_set_another_value(
    pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await chat(pool, "halo")
    id = await pool.fetchval("SELECT id FROM leads")
    await leads.patch(pool, id, {"domisili": "Bogor", "name": "Rina Wati"}, version=None, by=BUDI)
    file = tmp_path / "list.csv"
    file.write_text(f"phone,city,trade\n+{NUMBER},Depok,laundry\n")
    code, out, _ = await inside(capsys, "leads", "import", str(file), "--go")
    assert (code, "0 are added, 1 changed" in out) == (0, True)
    row = await pool.fetchrow("SELECT domisili, business_type FROM leads")
    assert (row["domisili"], row["business_type"]) == ("Bogor", "laundry")
    (suggestion,) = await rows(pool, "lead_suggestions")
    assert (suggestion["field"], suggestion["actor"]) == ("domisili", "import:1")


@pytest.mark.usefixtures("environment")
async def test_import_reports_a_lead_of_the_same_name(
    pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await chat(pool, "halo")
    id = await pool.fetchval("SELECT id FROM leads")
    await leads.patch(pool, id, {"name": "Rina Wati"}, version=None, by=BUDI)
    file = tmp_path / "list.csv"
    file.write_text("nama,email\nrina wati,rina@example.com\n")
    for go in ((), ("--go",)):
        code, out, _ = await inside(capsys, "leads", "import", str(file), *go)
        assert (code, f"row 2 may be a double: lead {id} has the same name" in out) == (0, True)
    assert await pool.fetchval("SELECT count(*) FROM leads") == 2


@pytest.mark.usefixtures("environment")
async def test_dry_run_counts_a_lead_of_two_rows_once(
    pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "twice.csv"
    file.write_text(
        "nama,hp,email,kota\nRina,0812-3456-7001,,Bandung\nRina,0812-3456-7001,rina@example.com,\n"
        ",,RINA@example.com,Bandung\nSari,0812-3456-7002,,Solo\n"
    )
    for go in ((), ("--go",)):
        code, out, _ = await inside(capsys, "leads", "import", str(file), *go, "--json")
        assert code == 0
        assert {name: json.loads(out)[name] for name in ("added", "changed", "unchanged")} == {
            "added": 2, "changed": 1, "unchanged": 1,
        }  # fmt: skip


@pytest.mark.usefixtures("environment")
async def test_import_refuses_the_row_of_a_deleted_lead_as_the_dry_run_says(
    pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await chat(pool, "halo")
    await leads.delete(pool, await pool.fetchval("SELECT id FROM leads"), by=BUDI)
    file = tmp_path / "list.csv"
    file.write_text(f"phone,city\n+{NUMBER},Depok\n")
    for go in ((), ("--go",)):
        code, out, _ = await inside(capsys, "leads", "import", str(file), *go)
        assert (code, "row 2 is refused: a deleted lead has this phone or e-mail" in out) == (1, True)


async def test_undo_continues_after_an_interruption(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    one = await imports.begin(pool, "fair.csv", by="user:budi")
    for number in ("+6281234567001", "+6281234567002"):
        await imports.apply(pool, one, {"phone": number, "domisili": "Bandung"})
    deleted = leads.delete

    async def once(*args: Any, **more: Any) -> None:
        await deleted(*args, **more)
        monkeypatch.setattr(leads, "delete", cut)

    async def cut(*_: Any, **__: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(leads, "delete", once)
    with pytest.raises(ConnectionError):
        await imports.undo(pool, one, by=BUDI)
    monkeypatch.setattr(leads, "delete", deleted)
    assert await pool.fetchval("SELECT count(*) FROM leads") == 1
    done = await imports.undo(pool, one, by=BUDI)
    assert (done, await pool.fetchval("SELECT count(*) FROM leads")) == (imports.UndoneImport(1, 0, 0), 0)
    assert await imports.undo(pool, one, by=BUDI) is None


def test_columns_recognizes_usual_headers() -> None:
    found = columns(["NAMA LENGKAP", "no_wa", "Alamat Email", "Lokasi", "Foo", "Trade"], {"Foo": "note"})
    assert list(found.fields.values()) == ["name", "phone", "email", "domisili", "note", "business_type"]
    assert columns(["Nama", "HP", "Telepon"], {"Telepon": "-"}).ignored == ["Telepon"]
    for headers, given, said in (
        (["nama", "kota"], {}, "No column is a phone"), (["hp", "telepon"], {}, "Two columns are phone"),
        (["hp"], {"hp": "number"}, "number is not a field"), (["hp"], {"wa": "phone"}, "no column wa"),
    ):  # fmt: skip
        with pytest.raises(NotAllowed, match=said):
            columns(headers, given)


def test_values_reads_numbers_and_lists() -> None:
    fields = {0: "phone", 1: "estimated_value", 2: "tags", 3: "urgency_level", 4: "lead_temperature"}
    assert values([81234567001.0, 349000.0, "a; b", "High", "WARM"], fields, PHONES) == {
        "phone": "+6281234567001", "estimated_value": 349000.0, "tags": ["a", "b"], "urgency_level": "high",
        "lead_temperature": "warm",
    }  # fmt: skip
    assert values(["081234567001", "1.250.000", None], fields, PHONES)["estimated_value"] == 1_250_000
    with pytest.raises(NotAllowed, match="must be a number"):
        values(["081234567001", "banyak", ""], fields, PHONES)


@pytest.mark.parametrize(
    ("cell", "number"),
    [(0.125, 0.125), (12.345, 12.345), (349_000, 349_000), ("0.125", 0.125), ("0,5", 0.5), ("12,5", 12.5), ("5.000.000", 5e6),
     ("5,000,000", 5e6), ("Rp 5.000.000,50", 5_000_000.5), ("1,234.56", 1234.56), ("1.234", 1234), ("349000", 349_000)],
)  # fmt: skip
def test_values_reads_a_number_as_a_spreadsheet_or_a_person_writes_it(cell: object, number: float) -> None:
    name = "predicted_close_probability" if number < 1 else "estimated_value"
    assert values(["081234567001", cell], {0: "phone", 1: name}, PHONES)[name] == number


def test_read_accepts_csv_and_spreadsheets_and_refuses_others() -> None:
    comma = b'name,phone\n"Rina, Bandung",0812\n\n'
    assert read("a.csv", comma) == (["name", "phone"], [["Rina, Bandung", "0812"]], [2])
    assert read("b.txt", "name\tphone\nJosé\t0812\n".encode("cp1252")).rows == [["José", "0812"]]
    assert read("C.XLSX", spreadsheet([["name", "phone"], ["Rina", "0812"]])) == (
        ["name", "phone"],
        [["Rina", "0812"]],
        [2],
    )
    blank = b"\nname,phone\n,\nRina,0812\n\nBudi,0813\n"
    assert read("blank.csv", blank) == (["name", "phone"], [["Rina", "0812"], ["Budi", "0813"]], [4, 6])
    zero = spreadsheet([["phone", "value"], ["", 0], ["", ""], ["0812", 1]])
    assert read("zero.xlsx", zero).numbers == [2, 4]
    for name, content in (("d.xlsx", b"PK\x03\x04broken"), ("e.csv", b"name,phone\n"), ("f.csv", b"a,b\n" * 50_002)):
        with pytest.raises(NoTable):
            read(name, content)


def test_read_refuses_a_spreadsheet_that_unpacks_to_too_much() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("xl/worksheets/sheet1.xml", b"0" * 9_000_000)
    assert len(held.getvalue()) < 100_000
    with pytest.raises(NoTable, match="unpacks to more than 8 MB"):
        read("bomb.xlsx", held.getvalue(), most_bytes=1024 * 1024)


def spreadsheet(table: Sequence[Sequence[str | int]]) -> bytes:
    """Return a minimal XLSX file."""

    def written(cell: str | int) -> str:
        return f"<c><v>{cell}</v></c>" if isinstance(cell, int) else f'<c t="inlineStr"><is><t>{cell}</t></is></c>'

    cells = "".join(f"<row>{''.join(map(written, row))}</row>" for row in table)
    main, office = (
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    )
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as out:
        out.writestr(
            "[Content_Types].xml", '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
        )
        package = "http://schemas.openxmlformats.org/package/2006/relationships"
        out.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        out.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        out.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        out.writestr(
            "xl/worksheets/sheet1.xml", f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'
        )
    return held.getvalue()


async def test_page_plans_maps_imports_and_undoes_a_file(pool: Pool, redis_url: str, database_url: str) -> None:
    file = b"Siapa,Kontak,Kota\nRina,0812-3456-7001,Bandung\n<b>Sari</b>,nomor,Solo\n"
    async with signed_in(pool, redis_url, database_url, "admin") as http:
        assert "Import leads" in (await http.get("/import")).text
        plan = (await http.post("/import", params={"name": "fair.csv"}, content=file)).text
        assert ("No column is a phone" in plan, 'name="column-1"' in plan, "Import 1" in plan) == (True, True, False)
        chosen = {"name": "fair.csv", "column-0": "name", "column-1": "phone"}
        plan = (await http.post("/import", params=chosen, content=file)).text
        assert ("1 new, 1 refused" in plan, "row 3" in plan, "<b>Sari" in plan) == (True, True, False)
        assert re.findall(r"<td><small>(.*?)</small></td>", plan) == ["Rina", "0812-3456-7001", "Bandung"]
        assert await rows(pool, "imports") == []
        done = (await http.post("/import", params=chosen | {"go": "yes"}, content=file)).text
        assert "Imported." in done
        row = await pool.fetchrow("SELECT name, domisili, created_at FROM leads")
        assert (row["name"], row["domisili"]) == ("Rina", "Bandung")
        (made,) = await rows(pool, "imports")
        assert (made["made_by"], made["added"], made["refused"]) == ("user:budi", 1, 1)
        assert (await http.post("/import/1/undo")).status_code == 303
        assert await pool.fetchval("SELECT count(*) FROM leads") == 0
        assert (await http.post("/import/1/undo")).status_code == 422
        large = (await http.post("/import", params={"name": "x.csv"}, content=b"a,b\n" * 2_000_000)).text
        assert "larger than 4 MB" in large
        await http.post("/preferences", data={"language": "id"})
        assert (
            "not a readable spreadsheet" in (await http.post("/import", params={"name": "x.xlsx"}, content=b"PK")).text
        )


async def test_page_is_forbidden_for_sales(pool: Pool, redis_url: str, database_url: str) -> None:
    async with signed_in(pool, redis_url, database_url, "sales") as http:
        assert (await http.get("/import")).status_code == 403


async def imported(pool: Pool, *table: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The outcomes of a dry run, and those of the import after it."""
    planned: list[str] = [row.outcome async for row in imports.rows(pool, table, None)]
    id = await imports.begin(pool, "list.csv", by="user:budi")
    return planned, [row.outcome async for row in imports.rows(pool, table, id)]


async def test_a_refused_row_leaves_nothing_behind_and_the_dry_run_says_so(pool: Pool) -> None:
    row = {"phone": "+6281234567001", "name": "Rina", "owner": "nobody.here"}
    assert await imported(pool, row) == (["refused"], ["refused"])
    assert await pool.fetchval("SELECT count(*) FROM leads") == 0


async def test_the_dry_run_counts_no_value_that_a_person_holds(pool: Pool) -> None:
    await chat(pool, "halo")
    id = await pool.fetchval("SELECT id FROM leads")
    await leads.patch(pool, id, {"domisili": "Bandung"}, version=None, by=BUDI)
    assert await imported(pool, {"phone": f"+{NUMBER}", "domisili": "Jakarta"}) == (["unchanged"], ["unchanged"])
    assert [row["field"] for row in await rows(pool, "lead_suggestions")] == ["domisili"]


async def test_a_value_that_the_lead_shows_already_stays_with_whoever_set_it(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu di Bandung")
    await extracted(pool)
    before = await lead(pool)
    row = {name: before[name] for name in ("name", "business_type", "domisili")} | {"phone": f"+{NUMBER}"}
    assert await imported(pool, row) == (["unchanged"], ["unchanged"])
    assert await lead(pool) == before
    await chat(pool, "eh pindah, sekarang di Cimahi", at=60)
    await extracted(pool)
    assert (await lead(pool))["domisili"] == "Cimahi"


async def test_undoing_an_import_gives_ai_its_fields_back(pool: Pool) -> None:
    await chat(pool, "saya Rina, usaha laundry sepatu")
    await extracted(pool)
    await imported(pool, {"phone": f"+{NUMBER}", "business_type": "bengkel", "domisili": "Ambon"})
    assert (await lead(pool))["domisili"] == "Ambon"
    assert await imports.undo(pool, 1, by=BUDI) == (0, 1, 0)
    row = await lead(pool)
    assert (row["business_type"], row["domisili"]) == ("laundry sepatu", None)
    await chat(pool, "saya dari Cimahi", "eh bukan, saya usaha katering", at=60)
    await extracted(pool)
    row = await lead(pool)
    assert (row["business_type"], row["domisili"]) == ("katering", "Cimahi")


async def test_undoing_two_rows_of_one_lead_brings_back_what_was_there_before_both(pool: Pool) -> None:
    await chat(pool, "halo")
    id = await pool.fetchval("SELECT id FROM leads")
    await leads.patch(pool, id, {"domisili": "Ambon"}, version=None, by=Actor(Source.AGENT, "key:crm"))
    named = {"phone": f"+{NUMBER}"}
    await imported(pool, named | {"domisili": "Bogor"}, named | {"domisili": "Ciamis"})
    done = await imports.undo(pool, 1, by=BUDI)
    assert done == (0, 1, 0)
    assert await pool.fetchval("SELECT domisili FROM leads") == "Ambon"


def test_seasons_are_years() -> None:
    mapped = columns(["phone", "seasons"], {}).fields
    for cell in ("2025; 2026", "2025,2026"):
        assert values(["+6281234567001", cell], mapped, PHONES)["seasons"] == [2025, 2026]
    assert values(["+6281234567001", 2025.0], mapped, PHONES)["seasons"] == [2025]
    with pytest.raises(NotAllowed, match="years"):
        values(["+6281234567001", "soon"], mapped, PHONES)
