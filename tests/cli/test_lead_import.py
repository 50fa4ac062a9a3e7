"""Leads out of files: headers as people write them, a dry run that changes nothing, precedence, undo."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from domain.field_kinds import NotAllowed
from domain.lead import Source
from domain.lead_import import columns, values
from domain.phone import Phones
from domain.tables import NoTable, read
from store.leads import leads
from store.leads.leads import Actor
from store.postgres import Pool
from tests.chats import NUMBER, chat
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
async def test_a_file_is_planned_then_imported_and_taken_back(
    pool: Pool, fair: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await chat(pool, "halo", number="6281234567002")
    code, out, _ = await inside(capsys, "leads", "import", fair)
    assert code == 1
    assert "columns that no field is known for: Stan" in out
    assert "row 4 is refused: it has neither a phone nor an e-mail" in out
    assert "row 5 is refused: phone must be a phone number" in out
    assert "1 would be added, 1 changed, 0 left, 2 refused" in out
    assert (await pool.fetchval("SELECT count(*) FROM leads"), await rows(pool, "imports")) == (1, [])
    code, out, _ = await inside(capsys, "leads", "import", fair, "--go")
    assert (code, "This is import 1." in out) == (1, True)
    rina = await pool.fetchrow("SELECT * FROM leads WHERE name = 'Rina'")
    assert (rina["phone"], rina["domisili"], rina["business_type"], rina["estimated_value"], rina["tags"]) == (
        "+6281234567001", "Bandung", "laundry", 5_000_000, ["pameran", "hangat"],
    )  # fmt: skip
    assert [row["text"] for row in await rows(pool, "lead_notes")] == ["Minta dihubungi Senin"]
    assert {row["actor"] for row in await rows(pool, "lead_changes") if row["field"] == "domisili"} == {"import:1"}
    # Again, nothing changes.
    code, out, _ = await inside(capsys, "leads", "import", fair, "--go", "--json")
    assert {name: json.loads(out)[name] for name in ("import", "unchanged", "refused")} == {
        "import": 2,
        "unchanged": 2,
        "refused": 2,
    }
    # Sari moved meanwhile, says Budi: that stays; Rina goes, as nobody knows her but the import.
    sari = await pool.fetchval("SELECT id FROM leads WHERE name = 'Sari'")
    await leads.patch(pool, sari, {"domisili": "Malang"}, version=None, by=BUDI)
    code, out, _ = await inside(capsys, "leads", "undo-import", "1", "--json")
    assert (code, json.loads(out)) == (0, {"removed": 1, "restored": 1, "kept": 1})
    left = await pool.fetch("SELECT domisili, business_type, name FROM leads")
    assert [(row["domisili"], row["business_type"], row["name"]) for row in left] == [("Malang", None, None)]
    code, _, told = await inside(capsys, "leads", "undo-import", "1")
    assert (code, "could be undone" in told) == (1, True)


@pytest.mark.usefixtures("environment")
async def test_what_a_person_wrote_stays_and_the_file_suggests(
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
async def test_the_same_name_under_another_number_may_be_a_double(
    pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await chat(pool, "halo")
    id = await pool.fetchval("SELECT id FROM leads")
    await leads.patch(pool, id, {"name": "Rina Wati"}, version=None, by=BUDI)
    file = tmp_path / "list.csv"
    file.write_text("nama,email\nrina wati,rina@example.com\n")
    for go in ((), ("--go",)):
        code, out, _ = await inside(capsys, "leads", "import", str(file), *go)
        assert (code, f"row 2 may be a double: 1 lead has the same name ({id})" in out) == (0, True)
    assert await pool.fetchval("SELECT count(*) FROM leads") == 2


def test_headers_are_known_as_people_write_them() -> None:
    found = columns(["NAMA LENGKAP", "no_wa", "Alamat Email", "Lokasi", "Foo", "Trade"], {"Foo": "note"})
    assert list(found.fields.values()) == ["name", "phone", "email", "domisili", "note", "business_type"]
    assert columns(["Nama", "HP", "Telepon"], {"Telepon": "-"}).ignored == ["Telepon"]
    for headers, given, said in (
        (["nama", "kota"], {}, "neither|no column holds a phone"), (["hp", "telepon"], {}, "two columns are phone"),
        (["hp"], {"hp": "number"}, "is no field"), (["hp"], {"wa": "phone"}, "no column wa"),
    ):  # fmt: skip
        with pytest.raises(NotAllowed, match=said):
            columns(headers, given)


def test_numbers_and_dates_of_spreadsheets_are_read() -> None:
    fields = {0: "phone", 1: "estimated_value", 2: "tags"}
    assert values([81234567001.0, 349000.0, "a; b"], fields, PHONES) == {
        "phone": "+6281234567001", "estimated_value": 349000.0, "tags": ["a", "b"],
    }  # fmt: skip
    assert values(["081234567001", "1.250.000", None], fields, PHONES)["estimated_value"] == 1_250_000
    with pytest.raises(NotAllowed, match="must be a number"):
        values(["081234567001", "banyak", ""], fields, PHONES)


def test_tables_of_any_kind_are_read_and_others_refused() -> None:
    comma = b'name,phone\n"Rina, Bandung",0812\n\n'
    assert read("a.csv", comma) == [["name", "phone"], ["Rina, Bandung", "0812"]]
    assert read("b.txt", "name\tphone\nJosé\t0812\n".encode("cp1252"))[1] == ["José", "0812"]
    assert read("C.XLSX", spreadsheet([["name", "phone"], ["Rina", "0812"]])) == [["name", "phone"], ["Rina", "0812"]]
    for name, content in (("d.xlsx", b"PK\x03\x04broken"), ("e.csv", b"name,phone\n"), ("f.csv", b"a,b\n" * 50_002)):
        with pytest.raises(NoTable):
            read(name, content)


def spreadsheet(table: list[list[str]]) -> bytes:
    """The least that an XLSX is."""
    cells = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>" for row in table
    )
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


async def test_the_page_plans_maps_imports_and_undoes(pool: Pool, redis_url: str, database_url: str) -> None:
    file = b"Siapa,Kontak,Kota\nRina,0812-3456-7001,Bandung\n<b>Sari</b>,nomor,Solo\n"
    async with signed_in(pool, redis_url, database_url, "admin") as http:
        assert "Import leads" in (await http.get("/import")).text
        plan = (await http.post("/import", params={"name": "fair.csv"}, content=file)).text
        assert ("no column holds a phone" in plan, 'name="column-1"' in plan, "Import 1" in plan) == (True, True, False)
        chosen = {"name": "fair.csv", "column-0": "name", "column-1": "phone"}
        plan = (await http.post("/import", params=chosen, content=file)).text
        assert ("1 new, 1 refused" in plan, "row 3" in plan, "<b>Sari" in plan) == (True, True, False)
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
        assert "no spreadsheet" in (await http.post("/import", params={"name": "x.xlsx"}, content=b"PK")).text


async def test_a_seller_does_not_import(pool: Pool, redis_url: str, database_url: str) -> None:
    async with signed_in(pool, redis_url, database_url, "sales") as http:
        assert (await http.get("/import")).status_code == 403
