"""Pictures, voices and files of messages: from the archive, or passed on without showing where Kapso keeps them."""

import re
from collections.abc import AsyncIterator
from typing import Final

import httpx
import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from store.access.accounts import User
from store.leads import lead_detail
from store.media import files
from store.media.archive import ArchiveFailed, MediaArchive
from store.media.files import KeptFile
from store.media.source import FETCH_ERRORS, HostNotAllowed, MediaSource
from store.postgres import Pool
from web.error_pages import Refusal

log = structlog.get_logger(__name__)

# What a browser may show in place; the rest is saved, never run.
SHOWN: Final = ("image/jpeg", "image/png", "image/webp", "image/gif", "audio/", "video/")
PASSED_ON: Final = ("content-length", "content-range", "accept-ranges", "last-modified", "etag")
GONE: Final = "This file is no longer available, or not at the moment. Try again later."
# One range, as players send it; for others the whole file is an allowed answer.
RANGE: Final = re.compile(r"bytes=(\d{1,18})-(\d{1,18})?")


class MediaPages:
    """`archive` is None where files are not kept."""

    def __init__(self, pool: Pool, source: MediaSource, archive: MediaArchive | None) -> None:
        self._pool = pool
        self._source = source
        self._archive = archive

    async def close(self) -> None:
        await self._source.close()

    async def show(self, request: Request, _: User) -> Response:
        message = await lead_detail.message(self._pool, request.path_params["id"])
        if message is None or not message["media_url"] or message["revoked_at"]:
            return Refusal(GONE, 404)
        wanted = request.headers.get("range")
        if self._archive and (kept := await files.of_message(self._pool, message["id"])):
            try:
                return await _archived(self._archive, kept, wanted)
            except ArchiveFailed as error:
                log.warning("the media archive failed", error=str(error))
        return await self._passed_on(message["media_url"], wanted)

    async def _passed_on(self, url: str, wanted: str | None) -> Response:
        try:
            found = await self._source.open(url, {"Range": wanted} if wanted else {})
        except (HostNotAllowed, *FETCH_ERRORS) as error:
            log.warning("a file could not be fetched", error=type(error).__name__)  # addresses are secrets
            return Refusal(GONE, 502)
        if found.status_code not in (200, 206):
            await found.aclose()
            return Refusal(GONE, 404)
        headers = {name: found.headers[name] for name in PASSED_ON if name in found.headers}
        if encoding := found.headers.get("content-encoding"):
            headers["Content-Encoding"] = encoding
        kind = found.headers.get("content-type", "").split(";")[0].strip().lower()
        return StreamingResponse(_body(found), found.status_code, headers=headers | _safe(kind))


async def _archived(archive: MediaArchive, kept: KeptFile, wanted: str | None) -> Response:
    """Raises ArchiveFailed, also for a file that is missing or cut off."""
    part = RANGE.fullmatch(wanted or "")
    start, last = (int(part[1]), int(part[2]) if part[2] else None) if part else (0, None)
    if part and (start >= kept.bytes or (last is not None and last < start)):
        return Response(status_code=416, headers={"Content-Range": f"bytes */{kept.bytes}"})
    found = await archive.get(kept.key, start, None if last is None else min(last + 1, kept.bytes))
    if found is None or found.size != kept.bytes:
        raise ArchiveFailed("a file is missing or cut off")
    headers = {"Content-Length": str(found.end - found.start), "Accept-Ranges": "bytes"} | _safe(kept.content_type)
    if part:
        headers["Content-Range"] = f"bytes {found.start}-{found.end - 1}/{found.size}"
    return StreamingResponse(found.chunks, 206 if part else 200, headers=headers)


async def _body(found: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in found.aiter_raw():
            yield chunk
    finally:
        await found.aclose()


def _safe(kind: str) -> dict[str, str]:
    """Headers with which a stranger's file of this content type does no harm."""
    shown = kind.startswith(SHOWN)
    return {
        "Content-Type": kind if shown else "application/octet-stream",
        "Content-Disposition": "inline" if shown else "attachment",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, max-age=3600",
    }
