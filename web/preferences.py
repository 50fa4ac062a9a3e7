"""How a viewer wants pages: language, zone of the times, light or dark. Kept in a cookie."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from web.forms import form, inside
from web.words import LANGUAGES, preferred

COOKIE = "preferences"
ZONES = {"Asia/Jakarta": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT", "UTC": "UTC"}
THEMES = {"system": "as the system", "light": "light", "dark": "dark"}


@dataclass(frozen=True, slots=True)
class Preferences:
    language: str
    zone: str
    theme: str

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def zone_name(self) -> str:
        return ZONES.get(self.zone, self.zone)


def preferences(request: Request, *, zone: str) -> Preferences:
    """What was chosen; else the browser's language, the installation's zone and the system's theme."""
    chosen = dict(parse_qsl(request.cookies.get(COOKIE, "")))
    language, theme = chosen.get("language", ""), chosen.get("theme", "")
    return Preferences(
        language if language in LANGUAGES else preferred(request.headers.get("accept-language", "")),
        chosen["zone"] if chosen.get("zone") in ZONES else zone,
        theme if theme in THEMES else "system",
    )


async def choose(request: Request) -> Response:
    """Keep what a form says, and go back to where it stood."""
    given = await form(request)
    kept = urlencode([(name, given[name]) for name in ("language", "zone", "theme") if name in given])
    answer = RedirectResponse(inside(given.get("next")), 303)
    answer.set_cookie(COOKIE, kept, max_age=365 * 86_400, secure=True, httponly=True, samesite="lax", path="/")
    return answer
