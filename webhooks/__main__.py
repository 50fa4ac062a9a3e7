"""The web process: `python -m webhooks`."""

import gc
from collections import Counter

import uvicorn
import uvloop

from config import logs
from config.environment import load
from config.settings import ReceiverSettings
from store.crm.handoffs import NoCRMClient
from webhooks.app import create_app
from webhooks.protocol import Limits, bounded, connections_that_fit


async def serve(settings: ReceiverSettings) -> None:
    answers = Counter[int]()
    limits = Limits(
        header_bytes=settings.header_limit_bytes,
        request_seconds=settings.request_seconds,
        connections=connections_that_fit(settings.connections_limit),
        body_bytes=settings.body_limit_bytes,
        bodies_bytes=settings.bodies_limit_bytes,
    )
    config = uvicorn.Config(
        await create_app(settings, answers=answers),
        http=bounded(limits, answers),
        ws="none",
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
    )
    # What is there now stays: looking through all of it for garbage would hold up answers for a tenth of a second.
    gc.collect()
    gc.freeze()
    await uvicorn.Server(config).serve()


def main() -> None:
    settings = load(ReceiverSettings)
    logs.configure(settings.log_level)
    logs.crashes_as_json()
    try:
        uvloop.run(serve(settings))
    except NoCRMClient as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
