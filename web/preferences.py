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
COLUMNS = ("score", "status", "owner", "tags", "phase")
KEPT = ("language", "zone", "theme", "keys", "without")
THEMES = {"system": "as the system", "light": "light", "dark": "dark"}


@dataclass(frozen=True, slots=True)
class Preferences:
    language: str
    zone: str
    theme: str
    keys: bool = True
    """Whether single keys act on the list."""
    without: tuple[str, ...] = ()
    """Columns of the list that are not shown."""

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
        keys=chosen.get("keys") != "off",
        without=tuple(name for name in COLUMNS if name in chosen.get("without", "").split(",")),
    )


async def choose(request: Request) -> Response:
    """Keep what a form says beside what was kept before, and go back to where it stood.

    A form of columns names those to show (`column-score=on`); the others are left out.
    """
    given = await form(request)
    if "columns" in given:
        given["without"] = ",".join(name for name in COLUMNS if f"column-{name}" not in given)
    chosen = dict(parse_qsl(request.cookies.get(COOKIE, ""))) | given
    kept = urlencode([(name, chosen[name]) for name in KEPT if name in chosen])
    answer = RedirectResponse(inside(given.get("next")), 303)
    answer.set_cookie(COOKIE, kept, max_age=365 * 86_400, secure=True, httponly=True, samesite="lax", path="/")
    return answer
