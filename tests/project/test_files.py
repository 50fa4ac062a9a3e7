"""Files that must keep step with the code."""

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from config.settings import ALL
from workers.mapping.events import IGNORED, MIRRORED

ROOT = Path(__file__).resolve().parents[2]


def locked() -> dict[str, str]:
    lines = re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in lines}


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    optional = (line for extra in project["project"]["optional-dependencies"].values() for line in extra)
    return [
        Requirement(line)
        for line in (*project["project"]["dependencies"], *optional, *project["dependency-groups"]["dev"])
    ]


def test_the_lock_satisfies_what_is_declared() -> None:
    versions = locked()
    for requirement in declared():
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), requirement


def test_the_lock_holds_nothing_that_nobody_needs() -> None:
    reached: set[tuple[str, frozenset[str]]] = set()
    waiting = [(canonicalize_name(one.name), one.extras) for one in declared()]
    while waiting:
        name, extras = waiting.pop()
        if (name, frozenset(extras)) in reached or name not in locked():
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
    assert set(locked()) - {name for name, _ in reached} <= {"async-timeout"}


def test_every_locked_file_is_hashed_and_no_host_is_named() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    for block in re.split(r"\n(?=[a-zA-Z0-9])", text.strip()):
        assert "--hash=sha256:" in block, block


def test_the_example_environment_names_each_setting_with_a_sentence() -> None:
    text = (ROOT / ".env.example").read_text()
    wanted = {name.upper() for kind in ALL for name in kind.model_fields}
    assert set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)) == wanted
    for kind in ALL:
        for name, field in kind.model_fields.items():
            assert f"# {field.description}" in text, name


def test_the_readme_lists_every_event_type_and_every_dependency() -> None:
    readme = (ROOT / "README.md").read_text()
    for event in (*MIRRORED, *IGNORED):
        assert f"`{event}`" in readme, event
    for requirement in declared():
        assert f"`{requirement.name}`" in readme, requirement.name


def test_no_statement_is_unused_and_none_is_missing() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "store").glob("*.py"))
    named = set(re.findall(r'"([a-z_]+)"', code))
    files = {path.stem for path in (ROOT / "store" / "sql").glob("*.sql")}
    assert files <= named, files - named
