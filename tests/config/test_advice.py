"""Warnings about valid settings that are unsafe or probably wrong."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from config import advice
from config.settings import ALL, ReceiverSettings, WorkerSettings
from tools.devstack.environment import ROOT

URLS: dict[str, Any] = {
    "database_url": SecretStr("postgresql://x:y@localhost/z"),
    "redis_url": SecretStr("redis://localhost"),
}


def web(**more: object) -> ReceiverSettings:
    given: dict[str, Any] = {"kapso_webhook_secrets": (SecretStr("s" * 16),), "erasure_key": SecretStr("k" * 16)} | more
    return ReceiverSettings(**URLS, **given)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"kapso_webhook_secrets": (SecretStr("short"),)}, "fewer than 16"),
        ({"metrics_token": SecretStr("a")}, "METRICS_TOKEN"),
    ],
)
def test_what_is_weak_is_told(more: dict[str, object], said: str) -> None:
    (found,) = advice.weak(web(**more))
    assert said in found
    assert advice.weak(web()) == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [("INBOX_SHARD", "INBOX_SHARDS"), ("TIMEZONE", "TIME_ZONE"), ("MESSAGES_DAYS", "MESSAGE_DAYS"),
     ("DATABSE_URL", "DATABASE_URL"), ("ERASE_KEY", "ERASURE_KEY")],
)  # fmt: skip
def test_a_name_that_is_almost_a_setting_is_told(name: str, meant: str) -> None:
    assert advice.misspelt([name, "PATH", "HOME", "LANG", "SHELL", "SHLVL", "HOSTNAME_X", "PYTHONPATH"]) == [
        f"{name} is no setting. Did you mean {meant}?"
    ]


@pytest.mark.parametrize("name", [name.upper() for kind in ALL for name in kind.model_fields])
def test_no_setting_is_taken_for_another(name: str) -> None:
    assert advice.misspelt([name]) == []


@pytest.mark.parametrize(
    ("url", "proxies", "said"),
    [
        ("https://x.example/webhooks/kapso", "10.0.0.0/8,127.0.0.1", []),
        ("https://x.example/", "", ["WEBHOOK_URL does not end"]),
        ("http://x.example/webhooks/kapso", "", ["WEBHOOK_URL does not begin"]),
        ("http://127.0.0.1:8000/webhooks/kapso", "*", ["FORWARDED_ALLOW_IPS is *"]),
        (None, "proxy.example.com, ::1", ["FORWARDED_ALLOW_IPS has 'proxy.example.com'"]),
    ],
)
def test_addresses_that_can_not_be_right_are_told(url: str | None, proxies: str, said: list[str]) -> None:
    settings = WorkerSettings(**URLS, webhook_url=url)
    found = advice.addresses(settings, {"FORWARDED_ALLOW_IPS": proxies})
    assert [one[: len(start)] for one, start in zip(found, said, strict=True)] == said


def test_the_sample_can_be_sourced_with_every_line_filled_in(tmp_path: Path) -> None:
    """A shell and systemd units read the same file."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    lines = [line.removeprefix("#") for line in text.splitlines() if "=" in line and not line.startswith("# ")]
    (tmp_path / "env").write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(
        ["/bin/bash", "-euc", 'set -a; . "$0"; env', tmp_path / "env"],
        capture_output=True,
        text=True,
        check=False,
        env={},
    )
    assert (done.returncode, done.stderr) == (0, "")
    given = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert given["BUSINESS_HOURS"] == "Mon-Sat 08:00-18:00 Asia/Jakarta"
    assert {line.split("=")[0] for line in lines} <= set(given)
