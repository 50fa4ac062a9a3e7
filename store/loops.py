"""The event loop that processes run on: uvloop's where it is to be had, which it is not on Windows."""

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
