"""The running stack: servers, migrations, web and worker; its addresses stand in .run/stack.json while it runs."""

import fcntl
import json
import os
import secrets
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.devstack import processes
from tools.devstack.environment import PYTHON, ROOT, RUN, refuse, say
from tools.devstack.servers import LOOPBACK, Postgres, Valkey, kept_port

DATA = RUN / "data"
DESCRIPTION = RUN / "stack.json"
MIGRATION_LOG = "migrate.log"
STEP_FILE = "STEP_FILE"


AT_HOME = "ID"
"""The country of the simulated people."""


@dataclass
class Stack:
    """Everything that one demo, test or benchmark runs on, in one folder."""

    folder: Path
    durable: bool = True
    use_given_servers: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    servers: list[Postgres | Valkey] = field(default_factory=list)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    steps: dict[str, Path] = field(default_factory=dict)
    """Processes whose clock can be stepped, and the files that say by how much."""

    def start_servers(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        given = {name: self._given(name) for name in ("DATABASE_URL", "REDIS_URL")}
        if self.use_given_servers and any(given.values()) and not all(given.values()):
            refuse("Set both DATABASE_URL and REDIS_URL to use servers of your own, or neither.")
        if self.use_given_servers and all(given.values()):
            say("Using the servers that DATABASE_URL and REDIS_URL name.")
            self.environment |= {name: value for name, value in given.items() if value}
            return
        say("Starting PostgreSQL and Valkey …")
        postgres, valkey = self.own_servers()
        for server in (postgres, valkey):
            self.servers.append(server)
            server.start()
        self.environment |= {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url}

    def _given(self, name: str) -> str | None:
        """A server that the environment names, unless it is one of ours that `dev.py env` exported earlier."""
        url = os.environ.get(name)
        files = [server.password_file for server in self.own_servers()]
        return None if url and any(file.exists() and file.read_text() in url for file in files) else url

    def own_servers(self) -> tuple[Postgres, Valkey]:
        return Postgres(self.folder, self.durable), Valkey(self.folder, self.durable)

    def migrate(self) -> None:
        log = self.folder / MIGRATION_LOG
        if self.run("cli", "migrate", log=log).wait():
            raise SystemExit(f"The migrations failed. The end of {log}:\n{log.read_text()[-2000:]}")

    def expect_api(self, *, poll_seconds: int = 10) -> None:
        """Processes that start from now on ask the simulated Kapso's REST API, which `simulate --api-port` serves."""
        api_port = kept_port(self.folder / "api.port")
        self.environment |= {
            "KAPSO_API_URL": f"http://{LOOPBACK}:{api_port}",
            "MEDIA_HOSTS": f"{LOOPBACK}:{api_port}",
            "MEDIA_ARCHIVE": f"file:{self.folder.absolute() / 'media'}",
            "KAPSO_API_KEY": secrets.token_hex(24),
            "POLL_SECONDS": str(poll_seconds),
            "KAPSO_REQUESTS_PER_MINUTE": "1000",
            "METRICS_TOKEN": secrets.token_hex(24),
        }

    def start_processes(self, *, web_module: str = "webhooks", worker_module: str = "workers") -> None:
        """The web process and a worker."""
        port = kept_port(self.folder / "web.port")
        self.environment |= {
            "PORT": str(port),
            "HOST": LOOPBACK,
            "KAPSO_WEBHOOK_SECRETS": self._secret(),
            "WEBHOOK_URL": f"http://{LOOPBACK}:{port}/webhooks/kapso",
            "DASHBOARD_URL": f"http://{LOOPBACK}:{port}/",
        }
        self.modules |= {"web": web_module, "worker": worker_module}
        for name in ("web", "worker"):
            self.start_process(name)
        health = f"http://{LOOPBACK}:{port}/healthz"
        log = self.folder / "web.log"
        processes.wait_until(
            lambda: _answers(health), self.processes["web"], seconds=30, what="The web process", log=log
        )

    def start_process(self, name: str) -> None:
        """Start it, or start it again after it was killed."""
        step = {STEP_FILE: str(self.steps[name])} if name in self.steps else {}
        self.processes[name] = self.run(self.modules[name], log=self.folder / f"{name}.log", **step)

    def run(self, module: str, *arguments: str, log: Path, **more: str) -> subprocess.Popen[bytes]:
        environment = self.full_environment() | more
        return processes.start([PYTHON, "-m", module, *arguments], log=log, environment=environment, cwd=ROOT)

    def full_environment(self) -> dict[str, str]:
        return {"DEFAULT_REGION": AT_HOME, **os.environ, **self.environment, "PYTHONUNBUFFERED": "1"}

    def stop(self) -> None:
        """End all processes together, then the servers."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            processes.stop(process)
        for server in reversed(self.servers):
            server.stop()

    def discard(self) -> None:
        """Stop, and wipe the servers that this stack started: some keep their data outside its folder."""
        self.stop()
        for server in self.servers:
            server.wipe()

    def _secret(self) -> str:
        path = self.folder / "webhook.secret"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(24))
        return path.read_text()


@contextmanager
def exclusive() -> Iterator[None]:
    """One stack a checkout; another checkout runs its own."""
    RUN.mkdir(exist_ok=True)
    with (RUN / "stack.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            refuse("A stack of this checkout is running already. Stop it first (Ctrl-C where it runs).")
        yield


@contextmanager
def running_stack(*, simulated: bool = False, poll_seconds: int = 10) -> Iterator[Stack]:
    """The stack of `demo` and `up`: its data stay, and others can find it. `simulated` with a Kapso's REST API."""
    stack = Stack(DATA, use_given_servers=True)
    with exclusive(), ended_by_signals():
        try:
            stack.start_servers()
            stack.migrate()
            if simulated:
                stack.expect_api(poll_seconds=poll_seconds)
            say("Starting the receiver and a worker …")
            stack.start_processes()
            DESCRIPTION.touch(mode=0o600)
            DESCRIPTION.write_text(json.dumps(stack.environment))
            yield stack
        finally:
            DESCRIPTION.unlink(missing_ok=True)
            stack.stop()


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and a closed terminal end us like Ctrl-C does."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def description() -> dict[str, str]:
    """The addresses of the running stack."""
    try:
        found: dict[str, str] = json.loads(DESCRIPTION.read_text())
    except FileNotFoundError:
        refuse("No stack is running in this checkout. Start one: python3 dev.py up")
    return found


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1):  # noqa: S310  (our own address)
            return True
    except (urllib.error.URLError, OSError):
        return False
