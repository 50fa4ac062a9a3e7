"""Views, functions and triggers as they are today: created anew, in one transaction, whenever one of them changed.

Revisions hold tables and data only, and functions that an index or a constraint needs. The last revision of an upgrade
and these objects are one transaction, so that nobody sees the one without the other. A revision that changes a column
on which a view depends calls `drop` first. An object that a release no longer has is dropped by a revision.
"""

import hashlib
import re
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
FILES: Final = ("functions.sql", "views.sql", "triggers.sql")
"""In the order in which they are created."""
CREATED: Final = re.compile(r"^CREATE (?:(VIEW|FUNCTION) (\w+)|TRIGGER (\w+)[^;]*? ON (\w+)\s)", re.MULTILINE)
DYNAMIC: Final = re.compile(r"^SELECT show_(\w+)\(\);", re.MULTILINE)
"""A view whose shape depends on the server: its function shows it."""
# Before revision 0019, knowledge_base was a table.
DROP_DYNAMIC: Final = """DO $$ BEGIN
    IF (SELECT relkind = 'v' FROM pg_class WHERE oid = to_regclass('public.{0}')) THEN DROP VIEW {0}; END IF;
END $$;"""
APPLIED: Final = "SELECT to_regproc('public.schema_fingerprint') IS NOT NULL"
FINGERPRINT: Final = "SELECT public.schema_fingerprint()"


def text() -> str:
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in FILES)


def fingerprint() -> str:
    """Of all that stands in FILES."""
    return hashlib.sha256(text().encode()).hexdigest()


def drop() -> str:
    """The statements that drop all objects, the newest first. A foreign view that depends on one makes them fail."""
    sql = text()
    found = [(match.start(), _dropped(match)) for match in CREATED.finditer(sql)]
    found += [(match.start(), DROP_DYNAMIC.format(match[1])) for match in DYNAMIC.finditer(sql)]
    newest_first = [statement for _, statement in sorted(found, reverse=True)]
    return "\n".join([*newest_first, "DROP FUNCTION IF EXISTS schema_fingerprint;"])


def create() -> str:
    """The statements that create all objects, and the function that says which they are."""
    return f"""
        SET LOCAL check_function_bodies = off;
        {text()}
        CREATE FUNCTION schema_fingerprint() RETURNS text LANGUAGE sql IMMUTABLE RETURN '{fingerprint()}';
        COMMENT ON FUNCTION schema_fingerprint IS 'Which views, functions and triggers this database has.';
    """


def _dropped(match: re.Match[str]) -> str:
    kind, name, trigger, table = match.groups()
    return f"DROP TRIGGER IF EXISTS {trigger} ON {table};" if trigger else f"DROP {kind} IF EXISTS {name};"
