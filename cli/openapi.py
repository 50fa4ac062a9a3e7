"""`mirror openapi`: the JSON API as an OpenAPI 3.1 document, as it stands in docs/openapi.json."""

import argparse
import asyncio

import orjson

from domain.phone import ANYWHERE
from knowledge.embedder import Embedders
from store import postgres
from store.access.access_log import AccessLog
from store.crm.handoffs import PostgresCRMClient
from store.ops.status import MirrorStatus
from web.api.openapi import document
from web.api.operations import operations
from web.live import Hub

# The address is never connected to: building the table of operations needs no database.
NOWHERE = "postgresql://nowhere.invalid/none"


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "mirror openapi > docs/openapi.json"


def run(_: argparse.Namespace) -> int:
    print(asyncio.run(described()))
    return 0


async def described() -> str:
    pool = await postgres.connect(NOWHERE)

    async def read_status() -> MirrorStatus:
        return MirrorStatus()

    found = document(
        operations(pool, Hub(pool), read_status, Embedders(), ANYWHERE, AccessLog(pool), PostgresCRMClient(pool))
    )
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()
