"""The web process: `python -m webhooks`."""

import gc

import uvicorn
import uvloop

from config import logs
from config.settings import ReceiverSettings, load
from webhooks.app import create_app


async def serve(settings: ReceiverSettings) -> None:
    config = uvicorn.Config(
        await create_app(settings),
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
    uvloop.run(serve(settings))


if __name__ == "__main__":
    main()
