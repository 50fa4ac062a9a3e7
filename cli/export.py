"""`mirror export`: all that is stored of one person, as JSON, and the files of their messages."""

import argparse
import asyncio
import getpass
import json
import os
import re
import sys
import tempfile
from errno import EISDIR
from pathlib import Path
from typing import Any

from cli.person import FORMS, find_person
from cli.stores import database, run_reporting_store_errors
from config.environment import load
from config.stores import DatabaseSettings, StoreSettings
from store.leads import leads
from store.media import files
from store.media.archive import ArchiveFailed, MediaArchive, archive_at
from store.media.files import KeptFile
from store.postgres import Pool
from store.privacy import export
from store.privacy.person import StoredPerson


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("contact", help=FORMS)
    parser.add_argument("--to", type=Path, help="a file to write (default: standard output)")
    parser.add_argument(
        "--files", type=Path, metavar="FOLDER", help="also write the person's files from MEDIA_ARCHIVE into FOLDER"
    )
    parser.add_argument("--by", default=None, help="who exports, for the access log (default: the user of this system)")


def run(arguments: argparse.Namespace) -> int:
    try:
        address = load(StoreSettings).media_archive if arguments.files else None
        archive = archive_at(address) if address else None
        return asyncio.run(run_reporting_store_errors(lambda: _run(arguments, archive)))
    except ArchiveFailed as error:
        print(error, file=sys.stderr)
        return 2


async def _run(arguments: argparse.Namespace, archive: MediaArchive | None) -> int:
    if arguments.files and archive is None:
        print("--files needs MEDIA_ARCHIVE: no files of messages are kept without it.", file=sys.stderr)
        return 2
    try:
        if arguments.to is not None:
            _can_be_written(arguments.to)
        if arguments.files is not None:
            arguments.files.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        print(f"{error.filename} can't be written: {error.strerror}", file=sys.stderr)
        return 2
    async with database() as pool:
        who = await find_person(pool, arguments.contact, load(DatabaseSettings).phones)
        if isinstance(who, int):
            return who
        await leads.log_access(pool, who.lead_id, arguments.by or f"user:{getpass.getuser()}", "export")
        found = await export.everything(pool, who)
        try:
            _print(found, arguments)
        except OSError as error:
            if arguments.to is None:
                raise
            print(f"{arguments.to} can't be written: {error.strerror}", file=sys.stderr)
            return 2
        if archive:
            written = await _files(pool, archive, who, arguments.files)
            print(f"{written} files are in {arguments.files}", file=sys.stderr)
    return 0


def _can_be_written(path: Path) -> None:
    """Raise OSError if the file cannot be written, before the person is looked up. Leave no file behind."""
    if path.is_dir():
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR), str(path))
    if _is_device(path):
        return
    with tempfile.NamedTemporaryFile(dir=path.resolve().parent):
        pass


def _print(found: dict[str, list[Any]], arguments: argparse.Namespace) -> None:
    text = json.dumps(found, ensure_ascii=False, indent=None if arguments.json else 2)
    if arguments.to is None:
        print(text)
        return
    _write(text + "\n", arguments.to)
    rows = sum(len(rows) for rows in found.values())
    print(f"{rows} rows of {len(found)} tables are in {arguments.to}", file=sys.stderr)


def _is_device(path: Path) -> bool:
    """Return whether it is a device or a pipe, which can't be replaced."""
    return path.exists() and not path.is_file()


def _write(text: str, path: Path) -> None:
    """Replace the file by a new one that only its owner can read. Write directly to a device or pipe."""
    if _is_device(path):
        path.write_text(text, encoding="utf-8")
        return
    path = path.resolve()
    # If writing fails, the temporary folder is removed with its content.
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        file = Path(folder) / path.name
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
        file.replace(path)


async def _files(pool: Pool, archive: MediaArchive, who: StoredPerson, folder: Path) -> int:
    """Write the files of a person there and return their number. Raises ArchiveFailed."""
    count = 0
    for file in await files.of_person(pool, who.contact_id, who.names):
        found = await archive.get(file.key)
        if found is None:
            print(f"the file of message {file.message_id} is not in the archive", file=sys.stderr)
            continue
        path = folder / name_of(file)
        path.touch(mode=0o600)
        with path.open("wb") as out:
            async for chunk in found.chunks:
                out.write(chunk)
        count += 1
    return count


def name_of(file: KeptFile) -> str:
    """Return a file name that is safe in every folder, and unique by the key of the file."""
    name = file.filename or f"file.{file.content_type.partition('/')[2]}"
    parts = [re.sub(r"[^\w.-]+", "_", part).lstrip(".").encode() for part in (file.message_id, name)]
    # File systems allow 255 bytes.
    short = [part[-110:].decode(errors="ignore") for part in parts]
    return "-".join((short[0], file.key.hex[:8], short[1]))
