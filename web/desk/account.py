"""The page /account: the user's own password, second factor and sessions."""

from dataclasses import dataclass

import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from domain.one_time_codes import base32, from_base32, uri
from store.access import accounts, second_factor
from store.access.accounts import User
from store.access.passwords import SHORTEST_PASSWORD, BadPassword, SignInRefused, TooOften
from store.access.second_factor import AlreadySet, WrongCode
from store.postgres import Pool
from web.access import COOKIE, actor
from web.desk.login import LATER, WRONG_CODE, address_of
from web.forms import form, number
from web.render import Pages

WRONG = "The current password is wrong."
ALREADY_SET = "Two-factor authentication is on already. Turn it off first."
SHORT = "The password is too short: use at least {n} characters."
ISSUER = "Kapso mirror"


@dataclass(frozen=True, slots=True)
class AccountPages:
    pool: Pool
    pages: Pages

    async def show(self, request: Request, user: User) -> Response:
        return await self._page(request, user)

    async def password(self, request: Request, user: User) -> Response:
        """Change the password. Form fields: `old`, `new`."""
        given = await form(request)
        try:
            await accounts.change_password(
                self.pool, user, given.get("old", ""), given.get("new", ""), address=address_of(request),
                token=request.cookies[COOKIE],
            )  # fmt: skip
        except SignInRefused:
            return await self._page(request, user, WRONG)
        except TooOften:
            return await self._page(request, user, LATER)
        except BadPassword:
            return await self._page(request, user, SHORT)
        return RedirectResponse("/account?done=password", 303)

    async def second_factor(self, request: Request, user: User) -> Response:
        """Set the second factor, or remove it if the form has `remove`. Form fields: `password`, `code`, `secret`."""
        given = await form(request)
        password, code, address = given.get("password", ""), given.get("code", ""), address_of(request)
        secret = from_base32(given.get("secret", ""))
        try:
            if "remove" in given:
                await second_factor.remove_with(self.pool, user, code, password=password, address=address)
            elif secret is None:
                return await self._page(request, user)
            else:
                await second_factor.confirm(
                    self.pool, user, secret, code, password=password, address=address, token=request.cookies[COOKIE]
                )
        except SignInRefused:
            return await self._page(request, user, WRONG, secret)
        except WrongCode:
            return await self._page(request, user, WRONG_CODE, secret)
        except AlreadySet:
            return await self._page(request, user, ALREADY_SET)
        except TooOften:
            return await self._page(request, user, LATER, secret)
        return RedirectResponse("/account?done=code", 303)

    async def sign_out(self, request: Request, user: User) -> Response:
        """End the session with the id in the form field `session`; without it, all except this one."""
        id = number((await form(request)).get("session"))
        await accounts.end_sessions(
            self.pool, user.name, by=actor(user).name, id=id, but=None if id else request.cookies[COOKIE]
        )
        return RedirectResponse("/account", 303)

    async def _page(
        self, request: Request, user: User, wrong: str | None = None, secret: bytes | None = None
    ) -> Response:
        """Render the page. The form posts the secret back: it is stored only after a code has proved it."""
        sessions = await accounts.sessions(self.pool, user.name, request.cookies.get(COOKIE))
        has_code = await second_factor.is_set(self.pool, user.id)
        secret = secret or second_factor.new_secret()
        return self.pages.page(
            request, "account.html", 422 if wrong else 200, user=user, sessions=sessions, has_code=has_code,
            picture=_picture(secret, user.name), secret=base32(secret), wrong=wrong,
            done=request.query_params.get("done"), shortest=SHORTEST_PASSWORD,
        )  # fmt: skip


def _picture(secret: bytes, name: str) -> Markup:
    """Return the QR code as an inline SVG."""
    return Markup(segno.make(uri(secret, name=name, issuer=ISSUER)).svg_inline(omitsize=True))  # noqa: S704  (made here)
