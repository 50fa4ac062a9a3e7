"""Who gets new leads: the manager's rules."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from domain.field_kinds import NotAllowed
from store.access.accounts import User
from store.leads import owner_rules
from store.postgres import Pool
from web.access import actor
from web.desk.menus import Menus
from web.forms import form
from web.render import Pages
from web.words import told, translator

KINDS = {
    "everybody": "every new lead",
    "city": "new leads of a city",
    "advertisement": "who comes from an advertisement",
}
assert tuple(KINDS) == owner_rules.KINDS


@dataclass(frozen=True, slots=True)
class RulePages:
    pool: Pool
    pages: Pages
    menus: Menus

    async def show(self, request: Request, user: User) -> Response:
        return await self._page(request, user)

    async def add(self, request: Request, user: User) -> Response:
        """`kind`, `value`, and `owner-NAME` for each who takes turns."""
        given = await form(request)
        owners = [name.removeprefix("owner-") for name in given if name.startswith("owner-")]
        try:
            await owner_rules.add(self.pool, given.get("kind", ""), given.get("value", ""), owners, by=actor(user))
        except NotAllowed as error:
            t = translator(self.pages.preferences(request).language)
            return await self._page(request, user, wrong=told(error, t), code=422)
        return RedirectResponse("/owners", 303)

    async def delete(self, request: Request, user: User) -> Response:
        await owner_rules.delete(self.pool, request.path_params["id"])
        return RedirectResponse("/owners", 303)

    async def _page(self, request: Request, user: User, *, wrong: str | None = None, code: int = 200) -> Response:
        rules, owners = await owner_rules.page(self.pool), await self.menus.owners()
        return self.pages.page(
            request, "owners.html", code, user=user, rules=rules, owners=owners, kinds=KINDS, wrong=wrong
        )
