"""The web process: `python -m webhooks`."""

import errno
import gc
import socket
from collections import Counter

import structlog
import uvicorn

from config import advice, logs
from config.environment import load
from config.settings import ReceiverSettings
from store import loops
from store.crm.handoffs import NoCRMClient
from webhooks.app import create_app
from webhooks.protocol import Limits, bounded, connections_that_fit

log = structlog.get_logger(__name__)


async def serve(settings: ReceiverSettings, listening: socket.socket) -> None:
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
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
    )
    # What is there now stays: looking through all of it for garbage would hold up answers for a tenth of a second.
    gc.collect()
    gc.freeze()
    log.info("web begins", address=":".join(map(str, listening.getsockname()[:2])), release=settings.release)
    await uvicorn.Server(config).serve(sockets=[listening])
    log.info("web ends")


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket first, so that a second process on the same port fails at once. Raises SystemExit."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        what = "Stop what listens there, or set PORT." if error.errno == errno.EADDRINUSE else "Correct HOST or PORT."
        raise SystemExit(f"Port {port} of {host} can't be listened on: {error.strerror}. {what}") from None


def main() -> None:
    settings = load(ReceiverSettings)
    logs.configure(settings.log_level)
    logs.crashes_as_json()
    for text in advice.samples(settings):
        log.warning("setting problem", what=text)
    listening = listen(settings.host, settings.port)
    try:
        loops.run(serve(settings, listening))
    except NoCRMClient as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
