"""A short soak that kills each process and server once, and its control: a receiver that answers too early is caught."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.devstack.wounds import TARGETS, acts

ROOT = Path(__file__).resolve().parents[2]


async def soak(*arguments: str) -> tuple[int, dict[str, Any], str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "dev.py", "soak", *arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await process.communicate()
    found: dict[str, Any] = json.loads(out.splitlines()[-1]) if out else {}
    return process.returncode or 0, found, err.decode()


async def test_soak_loses_nothing_while_everything_is_killed_and_redis_is_emptied() -> None:
    assert {(act.target, act.manner) for act in acts(13, 30, 6, list(TARGETS))} == {
        ("receiver", "kill"), ("worker", "kill both"), ("postgres", "kill"), ("redis", "flush"),
    }  # fmt: skip
    code, found, told = await soak("--minutes", "0.5", "--every", "6", "--rate", "60", "--seed", "13")
    assert code == 0, told
    assert (found["missing"], found["wrong"], found["extra"], found["waiting"]) == (0, 0, 0, 0)
    assert found["accepted"] == found["applied"] + found["ignored"] + found["dead"] > 500
    assert found["wounds"] >= 4


@pytest.mark.long
async def test_a_receiver_that_answers_too_early_is_caught() -> None:
    code, found, _ = await soak(
        "--minutes", "0.2", "--every", "4", "--rate", "60", "--kill", "receiver", "--faults", "none", "--seed", "4",
        "--web-module", "tests.unsafe_receiver",
    )  # fmt: skip
    assert code == 1
    assert found["missing"] > 0


def test_a_plan_hurts_everything_in_turn_and_leaves_time_to_heal() -> None:
    for seed in range(20):
        plan = acts(seed, 180, 14, list(TARGETS))
        assert len(plan) >= 12
        assert {act.target for act in plan[:4]} == set(TARGETS)
        assert all(act.at + act.down < 180 for act in plan)
        assert plan == acts(seed, 180, 14, list(TARGETS))
