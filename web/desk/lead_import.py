"""The page /import: leads out of a file; what would become of each row first, then for real, and undone as one."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from domain.field_kinds import NotAllowed
from domain.lead_fields import BY_NAME, label_of
from domain.lead_import import FIELDS_OF_IMPORTS, columns, guessed, row_of
from domain.phone import Phones
from domain.tables import NoTable, headers_of, read
from store.access.accounts import User
from store.leads import imports
from store.leads.imports import ImportedRow
from store.postgres import Pool
from web.access import actor
from web.render import Pages

# More takes minutes: `mirror leads import` does that.
MOST_ROWS: Final = 2000
REMARKS: Final = 50
TOO_MANY: Final = "The file has more than {n} rows. Import it with: mirror leads import FILE"
OUTCOMES: Final = {"added": "new", "changed": "changed", "unchanged": "the same", "refused": "refused"}
NOT_FOUND: Final = "That import is undone already, or was never made."


@dataclass(frozen=True, slots=True)
class ImportPages:
    pool: Pool
    pages: Pages
    phones: Phones

    async def show(self, request: Request, user: User) -> Response:
        found = await imports.newest(self.pool)
        return self.pages.page(request, "import.html", user=user, imports=found, wrong=None)

    async def take(self, request: Request, user: User) -> Response:
        """The body is the file; `name` is its name, `go=yes` imports it, `column-N` says which field column N is."""
        query = request.query_params
        try:
            table = read(query.get("name", ""), await request.body())
        except NoTable as error:
            return self._part(request, user, wrong=str(error), headers=[])
        headers = headers_of(table)
        given = {header: query[f"column-{n}"] for n, header in enumerate(headers) if query.get(f"column-{n}")}
        try:
            if len(table) > MOST_ROWS + 1:
                raise NotAllowed(TOO_MANY, n=MOST_ROWS)
            chosen = columns(headers, given)
        except NotAllowed as error:
            shown = {"headers": headers, "table": table, "fields": guessed(headers, given)}
            return self._part(request, user, wrong=str(error), **shown)
        said = [row_of(row, chosen.fields, self.phones) for row in table[1:]]
        made = await imports.begin(self.pool, query["name"], by=actor(user).name) if query.get("go") == "yes" else None
        rows = [row async for row in imports.rows(self.pool, said, made)]
        counts = Counter[Any](row.outcome for row in rows)
        if made is not None:
            await imports.end(self.pool, made, counts)
        return self._part(request, user, wrong=None, table=table, fields=chosen.fields, made=made, counts=counts,
                          remarks=_remarks(rows), headers=headers)  # fmt: skip

    async def undo(self, request: Request, user: User) -> Response:
        done = await imports.undo(self.pool, request.path_params["id"], by=actor(user))
        if done is not None:
            return RedirectResponse("/import", 303)
        found = await imports.newest(self.pool)
        return self.pages.page(request, "import.html", 422, user=user, imports=found, wrong=NOT_FOUND)

    def _part(self, request: Request, user: User, **values: Any) -> Response:
        labels = {name: label_of(name) if name in BY_NAME else name for name in FIELDS_OF_IMPORTS}
        plain: dict[str, Any] = {"table": None, "fields": {}, "made": None, "counts": Counter[Any](), "remarks": ()}
        return self.pages.part(
            request, "import_plan.html", user=user, labels=labels, outcomes=OUTCOMES, **plain | values
        )


def _remarks(rows: list[ImportedRow]) -> list[tuple[int, ImportedRow]]:
    """Rows that somebody should look at, by their number in the file."""
    found = [(number, row) for number, row in enumerate(rows, 2) if row.outcome == "refused" or row.doubles]
    return found[:REMARKS]
