"""A PostgreSQL cluster that holds the migrated template of the tests: made once, then copied for each server."""

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tools.devstack.environment import PYTHON, ROOT, RUN
from tools.devstack.servers import Postgres, clean_environment, postgres_binary

CLUSTERS = RUN / "clusters"
MADE_FROM = ("cli/migrate.py", "requirements.lock", "tests/databases.py", "tests/restore.sql")


@contextmanager
def template_cluster() -> Iterator[Postgres]:
    """Lock and yield a stopped cluster. It is made again when the migrations, or what makes it, have changed."""
    CLUSTERS.mkdir(parents=True, exist_ok=True)
    with (CLUSTERS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        cluster = Postgres(CLUSTERS / _fingerprint(), durable=False)
        if not (cluster.folder / "made").exists():
            _forget_others()
            _make(cluster)
        yield cluster


def _fingerprint() -> str:
    """A hash of the server's version and of each file that decides what the template holds."""
    version = subprocess.run([postgres_binary("postgres"), "--version"], capture_output=True, check=True).stdout
    digest = hashlib.sha256(version)
    migrations = sorted(path for path in (ROOT / "migrations").rglob("*") if path.suffix in (".py", ".sql"))
    for path in [*(ROOT / name for name in MADE_FROM), *migrations]:
        digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _forget_others() -> None:
    for folder in CLUSTERS.iterdir():
        if folder.is_dir():
            Postgres(folder).wipe()
            shutil.rmtree(folder, ignore_errors=True)


def _make(cluster: Postgres) -> None:
    cluster.start()
    try:
        environment = clean_environment() | {"DATABASE_URL": cluster.url}
        done = subprocess.run(
            [PYTHON, "-m", "tests.databases"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"The migrations failed on an empty database:\n{done.stdout}{done.stderr}")
    finally:
        cluster.stop()
    (cluster.folder / "made").touch()
