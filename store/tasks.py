"""Ending tasks within a bound: a library may swallow a cancellation (redis-py does on Python 3.11)."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

import structlog

log = structlog.get_logger(__name__)

ASK_AGAIN_SECONDS = 0.5
Result = TypeVar("Result")


async def cancel_and_wait(*tasks: "asyncio.Task[Any] | asyncio.Future[Any]", within: float = 5.0) -> None:
    """Cancel the tasks and wait until they have ended, however; ask again until `within` seconds are over.

    Their errors and results are dropped. A task that does not end is left behind, with a line in the log.
    """
    deadline = asyncio.get_running_loop().time() + within
    waiting = {task for task in tasks if not task.done()}
    while waiting and asyncio.get_running_loop().time() < deadline:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=ASK_AGAIN_SECONDS)
    for task in waiting:
        log.error("a task does not end", task=task.get_name() if isinstance(task, asyncio.Task) else repr(type(task)))
    _drop_errors(tasks)


async def uninterrupted(call: Coroutine[Any, Any, Result]) -> Result:
    """Await a call that may swallow a cancellation: whoever is cancelled here ends at once, the call ends by itself."""
    task = asyncio.ensure_future(call)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(lambda done: _drop_errors([done]))
        raise


def _drop_errors(tasks: Iterable["asyncio.Future[Any]"]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()
