"""Every word of the pages has its translation, and no translation is left over."""

import re
from pathlib import Path
from typing import get_args

from domain.lead import STATUSES, Source
from domain.lead_fields import FIELDS, LEAD_FIELDS, PROFILE_FIELDS, TEMPERATURES, label_of
from domain.lead_import import NOTE
from domain.next_step import BY_RULE
from domain.progress import AGREES, ANSWERED, REFUSES
from domain.score import POINTS, SIGNAL_NAMES
from domain.sentiment import SENTIMENTS
from store.access.account_changes import ACTIONS
from store.access.accounts import ROLES
from store.crm.tickets import PRIORITIES
from store.crm.tickets import STATUSES as STATUSES_OF_TICKETS
from store.hooks import hooks as stored_hooks
from store.leads.lead_records import NO_OWNER
from store.leads.overview import AGES
from store.ops import waits
from web import access, database_error, error_pages, render
from web.desk import (
    account,
    agenda,
    board,
    chat_parts,
    crm,
    facts,
    lead_import,
    lead_writes,
    leads_csv,
    login,
    media,
    menus,
    overview,
    quick_search,
    reasons,
    reply_links,
    rules,
    steps,
    tickets,
    users,
)
from web.ops import health, hooks, letters, trace, trace_steps
from web.preferences import THEMES
from web.words import LANGUAGES, preferred, table, translator

ROOM = Path(__file__).resolve().parents[2] / "web"
KINDS = {"text", "image", "video", "audio", "document", "sticker", "location", "contacts", "template", "interactive",
         "button", "order", "system", "unsupported", "unknown"}  # fmt: skip
STATES = {"pending", "sent", "delivered", "read", "played", "failed", "open", "replayed", "discarded", "asked", "running",
          "done", "cancelled", "malformed", "mismatch", "refused", "unexpected", "crash", "dead letters", "deliveries"}  # fmt: skip


def test_a_signal_of_the_score_has_the_name_that_is_translated() -> None:
    assert {kind: name.replace("-", "").replace(" ", "_") for kind, name in SIGNAL_NAMES.items()} == {
        one: one for one in SIGNAL_NAMES
    }
    assert set(SIGNAL_NAMES.values()) == set(POINTS)
    assert translator("id")(SIGNAL_NAMES["gave_email"]) == "memberi surel"


def said() -> set[str]:
    """In templates, by name, and in what Python hands to them."""
    found = {
        match
        for path in ROOM.glob("templates/*.html")
        for match in re.findall(r"\bt\('((?:[^'\\]|\\.)*)'", path.read_text())
    }
    traced = "".join((ROOM / "ops" / name).read_text() for name in ("trace.py", "trace_steps.py"))
    found |= set(re.findall(r'Step\(\s*(?:row\["\w+"\]|at),\s*"([^"]+)"', traced)) | {
        *trace_steps.STAGES,
        "received",
        "in the mirror",
    }
    found |= set(
        re.findall(r'(?:Headline|TraceVerdict)\(\s*"([^"]+)"', traced + (ROOM / "ops" / "health.py").read_text())
    )
    found |= {*hooks.CHANNELS.values(), *hooks.EVENT_WORDS.values(), hooks.NO_KEY, hooks.NO_KIND, hooks.GONE}
    found |= {
        getattr(stored_hooks, one)
        for one in ("NO_URL", "NO_ADDRESS", "NO_EVENT", "UNKNOWN_EVENT", "TOO_LONG", "NAME_TAKEN", "BAD_NAME")
    }
    found |= {*letters.CAUSES.values(), *get_args(health.State), "Kapso", "inbox", "Postgres", "AI"}
    found |= {
        *error_pages.TITLES.values(),
        error_pages.BROKEN,
        error_pages.NO_PAGE,
        error_pages.NOT_THERE,
        access.LOW_ROLE,
    }
    found |= {leads_csv.STRANGE, leads_csv.NOBODY, media.GONE, waits.NOT_OURS}
    found |= {login.WRONG, login.WRONG_CODE, login.LATER, login.AGAIN, login.UNKNOWN, login.AWAY, login.CANCELLED}
    found |= {
        users.BAD_NAME,
        users.BAD_EMAIL,
        users.TAKEN,
        users.GONE,
        users.LAST_ADMIN,
        users.NO_SCOPE,
        users.BAD_DAYS,
    }
    found |= {
        match
        for path in ROOM.glob("desk/*.py")
        for match in re.findall(r'self\._words\(request\)\(\s*"([^"]+)"', path.read_text())
    }
    found |= {account.WRONG, account.SHORT, account.ALREADY_SET, *ACTIONS}
    found |= {
        database_error.AWAY,
        database_error.READ_ONLY,
        lead_writes.CONFLICT,
        lead_writes.LET_GO,
        trace.TOO_LONG,
        "inbound",
        "outbound",
    }
    found |= {*chat_parts.WORDS.values(), *chat_parts.CALLS.values()}
    found |= {*crm.STANDINGS.values(), *crm.REASONS.values()}
    found |= {AGREES, ANSWERED, REFUSES, NO_OWNER}
    found |= {*steps.TYPES.values(), *steps.STATES.values(), *steps.VIEWS}
    found |= {*tickets.VIEWS, *STATUSES_OF_TICKETS, *PRIORITIES, *SENTIMENTS} - {"neutral"}
    found |= {*facts.SECTIONS} | {why for _, _, why, _, _ in BY_RULE.values()}
    found |= {word for one in LEAD_FIELDS for word in facts.vocabulary(one.name).values()} | {*facts.UNITS}
    found |= {*lead_import.OUTCOMES.values(), lead_import.NOT_FOUND, NOTE}
    found |= {*AGES, *overview.UNITS.values()}
    found |= {
        *quick_search.PAGES.values(),
        *quick_search.OPERATORS_PAGES.values(),
        *board.VIEWS.values(),
        *agenda.VIEWS.values(),
    }
    found |= {
        *agenda.DAYS,
        *menus.SNOOZES.values(),
        *reply_links.NAMES.values(),
        *reply_links.HINTS.values(),
        *rules.KINDS.values(),
    }
    found |= {*render.MONTHS, *render.WEEKDAYS, render.TODAY, render.YESTERDAY, *ROLES} | {*POINTS} | refusals()
    fields = {label_of(name) for name in (*FIELDS, *PROFILE_FIELDS)}
    found |= {*reasons.SAID}
    return (
        found
        | fields
        | {"status", "temperature"}
        | set(STATUSES + TEMPERATURES)
        | set(Source)
        | KINDS
        | STATES
        | set(THEMES.values())
    )


def refusals() -> set[str]:
    """What people at the desk can't do, and why."""
    found = set()
    for path in (ROOM.parent / "domain/field_kinds.py", ROOM.parent / "domain/snooze.py", ROOM.parent / "domain/lead_import.py", ROOM.parent / "domain/tables.py", *(ROOM.parent / "store/leads").glob("*.py"),
                 ROOM.parent / "store/crm/tickets.py", *(ROOM / "desk").glob("*.py")):  # fmt: skip
        found |= set(re.findall(r'\b(?:NotAllowed|NoTable|ChangedMeanwhile)\(\s*"([^"]+)"[,)]', path.read_text()))
        found |= set(re.findall(r'\bt\("([^"]+)"', path.read_text()))
    phone = (ROOM.parent / "domain/phone.py").read_text()
    return found | {"{name} " + one for one in re.findall(r'NotAPhone\(\s*"([^"]+)"', phone)}


def test_every_word_has_its_translation() -> None:
    for language in set(LANGUAGES) - {"en"}:
        known = set(table(language))
        assert (said() - known, known - said()) == (set(), set())


def test_translations_fill_in_what_the_english_does() -> None:
    for english, other in table("id").items():
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", other)), english
    assert translator("id")("{n} new", n=7) == "7 baru"
    assert translator("en")("{n} new", n=7) == "7 new"


def test_the_browsers_language_is_taken_where_we_have_it() -> None:
    assert [preferred(one) for one in ("id-ID,id;q=0.9,en;q=0.8", "de,en;q=0.5", "fr", "")] == ["id", "en", "en", "en"]
