"""Settings that cannot work stop the process at start, with the name of the variable and what to write."""

import pytest

from config.environment import load
from config.settings import ReceiverSettings, WorkerSettings
from webhooks.__main__ import listen

COMPLETE = {
    "DATABASE_URL": "postgresql://localhost/mirror",
    "REDIS_URL": "redis://localhost",
    "KAPSO_WEBHOOK_SECRETS": "secret",
}


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "Asia/Makassar", "UTC", "America/Sao_Paulo"])
def test_time_zone_accepts_names_of_the_iana_database(zone: str, complete: pytest.MonkeyPatch) -> None:
    complete.setenv("TIME_ZONE", zone)
    assert load(ReceiverSettings).time_zone == zone


@pytest.mark.parametrize("zone", ["WIB", "Asia", "Asia/Bandung", "GMT+7", "../etc/passwd", "asia/jakarta"])
def test_time_zone_stops_the_receiver_at_start_when_it_is_unknown(
    zone: str, complete: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    complete.setenv("TIME_ZONE", zone)
    with pytest.raises(SystemExit) as ended:
        load(ReceiverSettings)
    assert ended.value.code == 2
    assert "TIME_ZONE is not right" in capsys.readouterr().err


@pytest.mark.parametrize("hours", ["Mon-Fri 08:00-18:00 WIB", "always", "Mon-Fri 18:00-08:00 Asia"])
def test_business_hours_stop_the_worker_at_start_when_they_are_unreadable(
    hours: str, complete: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    complete.setenv("BUSINESS_HOURS", hours)
    with pytest.raises(SystemExit) as ended:
        load(WorkerSettings)
    assert ended.value.code == 2
    assert "BUSINESS_HOURS is not right" in capsys.readouterr().err


@pytest.mark.parametrize("kind", [ReceiverSettings, WorkerSettings])
def test_an_empty_variable_is_one_that_is_not_set(
    complete: pytest.MonkeyPatch, kind: type[ReceiverSettings | WorkerSettings]
) -> None:
    optional = [name.upper() for name, field in kind.model_fields.items() if not field.is_required()]
    for name in optional:
        complete.delenv(name, raising=False)
    unset = load(kind)
    for name in optional:
        complete.setenv(name, "")
    assert load(kind).model_dump() == unset.model_dump()


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "postgresql://mirror:pa/ss@db:5432/leads"), ("DATABASE_URL", "postgresql://db:port/leads"),
        ("DATABASE_URL", "mysql://db/leads"), ("REDIS_URL", "redis://:a#b@cache:6379/0"), ("REDIS_URL", "cache:6379"),
        ("REDIS_URL", "redis://cache:99999/0"), ("REDIS_URL", "redis://:a@b/c#d@cache:6379/0"),
        ("REDIS_URL", "redis://cache/abc"), ("REDIS_URL", "redis://cache/0?foo=1"), ("KAPSO_API_URL", "kapso"),
        ("WEBHOOK_URL", "not a url"), ("MODEL_URL", "nonsense"), ("EMBEDDING_URL", "nonsense"),
    ],
)  # fmt: skip
def test_a_url_that_can_never_work_stops_the_process_and_is_not_shown(
    name: str, url: str, complete: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    complete.setenv(name, url)
    with pytest.raises(SystemExit) as ended:
        load(WorkerSettings)
    told = capsys.readouterr().err
    assert (ended.value.code, f"{name} is not right" in told, url in told) == (2, True, False)
    assert not any(word in told for word in ("Value error", "pattern", "^https"))


def test_a_port_in_use_is_named_before_anything_else_is_asked() -> None:
    with (
        listen("127.0.0.1", 0) as first,
        pytest.raises(SystemExit, match=r"Port \d+ of 127.0.0.1 can't be listened on: .*in use"),
    ):
        listen("127.0.0.1", first.getsockname()[1])
    listen("::1", 0).close()


@pytest.mark.parametrize(("name", "value", "said"), [("KAPSO_WEBHOOK_SECRETS", ",,", "it is empty"), ("ERASURE_KEY", "short", "at least 16 characters"), ("MODEL_NAME", "x", "MODEL_NAME needs MODEL_URL"), ("DELIVERY_DAYS", "99999999999", "DELIVERY_DAYS"), ("SEARCH_TIMEOUT_SECONDS", "inf", "SEARCH_TIMEOUT_SECONDS")])  # fmt: skip
def test_a_fault_is_said_as_people_say_it(
    name: str, value: str, said: str, complete: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    complete.setenv(name, value)
    with pytest.raises(SystemExit):
        load(ReceiverSettings if "SECRETS" in name else WorkerSettings)
    assert said in capsys.readouterr().err
