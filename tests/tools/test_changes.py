"""Which tests `dev.py test --changed` chooses."""

import pytest

from tools.devstack import changes

MADE = "tests/project/test_files.py"


@pytest.mark.parametrize(
    ("path", "chosen"),
    [
        ("web/desk/panel.py", {"tests/web/desk"}),
        ("web/ops/trace.py", {"tests/web/ops"}),
        ("web/live.py", {"tests/web"}),
        ("web/templates/panel.html", {"tests/web/desk", "tests/web/test_every_page.py", "tests/web/test_words.py"}),
        ("web/templates/ops_trace.html", {"tests/web/ops", "tests/web/test_every_page.py", "tests/web/test_words.py"}),
        ("web/templates/base.html", {"tests/web"}),
        ("web/static/list.js", {"tests/web"}),
        ("store/mirror/apply.sql", {"tests/store/mirror"}),
        (
            "workers/drain/mapping/message.py",
            {"tests/test_payloads.py", "tests/workers/drain", "tests/tools/simulator/test_checker.py"},
        ),
        ("kapso/base.py", {"tests/test_payloads.py", "tests/kapso", "tests/tools/simulator/test_checker.py"}),
        ("migrations/schema/views.sql", {"tests/migrations", "tests/store/test_readable.py"}),
        ("tests/store/mirror/test_plans.py", {"tests/store/mirror/test_plans.py"}),
        ("README.md", {"tests/project"}),
    ],
)
def test_a_change_is_tested_by_its_room(path: str, chosen: set[str]) -> None:
    assert set(changes.tests_of([path])) == chosen | ({MADE} if "tests/project" not in chosen else set())


def test_a_change_without_tests_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        changes.tests_of([])
    assert "python3 dev.py test" in capsys.readouterr().err
