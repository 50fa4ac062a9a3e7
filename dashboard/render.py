"""Templates, and how times and numbers are said. All text of customers is escaped by Jinja, everywhere."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

HERE = Path(__file__).parent
MINUTE, HOUR, DAY = 60, 3600, 86_400


class Pages:
    def __init__(self, zone: ZoneInfo) -> None:
        self._jinja = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self._jinja.filters["ago"] = lambda at: ago(at, datetime.now(UTC))
        self._jinja.filters["left"] = lambda at: left(at, datetime.now(UTC))
        self._jinja.filters["moment"] = lambda at: f"{at.astimezone(zone):%d %b %Y %H:%M}" if at else ""

    def show(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        return HTMLResponse(self._jinja.get_template(template).render(**values), status)


def ago(at: datetime | None, now: datetime) -> str:
    """5s, 12m, 3h, 2d: as short as a list needs."""
    if at is None or at.year < 1900:
        return ""
    seconds = max(0, int((now - at).total_seconds()))
    if seconds < MINUTE:
        return f"{seconds}s"
    if seconds < HOUR:
        return f"{seconds // MINUTE}m"
    return f"{seconds // HOUR}h" if seconds < DAY else f"{seconds // DAY}d"


def left(at: datetime | None, now: datetime) -> str:
    """What is left of the reply window: 3h 20m, 14m; empty once it is over."""
    seconds = int((at - now).total_seconds()) if at else 0
    if seconds <= 0:
        return ""
    hours, minutes = divmod(seconds // MINUTE, 60)
    return f"{hours}h {minutes}m" if hours else f"{minutes}m"
