"""`mirror openapi`: the JSON API as an OpenAPI 3.1 document, as it stands in docs/openapi.json."""

import argparse
import asyncio

import orjson

from dashboard.api.openapi import document
from dashboard.api.operations import operations
from dashboard.live import Hub
from knowledge.embedder import Embedders
from store import postgres
from store.status import Status

# Nothing is asked of it: the table of operations needs no database to be told.
NOWHERE = "postgresql://nowhere.invalid/none"


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "mirror openapi > docs/openapi.json"


def run(_: argparse.Namespace) -> int:
    print(asyncio.run(described()))
    return 0


async def described() -> str:
    pool = await postgres.connect(NOWHERE)

    async def look() -> Status:
        return Status()

    found = document(operations(pool, Hub(pool), look, Embedders()))
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()
