"""The page /import: plan the import of a file, import it, and undo earlier imports."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from domain.field_kinds import NotAllowed
from domain.lead_fields import BY_NAME, label_of
from domain.lead_import import FIELDS_OF_IMPORTS, columns, guessed, row_of
from domain.phone import Phones
from domain.tables import MEGABYTE, NoTable, Table, read
from store.access.accounts import User
from store.leads import imports
from store.leads.imports import ImportedRow
from store.postgres import Pool
from web.access import actor
from web.render import Pages
from web.words import told, translator

# The CLI takes larger files, which need minutes.
MOST_ROWS: Final = 2000
MOST_BYTES: Final = 4 * MEGABYTE
REMARKS: Final = 50
OUTCOMES: Final = {"added": "new", "changed": "changed", "unchanged": "the same", "refused": "refused"}
NOT_FOUND: Final = "This import does not exist, or is undone already."


@dataclass(frozen=True, slots=True)
class ImportPages:
    pool: Pool
    pages: Pages
    phones: Phones

    async def show(self, request: Request, user: User) -> Response:
        found = await imports.newest(self.pool)
        return self.pages.page(request, "import.html", user=user, imports=found, wrong=None)

    async def take(self, request: Request, user: User) -> Response:
        """Plan or import the file in the body.

        Query: `name` of the file, `go=yes` to import, `column-N` for the field of column N (`-` leaves it out).
        """
        query = request.query_params
        try:
            content = await _body(request)
            # In a thread: a large spreadsheet takes half a second, and deliveries must not wait for it.
            table = await asyncio.to_thread(read, query.get("name", ""), content, most_bytes=MOST_BYTES)
        except NoTable as error:
            return self._part(request, user, wrong=error, headers=[])
        headers = table.headers
        given = {header: query[f"column-{n}"] for n, header in enumerate(headers) if query.get(f"column-{n}")}
        try:
            if len(table.rows) > MOST_ROWS:
                raise NotAllowed("The file has more than {n} rows. Run: mirror leads import FILE", n=MOST_ROWS)
            chosen = columns(headers, given)
        except NotAllowed as error:
            shown = {"headers": headers, "table": table, "fields": guessed(headers, given)}
            return self._part(request, user, wrong=error, **shown)
        given_rows = [row_of(row, chosen.fields, self.phones) for row in table.rows]
        made = await imports.begin(self.pool, query["name"], by=actor(user).name) if query.get("go") == "yes" else None
        rows = [row async for row in imports.rows(self.pool, given_rows, made)]
        counts = Counter[Any](row.outcome for row in rows)
        if made is not None:
            await imports.end(self.pool, made, counts)
        return self._part(request, user, wrong=None, table=table, fields=chosen.fields, made=made, counts=counts,
                          remarks=_remarks(table, rows), headers=headers)  # fmt: skip

    async def undo(self, request: Request, user: User) -> Response:
        done = await imports.undo(self.pool, request.path_params["id"], by=actor(user))
        if done is not None:
            return RedirectResponse("/import", 303)
        found = await imports.newest(self.pool)
        return self.pages.page(request, "import.html", 422, user=user, imports=found, wrong=NOT_FOUND)

    def _part(self, request: Request, user: User, *, wrong: NotAllowed | None, **values: Any) -> Response:
        t = translator(self.pages.preferences(request).language)
        labels = {name: label_of(name) if name in BY_NAME else name for name in FIELDS_OF_IMPORTS}
        plain: dict[str, Any] = {"table": None, "fields": {}, "made": None, "counts": Counter[Any](), "remarks": ()}
        return self.pages.part(
            request,
            "import_plan.html",
            user=user,
            labels=labels,
            outcomes=OUTCOMES,
            words_of=lambda one: told(one, t),
            wrong=wrong,
            **plain | values,
        )


async def _body(request: Request) -> bytes:
    """Read up to one byte more than MOST_BYTES, which `read` then refuses."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            break
    return bytes(body)


def _remarks(table: Table, rows: list[ImportedRow]) -> list[tuple[int, ImportedRow]]:
    """Return refused rows and possible doubles, each with its number in the file, at most REMARKS."""
    numbered = zip(table.numbers, rows, strict=True)
    found = [(number, row) for number, row in numbered if row.outcome == "refused" or row.doubles]
    return found[:REMARKS]
