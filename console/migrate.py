"""`mirror migrate`: bring the database to the newest schema, or back."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from config.settings import DatabaseSettings, load

ROOT = Path(__file__).resolve().parent.parent


def migrate(revision: str) -> int:
    """`revision` is `head`, `base` or a number; lower than today's means down. Waits while somebody else migrates."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["database_url"] = load(DatabaseSettings).database_url.get_secret_value()
    if revision == "base":
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)
    print(f"the database is at {revision}")
    return 0
