"""`mirror check`: check every setting, server and service, and print findings with what to do."""

import argparse
import asyncio
import json
import os
import socket
from collections.abc import Mapping

from pydantic import ValidationError
from redis.exceptions import RedisError

from cli.endpoints import of_endpoints
from config import advice
from config.environment import faults_of
from config.settings import ReceiverSettings, WorkerSettings
from config.stores import StoreSettings
from domain.erasure import NoKey
from domain.types import Facts
from store import postgres, redis
from store.crm.handoffs import NoCRMClient, crm_client
from store.faults import address_of, postgres_fault, redis_fault
from store.media.archive import ArchiveFailed, NoArchive, archive_at
from store.ops import checks
from store.ops.checks import Finding
from store.postgres import STORE_ERRORS
from store.privacy.tombstones import Tombstones
from web.identity_provider import ProviderFailed, provider_of

PATIENCE_SECONDS = 2.0
# Beside the pool of the pages: the spill, a worker, the chat reader.
BESIDE_CONNECTIONS = 4 + 10 + 4
NO_ERASURE_KEY = "ERASURE_KEY is not set: nobody can be erased. Set it before the first backup, and keep it."
MARKS = {"ok": "ok    ", "note": "note  ", "wrong": "WRONG "}


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Exit code 1 if something is wrong, 0 for notes. Writes nothing but probes, and prints no secret."


def run(arguments: argparse.Namespace) -> int:
    return report(asyncio.run(findings()), as_json=arguments.json)


def release(arguments: argparse.Namespace, migrated: Mapping[str, object]) -> int:
    """Check after a migration, without the services of others: they may be down for an hour."""
    return report(asyncio.run(findings(outside=False)), as_json=arguments.json, beside=migrated)


def report(found: list[Finding], *, as_json: bool, beside: Mapping[str, object] | None = None) -> int:
    """Print the findings and return the exit code. As JSON, `beside` is part of the object."""
    if as_json:
        print(json.dumps(dict(beside or {}) | {"findings": [one._asdict() for one in found]}))
    else:
        print(*(f"{MARKS[one.level]}{one.text}" for one in found), sep="\n")
    return 1 if any(one.level == "wrong" for one in found) else 0


async def findings(*, outside: bool = True) -> list[Finding]:
    """Check what the web process and the workers need. `outside` includes the services of others."""
    web, worker, found = _settings()
    found += [Finding("note", text) for text in _environment()]
    if web is not None:
        found += [
            *_here(web),
            *(await _provider(web) if outside else []),
            *(await _archive(web.media_archive) if outside else []),
        ]
    if worker is not None:
        found += [Finding("wrong", text) for text in advice.addresses(worker, os.environ)]
        found += [Finding("note", text) for text in advice.unreachable(worker)]
    if stores := web or worker or _stores():
        found += await _postgres(stores, web, others=outside)
        found += await _redis(stores.redis_url.get_secret_value(), web.inbox_limit_bytes if web else 0)
    if worker is not None:
        found += await of_endpoints(worker) if outside else []
        found += _without_kapso(worker)
    return found


def _environment() -> list[str]:
    return [*advice.spoilt(os.environ), *advice.misspelt(os.environ), *advice.unasked(os.environ)]


def _without_kapso(settings: WorkerSettings) -> list[Finding]:
    if settings.kapso_api_key is not None:
        return []
    text = "KAPSO_API_KEY is not set: events that Kapso fails to push stay missing. Create a project key in Kapso."
    return [Finding("note", text)]


def _settings() -> tuple[ReceiverSettings | None, WorkerSettings | None, list[Finding]]:
    wrong: dict[str, None] = {}  # in order, each once
    web, worker = None, None
    for kind in (ReceiverSettings, WorkerSettings):
        try:
            read = kind()
            if isinstance(read, WorkerSettings):
                worker = read
            else:
                web = read
            wrong |= dict.fromkeys(advice.samples(read))
        except ValidationError as error:
            wrong |= dict.fromkeys(faults_of(kind, error))
    found = [Finding("wrong", text) for text in wrong]
    return web, worker, found or [Finding("ok", "every setting is readable")]


def _stores() -> StoreSettings | None:
    """Return the settings of the stores alone, for the case that another setting is wrong."""
    try:
        return StoreSettings()
    except ValidationError:
        return None


def _here(settings: ReceiverSettings) -> list[Finding]:
    """Check settings against this machine: HOST and ALIVE_FILE."""
    found = []
    try:
        with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
            probe.bind((settings.host, 0))
    except OSError as error:
        text = f"HOST {settings.host} is no address of this machine ({error.strerror}). Write 0.0.0.0."
        found.append(Finding("wrong", text))
    file = settings.alive_file
    if file and (file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK)):
        text = f"ALIVE_FILE {file} can't be written: probes will end the process. Name a file in another folder."
        found.append(Finding("wrong", text))
    return found + [Finding("note", text) for text in advice.weak(settings)]


async def _provider(settings: ReceiverSettings) -> list[Finding]:
    provider = provider_of(
        settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret, settings.oidc_name
    )
    if provider is None:
        return []
    try:
        await provider.look()
    except ProviderFailed as error:
        text = f"OIDC_ISSUER {settings.oidc_issuer} does not answer as a provider does ({error}): correct it."
        return [Finding("wrong", f"{text} Passwords work meanwhile.")]
    return [Finding("ok", f"{settings.oidc_issuer} is a working identity provider")]


async def _archive(address: str | None) -> list[Finding]:
    """Write, read and delete a small file in the archive of files."""
    if address is None:
        text = "MEDIA_ARCHIVE is not set: files of messages are lost when Kapso and WhatsApp delete them."
        return [Finding("note", text)]
    try:
        await archive_at(address).probe()
    except NoArchive as error:
        return [Finding("wrong", f"{error}. Correct MEDIA_ARCHIVE.")]
    except ArchiveFailed as error:
        return [Finding("wrong", f"MEDIA_ARCHIVE={address} fails: {error}. Correct it, or the AWS_* variables.")]
    return [Finding("ok", f"files of messages are kept in {address}")]


async def _postgres(settings: StoreSettings, web: ReceiverSettings | None, *, others: bool) -> list[Finding]:
    """`others` also compares the settings with those of running workers."""
    url = settings.database_url.get_secret_value()
    try:
        pool = await postgres.connect(url, size=1, connect_timeout=PATIENCE_SECONDS)
        async with pool, pool.acquire() as connection:
            found = _at(url, await checks.of_postgres(connection))
            if any(one.level == "wrong" for one in found):
                return found
            if web is not None:
                wanted = web.pool_max_size + BESIDE_CONNECTIONS + 2 * web.inbox_shards
                found += await checks.of_connections(connection, wanted)
            crm_client(settings.crm_client, pool, settings.phones)
            await Tombstones(settings.erasure_bytes).check(connection, Facts(), {})
            if settings.erasure_key is None:
                found.append(Finding("note", NO_ERASURE_KEY))
            return [*found, *(await checks.of_streams(connection, settings.inbox_shards) if others else [])]
    except NoCRMClient as error:
        return [*found, Finding("wrong", f"{error}. Correct CRM_CLIENT.")]
    except NoKey as error:
        return [*found, Finding("wrong", f"{error}: the workers apply nothing. Set ERASURE_KEY to what it was then.")]
    except (*STORE_ERRORS, ValueError) as error:
        return [Finding("wrong", postgres_fault(error, url))]


async def _redis(url: str, inbox_bytes: int) -> list[Finding]:
    try:
        client = redis.connect(url, timeout=PATIENCE_SECONDS)
        try:
            found = [*_at(url, await checks.of_redis(client)), *await checks.of_room(client, inbox_bytes)]
            if not any(one.level == "wrong" for one in found):
                await checks.write_probe(client)
            return found
        finally:
            await client.aclose()
    except (RedisError, OSError, ValueError, TypeError) as error:
        return [Finding("wrong", redis_fault(error, url))]


def _at(url: str, found: list[Finding]) -> list[Finding]:
    """Add the address of the server to the first finding."""
    first, *others = found
    return [first._replace(text=f"{first.text.rstrip('.')}, at {address_of(url)}"), *others]
