"""Bars as SVG: small enough to write by hand, readable on a light and on a dark page."""

from collections.abc import Sequence
from html import escape

WIDTH, LABEL, ROW, TOP = 760, 250, 30, 44
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#444}.title{font-weight:600}.ours{fill:#0a7d5a}.other{fill:#9aa5b1}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.ours{fill:#2fbf8f}.other{fill:#66717d}}"
)


def bars(title: str, rows: Sequence[tuple[str, float]], *, ours: str) -> str:
    """A bar for each (name, value), the longest the whole width."""
    most = max((value for _, value in rows), default=1.0) or 1.0
    room = WIDTH - LABEL - 90
    drawn = [f'<text class="title" x="0" y="20">{escape(title)}</text>']
    for place, (name, value) in enumerate(rows):
        y, length = TOP + place * ROW, max(2.0, room * value / most)
        drawn.append(f'<text x="{LABEL - 10}" y="{y + 14}" text-anchor="end">{escape(name)}</text>')
        kind = "ours" if name == ours else "other"
        drawn.append(f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{length:.0f}" height="19" rx="3"/>')
        drawn.append(f'<text x="{LABEL + length + 8:.0f}" y="{y + 14}">{value:,.0f}</text>')
    height = TOP + len(rows) * ROW
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
    return "\n".join([f'{head} aria-label="{escape(title)}">', f"<style>{STYLE}</style>", *drawn, "</svg>", ""])
