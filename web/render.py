"""Templates with what every page needs: the viewer's words, times in their zone, and an ETag where a page is live."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from domain.lead_fields import label_of
from domain.score import SIGNAL_NAMES
from domain.snooze import is_handled
from web.preferences import THEMES, ZONES, Preferences, preferences
from web.words import LANGUAGES, UNITS, Translate, translator

HERE = Path(__file__).parent
MINUTE, HOUR, DAY = 60, 3600, 86_400
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# The first match counts: other browsers name Chrome and Safari too.
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "Mac"),
           ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip
TODAY, YESTERDAY = "today", "yesterday"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@cache
def templates() -> Environment:
    """One for the process: each template is compiled once, which takes tens of milliseconds."""
    return Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip


class Pages:
    """`zone` is where times are said for viewers who have not chosen: Asia/Jakarta."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self.version = version_of(HERE / "static")
        self._jinja = templates()

    def preferences(self, request: Request) -> Preferences:
        return preferences(request, zone=self._zone)

    def render(self, template: str, prefer: Preferences, **values: Any) -> str:
        """A fragment: the same for all who prefer the same."""
        zone, units, t = prefer.zone_info, UNITS[prefer.language], translator(prefer.language)
        return self._jinja.get_template(template).render(
            t=t, prefer=prefer, static=f"/static/{self.version}", face=initials, tint=tint, label=label_of,
            browser=browser_words, signal_name=lambda kind: SIGNAL_NAMES.get(kind, kind.replace("_", " ")),
            is_handled=is_handled, called_of=lambda lead: called(lead, t),
            moment=lambda at: moment_words(at.astimezone(zone), t) if at and not is_handled(at) else "",
            clock=lambda at: f"{at.astimezone(zone):%H:%M}" if at else "",
            date_of=lambda day: _date(day, datetime.now(zone).date(), t),
            full=lambda at: f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S} {prefer.zone_name}" if at else "",
            iso=lambda at: at.astimezone(UTC).isoformat(timespec="seconds") if at and at.year > 1 else "",
            ago=lambda at: ago(at, datetime.now(UTC), units),
            **values,
        )  # fmt: skip

    def page(self, request: Request, template: str, code: int = 200, **values: Any) -> HTMLResponse:
        """A whole page, with the way back to it."""
        query = f"?{request.url.query}" if request.url.query else ""
        here = request.url.path + query
        prefer = self.preferences(request)
        choices = {"languages": LANGUAGES, "zones": ZONES, "themes": THEMES, "units": "|".join(UNITS[prefer.language])}
        searched = request.query_params.get("q", "") if request.url.path == "/" else ""
        return HTMLResponse(self.render(template, prefer, here=here, searched=searched, **choices, **values), code)

    def part(self, request: Request, template: str, code: int = 200, **values: Any) -> Response:
        """A live piece of a page; 304 when the browser has it already."""
        return live(request, self.render(template, self.preferences(request), **values), code)


def browser_words(agent: str | None) -> str:
    """Return browser and system of a User-Agent, such as "Chrome, Android". Empty if both are unknown."""
    browser = next((name for sign, name in BROWSERS if sign in (agent or "")), "")
    system = next((name for sign, name in SYSTEMS if sign in (agent or "")), "")
    return ", ".join(filter(None, (browser, system)))


def called(lead: Mapping[str, Any], t: Translate) -> str:
    """How pages name a lead: by its name, number or @username."""
    at = f"@{lead['username']}" if lead["username"] else t("somebody")
    return str(lead["name"] or lead["phone"] or at)


def moment_words(at: datetime, t: Translate) -> str:
    """23 Nov 09:15."""
    return f"{at:%d} {t(MONTHS[at.month - 1])} {at:%H:%M}"


def _date(day: date, today: date, t: Translate) -> str:
    """today, yesterday, Monday 23 November, and the year where it is another."""
    if day in (today, today - timedelta(days=1)):
        return t(TODAY if day == today else YESTERDAY)
    year = "" if day.year == today.year else f" {day.year}"
    return f"{t(WEEKDAYS[day.weekday()])} {day.day} {t(MONTHS[day.month - 1])}{year}"


@cache
def version_of(folder: Path) -> str:
    """A hash of all files of a folder: what browsers may keep for ever under this name."""
    found = hashlib.blake2b(digest_size=6)
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        found.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return found.hexdigest()


def initials(name: str | None) -> str:
    """Rina Wulandari: RW. Of a number or a sign nothing."""
    words = [word for word in (name or "").split() if word[0].isalpha()]
    return "".join(word[0] for word in (words[0], words[-1])[: len(words)]).upper() if words else "·"


def tint(id: UUID) -> int:
    """Which of the six tints a lead has: always the same one."""
    return id.int % 6


def tag_of(html: str) -> str:
    """Return a hash of the HTML: equal HTML has an equal tag."""
    return hashlib.blake2b(html.encode(), digest_size=9).hexdigest()


def live(request: Request, html: str, status: int = 200) -> Response:
    tag = f'"{tag_of(html)}"'
    if request.method == "GET" and request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return HTMLResponse(html, status, headers={"ETag": tag})


def ago(at: datetime | None, now: datetime, units: Sequence[str]) -> str:
    """5s, 12m, 3h, 2d."""
    if at is None or at.year < 1900:
        return ""
    seconds = max(0, int((now - at).total_seconds()))
    if seconds < MINUTE:
        return f"{seconds}{units[0]}"
    if seconds < HOUR:
        return f"{seconds // MINUTE}{units[1]}"
    return f"{seconds // HOUR}{units[2]}" if seconds < DAY else f"{seconds // DAY}{units[3]}"
