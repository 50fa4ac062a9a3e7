"""A control for the soak: a receiver that answers 200 before the delivery is stored anywhere. It must be caught."""

import asyncio

from domain.delivery import Delivery
from store.inbox.appender import Appender
from webhooks import app
from webhooks.__main__ import main

SOON_SECONDS = 2


class Hasty(Appender):
    """Stores what it was given, but later."""

    _later: set["asyncio.Task[None]"] = set()  # noqa: RUF012

    async def append(self, delivery: Delivery) -> None:
        task = asyncio.create_task(self._soon(delivery))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _soon(self, delivery: Delivery) -> None:
        await asyncio.sleep(SOON_SECONDS)
        await super().append(delivery)


if __name__ == "__main__":
    vars(app)["Appender"] = Hasty
    main()
