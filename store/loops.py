"""Run a process on uvloop. uvloop does not exist on Windows: there, use the loop of asyncio."""

import asyncio
import importlib
from collections.abc import Coroutine
from importlib.util import find_spec
from typing import Any, TypeVar

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    if find_spec("uvloop") is None:
        return asyncio.run(work)
    result: Result = importlib.import_module("uvloop").run(work)
    return result
