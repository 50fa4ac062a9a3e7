"""Files that must keep step with the code."""

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cli.openapi import described
from config.settings import ALL
from kapso.events import table
from store.postgres import numbered

ROOT = Path(__file__).resolve().parents[2]


LOCKS = ("requirements.lock", "requirements-dev.lock")


def locked(name: str) -> dict[str, str]:
    lines = re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", (ROOT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in lines}


def declared(*, for_development: bool = True) -> list[Requirement]:
    """What production runs on, and what tests and tools need beside it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    optional = [line for extra in project["project"]["optional-dependencies"].values() for line in extra]
    lines = [*project["project"]["dependencies"], *optional]
    return [Requirement(line) for line in (lines + project["dependency-groups"]["dev"] if for_development else lines)]


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_satisfies_what_is_declared(lock: str) -> None:
    versions = locked(lock)
    for requirement in declared(for_development=lock == LOCKS[1]):
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), requirement


def test_tests_run_with_the_versions_of_production() -> None:
    assert locked(LOCKS[0]).items() <= locked(LOCKS[1]).items()


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_holds_nothing_that_nobody_needs(lock: str) -> None:
    pinned = locked(lock)
    reached: set[tuple[str, frozenset[str]]] = set()
    waiting = [(canonicalize_name(one.name), one.extras) for one in declared(for_development=lock == LOCKS[1])]
    while waiting:
        name, extras = waiting.pop()
        if (name, frozenset(extras)) in reached or name not in pinned:
            continue
        reached.add((name, frozenset(extras)))
        try:
            needs = [Requirement(line) for line in requires(name) or []]
        except ModuleNotFoundError:  # locked for another platform
            continue
        for one in needs:
            wanted = [{"extra": extra} for extra in extras] or [{"extra": ""}]
            if (
                one.marker is None
                or any(one.marker.evaluate(where) for where in wanted)
                or "sys_platform" in str(one.marker)
            ):
                waiting.append((canonicalize_name(one.name), one.extras))
    assert set(pinned) - {name for name, _ in reached} <= {"async-timeout"}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_file_is_hashed_and_no_host_is_named(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    for block in re.split(r"\n(?=[a-zA-Z0-9])", text.strip()):
        assert "--hash=sha256:" in block, block


def test_the_example_environment_names_each_setting_with_a_sentence() -> None:
    text = (ROOT / ".env.example").read_text()
    wanted = {name.upper() for kind in ALL for name in kind.model_fields} | {"FORWARDED_ALLOW_IPS"}
    assert set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)) == wanted
    for kind in ALL:
        for name, field in kind.model_fields.items():
            assert f"# {field.description}" in text, name


def test_the_documentation_lists_every_event_type_and_every_dependency() -> None:
    events, dependencies = ((ROOT / "docs" / name).read_text() for name in ("events.md", "dependencies.md"))
    assert table() in events, "python3 dev.py docs"
    for requirement in declared():
        assert f"`{requirement.name}`" in dependencies, requirement.name


def test_the_documentation_builds_without_a_broken_link(tmp_path: Path) -> None:
    """The site lies beside the repository's other files, to which only README and its neighbours link."""
    config = (ROOT / "zensical.toml").read_text()
    (tmp_path / "zensical.toml").write_text(config.replace('".run/site"', '"site"'))
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")}
    listed = set(map(Path, re.findall(r'"([^"]+[.]md)"', config)))
    assert {page for page in pages - listed if not {"decisions", "examples"} & {*page.parts}} == set()


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "THIRD_PARTY.md", "CHANGELOG.md"])
def test_every_link_of_a_file_at_the_top_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", (ROOT / name).read_text())
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_the_command_finds_the_packages_of_a_checkout() -> None:
    """After a demo the packages are in .run. The system's Python, which lacks them, starts `./mirror` all the same."""
    base = Path(sys.base_prefix) / "bin" / "python3"
    done = subprocess.run([base, "-I", ROOT / "mirror", "--help"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:13]) == (0, "usage: mirror"), done.stderr


def test_the_readme_can_be_read_in_one_go() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_no_statement_is_unused_and_none_is_missing() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "store").rglob("*.py"))
    named = set(re.findall(r'"([a-z_]+)"', code))
    files = list((ROOT / "store").rglob("*.sql"))
    alone = {path.name for path in files if not path.with_suffix(".py").exists()}
    assert alone == {"upserts.sql"}, "statements stand beside the module that runs them, unless they are generated"
    there = {name for path in files for name in re.findall(r"^-- name: (\w+)", path.read_text(), re.MULTILINE)}
    assert there <= named, there - named
    assert [path.name for path in files if re.search(r"\$\d", path.read_text())] == [], "parameters have names"


def test_a_statement_names_each_parameter_that_it_uses() -> None:
    text = "x(first,\n--     second)\n-- What :first is for.\nSELECT :second::text, ':third', :first, a::b -- :fourth\n"
    name, statement = numbered(text)
    assert (name, statement) == ("x", "-- What :first is for.\nSELECT $2::text, ':third', $1, a::b -- :fourth")
    for wrong in ("x(first)\nSELECT 1\n", "x\nSELECT :first\n", "x(first)\nSELECT :first, :second\n"):
        with pytest.raises(ValueError, match="differ"):
            numbered(wrong)


def test_a_class_name_means_one_thing() -> None:
    """The client is a distribution of its own, and the examples are programs from outside."""
    where: dict[str, list[str]] = {}
    for path in sorted(ROOT.rglob("*.py")):
        room = path.relative_to(ROOT)
        if room.parts[0] in {".run", "tests", "clients", "docs"}:
            continue
        for one in ast.parse(path.read_text()).body:
            if isinstance(one, ast.ClassDef):
                where.setdefault(one.name, []).append(str(room))
    assert {name: places for name, places in where.items() if len(places) > 1} == {}


async def test_the_document_is_the_one_that_is_committed() -> None:
    assert json.loads((ROOT / "docs" / "openapi.json").read_text()) == json.loads(await described()), (
        "python3 dev.py docs"
    )
